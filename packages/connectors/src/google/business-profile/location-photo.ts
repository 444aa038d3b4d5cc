import {
  type Format,
  matchRecent,
  type PlatformResult,
  type RecentPost,
  rowsOf,
  type Step,
  uploadWhole,
} from "@postd/connector-kit";
import { ok } from "@postd/contracts";
import { z } from "zod";
import { api, Instant, ofLocation, UPLOADS } from "./api.ts";
import { noText, photoRule } from "./limits.ts";
import { escaped, PhotoName, v4Path } from "./names.ts";
import { optionsOf } from "./options.ts";

type PhotoState = {
  /** Where Google keeps the bytes until a photo is made of them; of no use without the sign-in. */
  readonly resourceName?: string;
  readonly live?: { readonly externalId: string };
};

const Upload = z.object({ resourceName: z.string().regex(/^[^?#\s]{1,2000}$/) });

/** @source platforms/google-business-profile.md "Location photos" */
const send: Step<PhotoState> = {
  name: "send_photo",
  effect: "invisible",
  repeatable: true,
  timeoutMs: 120_000,
  done: ({ resourceName }) => resourceName !== undefined,
  async run({ state, post }, ctx) {
    const begin = { method: "POST", path: `${v4Path(ctx)}/media:startUpload`, json: {}, ...ofLocation } as const;
    const begun = await api.read(ctx, begin, Upload);
    if (!begun.ok) return begun;
    const { resourceName } = begun.value;
    const [photo] = post.media;
    if (!photo) throw new Error("a photo of a location was let through without a file");
    const path = escaped(resourceName);
    const call = { method: "POST", base: UPLOADS, path, query: { upload_type: "media" }, ...ofLocation } as const;
    const sent = await uploadWhole(api, ctx, call, { id: photo.id, mimeType: photo.mimeType });
    return sent.ok ? ok({ state: { ...state, resourceName } }) : sent;
  },
};

const Photo = z
  .object({
    name: PhotoName,
    mediaFormat: z.string().default("PHOTO"),
    locationAssociation: z.object({ category: z.string().optional() }).optional(),
    createTime: Instant,
  })
  .transform(({ name, mediaFormat, locationAssociation, createTime }) => ({
    externalId: name,
    mediaFormat,
    category: locationAssociation?.category,
    text: "",
    createdAt: createTime,
  }));
const Photos = z.object({ mediaItems: rowsOf(Photo).default([]) });

const categoryOf = (post: Parameters<typeof optionsOf>[0]): string => optionsOf(post).category ?? "ADDITIONAL";

const show: Step<PhotoState> = {
  name: "show_photo",
  effect: "visible",
  repeatable: false,
  settleMs: 60_000,
  done: ({ live }) => live !== undefined,
  async run({ state, post }, ctx) {
    const { resourceName } = state;
    const json = {
      mediaFormat: "PHOTO",
      locationAssociation: { category: categoryOf(post) },
      dataRef: { resourceName },
    };
    const made = await api.read(ctx, { method: "POST", path: `${v4Path(ctx)}/media`, json, ...ofLocation }, Photo);
    // What was sent may have been kept too short, so whoever tries it again sends it again.
    if (!made.ok && made.error.kind === "content_rejected" && made.error.refused)
      return ok({ state: {}, refused: true, failure: made.error });
    if (!made.ok) return made;
    const live = { externalId: made.value.externalId };
    return ok({ state: { ...state, live }, published: live });
  },
  async probe({ state, post, intentAt }, ctx) {
    const recent = await recentPhotos(ctx, categoryOf(post));
    if (!recent.ok) return recent;
    return ok(
      matchRecent({
        recent: recent.value,
        wanted: { text: "", since: intentAt },
        state: ({ externalId }): PhotoState => ({ ...state, live: { externalId } }),
        looked: "the photos of the profile's gallery",
      }),
    );
  },
};

async function recentPhotos(
  ctx: Parameters<typeof v4Path>[0] & Parameters<typeof api.get>[0],
  category: string,
): PlatformResult<readonly RecentPost[]> {
  const page = await api.get(ctx, `${v4Path(ctx)}/media`, Photos, ofLocation);
  if (!page.ok) return page;
  return ok(
    page.value.mediaItems
      .filter((one) => one.mediaFormat === "PHOTO" && (one.category === undefined || one.category === category))
      .map(({ externalId, text, createdAt }) => ({ externalId, text, createdAt })),
  );
}

export const readPhoto = (ctx: Parameters<typeof v4Path>[0] & Parameters<typeof api.get>[0], id: string) =>
  api.get(ctx, v4Path(ctx, id), Photo, { about: "object" });

/** A picture in the profile's own gallery. Google shows it after a day or two and tells nobody when. */
export const photoFormat: Format<PhotoState> = {
  label: "Photo of the location",
  media: photoRule(1),
  text: noText,
  start: () => ({}),
  steps: [send, show],
};
