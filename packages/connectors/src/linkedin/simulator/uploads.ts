import type { Call, Route, SimAnswer } from "@postd/connector-kit/simulator";
import { z } from "zod";
import { mayActAs, rest, route } from "./call.ts";
import { badField, notFound, refuse } from "./words.ts";
import { type Asset, assetStatus, type World } from "./world.ts";

// Fact sheet, "Images", "Videos", "Documents". Each address takes its own bytes once and ends after a day.

const partBytes = 4_194_304;
const addressSeconds = 86_400;
const host = "www.linkedin.com";
const maxBytes = { image: 10_000_000, document: 100_000_000, video: 500_000_000 } as const;
const usualWorkMs = { image: 0, document: 0, video: 300 } as const;
const author = z.string().regex(/^urn:li:(person|organization):[\w-]+$/);
const Owner = z.strictObject({ initializeUploadRequest: z.strictObject({ owner: author }) });
const VideoOwner = z.strictObject({
  initializeUploadRequest: z.strictObject({
    owner: author,
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

const posting = { member: "w_member_social", page: "w_organization_social" };

function newAsset(call: Pick<Call<World>, "caller" | "world">, kind: Asset["kind"], owner: string): Asset {
  mayActAs(call, owner, posting);
  const { world } = call;
  return world.assets.put({ id: world.newUrn(kind), kind, owner, uploadToken: world.newToken() });
}

/** Opens the asset's upload; answers the address of a part of it. */
function openUpload({ world }: Pick<Call<World>, "world">, asset: Asset, sizeBytes?: number) {
  const size = sizeBytes === undefined ? {} : { sizeBytes };
  world.uploads.open({ id: asset.uploadToken, details: { asset: asset.id }, seconds: addressSeconds, ...size });
  return (part: number): string => `https://${host}/dms-uploads/${asset.uploadToken}/${part}`;
}

const initialize = (name: "image" | "document") =>
  route("POST", rest(`${name}s`), {
    query: z.strictObject({ action: z.literal("initializeUpload") }),
    body: Owner,
    handle(call) {
      const asset = newAsset(call, name, call.body.initializeUploadRequest.owner);
      const uploadUrl = openUpload(call, asset)(0);
      const uploadUrlExpiresAt = call.now.getTime() + addressSeconds * 1000;
      return { status: 200, json: { value: { uploadUrl, uploadUrlExpiresAt, [name]: asset.id } } };
    },
  });

const status = (name: Asset["kind"]) =>
  route("GET", rest(`${name}s/:urn`), {
    // With only w_member_social images and documents are write-only; the state of a video can be read.
    scopes: name === "video" ? [] : [["r_member_social", "r_organization_social", "rw_organization_admin"]],
    handle({ world, params }) {
      const asset = world.assets.get(params.urn ?? "");
      if (asset?.kind !== name) throw notFound(`${name} ${params.urn}`);
      const reason = asset.failed === undefined ? {} : { processingFailureReason: asset.failed };
      return { status: 200, json: { id: asset.id, owner: asset.owner, status: assetStatus(world, asset), ...reason } };
    },
  });

/** Bytes are there: the asset works on them, and says later whether it could. */
function arrive(call: Pick<Call<World>, "now" | "workMs">, asset: Asset, media: NonNullable<Asset["media"]>): void {
  const isFit = asset.kind === "document" || media.mimeType.startsWith(`${asset.kind}/`);
  asset.media = media;
  asset.readyAt = call.now.getTime() + call.workMs(usualWorkMs[asset.kind]);
  if (!isFit || media.sizeBytes > maxBytes[asset.kind])
    asset.failed = `${media.mimeType} of ${media.sizeBytes} bytes is no ${asset.kind}`;
}

function finalize(call: Call<World, z.output<typeof Finalize>>): SimAnswer {
  const { world, body } = call;
  const { video, uploadToken, uploadedPartIds } = body.finalizeUploadRequest;
  const asset = world.assets.get(video);
  if (asset?.kind !== "video" || asset.uploadToken !== uploadToken) throw notFound(`video ${video}`);
  mayActAs(call, asset.owner, posting);
  const got = world.uploads.finish(uploadToken, uploadedPartIds);
  if (!got.ok)
    throw badField(
      "uploadedPartIds",
      "INVALID_VALUE_FOR_FIELD",
      "uploadedPartIds are not the tags of all parts in order",
    );
  arrive(call, asset, got.value);
  return { status: 200 };
}

export const uploadRoutes: readonly Route<World>[] = [
  initialize("image"),
  initialize("document"),
  route("POST", rest("videos"), {
    query: z.strictObject({ action: z.enum(["initializeUpload", "finalizeUpload"]) }),
    body: z.union([VideoOwner, Finalize]),
    handle(call) {
      if ("finalizeUploadRequest" in call.body) return finalize({ ...call, caller: call.caller, body: call.body });
      const { owner, fileSizeBytes } = call.body.initializeUploadRequest;
      const asset = newAsset(call, "video", owner);
      const addressOf = openUpload(call, asset, fileSizeBytes);
      const count = Math.ceil(fileSizeBytes / partBytes);
      const uploadInstructions = Array.from({ length: count }, (_, part) => {
        const firstByte = part * partBytes;
        const lastByte = Math.min(firstByte + partBytes, fileSizeBytes) - 1;
        return { uploadUrl: addressOf(part), firstByte, lastByte };
      });
      const uploadUrlsExpireAt = call.now.getTime() + addressSeconds * 1000;
      return {
        status: 200,
        json: { value: { video: asset.id, uploadToken: asset.uploadToken, uploadUrlsExpireAt, uploadInstructions } },
      };
    },
  }),
  status("image"),
  status("document"),
  status("video"),
  route("PUT", `${host}/dms-uploads/:id/:part`, {
    token: "optional",
    bodyAs: "bytes",
    handle(call) {
      const {
        world,
        request,
        params: { id = "", part = "" },
      } = call;
      const asset = world.assets.get(world.uploads.get(id)?.details.asset ?? "");
      if (asset === undefined) throw refuse(404, "No such upload", { code: "NOT_FOUND" });
      const took =
        asset.kind === "video"
          ? world.uploads.takePart(id, Number(part), request.rawBody)
          : world.uploads.takeWhole(id, request.rawBody);
      if (!took.ok) throw refuse(400, `The upload address is ${took.problem}`, { code: "EXPIRED_UPLOAD_URL" });
      if (typeof took.value === "string") return { status: 200, headers: { etag: took.value } };
      arrive(call, asset, took.value);
      return { status: 201 };
    },
  }),
];
