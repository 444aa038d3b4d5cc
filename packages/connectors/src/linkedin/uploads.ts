import {
  type ConnectorContext,
  type HttpBody,
  noPartsSent,
  type PartsSent,
  type PlatformResult,
  type Polled,
  type Progress,
  pollUntil,
  type Step,
  secret,
  uploadParts,
} from "@postd/connector-kit";
import { fail, type MediaId, ok } from "@postd/contracts";
import { z } from "zod";
import { api, authorOf, Urn } from "./api.ts";

/** How far a post is; stored between runs. Upload addresses are kept sealed. */
export type PostState = {
  /** Names of what was uploaded, in the order of the post's media. */
  readonly assets: readonly string[];
  /** How many of them LinkedIn has ready. */
  readonly ready: number;
  readonly polled?: Polled;
  /** How often the video was begun anew. */
  readonly restarts?: number;
  /** The video under way. */
  readonly video?: { readonly urn: string; readonly sent: PartsSent };
  /** The card's picture; null: it goes without one. Absent until looked at. */
  readonly thumb?: string | null;
  readonly card?: { readonly title: string; readonly description?: string; readonly image?: string };
  readonly postUrn?: string;
  /** A page's post was read back, or cannot be. */
  readonly isSeen?: true;
};
export const startState = (): PostState => ({ assets: [], ready: 0 });

const Address = z.url({ protocol: /^https$/ });
const Begun = z.object({
  value: z.object({ uploadUrl: Address, image: Urn.optional(), document: Urn.optional() }),
});
type Kind = "image" | "document";

/** Asks for a place and puts the bytes there, whole. A lost answer leaves an orphan that nobody sees. */
async function upload(ctx: ConnectorContext, kind: Kind, body: HttpBody): PlatformResult<string> {
  const begun = await api.read(
    ctx,
    {
      method: "POST",
      path: `${kind}s?action=initializeUpload`,
      json: { initializeUploadRequest: { owner: authorOf(ctx) } },
      did: "prepare the upload",
    },
    Begun,
  );
  if (!begun.ok) return begun;
  const { uploadUrl } = begun.value.value;
  const urn = begun.value.value[kind];
  if (!urn)
    return fail({ kind: "unavailable", message: "LinkedIn gave an upload without a name; it is asked for again." });
  const put = await api.send(ctx, { method: "PUT", base: uploadUrl, path: "", body, did: "upload the file" });
  return put.ok ? ok(urn) : put;
}

export const uploadFile = async (ctx: ConnectorContext, kind: Kind, id: MediaId): PlatformResult<string> =>
  upload(ctx, kind, await ctx.media.open(id));
export const uploadPicture = (ctx: ConnectorContext, body: HttpBody) => upload(ctx, "image", body);

/** One file in each run, so that what is there stays named. */
export const uploadFiles = (kind: Kind): Step<PostState> => ({
  name: `upload_${kind}s`,
  effect: "invisible",
  repeatable: true,
  timeoutMs: 120_000,
  done: (state, post) => state.assets.length >= post.media.length,
  async run({ post, state }, ctx) {
    const media = post.media[state.assets.length];
    if (!media) return ok({ state });
    const urn = await uploadFile(ctx, kind, media.id);
    return urn.ok ? ok({ state: { ...state, assets: [...state.assets, urn.value] } }) : urn;
  },
});

const VideoBegun = z.object({
  value: z.object({
    video: Urn,
    uploadToken: z.string().optional(),
    uploadInstructions: z
      .array(z.object({ uploadUrl: Address, firstByte: z.number().int(), lastByte: z.number().int() }))
      .min(1),
  }),
});
/** What LinkedIn told about the parts; sealed, as every address carries its own right. */
const Plan = VideoBegun.shape.value;
type Plan = z.output<typeof Plan>;

async function beginVideo(
  state: PostState,
  sizeBytes: number,
  ctx: ConnectorContext,
): PlatformResult<Progress<PostState>> {
  const begun = await api.read(
    ctx,
    {
      method: "POST",
      path: "videos?action=initializeUpload",
      json: {
        initializeUploadRequest: {
          owner: authorOf(ctx),
          fileSizeBytes: sizeBytes,
          uploadCaptions: false,
          uploadThumbnail: false,
        },
      },
      did: "prepare the upload",
    },
    VideoBegun,
  );
  if (!begun.ok) return begun;
  const plan = begun.value.value;
  return ok({
    state: { ...state, video: { urn: plan.video, sent: noPartsSent } },
    sealed: { plan: secret(JSON.stringify(plan)) },
  });
}

