import { type Call, type Route, randomWord, type SimAnswer } from "@postd/connector-kit/simulator";
import { z } from "zod";
import { type Called, mayActAs, rest, route } from "./call.ts";
import { badField, notFound, refuse } from "./words.ts";
import { assetStatus, maxBytes, type World } from "./world.ts";

// Fact sheet, "Images", "Videos", "Documents". Each address takes its own bytes once and ends after a day.

const partBytes = 4_194_304;
const seconds = 86_400;
const host = "www.linkedin.com";
const usualWorkMs = { image: 0, document: 0, video: 300 } as const;
type Kind = keyof typeof maxBytes;
const owner = z.string().regex(/^urn:li:(person|organization):[\w-]+$/);
const Initialize = z.strictObject({ initializeUploadRequest: z.strictObject({ owner }) });
const InitializeVideo = z.strictObject({
  initializeUploadRequest: z.strictObject({
    owner,
    fileSizeBytes: z.int().min(1).max(maxBytes.video),
    uploadCaptions: z.boolean().optional(),
    uploadThumbnail: z.boolean().optional(),
  }),
});
const Finalize = z.strictObject({
  finalizeUploadRequest: z.strictObject({
    video: z.string(),
    uploadToken: z.string(),
    uploadedPartIds: z.array(z.string()).min(1),
  }),
});

/** A new asset whose bytes are awaited, the address of each of its parts, and when they end. */
function openUpload(call: Called, kind: Kind, owner: string, sizeBytes?: number) {
  mayActAs(call, owner);
  const { env, assets, newUrn, failing } = call.world;
  call.world.failing = Math.max(0, failing - 1);
  const uploadToken = randomWord(24);
  const size = sizeBytes === undefined ? {} : { sizeBytes };
  const asset = assets.open({
    id: newUrn(kind),
    details: { kind, owner, uploadToken, fails: failing > 0 },
    seconds,
    ...size,
  });
  const addressOf = (part: number): string => `https://${host}/dms-uploads/${uploadToken}/${asset.id}/${part}`;
  return { asset, addressOf, endsAt: env.now().getTime() + seconds * 1000 };
}

const initialize = (kind: "image" | "document") =>
  route("POST", rest(`${kind}s`), {
    query: z.strictObject({ action: z.literal("initializeUpload") }),
    body: Initialize,
    handle(call) {
      const { asset, addressOf, endsAt } = openUpload(call, kind, call.body.initializeUploadRequest.owner);
      const value = { uploadUrl: addressOf(0), uploadUrlExpiresAt: endsAt, [kind]: asset.id };
      return { status: 200, json: { value } };
    },
  });

function initializeVideo(call: Called, { initializeUploadRequest }: z.output<typeof InitializeVideo>): SimAnswer {
  const { owner, fileSizeBytes } = initializeUploadRequest;
  const { asset, addressOf, endsAt } = openUpload(call, "video", owner, fileSizeBytes);
  const uploadInstructions = Array.from({ length: Math.ceil(fileSizeBytes / partBytes) }, (_, part) => {
    const firstByte = part * partBytes;
    return { uploadUrl: addressOf(part), firstByte, lastByte: Math.min(firstByte + partBytes, fileSizeBytes) - 1 };
  });
  const { id: video, details } = asset;
  const value = { video, uploadToken: details.uploadToken, uploadUrlsExpireAt: endsAt, uploadInstructions };
  return { status: 200, json: { value } };
}

const status = (kind: Kind) =>
  route("GET", rest(`${kind}s/:urn`), {
    // With only w_member_social images and documents are write-only; the state of a video can be read.
    scopes: kind === "video" ? [] : [["r_member_social", "r_organization_social", "rw_organization_admin"]],
    handle({ world, params: { urn = "" } }) {
      const asset = world.assets.get(urn);
      if (asset === undefined || asset.details.kind !== kind) throw notFound(`${kind} ${urn}`);
      const status = assetStatus(world, asset);
      const failure = status === "PROCESSING_FAILED" ? { processingFailureReason: "The file could not be read" } : {};
      return { status: 200, json: { id: urn, owner: asset.details.owner, status, ...failure } };
    },
  });

type Working = Called & Pick<Call<World>, "workMs">;

function finalize(call: Working, { finalizeUploadRequest }: z.output<typeof Finalize>): SimAnswer {
  const { video, uploadToken, uploadedPartIds } = finalizeUploadRequest;
  const { assets } = call.world;
  const asset = assets.get(video);
  if (asset === undefined || asset.details.uploadToken !== uploadToken) throw notFound(`video ${video}`);
  mayActAs(call, asset.details.owner);
  const got = assets.finish(video, uploadedPartIds, call.workMs(usualWorkMs.video));
  if (!got.ok) throw badField("uploadedPartIds", "INVALID_VALUE_FOR_FIELD", `The parts: ${got.problem}`);
  return { status: 200 };
}

export const uploadRoutes: readonly Route<World>[] = [
  initialize("image"),
  initialize("document"),
  route("POST", rest("videos"), {
    query: z.strictObject({ action: z.enum(["initializeUpload", "finalizeUpload"]) }),
    body: z.union([InitializeVideo, Finalize]),
    handle: (call) =>
      "finalizeUploadRequest" in call.body ? finalize(call, call.body) : initializeVideo(call, call.body),
  }),
  status("image"),
  status("document"),
  status("video"),
  route("PUT", `${host}/dms-uploads/:token/:id/:part`, {
    token: "optional",
    bodyAs: "bytes",
    handle({ world: { assets }, params: { token, id = "", part }, request: { rawBody }, workMs }) {
      const { uploadToken, kind = "image" } = assets.get(id)?.details ?? {};
      if (uploadToken !== token) throw notFound("the upload");
      const took =
        kind === "video"
          ? assets.takePart(id, Number(part), rawBody)
          : assets.takeWhole(id, rawBody, workMs(usualWorkMs[kind]));
      if (!took.ok) throw refuse(400, `The upload address is ${took.problem}`, { code: "EXPIRED_UPLOAD_URL" });
      return typeof took.value === "string" ? { status: 200, headers: { etag: took.value } } : { status: 201 };
    },
  }),
];
