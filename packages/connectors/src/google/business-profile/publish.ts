import {
  type ConnectorContext,
  type Format,
  matchRecent,
  type PlatformFailure,
  type PlatformResult,
  type ProbeAnswer,
  type Step,
  type StepInput,
} from "@postd/connector-kit";
import { ok } from "@postd/contracts";
import { api, ofLocation } from "./api.ts";
import { UNFETCHED } from "./failures.ts";
import { unlessGone } from "./gone.ts";
import { eventText, photoRule, summaryText } from "./limits.ts";
import { eventKey, isLive, LocalPost, listPosts, readPost, topicTypes } from "./local-post.ts";
import { photoFormat } from "./location-photo.ts";
import { v4Path } from "./names.ts";
import { optionsOf } from "./options.ts";
import { eventOf, postBody } from "./post-body.ts";
import { awaitReview, type PostState, seen } from "./review-of-post.ts";

/** Google knows no key of ours, so this is never said twice. @source platforms/google-business-profile.md "Publishing" */
const create: Step<PostState> = {
  name: "create_post",
  effect: "visible",
  repeatable: false,
  timeoutMs: 60_000,
  settleMs: 60_000,
  done: ({ id }) => id !== undefined,
  async run({ state, post }, ctx) {
    const json = await postBody(post, state.publishAt, ctx);
    const path = `${v4Path(ctx)}/localPosts`;
    const made = await api.read(ctx, { method: "POST", path, json, ...ofLocation }, LocalPost);
    if (!made.ok) return fetchedLater(made.error, state) ?? made;
    return ok(seen(made.value, state, post) ?? { state: { ...state, id: made.value.externalId } });
  },
  probe: (input, ctx) => (input.state.id === undefined ? amongNewest(input, ctx) : byName(input, ctx)),
};

/** This server's media may be out of reach for a while; what Google never fetches is told. */
const FETCHED_AGAIN_MS = [60_000, 5 * 60_000, 30 * 60_000] as const;

function fetchedLater(refused: PlatformFailure, state: PostState) {
  const { unfetched = 0 } = state;
  const waitMs = FETCHED_AGAIN_MS[unfetched];
  const isUnfetched = refused.kind === "content_rejected" && refused.reason === UNFETCHED && refused.refused === true;
  if (!isUnfetched || waitMs === undefined) return undefined;
  return ok({ state: { ...state, unfetched: unfetched + 1 }, refused: true as const, waitMs });
}

type Lost = Pick<StepInput<PostState>, "state" | "post"> & { readonly intentAt: Date };

/** What Google says of the post it named. */
async function byName({ state, post }: Lost, ctx: ConnectorContext): PlatformResult<ProbeAnswer<PostState>> {
  const read = await unlessGone(ctx, await readPost(ctx, state.id ?? ""));
  if (!read.ok) return read;
  if (read.value === undefined)
    return ok({ kind: "absent_authoritative", because: "Google no longer has the post it had named" });
  const told = seen(read.value, state, post);
  if (told?.published) return ok({ kind: "found", candidates: [{ ...told.published, ours: true, state: told.state }] });
  if (told) return ok({ kind: "absent_authoritative", because: "Google says that it rejected this very post" });
  return ok({ kind: "not_seen", looked: "the post itself, which Google still looks at" });
}

/** An answer that was lost took the name with it: only words, kind and time are left, and what is not live is not adopted. */
async function amongNewest(
  { state, post, intentAt }: Lost,
  ctx: ConnectorContext,
): PlatformResult<ProbeAnswer<PostState>> {
  const page = await listPosts(ctx);
  if (!page.ok) return page;
  const plannedMs = state.publishAt === undefined ? undefined : Date.parse(state.publishAt);
  const event = post.format === "standard" ? undefined : eventKey(eventOf(optionsOf(post)));
  const alike = page.value.localPosts.filter(
    (one) =>
      one.topicType === topicTypes[post.format] &&
      (event === undefined || one.event === undefined || one.event === event) &&
      (plannedMs === undefined || one.scheduledAt === undefined || one.scheduledAt.getTime() === plannedMs),
  );
  const match = (recent: readonly LocalPost[], looked: string) =>
    matchRecent({
      recent,
      wanted: { text: post.text, mediaCount: post.media.length, since: intentAt },
      state: (found): PostState => seen(found, state, post)?.state ?? state,
      looked,
    });
  const isShown = (one: LocalPost) => isLive(one) || (one.state === "SCHEDULED" && plannedMs !== undefined);
  const newest = "the newest 100 posts of the location";
  const found = match(alike.filter(isShown), newest);
  if (found.kind === "found") return ok(found);
  const waiting = match(
    alike.filter((one) => !isShown(one)),
    newest,
  );
  if (waiting.kind !== "found") return ok(found);
  return ok({
    kind: "not_seen",
    looked: `${newest}; one with these words is being looked at by Google, or was rejected`,
  });
}

const steps = [create, awaitReview];
const start: Format<PostState>["start"] = ({ publishAt }) => (publishAt ? { publishAt: publishAt.toISOString() } : {});

export const formats: Readonly<Record<string, Format>> = {
  standard: { label: "Update", media: photoRule(0), text: summaryText, start, steps },
  event: { label: "Event", media: photoRule(0), text: eventText, start, steps },
  offer: { label: "Offer", media: photoRule(0), text: eventText, start, steps },
  location_photo: photoFormat,
};
