import type {
  AccountLimits,
  ConnectorContext,
  OutgoingPost,
  PlatformFailure,
  PlatformResult,
} from "@postd/connector-kit";
import { fail, ok } from "@postd/contracts";
import { z } from "zod";
import { call, scopes } from "./api.ts";

const Config = z.object({ quota_total: z.number().optional() }).optional();
const Used = z.object({
  quota_usage: z.number().optional(),
  config: Config,
  reply_quota_usage: z.number().optional(),
  reply_config: Config,
});
const Limits = z.object({ data: z.array(Used) });

const HOUR_MS = 3_600_000;
const left = (total: number, used: number | undefined): number => Math.max(0, total - (used ?? 0));

/** What is left of a day's posts and replies. @source platforms/threads.md section 12 */
async function readLeft(ctx: ConnectorContext): PlatformResult<{ readonly posts: number; readonly replies: number }> {
  const read = await call(ctx, {
    method: "GET",
    path: [ctx.account.externalId, "threads_publishing_limit"],
    params: { fields: "quota_usage,config,reply_quota_usage,reply_config" },
    answer: Limits,
    needs: [scopes.publish],
    mayWait: true,
  });
  if (!read.ok) return read;
  const [used] = read.value.data;
  return ok({
    posts: left(used?.config?.quota_total ?? 250, used?.quota_usage),
    replies: left(used?.reply_config?.quota_total ?? 1_000, used?.reply_quota_usage),
  });
}

/** Without this right the first part would be out when the second one is refused. */
const mayNotReply: PlatformFailure = {
  kind: "content_rejected",
  field: "parts",
  reason: "permission",
  message:
    "Further parts are answers, which this sign-in may not post. Sign in again and allow answering, or keep to one part.",
};

/**
 * Whether a day's allowance holds the post with all its parts, which count as replies: a thread is not begun that could
 * not be ended. The window rolls, and how soon a place frees is not told, so it is looked at hourly. Where the numbers
 * cannot be had the post goes on: publishing itself says no where it must.
 */
export async function checkQuota(ctx: ConnectorContext, { format, parts = [] }: OutgoingPost): PlatformResult<void> {
  const mayReply = ctx.credentials.scopes?.includes(scopes.manageReplies) ?? true;
  if (parts.length > 0 && !mayReply) return fail(mayNotReply);
  const read = await readLeft(ctx);
  if (!read.ok) {
    const { kind } = read.error;
    return kind === "content_rejected" || kind === "unexpected_response" ? ok(undefined) : read;
  }
  const isReply = format === "reply";
  const { posts, replies } = read.value;
  if (!isReply && posts < 1) return fail(usedUp("posts"));
  return replies < parts.length + (isReply ? 1 : 0) ? fail(usedUp("replies")) : ok(undefined);
}

const usedUp = (what: "posts" | "replies"): PlatformFailure => ({
  kind: "rate_limited",
  quota: true,
  retryAfterMs: HOUR_MS,
  message: `This account has used up the ${what} Threads allows in 24 hours, or too few are left for this. It goes on when some are free again.`,
});

export async function accountLimits(ctx: ConnectorContext): PlatformResult<AccountLimits> {
  const read = await readLeft(ctx);
  return read.ok ? ok({ postsLeft: { count: read.value.posts } }) : read;
}
