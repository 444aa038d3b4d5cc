import type { SimRequest } from "@postd/connector-kit/simulator";
import { describeMedia, mediaType } from "@postd/connector-kit/simulator";
import { z } from "zod";
import { invalidRequest, XrpcError } from "./answer.ts";
import { type Bluesky, input, json, type Method, params } from "./call.ts";
import { isHidden } from "./hidden.ts";
import { writePoints } from "./limits.ts";

import type { Account } from "./world.ts";
import { applyWrites, type Write } from "./write.ts";

// Inputs: lexicons com.atproto.repo.*. Points and caps: fact sheet, "Rate limits".

const Create = z.strictObject({
  repo: z.string(),
  collection: z.string(),
  rkey: z.string().max(512).optional(),
  validate: z.boolean().optional(),
  record: z.unknown(),
  swapCommit: z.string().optional(),
});
const Put = Create.extend({ rkey: z.string().max(512), swapRecord: z.string().nullable().optional() });
const Delete = z.strictObject({
  repo: z.string(),
  collection: z.string(),
  rkey: z.string(),
  swapRecord: z.string().optional(),
  swapCommit: z.string().optional(),
});
const operation = (name: string) => z.literal(`com.atproto.repo.applyWrites#${name}`);
const Batch = z.strictObject({
  repo: z.string(),
  validate: z.boolean().optional(),
  swapCommit: z.string().optional(),
  writes: z.array(
    z.discriminatedUnion("$type", [
      z.strictObject({
        $type: operation("create"),
        collection: z.string(),
        rkey: z.string().max(512).optional(),
        value: z.unknown(),
      }),
      z.strictObject({ $type: operation("update"), collection: z.string(), rkey: z.string(), value: z.unknown() }),
      z.strictObject({ $type: operation("delete"), collection: z.string(), rkey: z.string() }),
    ]),
  ),
});

const uploadCapBytes = 52_428_800;
const maxBatch = 200;

/** The signed-in account, which must be the repo's owner (reference PDS, createRecord). */
function owner(request: SimRequest, { sessions, world }: Bluesky, repo: string): Account {
  const account = sessions.access(request, "write");
  if (world.repo(repo).did !== account.did)
    throw new XrpcError(401, "AuthenticationRequired", "Authentication Required");
  return account;
}

const createRecord: Method = {
  verb: "POST",
  publishes: true,
  call(request, bluesky) {
    const { world, limiter, env } = bluesky;
    const { repo, collection, rkey, record, validate, swapCommit } = input(request, Create);
    const account = owner(request, bluesky, repo);
    const headers = limiter.take("write", account.did, writePoints.create);
    const { results, commit } = applyWrites(world, account, {
      writes: [{ action: "create", collection, rkey, record }],
      validate,
      swapCommit,
      now: env.now(),
    });
    const { action: _action, ...written } = results[0] ?? { action: "create" };
    return json({ ...written, commit }, headers);
  },
};

const putRecord: Method = {
  verb: "POST",
  publishes: true,
  call(request, bluesky) {
    const { world, limiter, env } = bluesky;
    const { repo, collection, rkey, record, validate, swapCommit, swapRecord } = input(request, Put);
    const account = owner(request, bluesky, repo);
    const headers = limiter.take("write", account.did, writePoints.update);
    const current = account.records.get(`${collection}/${rkey}`);
    if (swapRecord !== undefined && swapRecord !== (current?.cid ?? null)) {
      throw new XrpcError(400, "InvalidSwap", `Record was at ${current?.cid ?? "null"}`);
    }
    const before = account.commit;
    const { results, commit } = applyWrites(world, account, {
      writes: [{ action: current === undefined ? "create" : "update", collection, rkey, record }],
      validate,
      swapCommit,
      now: env.now(),
    });
    const { action: _action, ...written } = results[0] ?? { action: "update" };
    // The same record again is no commit (reference PDS, putRecord: "no-op"), and the answer has none.
    if (current !== undefined && current.cid === written.cid) {
      account.commit = before;
      return json(written, headers);
    }
    return json({ ...written, commit }, headers);
  },
};

const deleteRecord: Method = {
  verb: "POST",
  publishes: true,
  call(request, bluesky) {
    const { world, limiter, env } = bluesky;
    const { repo, collection, rkey, swapCommit, swapRecord } = input(request, Delete);
    const account = owner(request, bluesky, repo);
    const headers = limiter.take("write", account.did, writePoints.delete);
    const current = account.records.get(`${collection}/${rkey}`);
    // 200 even if absent (fact sheet, "Edit/Delete"), then without a commit.
    if (current === undefined) return json({}, headers);
    if (swapRecord !== undefined && swapRecord !== current.cid)
      throw new XrpcError(400, "InvalidSwap", `Record was at ${current.cid}`);
    const { commit } = applyWrites(world, account, {
      writes: [{ action: "delete", collection, rkey }],
      swapCommit,
      now: env.now(),
    });
    return json({ commit }, headers);
  },
};

