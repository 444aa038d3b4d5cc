import {
  awaitStep,
  type ConnectorContext,
  exactJson,
  type OutgoingPost,
  type PartsSent,
  type PlatformFailure,
  type PlatformResult,
  type Polled,
  type ProbeAnswer,
  type Progress,
  type PublishedRef,
  type Step,
} from "@postd/connector-kit";
import { fail, ok } from "@postd/contracts";
import { z } from "zod";
import { api, Id, permalinkOf } from "./api.ts";
import { failReasons, unknownReason } from "./failures.ts";
import { optionsOf } from "./options.ts";

/** How far a post is; stored between runs. The upload address is kept sealed. */
export type PostState = {
  /** Names of this creator's posts are addresses with this in them. */
  readonly username?: string;
  /** When the creator was read and found to allow this post. ISO 8601. */
  readonly checkedAt?: string;
  readonly publishId?: string;
  readonly sent?: PartsSent;
  readonly isWhole?: boolean;
  readonly polled?: Polled;
  /** Looks at a draft that waits in the inbox. */
  readonly inboxLooks?: number;
  /** TikTok said so first then; ids of public posts may follow. ISO 8601. */
  readonly completeAt?: string;
  /** Times it was begun anew. */
  readonly begun: number;
  readonly live?: { readonly externalId: string; readonly permalink?: string };
};
export const startState = (): PostState => ({ begun: 0 });

/** Begun anew: what TikTok gave up is no post. @source platforms/tiktok.md section 5, the table of reasons */
export const anew = ({ begun }: PostState): PostState => ({ begun: begun + 1 });
export const MOST_BEGUN = 3;

const Status = z.object({
  status: z.string(),
  fail_reason: z.string().optional(),
  // The misspelling is TikTok's.
  publicaly_available_post_id: z.array(Id).nullish(),
  publicly_available_post_id: z.array(Id).nullish(),
  uploaded_bytes: z.number().int().nonnegative().nullish(),
});

interface PublishStatus {
  readonly status: string;
  readonly postIds: readonly string[];
  readonly uploadedBytes: number | undefined;
  readonly reason: string;
  /** Of one that FAILED. */
  readonly failure: PlatformFailure | undefined;
}

