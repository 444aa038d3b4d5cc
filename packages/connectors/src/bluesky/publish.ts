import {
  type ConnectorContext,
  type HttpBody,
  type OutgoingPost,
  type PlatformResult,
  type ProbeAnswer,
  type Progress,
  type PublishedRef,
  parseJson,
  type Step,
  type StepInput,
  tid,
} from "@postd/connector-kit";
import { fail, type JsonObject, ok } from "@postd/contracts";
import { z } from "zod";
import { optionsOf, THUMB_MAX_BYTES } from "./options.ts";
import { postRecord } from "./record.ts";
import { mentionedHandles } from "./richtext.ts";
import type { PostState, PreparedRecord, StrongRef } from "./state.ts";
import { POSTS, pdsOf, xrpc, xrpcJson } from "./xrpc.ts";

const Ref = z.object({ uri: z.string().startsWith("at://"), cid: z.string().min(1) });
const Blob = z.looseObject({ $type: z.literal("blob"), ref: z.looseObject({ $link: z.string() }) });
const Uploaded = z.object({ blob: Blob });
const Resolved = z.object({ did: z.string().startsWith("did:") });

/** The web address of a post; by DID, since a handle may change. */
export function publishedRef(record: StrongRef): PublishedRef {
  const [, , did, , rkey] = record.uri.split("/");
  return { externalId: record.uri, permalink: `https://bsky.app/profile/${did}/post/${rkey}` };
}

async function upload(body: HttpBody, ctx: ConnectorContext): PlatformResult<JsonObject> {
  const sent = await xrpcJson(
    ctx,
    {
      server: pdsOf(ctx.account),
      xrpc: "com.atproto.repo.uploadBlob",
      method: "POST",
      bearer: ctx.credentials.accessToken,
      body,
    },
    Uploaded,
  );
  // The reference goes back as it came; JSON in, JSON out.
  return sent.ok ? ok(sent.value.blob as JsonObject) : sent;
}

/** A blob is named by its content, so the same upload again makes nothing new; unused ones are dropped within hours. */
const uploadPictures: Step<PostState> = {
  name: "upload_pictures",
  effect: "invisible",
  repeatable: true,
  timeoutMs: 60_000,
  done: (state, post) => state.blobs.length >= post.media.length,
  async run({ post, state }, ctx) {
    const media = post.media[state.blobs.length];
    if (!media) return ok({ state });
    const opened = await ctx.media.open(media.id);
    const blob = await upload({ ...opened, contentType: media.mimeType }, ctx);
    return blob.ok ? ok({ state: { ...state, blobs: [...state.blobs, blob.value] } }) : blob;
  },
};

const uploadThumb: Step<PostState> = {
  name: "upload_thumb",
  effect: "invisible",
  repeatable: true,
  timeoutMs: 60_000,
  done: (state, post) => optionsOf(post).linkCard?.thumbMediaId === undefined || state.thumb !== undefined,
  async run({ post, state }, ctx) {
    const id = optionsOf(post).linkCard?.thumbMediaId;
    if (id === undefined) return ok({ state });
    const opened = await ctx.media.open(id);
    if (opened.sizeBytes > THUMB_MAX_BYTES)
      return fail({
        kind: "content_rejected",
        field: "options.linkCard.thumbMediaId",
        reason: "too_large",
        message: `The card's picture has ${opened.sizeBytes} bytes; Bluesky takes 1,000,000. Make it smaller.`,
      });
    const blob = await upload(opened, ctx);
    return blob.ok ? ok({ state: { ...state, thumb: blob.value } }) : blob;
  },
};

const textsOf = (post: OutgoingPost): readonly string[] => [post.text, ...(optionsOf(post).replies ?? [])];

/** Looks up who is mentioned. A handle nobody has stays plain text. */
const resolveMentions: Step<PostState> = {
  name: "resolve_mentions",
  effect: "none",
  repeatable: true,
  done: (state, post) => state.dids !== undefined || textsOf(post).every((text) => mentionedHandles(text).length === 0),
  async run({ post, state }, ctx) {
    const dids: Record<string, string> = {};
    for (const handle of new Set(textsOf(post).flatMap(mentionedHandles))) {
      const found = await xrpcJson(
        ctx,
        {
          server: pdsOf(ctx.account),
          xrpc: "com.atproto.identity.resolveHandle",
          method: "GET",
          query: { handle },
        },
        Resolved,
      );
      if (found.ok) dids[handle] = found.value.did;
      else if (!isUnknownHandle(found.error)) return found;
    }
    return ok({ state: { ...state, dids } });
  },
};