const batchWrites: Method = {
  verb: "POST",
  publishes: true,
  call(request, bluesky) {
    const { world, limiter, env } = bluesky;
    const { repo, validate, swapCommit, writes } = input(request, Batch);
    const account = owner(request, bluesky, repo);
    if (writes.length > maxBatch) throw invalidRequest(`Too many writes. Max: ${maxBatch}`);
    const asked = writes.map((write): Write => {
      const action = write.$type.split("#")[1] as Write["action"];
      if (action === "delete" || !("value" in write))
        return { action: "delete", collection: write.collection, rkey: write.rkey ?? "" };
      return { action, collection: write.collection, rkey: write.rkey, record: write.value };
    });
    const headers = limiter.take(
      "write",
      account.did,
      asked.reduce((sum, { action }) => sum + writePoints[action], 0),
    );
    const { results, commit } = applyWrites(world, account, { writes: asked, validate, swapCommit, now: env.now() });
    return json(
      {
        commit,
        results: results.map(({ action, ...rest }) => ({
          $type: `com.atproto.repo.applyWrites#${action}Result`,
          ...rest,
        })),
      },
      headers,
    );
  },
};

const getRecord: Method = {
  verb: "GET",
  call(request, { world }) {
    const asked = params(
      request,
      z.strictObject({ repo: z.string(), collection: z.string(), rkey: z.string(), cid: z.string().optional() }),
    );
    const record = world.repo(asked.repo).records.get(`${asked.collection}/${asked.rkey}`);
    if (record === undefined || (asked.cid !== undefined && asked.cid !== record.cid)) {
      throw new XrpcError(
        400,
        "RecordNotFound",
        `Could not locate record: at://${world.repo(asked.repo).did}/${asked.collection}/${asked.rkey}`,
      );
    }
    return json({ uri: record.uri, cid: record.cid, value: record.value });
  },
};

const List = z.strictObject({
  repo: z.string(),
  collection: z.string(),
  limit: z.coerce.number().int().min(1).max(100).default(50),
  cursor: z.string().optional(),
  reverse: z.enum(["true", "false"]).default("false"),
});

const listRecords: Method = {
  verb: "GET",
  call(request, { world, env }) {
    const { repo, collection, limit, cursor, reverse } = params(request, List);
    const isForward = reverse === "true";
    const hidden = isHidden(env, request);
    const found = [...world.repo(repo).records.values()]
      .filter((record) => record.collection === collection && !hidden(record))
      .sort((left, right) => (left.rkey < right.rkey ? -1 : 1) * (isForward ? 1 : -1))
      .filter(({ rkey }) => cursor === undefined || (isForward ? rkey > cursor : rkey < cursor))
      .slice(0, limit);
    const last = found.at(-1);
    return json({
      records: found.map(({ uri, cid, value }) => ({ uri, cid, value })),
      ...(last === undefined ? {} : { cursor: last.rkey }),
    });
  },
};

const uploadBlob: Method = {
  verb: "POST",
  call(request, { world, sessions, limiter }) {
    const account = sessions.access(request, "upload");
    const declared = mediaType(request);
    if (declared === "") throw invalidRequest("Request encoding (Content-Type) required but not provided");
    if (request.rawBody.byteLength === 0) throw invalidRequest("A request body is expected but none was provided");
    if (request.rawBody.byteLength > uploadCapBytes)
      throw new XrpcError(413, "PayloadTooLarge", "request entity too large");
    const headers = limiter.take("upload", account.did, 1);
    // The bytes decide, the header is the fallback (reference PDS, blob transactor).
    const blob = world.addBlob(account, request.rawBody, describeMedia(request.rawBody)?.mimeType ?? declared);
    return json(
      { blob: { $type: "blob", ref: { $link: blob.cid }, mimeType: blob.mimeType, size: blob.sizeBytes } },
      headers,
    );
  },
};

export const repoMethods: Readonly<Record<string, Method>> = {
  "com.atproto.repo.createRecord": createRecord,
  "com.atproto.repo.putRecord": putRecord,
  "com.atproto.repo.deleteRecord": deleteRecord,
  "com.atproto.repo.applyWrites": batchWrites,
  "com.atproto.repo.getRecord": getRecord,
  "com.atproto.repo.listRecords": listRecords,
  "com.atproto.repo.uploadBlob": uploadBlob,
};
