import {
  type ConnectorContext,
  type Format,
  type MediaRule,
  matchRecent,
  type OutgoingPost,
  type PlatformFailure,
  type PlatformResult,
  type ProbeAnswer,
  type Progress,
  type Step,
  type StepInput,
} from "@postd/connector-kit";
import { fail, type JsonObject, ok } from "@postd/contracts";
import { z } from "zod";
import { api, Id, permalinkOf, postNamed, unsaid, withGrant } from "./api.ts";
import { gifRule, pictureRule, videoRule } from "./limits.ts";
import { afterDoubt, gifSteps, type PostState, pictureSteps, startState, videoSteps } from "./media.ts";
import { mayAddressOthers, optionsOf } from "./options.ts";
import { postById, recentPosts } from "./posts.ts";
import { READ, WRITE } from "./sign-in.ts";
import { isSameText } from "./texts.ts";

export const Created = z.object({ data: z.object({ id: Id }) });
export const publishScopes = [...READ, WRITE];

/** What a post asks of everybody's posts: those it names. */
const targetsOf = (post: Pick<OutgoingPost, "options">): readonly string[] => {
  const { quote, replyTo } = optionsOf(post);
  return [quote, replyTo].flatMap((named) => (named && postNamed(named)?.id) || []);
};

/** @source platforms/x.md section 5; names of the body are the same in both dialects */
export function bodyOf(post: OutgoingPost, { posts, files }: PostState): JsonObject {
  const { replySettings, quote, replyTo, poll, communityId, madeWithAi, paidPartnership } = optionsOf(post);
  const previous = posts.at(-1);
  if (previous !== undefined) {
    const { text = "" } = post.parts?.[posts.length - 1] ?? {};
    return { text, reply: { in_reply_to_tweet_id: previous } };
  }
  const [quoted, answered] = [quote, replyTo].map((named) => named && postNamed(named)?.id);
  return {
    text: post.text,
    ...(files.names.length > 0 && { media: { media_ids: [...files.names] } }),
    ...(poll && { poll: { options: [...poll.options], duration_minutes: poll.durationMinutes } }),
    ...(quoted && { quote_tweet_id: quoted }),
    ...(answered && { reply: { in_reply_to_tweet_id: answered } }),
    ...(replySettings && { reply_settings: replySettings }),
    ...(communityId && { community_id: communityId }),
    ...(madeWithAi && { made_with_ai: true }),
    ...(paidPartnership && { paid_partnership: true }),
  };
}

/** Whose the posts are that this one names; X refuses strangers' to most apps, and in words that blame the account. */
const checkTargets: Step<PostState> = {
  name: "check_targets",
  effect: "none",
  repeatable: true,
  done: ({ isTargetOwn, posts }, post) => isTargetOwn === true || posts.length > 0 || targetsOf(post).length === 0,
  async run({ state, post }, ctx) {
    const done = ok({ state: { ...state, isTargetOwn: true as const } });
    if (mayAddressOthers(ctx.account)) return done;
    for (const name of ["quote", "replyTo"] as const) {
      const id = postNamed(optionsOf(post)[name] ?? "")?.id;
      if (id === undefined) continue;
      const read = await postById(ctx, id);
      if (!read.ok) {
        const { error } = read;
        return fail(error.kind === "content_rejected" ? { ...error, field: `options.${name}` } : error);
      }
      if (read.value?.authorId === ctx.account.externalId) continue;
      const message = read.value
        ? `X lets this server's app ${name === "quote" ? "quote" : "answer"} the account's own posts only. Choose one of them.`
        : `X does not have the post ${id}, or does not show it to this account.`;
      return fail({ kind: "content_rejected", field: `options.${name}`, reason: "not_own_post", message });
    }
    return done;
  },
};

/** X takes a post and for some seconds does not know it yet as something to answer. @source platforms/x.md section 11 */
const PARENT_WAITS = 3;
const PARENT_WAIT_MS = 8_000;

/** What a refusal makes of the state, where trying differently is worth it. Nothing came of the call. */
function againAfter(failure: PlatformFailure, state: PostState, now: Date): Progress<PostState> | undefined {
  if (!failure.refused) return undefined;
  if (failure.platformCode === "media-invalid") {
    const anew = afterDoubt(state, now);
    return anew && { state: anew, refused: true };
  }
  const { parentWaits = 0 } = state;
  if (!isUnseenParent(failure) || parentWaits >= PARENT_WAITS) return undefined;
  return { state: { ...state, parentWaits: parentWaits + 1 }, refused: true, waitMs: PARENT_WAIT_MS };
}
const isUnseenParent = ({ platformCode }: PlatformFailure): boolean =>
  platformCode === "parent-not-visible" || platformCode === "385";

