import {
  type ConnectorContext,
  type NativeSchedule,
  type PlatformResult,
  type PostEdit,
  type PublishedRef,
  truncateGraphemes,
  unlessGone,
} from "@postd/connector-kit";
import { ok } from "@postd/contracts";
import { api, ofThing } from "./api.ts";
import { isLive, listPosts, readPost } from "./local-post.ts";
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
  return sent.ok ? ok(undefined) : sent;
}

/** Words, and a button in the place of another; the photo cannot be changed, and an offer's button is its own. */
export async function editPost(ref: PublishedRef, change: PostEdit, ctx: ConnectorContext): PlatformResult<undefined> {
  const callToAction = change.format === "offer" ? undefined : buttonOf(optionsOf(change));
  const sent = await patch(ctx, ref, { summary: change.text, ...(callToAction && { callToAction }) });
  return sent.ok ? ok(undefined) : sent;
}

/** Posts and photos alike; one that is gone counts as removed. */
export async function remove({ externalId }: PublishedRef, ctx: ConnectorContext): PlatformResult<void> {
  const call = { method: "DELETE", path: v4Path(ctx, externalId), did: "remove it", ...ofThing } as const;
  return unlessGone(await api.send(ctx, call));
}

async function verify(ref: PublishedRef, ctx: ConnectorContext): ReturnType<NativeSchedule["verify"]> {
  const read = await readPost(ctx, ref.externalId);
  if (!read.ok) return read.error.status === 404 ? ok({ state: "gone" as const }) : read;
  const { state, permalink, text } = read.value;
  // Planned posts are looked at beforehand, and may be rejected before their time.
  if (state === "REJECTED")
    return ok({ state: "gone" as const, because: rejection({ text, media: [], format: "standard" }) });
  const isShown = isLive(read.value);
  return ok({ state: isShown ? ("live" as const) : ("waiting" as const), ...(permalink && { permalink }) });
}

const MINUTE_MS = 60_000;

/** Google names no window; far enough ahead to arrive in time, and no further than a plan is worth. @source platforms/google-business-profile.md "Scheduling" */
export const schedule: NativeSchedule = {
  minLeadMs: 10 * MINUTE_MS,
  maxLeadMs: 180 * 24 * 60 * MINUTE_MS,
  formats: ["standard", "event", "offer"],
  verify,
  cancel: remove,
  move: (ref, publishAt, ctx) => patch(ctx, ref, { scheduledTime: publishAt.toISOString() }),
};

/** A live post by its name, or by the address it is shown at; a photo of the gallery by its name. */
export async function lookUp(
  { externalId = "", permalink }: { readonly externalId?: string; readonly permalink?: string },
  ctx: ConnectorContext,
): PlatformResult<(PublishedRef & { readonly preview?: string }) | undefined> {
  const photo = ownName(ctx, externalId, "media");
  if (photo) {
    const read = await readPhoto(ctx, photo);
    if (read.ok) return ok({ externalId: photo });
    return read.error.status === 404 ? ok(undefined) : read;
  }
  const named = ownName(ctx, externalId, "localPosts");
  const read = named ? await readPost(ctx, named) : await byAddress(permalink, ctx);
  if (!read.ok) return read.error.status === 404 ? ok(undefined) : read;
  const post = read.value;
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
