import {
  type CommentState,
  type ConnectorContext,
  type FileFacts,
  type FileStage,
  type FilesState,
  type HttpBody,
  awaitFiles as kitAwaitFiles,
  noFiles,
  type PlatformFailure,
  type PlatformResult,
  type Step,
  uploadFiles,
} from "@postd/connector-kit";
import { fail, ok } from "@postd/contracts";
import { z } from "zod";
import { api, authorOf, Urn } from "./api.ts";

/** How far a post is; stored between runs. Upload addresses are kept sealed. */
export type PostState = FilesState &
  CommentState & {
    /** The card of a link; its picture is the post's one file. */
    readonly card?: { readonly title: string; readonly description: string };
    readonly postUrn?: string;
    /** LinkedIn named it in refusing a repeat, and nobody may read whether it is there. */
    readonly isTold?: true;
    /** A page's post was read back, or cannot be. */
    readonly isSeen?: true;
    /** Comments of this app go to the address without a version. */
    readonly isCommentUnversioned?: true;
  };
export const startState = (): PostState => ({ files: noFiles });

const Address = z.url({ protocol: /^https$/ });
type Kind = "image" | "document" | "video";

/** Asks for a place. A lost answer leaves an orphan that nobody sees. */
const begin = <T extends z.ZodType>(ctx: ConnectorContext, kind: Kind, more: object, answer: T) =>
  api.read(
    ctx,
    {
      method: "POST",
      path: `${kind}s?action=initializeUpload`,
      json: { initializeUploadRequest: { owner: authorOf(ctx), ...more } },
      did: "prepare the upload",
    },
    answer,
  );
const put = (ctx: ConnectorContext, address: string, body: HttpBody) =>
  api.send(ctx, { method: "PUT", base: address, path: "", body, did: "upload the file" });

const WholePlan = z.object({ uploadUrl: Address });
const Whole = z
  .object({ value: z.object({ uploadUrl: Address, image: Urn.optional(), document: Urn.optional() }) })
  .transform(({ value: { uploadUrl, image, document } }) => ({ name: image ?? document, plan: { uploadUrl } }))
  .pipe(z.object({ name: Urn, plan: WholePlan }));

/** Pictures and documents go whole. */
const whole = (kind: "image" | "document"): FileFacts<z.output<typeof WholePlan>> => ({
  what: `${kind}s`,
  plan: WholePlan,
  timeoutMs: 120_000,
  begin: (_file, ctx) => begin(ctx, kind, {}, Whole),
  async send({ plan, body }, ctx) {
    const sent = await put(ctx, plan.uploadUrl, body);
    return sent.ok ? ok({}) : sent;
  },
});

/** A picture that is none of the post's media: a card's. */
export async function uploadPicture(ctx: ConnectorContext, body: HttpBody): PlatformResult<string> {
  const begun = await begin(ctx, "image", {}, Whole);
  if (!begun.ok) return begun;
  const sent = await put(ctx, begun.value.plan.uploadUrl, body);
  return sent.ok ? ok(begun.value.name) : sent;
}

const VideoPlan = z.object({
  uploadToken: z.string().default(""),
  uploadInstructions: z
    .array(z.object({ uploadUrl: Address, firstByte: z.number().int(), lastByte: z.number().int() }))
    .min(1),
});
const Video = z.object({ value: VideoPlan.extend({ video: Urn }) });

/** Every part of a video goes to an address of its own, and the marks LinkedIn answers end the upload in their order. */
const video: FileFacts<z.output<typeof VideoPlan>> = {
  what: "videos",
  plan: VideoPlan,
  async begin({ sizeBytes }, ctx) {
    const facts = { fileSizeBytes: sizeBytes, uploadCaptions: false, uploadThumbnail: false };
    const begun = await begin(ctx, "video", facts, Video);
    return begun.ok ? ok({ name: begun.value.value.video, plan: begun.value.value }) : begun;
  },
  parts: ({ plan }) =>
    plan.uploadInstructions.map(({ firstByte, lastByte }, index) => ({ index, from: firstByte, to: lastByte + 1 })),
  async send({ plan, part, body }, ctx) {
    const address = plan.uploadInstructions[part.index]?.uploadUrl ?? "";
    const sent = await put(ctx, address, { ...body, contentType: "application/octet-stream" });
    if (!sent.ok) return sent;
    const { etag } = sent.value.headers;
    return etag ? ok({ tag: etag.replace(/^"(.*)"$/, "$1") }) : fail(noMark);
  },
  async end({ name, plan: { uploadToken }, tags }, ctx) {
    const json = { finalizeUploadRequest: { video: name, uploadToken, uploadedPartIds: tags } };
    const path = "videos?action=finalizeUpload";
    const ended = await api.send(ctx, { method: "POST", path, json, did: "end the upload" });
    return ended.ok ? ok(undefined) : ended;
  },
  isPlaceGone: ({ status = 0, platformCode }) =>
    platformCode === "EXPIRED_UPLOAD_URL" || [401, 403, 404, 410].includes(status),
};
const noMark = { kind: "unavailable", message: "LinkedIn took a part of the video without naming it." } as const;

const Status = z.object({ status: z.string(), processingFailureReason: z.string().optional() });
export const pace = { firstMs: 2_000, mostMs: 60_000, endMs: 60 * 60_000 };
/** Where this sign-in may not read a picture's state, it gets this long. @source platforms/linkedin.md "Publishing" */
const GRACE_MS = 10_000;

const badFile = (index: number, reason: string, said: string): PlatformFailure => ({
  kind: "content_rejected",
  field: `media.${index}`,
  reason,
  message: `LinkedIn ${said}. Export it again, or use another.`,
});

/** A post made before its files are ready is shown to nobody, so each is asked for until it is. */
const awaitFiles = (kind: Kind): Step<PostState> =>
  kitAwaitFiles<PostState>({
    what: `${kind}s`,
    pace,
    atEnd: (index) => badFile(index, "processing", "worked on the file for an hour and did not finish"),
    restart: withFiles,
    async look({ name, index }, ctx): PlatformResult<FileStage> {
      const got = await api.get(ctx, [`${kind}s`, name], Status, { about: "object", field: "media" });
      if (!got.ok) return got.error.status === 403 && kind !== "video" ? ok({ is: "hidden", graceMs: GRACE_MS }) : got;
      const { status, processingFailureReason: why } = got.value;
      if (status === "AVAILABLE") return ok({ is: "ready" });
      if (status !== "PROCESSING_FAILED") return ok({ is: "working" });
      const said = `could not read the file${why ? ` (${why.slice(0, 100)})` : ""}`;
      return ok({ is: "broken", failure: badFile(index, "unreadable", said), again: 1 });
    },
  });

/** Files are sent anew, and with its picture a card is made anew. */
export function withFiles({ card: _, ...state }: PostState, files: PostState["files"]): PostState {
  return { ...state, files };
}

export const sendFiles = (kind: Kind): readonly Step<PostState>[] => [
  kind === "video" ? uploadFiles<PostState, z.output<typeof VideoPlan>>(video) : uploadFiles(whole(kind)),
  awaitFiles(kind),
];
export const awaitPicture = awaitFiles("image");