/** The failure as it stands in the end: a post to answer that stays unseen is gone, files that stay unusable are the post's. */
function atLast(failure: PlatformFailure, field: string): PlatformFailure {
  const { refused, status, platformCode = "" } = failure;
  if (!refused) return failure;
  const detail = { platformCode, refused, ...(status !== undefined && { status }) };
  // Of a part it is the part's own text.
  if (failure.kind === "content_rejected" && failure.field === "text" && field.startsWith("parts"))
    return { ...failure, field };
  if (isUnseenParent(failure)) {
    const message = "The post this one answers is deleted, or X does not show it to this account.";
    return { ...detail, kind: "content_rejected", field, reason: "parent_gone", message };
  }
  if (platformCode !== "media-invalid") return failure;
  const message = "X took the files and did not take a post with them, twice. Send the post again.";
  return { ...detail, kind: "content_rejected", field: "media", reason: "media_invalid", message };
}

/** One post. X knows no key of ours, so it is never sent twice. @source platforms/x.md section 14 */
async function sendPost(
  { state, prepared, field }: Pick<StepInput<PostState, JsonObject>, "state" | "prepared"> & { readonly field: string },
  ctx: ConnectorContext,
): PlatformResult<Progress<PostState>> {
  const call = { method: "POST", path: "tweets", json: prepared, needs: publishScopes, field } as const;
  const made = await api.read(ctx, call, Created);
  if (!made.ok) {
    const again = againAfter(made.error, state, ctx.clock.now());
    return again ? ok(again) : fail(atLast(withGrant(made.error, ctx, publishScopes), field));
  }
  const { parentWaits: _, ...rest } = state;
  const { id } = made.value.data;
  if (state.posts.includes(id)) return fail(unsaid("made a new post"));
  const posts = [...state.posts, id];
  const [first = ""] = posts;
  return ok({ state: { ...rest, posts }, published: { externalId: first, permalink: permalinkOf(ctx, first) } });
}

const Sent = z.object({
  text: z.string(),
  reply: z.object({ in_reply_to_tweet_id: z.string() }).optional(),
  quote_tweet_id: z.string().optional(),
  media: z.object({ media_ids: z.array(z.string()) }).optional(),
});

/**
 * Looks among the newest posts for the same words under the same post. Of a later part that is the job's own part before it,
 * as another thread may say the same. A list that lacks it proves nothing.
 */
async function probePost(
  { state, prepared, intentAt }: StepInput<PostState, JsonObject> & { readonly intentAt: Date },
  ctx: ConnectorContext,
): PlatformResult<ProbeAnswer<PostState>> {
  const { text, reply, quote_tweet_id, media } = Sent.parse(prepared);
  const recent = await recentPosts(ctx, new Date(intentAt.getTime() - 60_000));
  if (!recent.ok) return recent;
  const known = new Set(state.posts);
  const added = { isReply: reply !== undefined, isQuote: quote_tweet_id !== undefined };
  return ok(
    matchRecent({
      recent: recent.value.filter(
        (post) =>
          !post.isRepost &&
          !known.has(post.id) &&
          post.repliesTo === reply?.in_reply_to_tweet_id &&
          // An address of a post at the end of a text makes a quote of it.
          (post.quotes === quote_tweet_id || (!added.isQuote && text.includes(`/status/${post.quotes}`))),
      ),
      wanted: { text, mediaCount: media?.media_ids.length ?? 0, since: intentAt },
      state: ({ externalId }) => ({ ...state, posts: [...state.posts, externalId] }),
      looked: "the account's newest posts",
      isSameText: (theirs, ours) => isSameText(theirs, ours, added),
    }),
  );
}

/** A step that makes posts, one a run, until there are so many. `field` is blamed where X says nothing more. */
export const postStep = (facts: {
  readonly name: string;
  readonly field: (post: OutgoingPost, state: PostState) => string;
  readonly count?: (post: OutgoingPost) => number;
  readonly body?: (post: OutgoingPost, state: PostState) => JsonObject;
}): Step<PostState, JsonObject> => {
  const { name, field, count = () => 1, body = bodyOf } = facts;
  return {
    ...{ name, effect: "visible", repeatable: false, settleMs: 10_000 },
    done: ({ posts }, post) => posts.length >= count(post),
    prepare: ({ post, state }) => body(post, state),
    run: (input, ctx) => sendPost({ ...input, field: field(input.post, input.state) }, ctx),
    probe: probePost,
  };
};

const create = postStep({
  name: "create_post",
  field: (post) => (optionsOf(post).quote ? "options.quote" : optionsOf(post).replyTo ? "options.replyTo" : "text"),
});
/** Each below the one before it; what is live is never made again. */
const createParts = postStep({
  name: "create_parts",
  field: (_post, { posts }) => `parts.${posts.length - 1}.text`,
  count: ({ parts = [] }) => 1 + parts.length,
});

const format = (label: string, media: MediaRule, before: readonly Step<PostState>[] = []): Format<PostState> => ({
  label,
  media,
  start: startState,
  steps: [checkTargets, ...before, create, createParts],
});
const none: MediaRule = { min: 0, max: 0 };

export const formats: Readonly<Record<string, Format<PostState>>> = {
  text: format("Text", none),
  images: format("Pictures", pictureRule, pictureSteps),
  gif: format("GIF", gifRule, gifSteps),
  video: format("Video", videoRule, videoSteps),
  poll: format("Poll", none),
};
