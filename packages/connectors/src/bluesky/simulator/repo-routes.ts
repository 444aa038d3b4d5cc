import { cursorPage, describeMedia, mediaType, type Route } from "@postd/connector-kit/simulator";
import { z } from "zod";
import { atIdentifier, cidText, did, nsid, recordKey } from "./lexicon.ts";
import type { StoredRecord } from "./model.ts";
import { invalidRequest, xrpcError } from "./words.ts";
import type { World } from "./world.ts";
import { applyWrites, type Write } from "./write.ts";
import { count, json, onAppView, onPds, owner, repoOf, route, signedIn } from "./xrpc.ts";

// Inputs: lexicons com.atproto.repo.*. Points and caps: fact sheet, "Rate limits".

const writePoints = { create: 3, update: 2, delete: 1 } as const;
const uploadCapBytes = 52_428_800;
const maxBatch = 200;
const record = z.record(z.string(), z.unknown());
const target = { repo: atIdentifier, collection: nsid };
const Create = z.strictObject({
  ...target,
  rkey: recordKey.optional(),
  validate: z.boolean().optional(),
  record,
  swapCommit: z.string().optional(),
});
const Put = Create.extend({ rkey: recordKey, swapRecord: z.string().nullable().optional() });
const Delete = z.strictObject({
  ...target,
  rkey: recordKey,
  swapRecord: z.string().optional(),
  swapCommit: z.string().optional(),
});
const operation = <const N extends string>(name: N) => z.literal(`com.atproto.repo.applyWrites#${name}`);
const Batch = z.strictObject({
  repo: atIdentifier,
  validate: z.boolean().optional(),
  swapCommit: z.string().optional(),
  writes: z.array(
    z.discriminatedUnion("$type", [
      z.strictObject({ $type: operation("create"), collection: nsid, rkey: recordKey.optional(), value: record }),
      z.strictObject({ $type: operation("update"), collection: nsid, rkey: recordKey, value: record }),
      z.strictObject({ $type: operation("delete"), collection: nsid, rkey: recordKey }),
    ]),
  ),
});

const keyOf = ({ rkey }: StoredRecord) => rkey;
const madeAt = ({ indexedAt }: StoredRecord) => indexedAt;

