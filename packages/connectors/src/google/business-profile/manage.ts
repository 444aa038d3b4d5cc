import {
  type ConnectorContext,
  type NativeSchedule,
  type PlatformResult,
  type PostEdit,
  type PublishedRef,
  refusedBy,
  truncateGraphemes,
} from "@postd/connector-kit";
import { fail, ok } from "@postd/contracts";
import { api, ofThing } from "./api.ts";
import { unlessGone } from "./gone.ts";
import { PLANNED_MOST_MS } from "./limits.ts";
import { isLive, LocalPost, listPosts, readPost } from "./local-post.ts";
import { readPhoto } from "./location-photo.ts";
import { ownName, v4Path } from "./names.ts";
import { optionsOf } from "./options.ts";
import { buttonOf } from "./post-body.ts";
import { rejection } from "./review-of-post.ts";

/** Changes what is named and nothing else: without a mask Google changes nothing, or too much. */
async function patch(ctx: ConnectorContext, { externalId }: PublishedRef, changed: object): PlatformResult<void> {
  const query = { updateMask: Object.keys(changed).join(",") };
  const call = { method: "PATCH", path: v4Path(ctx, externalId), query, json: changed, ...ofThing } as const;
  const sent = await api.send(ctx, { ...call, did: "change the post" });
  if (!sent.ok) {
    const there = await unlessGone(ctx, sent);
    return there.ok ? sent : there;
  }
  const shown = LocalPost.safeParse(sent.value.json).data;
  if (shown?.state !== "REJECTED") return ok(undefined);
  return fail({ ...rejection({ text: shown.text, media: [], format: "standard" }), ...refusedBy(sent.value) });
}

/** Words, and a button in the place of another; the photo cannot be changed, and an offer's button is its own. */
export async function editPost(ref: PublishedRef, change: PostEdit, ctx: ConnectorContext): PlatformResult<undefined> {
  const options = optionsOf(change);
  let callToAction = change.format === "offer" ? undefined : buttonOf(options);
  if (callToAction && callToAction.actionType !== "CALL" && callToAction.url === undefined) {
    // The post was made with a link, which stands behind its button.
    const read = await readPost(ctx, ref.externalId);
    if (!read.ok) return read;
    callToAction = buttonOf({ ...options, buttonUrl: read.value.buttonUrl });
  }
  const sent = await patch(ctx, ref, { summary: change.text, ...(callToAction && { callToAction }) });
  return sent.ok ? ok(undefined) : sent;
}

/** Posts and photos alike; one that is gone counts as removed. */
export async function remove({ externalId }: PublishedRef, ctx: ConnectorContext): PlatformResult<void> {
  const call = { method: "DELETE", path: v4Path(ctx, externalId), did: "remove it", ...ofThing } as const;
  const sent = await unlessGone(ctx, await api.send(ctx, call));
  return sent.ok ? ok(undefined) : sent;
}

async function verify(ref: PublishedRef, ctx: ConnectorContext): ReturnType<NativeSchedule["verify"]> {
  const read = await unlessGone(ctx, await readPost(ctx, ref.externalId));
  if (!read.ok) return read;
  if (read.value === undefined) return ok({ state: "gone" as const });
  const { state, permalink, text } = read.value;
  // Planned posts are looked at beforehand, and may be rejected before their time.
  if (state === "REJECTED")
    return ok({ state: "gone" as const, because: rejection({ text, media: [], format: "standard" }) });
  const isShown = isLive(read.value);
  return ok({ state: isShown ? ("live" as const) : ("waiting" as const), ...(permalink && { permalink }) });
}

const MINUTE_MS = 60_000;

/** Its photo's address is as old as the post. */
async function move(ref: PublishedRef, publishAt: Date, ctx: ConnectorContext): PlatformResult<void> {
  const read = await readPost(ctx, ref.externalId);
  const { createdAt, mediaCount = 0 } = read.ok ? read.value : {};
  if (mediaCount > 0 && createdAt && publishAt.getTime() - createdAt.getTime() > PLANNED_MOST_MS)
    return fail({
      kind: "content_rejected",
      field: "scheduledFor",
      reason: "too_late",
      message: "Google would no longer be able to fetch the photo then. Call this one back and plan it anew.",
    });
  return patch(ctx, ref, { scheduledTime: publishAt.toISOString() });
}

/** Far enough ahead to arrive in time. @source platforms/google-business-profile.md "Scheduling" */
export const schedule: NativeSchedule = {
  minLeadMs: 10 * MINUTE_MS,
  maxLeadMs: PLANNED_MOST_MS,
  formats: ["standard", "event", "offer"],
  verify,
  cancel: remove,
  move,
};

/** A live post by its name, or by the address it is shown at; a photo of the gallery by its name. */
export async function lookUp(
  { externalId = "", permalink }: { readonly externalId?: string; readonly permalink?: string },
  ctx: ConnectorContext,
): PlatformResult<(PublishedRef & { readonly preview?: string }) | undefined> {
  const photo = ownName(ctx, externalId, "media");
  if (photo) {
    const read = await unlessGone(ctx, await readPhoto(ctx, photo));
    return read.ok ? ok(read.value && { externalId: photo }) : read;
  }
  const named = ownName(ctx, externalId, "localPosts");
  const read = named ? await unlessGone(ctx, await readPost(ctx, named)) : await byAddress(permalink, ctx);
  if (!read.ok) return read;
  const post = read.value;
  // A live one may be looked at again after a change, so it is neither there nor gone.
  if (post && !isLive(post) && post.state !== "REJECTED" && post.state !== "SCHEDULED")
    return fail({
      kind: "unavailable",
      message: "Google is looking at this post and does not say yet whether it shows it.",
    });
  if (!post || !isLive(post)) return ok(undefined);
  const preview = truncateGraphemes(post.text, 200);
  return ok({
    externalId: post.externalId,
    ...(post.permalink && { permalink: post.permalink }),
    ...(preview && { preview }),
  });
}

async function byAddress(permalink: string | undefined, ctx: ConnectorContext) {
  if (permalink === undefined) return ok(undefined);
  const page = await listPosts(ctx);
  return page.ok ? ok(page.value.localPosts.find((one) => one.permalink === permalink)) : page;
}
