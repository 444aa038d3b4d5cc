import {
  type ConnectorContext,
  type OutgoingPost,
  type PlatformResult,
  type ProbeAnswer,
  type Progress,
  type PublishedRef,
  type Step,
  type StepInput,
  storableRemark,
  tid,
} from "@postd/connector-kit";
import { fail, ok } from "@postd/contracts";
import { z } from "zod";
import { readLinkedPage } from "./link-card.ts";
import { repliesOf } from "./options.ts";
import { postRecord } from "./record.ts";
import { readRecord, readRef } from "./repo.ts";
import { mentionedHandles } from "./richtext.ts";
import type { PostState, PreparedRecord, StrongRef } from "./state.ts";
import { uploadCardPicture, uploadPictures, uploadThumb } from "./upload.ts";
import { at, Did, POSTS, pdsOf, xrpc } from "./xrpc.ts";

const Resolved = z.object({ did: Did });

/** The web address of a post; by DID, since a handle may change. */
export function publishedRef(record: Pick<StrongRef, "uri">): PublishedRef {
  const [, , did, , rkey] = record.uri.split("/");
  return { externalId: record.uri, permalink: `https://bsky.app/profile/${did}/post/${rkey}` };
}

const textsOf = (post: OutgoingPost): readonly string[] => [post.text, ...repliesOf(post)];

const MENTIONS_A_RUN = 20;

/** Handles of all parts that were not looked up yet. */
function openMentions(state: PostState, post: OutgoingPost): readonly string[] {
  const handles = new Set(textsOf(post).flatMap(mentionedHandles));
  return [...handles].filter((handle) => !Object.hasOwn(state.dids ?? {}, handle));
}

/** Looks up who is mentioned, some in each run. A handle nobody has stays plain text. */
const resolveMentions: Step<PostState> = {
  name: "resolve_mentions",
  effect: "none",
  repeatable: true,
  done: (state, post) => openMentions(state, post).length === 0,
  async run({ post, state }, ctx) {
    const dids: Record<string, string> = { ...state.dids };
    for (const handle of openMentions(state, post).slice(0, MENTIONS_A_RUN)) {
      const call = { method: "GET", path: "com.atproto.identity.resolveHandle", query: { handle } } as const;
      const found = await xrpc.read(ctx, { ...call, ...at(pdsOf(ctx.account)) }, Resolved);
      if (!found.ok && !isUnknownHandle(found.error)) return readAgain(found);
      dids[handle] = found.ok ? found.value.did : "";
    }
    return ok({ state: { ...state, dids } });
  },
};

const isUnknownHandle = (error: { readonly status?: number; readonly platformCode?: string }): boolean =>
  error.platformCode === "HandleNotFound" || (error.platformCode === "InvalidRequest" && error.status === 400);

type Failed = Extract<Awaited<PlatformResult<never>>, { ok: false }>;

/** A read whose answer nobody can make out is asked again; nothing was sent. */
function readAgain(failed: Failed): Failed {
  if (failed.error.kind !== "unexpected_response") return failed;
  const { message, status, cause } = failed.error;
  return fail({ kind: "unavailable", message, status, ...(cause !== undefined && { cause }) });
}

/** Adds a live record to the state; the first one is the post. */
function withRecord(state: PostState, record: StrongRef): Progress<PostState> {
  const records = [...state.records, { uri: record.uri, cid: record.cid }];
  return { state: { ...state, records }, published: publishedRef(records[0] ?? record) };
}

/**
 * putRecord under a key of ours, prepared and stored before: the same call again writes the same record and nothing
 * else, so it may be repeated. An answer that proves nothing is looked up by that key at once; where the line was cut,
 * the server may still be writing, and the pipeline looks later.
 * @source fact sheet "Idempotence" (2026-11-26)
 */
async function putRecord(
  { state, prepared }: StepInput<PostState, PreparedRecord>,
  ctx: ConnectorContext,
): PlatformResult<Progress<PostState>> {
  const { rkey, record } = prepared;
  const json = { repo: ctx.account.externalId, collection: POSTS, rkey, record };
  const put = await readRef(ctx, { method: "POST", path: "com.atproto.repo.putRecord", json }, rkey);
  if (put.ok) return ok(withRecord(state, put.value));
  const { kind, status, platformCode = "" } = put.error;
  const dropped = fileErrors.includes(platformCode) && (state.reuploads ?? 0) < MAX_REUPLOADS;
  if (!dropped && (kind !== "outcome_unknown" || status === undefined)) return put;
  const live = await readRecord(rkey, ctx);
  if (live.ok && live.value) return ok(withRecord(state, live.value));
  return dropped && live.ok ? ok({ state: withoutFiles(state), refused: true }) : put;
}

/** The server does not have the files the record names, or not as it names them. */
const fileErrors: readonly string[] = ["BlobNotFound", "InvalidMimeType", "InvalidSize"];
const MAX_REUPLOADS = 2;

/**
 * Servers drop files that no record uses within hours, as when a post is held after its uploads. Read by its key the
 * record is surely not there, so the files are sent again and a record of them is prepared anew.
 * @source fact sheet "Images" and "Errors" (2026-11-26); the name BlobNotFound from the reference PDS
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
  const preview = storableRemark(String(prepared.record.text ?? ""), 200);
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

export const textSteps = [
  resolveMentions,
  readLinkedPage,
  uploadThumb,
  uploadCardPicture,
  putPost,
  putReplies,
] as const;
export const imageSteps = [resolveMentions, uploadPictures, putPost, putReplies] as const;