const isUnknownHandle = (error: { readonly status?: number; readonly platformCode?: string }): boolean =>
  error.platformCode === "HandleNotFound" || (error.platformCode === "InvalidRequest" && error.status === 400);

/** Adds a live record to the state; the first one is the post. */
function withRecord(state: PostState, record: StrongRef): Progress<PostState> {
  const records = [...state.records, { uri: record.uri, cid: record.cid }];
  return { state: { ...state, records }, published: publishedRef(records[0] ?? record) };
}

async function readRecord(rkey: string, ctx: ConnectorContext): PlatformResult<StrongRef | undefined> {
  const found = await xrpc(ctx, {
    server: pdsOf(ctx.account),
    xrpc: "com.atproto.repo.getRecord",
    method: "GET",
    query: { repo: ctx.account.externalId, collection: POSTS, rkey },
    bearer: ctx.credentials.accessToken,
    effect: "none",
  });
  if (found.ok) return parseJson(found.value, Ref);
  return found.error.platformCode === "RecordNotFound" ? ok(undefined) : found;
}

/**
 * putRecord under a key of ours, prepared and stored before: the same call again writes the same record and nothing
 * else, so it may be repeated. An error of the server's own is looked up by that key at once.
 * @source fact sheet "Idempotence" (2026-11-20)
 */
async function putRecord(
  { state, prepared }: StepInput<PostState, PreparedRecord>,
  ctx: ConnectorContext,
): PlatformResult<Progress<PostState>> {
  const put = await xrpcJson(
    ctx,
    {
      server: pdsOf(ctx.account),
      xrpc: "com.atproto.repo.putRecord",
      method: "POST",
      bearer: ctx.credentials.accessToken,
      json: { repo: ctx.account.externalId, collection: POSTS, rkey: prepared.rkey, record: prepared.record },
    },
    Ref,
  );
  if (put.ok) return ok(withRecord(state, put.value));
  const dropped = put.error.platformCode === "BlobNotFound" && (state.reuploads ?? 0) < MAX_REUPLOADS;
  if (!dropped && (put.error.kind !== "outcome_unknown" || put.error.status === undefined)) return put;
  const live = await readRecord(prepared.rkey, ctx);
  if (live.ok && live.value) return ok(withRecord(state, live.value));
  return dropped && live.ok ? ok({ state: withoutFiles(state) }) : put;
}

const MAX_REUPLOADS = 2;

/**
 * Servers drop files that no record uses within hours, as when a post is held after its uploads. Read by its key the
 * record is surely not there, so the files are sent again and a record of them is prepared anew.
 * @source fact sheet "Images" (2026-11-20); the name BlobNotFound from the reference PDS
 */
function withoutFiles({ thumb: _, ...state }: PostState): PostState {
  return { ...state, blobs: [], reuploads: (state.reuploads ?? 0) + 1 };
}

async function probeRecord(
  { state, prepared }: StepInput<PostState, PreparedRecord>,
  ctx: ConnectorContext,
): PlatformResult<ProbeAnswer<PostState>> {
  const live = await readRecord(prepared.rkey, ctx);
  if (!live.ok) return live;
  if (!live.value)
    return ok({ kind: "absent_authoritative", because: "The account has no post under the key we chose for it." });
  const { state: next } = withRecord(state, live.value);
  const preview = String(prepared.record.text ?? "").slice(0, 200);
  return ok({ kind: "found", candidates: [{ ...publishedRef(live.value), state: next, ours: true, preview }] });
}

/** The record of the next part, each with its own key; parts are a millisecond apart at least, so that keys sort. */
const prepareNext: NonNullable<Step<PostState, PreparedRecord>["prepare"]> = ({ post, state, now, randomBits }) => {
  const part = state.records.length;
  const createdAt = new Date(now.getTime() + part);
  return { rkey: tid(createdAt, randomBits(20)), record: postRecord({ post, state, part, createdAt }) };
};

const recordStep = (name: string, done: Step<PostState>["done"]): Step<PostState, PreparedRecord> => ({
  name,
  effect: "visible",
  repeatable: true,
  done,
  prepare: prepareNext,
  run: putRecord,
  probe: probeRecord,
});

const putPost = recordStep("put_post", (state) => state.records.length >= 1);
const putReplies = recordStep("put_replies", (state, post) => state.records.length >= textsOf(post).length);

export const textSteps = [resolveMentions, uploadThumb, putPost, putReplies] as const;
export const imageSteps = [resolveMentions, uploadPictures, putPost, putReplies] as const;