/** Every part goes to its own address, and the marks LinkedIn answers end the upload in their order. */
export const uploadVideo: Step<PostState> = {
  name: "upload_video",
  effect: "invisible",
  repeatable: true,
  timeoutMs: 180_000,
  done: (state, post) => state.assets.length >= post.media.length,
  async run({ post, state, sealed }, ctx) {
    const media = post.media[0];
    if (!media) return ok({ state });
    const plan = planIn(sealed?.plan?.reveal());
    if (!state.video || !plan) return beginVideo(state, media.sizeBytes, ctx);
    const { urn } = state.video;
    const parts = plan.uploadInstructions.map(({ firstByte, lastByte }, index) => ({
      index,
      from: firstByte,
      to: lastByte + 1,
    }));
    const done = await uploadParts(ctx, {
      id: media.id,
      parts,
      sent: state.video.sent,
      send: async ({ index }, body) => {
        const base = plan.uploadInstructions[index]?.uploadUrl ?? "";
        const put = await api.send(ctx, {
          method: "PUT",
          base,
          path: "",
          body: { ...body, contentType: "application/octet-stream" },
          did: "upload the video",
        });
        if (!put.ok) return put;
        const { etag } = put.value.headers;
        return etag ? ok({ tag: etag.replace(/^"(.*)"$/, "$1") }) : fail(noMark);
      },
    });
    if (!done.ok) {
      const { status = 0, platformCode } = done.error;
      const { restarts = 0 } = state;
      // An address that has ended, or is not known any more: the whole upload begins anew, but not for ever.
      if (restarts >= 3 || (platformCode !== "EXPIRED_UPLOAD_URL" && ![401, 403, 404, 410].includes(status)))
        return done;
      const { video: _video, ...rest } = state;
      return ok({ state: { ...rest, restarts: restarts + 1 }, sealed: {}, waitMs: 1_000 });
    }
    const { sent, isWhole } = done.value;
    if (!isWhole) return ok({ state: { ...state, video: { urn, sent } }, waitMs: 0 });
    const ended = await api.send(ctx, {
      method: "POST",
      path: "videos?action=finalizeUpload",
      json: {
        finalizeUploadRequest: { video: urn, uploadToken: plan.uploadToken ?? "", uploadedPartIds: sent.tags },
      },
      did: "end the upload",
    });
    if (!ended.ok) return ended;
    const { video: _done, ...rest } = state;
    return ok({ state: { ...rest, assets: [urn] }, sealed: {} });
  },
};

const noMark = { kind: "unavailable", message: "LinkedIn took a part of the video without naming it." } as const;
const planIn = (text: string | undefined): Plan | undefined =>
  text === undefined ? undefined : Plan.safeParse(JSON.parse(text)).data;

const Status = z.object({ status: z.string(), processingFailureReason: z.string().optional() });
export const pace = { firstMs: 2_000, mostMs: 60_000, endMs: 60 * 60_000 };
/** Where this sign-in may not read a picture's state, it gets this long. @source platforms/linkedin.md "Publishing" */
const GRACE_MS = 10_000;

/** What a post shows: its media, or the picture of its card. */
const filesOf = ({ assets, thumb }: PostState): readonly string[] => (thumb ? [...assets, thumb] : assets);

/** A post made before its files are ready is shown to nobody, so each is asked for until it is. */
export const awaitFiles = (kind: Kind | "video"): Step<PostState> => ({
  name: `await_${kind}s`,
  effect: "none",
  repeatable: true,
  done: (state) => state.ready >= filesOf(state).length,
  async run({ state }, ctx) {
    const urn = filesOf(state)[state.ready] ?? "";
    const got = await api.read(
      ctx,
      { method: "GET", path: [`${kind}s`, urn], about: "object", field: "media" },
      Status,
    );
    const next = (ready: number) => {
      const { polled: _polled, ...rest } = state;
      return { ...rest, ready };
    };
    if (!got.ok) {
      if (got.error.status !== 403 || kind === "video") return got;
      if (state.polled) return ok({ state: next(filesOf(state).length) });
      return ok({ state: { ...state, polled: { times: 1, since: ctx.clock.now().toISOString() } }, waitMs: GRACE_MS });
    }
    const { status, processingFailureReason } = got.value;
    if (status === "AVAILABLE") return ok({ state: next(state.ready + 1) });
    if (status === "PROCESSING_FAILED")
      return fail({
        kind: "content_rejected",
        field: `media.${state.ready}`,
        reason: "unreadable",
        message: `LinkedIn could not read the file${processingFailureReason ? ` (${processingFailureReason.slice(0, 100)})` : ""}. Export it again, or use another.`,
      });
    const wait = pollUntil({
      polled: state.polled,
      clock: ctx.clock,
      pace,
      atEnd: {
        kind: "content_rejected",
        field: `media.${state.ready}`,
        reason: "processing",
        message: "LinkedIn worked on the file for an hour and did not finish. Export it again, or use another.",
      },
    });
    return wait.ok ? ok({ state: { ...state, polled: wait.value.polled }, waitMs: wait.value.waitMs }) : wait;
  },
});