/** What TikTok says of a publish, asked by the id it gave. */
export async function readStatus(ctx: ConnectorContext, publishId: string): PlatformResult<PublishStatus> {
  const json = { publish_id: publishId };
  const path = "post/publish/status/fetch/";
  const sent = await api.send(ctx, { method: "POST", path, json, effect: "none", about: "object" });
  if (!sent.ok) return sent;
  const read = z.object({ data: Status }).safeParse(exactJson(sent.value.text));
  if (!read.success)
    return fail({
      kind: "unexpected_response" as const,
      status: sent.value.status,
      message: "TikTok tells how the post is getting on in a way we do not know.",
    });
  const { status, fail_reason = "unknown", uploaded_bytes, ...told } = read.data.data;
  return ok({
    status,
    postIds: told.publicaly_available_post_id ?? told.publicly_available_post_id ?? [],
    uploadedBytes: uploaded_bytes ?? undefined,
    reason: fail_reason,
    failure:
      status === "FAILED" ? (failReasons.failureOf(sent.value, ctx.clock) ?? unknownReason(fail_reason)) : undefined,
  });
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** Moderation is mostly done within a minute; a post whose id takes longer is known by its publish id. */
const ID_WITHIN_MS = 10 * MINUTE_MS;

const inboxWaitMs = (looks: number): number => Math.min(15 * MINUTE_MS * 2 ** looks, 24 * HOUR_MS);
const sinceMs = (ctx: ConnectorContext, iso: string): number => ctx.clock.now().getTime() - Date.parse(iso);

/** One look at a publish that is under way. */
async function look(
  { state, post }: { readonly state: PostState; readonly post: OutgoingPost },
  ctx: ConnectorContext,
): PlatformResult<Progress<PostState> | { readonly working: true; readonly toldMs?: number }> {
  const { publishId = "", polled } = state;
  const read = await readStatus(ctx, publishId);
  if (!read.ok) return read;
  const told = read.value;
  switch (told.status) {
    case "FAILED": {
      const { failure = unknownReason(told.reason) } = told;
      const isOver = failure.kind === "unavailable" && state.begun >= MOST_BEGUN;
      return ok({ state: anew(state), unseen: true, failure: isOver ? unknownReason(told.reason) : failure });
    }
    case "SEND_TO_USER_INBOX": {
      const inboxLooks = (state.inboxLooks ?? 0) + 1;
      return ok({
        state: { ...state, inboxLooks },
        handedOver: "app",
        unseen: true,
        waitMs: inboxWaitMs(inboxLooks - 1),
      });
    }
    case "PUBLISH_COMPLETE":
      return complete(told.postIds, { state, post }, ctx);
    default: {
      const isLong = polled !== undefined && sinceMs(ctx, polled.since) > HOUR_MS;
      return ok({ working: true, ...(isLong && { toldMs: 10 * MINUTE_MS }) });
    }
  }
}

/** Posts that are not public never get an id, and those that are get it after moderation. @source platforms/tiktok.md section 5 */
function complete(
  postIds: readonly string[],
  { state, post }: { readonly state: PostState; readonly post: OutgoingPost },
  ctx: ConnectorContext,
) {
  const { draft, privacyLevel } = optionsOf(post);
  const completeAt = state.completeAt ?? ctx.clock.now().toISOString();
  const mayGetId = draft || privacyLevel === "PUBLIC_TO_EVERYONE";
  if (postIds.length === 0 && mayGetId && sinceMs(ctx, completeAt) < ID_WITHIN_MS)
    return ok({ state: { ...state, completeAt }, waitMs: state.completeAt ? 30_000 : 5_000 });
  const live = refOf(postIds, { state, post }, ctx);
  return ok({ state: { ...state, completeAt, live }, published: live });
}

function refOf(
  [id]: readonly string[],
  { state, post }: { readonly state: PostState; readonly post: OutgoingPost },
  ctx: ConnectorContext,
): PublishedRef {
  if (id === undefined) return { externalId: state.publishId ?? "" };
  const username = state.username || ctx.account.handle;
  const kind = post.format === "video" ? "video" : "photo";
  return { externalId: id, ...(username && { permalink: permalinkOf(username, kind, id) }) };
}

/** Asks until the post is out, waits in the inbox, or was given up. @source platforms/tiktok.md section 5, "Poll plan" */
export const awaitPublished: Step<PostState> = awaitStep<PostState>({
  name: "wait_until_published",
  done: ({ live }) => live !== undefined,
  look,
  pace: { firstMs: 5_000, mostMs: 30_000, endMs: 72 * HOUR_MS },
  atEnd: () => ({ kind: "unavailable", message: "TikTok has been working on the post for three days." }),
});

/** What is known of a publish whose id was stored, where a look is due. */
export async function probeById(
  { state, post }: { readonly state: PostState; readonly post: OutgoingPost },
  ctx: ConnectorContext,
): PlatformResult<ProbeAnswer<PostState>> {
  const read = await readStatus(ctx, state.publishId ?? "");
  if (!read.ok) return read;
  const { status, postIds, uploadedBytes } = read.value;
  const size = post.media[0]?.sizeBytes ?? 0;
  if (status === "PUBLISH_COMPLETE") {
    const live = refOf(postIds, { state, post }, ctx);
    return ok({ kind: "found", candidates: [{ ...live, ours: true, state: { ...state, isWhole: true, live } }] });
  }
  if (status === "FAILED" || status === "SEND_TO_USER_INBOX")
    return ok({ kind: "absent_authoritative", because: `TikTok says ${status} of this very post` });
  // A count that is not told is no count of nothing.
  if (status === "PROCESSING_UPLOAD" && uploadedBytes !== undefined && uploadedBytes < size)
    return ok({ kind: "absent_authoritative", because: `TikTok has ${uploadedBytes} of ${size} bytes of the video` });
  return ok({ kind: "not_seen", looked: "the state of the post, which TikTok still works on" });
}