export const repoRoutes: readonly Route<World>[] = [
  route("POST", onPds("com.atproto.repo.createRecord"), {
    publishes: true,
    body: Create,
    handle(call) {
      const { repo, collection, rkey, record, ...rest } = call.body;
      const account = owner(call, repo);
      const headers = call.world.take("write", account.did, writePoints.create);
      const writes: Write[] = [{ action: "create", collection, rkey, record, at: "$.record" }];
      const { results, commit } = applyWrites(call.world, account, { ...rest, writes });
      const { uri, cid, validationStatus } = results[0] ?? {};
      const written = { uri, cid, validationStatus };
      return json({ ...written, commit }, headers);
    },
  }),
  route("POST", onPds("com.atproto.repo.putRecord"), {
    publishes: true,
    body: Put,
    handle(call) {
      const { repo, collection, rkey, record, swapRecord, ...rest } = call.body;
      const account = owner(call, repo);
      const headers = call.world.take("write", account.did, writePoints.update);
      const current = account.records.get(`${collection}/${rkey}`);
      if (swapRecord !== undefined && swapRecord !== (current?.cid ?? null))
        throw xrpcError(400, "InvalidSwap", `Record was at ${current?.cid ?? "null"}`);
      const before = account.commit;
      const action = current === undefined ? "create" : "update";
      const writes: Write[] = [{ action, collection, rkey, record, at: "$.record" }];
      const { results, commit } = applyWrites(call.world, account, { ...rest, writes });
      const { uri, cid, validationStatus } = results[0] ?? {};
      const written = { uri, cid, validationStatus };
      // The same record again is no commit, and the answer has none.
      if (current === undefined || current.cid !== written.cid) return json({ ...written, commit }, headers);
      account.commit = before;
      return json(written, headers);
    },
  }),
  route("POST", onPds("com.atproto.repo.deleteRecord"), {
    publishes: true,
    body: Delete,
    handle(call) {
      const { repo, collection, rkey, swapCommit, swapRecord } = call.body;
      const account = owner(call, repo);
      const headers = call.world.take("write", account.did, writePoints.delete);
      const current = account.records.get(`${collection}/${rkey}`);
      // 200 even if absent (fact sheet, "Edit/Delete"), then without a commit.
      if (current === undefined) return json({}, headers);
      if (swapRecord !== undefined && swapRecord !== current.cid)
        throw xrpcError(400, "InvalidSwap", `Record was at ${current.cid}`);
      const writes: Write[] = [{ action: "delete", collection, rkey }];
      return json({ commit: applyWrites(call.world, account, { writes, swapCommit }).commit }, headers);
    },
  }),
  route("POST", onPds("com.atproto.repo.applyWrites"), {
    publishes: true,
    body: Batch,
    handle(call) {
      const { repo, validate, swapCommit } = call.body;
      const account = owner(call, repo);
      if (call.body.writes.length > maxBatch) throw invalidRequest(`Too many writes. Max: ${maxBatch}`);
      const writes = call.body.writes.map((write, index): Write => {
        const { collection } = write;
        if (!("value" in write)) return { action: "delete", collection, rkey: write.rkey };
        const action = write.$type.endsWith("create") ? "create" : "update";
        return { action, collection, rkey: write.rkey, record: write.value, at: `$.writes[${index}].record` };
      });
      const points = writes.reduce((sum, { action }) => sum + writePoints[action], 0);
      const headers = call.world.take("write", account.did, points);
      const { results, commit } = applyWrites(call.world, account, { writes, validate, swapCommit });
      const told = results.map(({ action, ...rest }) => ({
        $type: `com.atproto.repo.applyWrites#${action}Result`,
        ...rest,
      }));
      return json({ commit, results: told }, headers);
    },
  }),
  route("GET", onAppView("com.atproto.repo.getRecord"), {
    token: "none",
    query: z.strictObject({ ...target, rkey: recordKey, cid: cidText.optional() }),
    handle({ world, query }) {
      const account = repoOf(world, query.repo);
      const found = account.records.get(`${query.collection}/${query.rkey}`);
      if (found !== undefined && (query.cid ?? found.cid) === found.cid)
        return json({ uri: found.uri, cid: found.cid, value: found.value });
      const uri = `at://${account.did}/${query.collection}/${query.rkey}`;
      throw xrpcError(400, "RecordNotFound", `Could not locate record: ${uri}`);
    },
  }),
  route("GET", onAppView("com.atproto.repo.listRecords"), {
    token: "none",
    query: z.strictObject({
      ...target,
      limit: count(100, 50),
      cursor: z.string().optional(),
      reverse: z.enum(["true", "false"]).default("false"),
    }),
    handle({ world, query, listed }) {
      const { repo, collection, limit, cursor, reverse } = query;
      const isAfter = (left: string, right: string) => (reverse === "true" ? left > right : left < right);
      const all = [...repoOf(world, repo).records.values()].filter((one) => one.collection === collection);
      const sorted = listed(all, madeAt).toSorted((left, right) => (isAfter(right.rkey, left.rkey) ? -1 : 1));
      const page = cursorPage(sorted, { limit, cursor, keyOf, isAfter });
      return json({ records: page.items.map(({ uri, cid, value }) => ({ uri, cid, value })), cursor: page.next });
    },
  }),
  route("POST", onPds("com.atproto.repo.uploadBlob"), {
    handle(call) {
      const { request, world } = call;
      const account = signedIn(call, "upload");
      const declared = mediaType(request);
      if (declared === "") throw invalidRequest("Request encoding (Content-Type) required but not provided");
      if (request.rawBody.byteLength > uploadCapBytes)
        throw xrpcError(413, "PayloadTooLarge", "request entity too large");
      const headers = world.take("upload", account.did, 1);
      // The bytes decide, the header is the fallback. No bytes at all are a blob too.
      const { cid, mimeType, sizeBytes } = world.addBlob(
        account,
        request.rawBody,
        describeMedia(request.rawBody)?.mimeType ?? declared,
      );
      return json({ blob: { $type: "blob", ref: { $link: cid }, mimeType, size: sizeBytes } }, headers);
    },
  }),
  route("GET", onPds("com.atproto.sync.getBlob"), {
    token: "none",
    query: z.strictObject({ did, cid: cidText }),
    handle({ world, query }) {
      const account = world.find(query.did);
      if (account === undefined || account.status === "deleted")
        throw xrpcError(400, "RepoNotFound", `Could not find repo for DID: ${query.did}`);
      if (account.status === "deactivated")
        throw xrpcError(400, "RepoDeactivated", `Repo has been deactivated: ${query.did}`);
      if (account.status !== "active") throw xrpcError(400, "RepoTakendown", `Repo has been takendown: ${query.did}`);
      const blob = world.blob(account, query.cid);
      // Loose uploads are given to nobody but their owner's own records.
      if (blob === undefined || blob.usedBy.size === 0) throw invalidRequest("Blob not found");
      return { status: 200, headers: { "content-type": blob.mimeType }, bytes: blob.bytes };
    },
  }),
];
