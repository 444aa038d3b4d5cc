import { type Call, describeMedia, mediaType, type Route } from "@postd/connector-kit/simulator";
import { z } from "zod";
import type { Account, VideoJob } from "./model.ts";
import { invalidRequest, xrpcError } from "./words.ts";
import type { World } from "./world.ts";
import { json, route } from "./xrpc.ts";

// Fact sheet, "Video"; lexicons app.bsky.video.*.

const maxVideoBytes = 300_000_000;
/** Seen by a client that looks again and again, before it is done. */
const statesOnTheWay = ["JOB_STATE_ENCODING", "JOB_STATE_SCANNING", "JOB_STATE_UPLOADING"] as const;
const unconfirmed = "Please confirm your e-mail address to upload videos";
const at = (method: string) => `video.bsky.app/xrpc/app.bsky.video.${method}`;

const Claims = z.object({ iss: z.string(), aud: z.string(), lxm: z.string().optional(), exp: z.number() });

/** Whom a token of `getServiceAuth` for one method speaks for. */
function speaker({ request, world, now }: Pick<Call<World>, "request" | "world" | "now">, lxm: string): Account {
  const token = (request.headers.authorization ?? "").replace(/^Bearer /, "");
  const claims = Claims.safeParse(world.sessions.jwts.read(token)).data;
  if (claims === undefined) throw xrpcError(401, "BadJwtSignature", "jwt signature does not match jwt issuer");
  if (claims.exp * 1000 <= now.getTime()) throw xrpcError(401, "JwtExpired", "jwt expired");
  if (claims.lxm !== undefined && claims.lxm !== lxm)
    throw xrpcError(401, "BadJwtLexiconMethod", `bad jwt lexicon method ("lxm"). must match: ${lxm}`);
  return world.mustFind(claims.iss);
}

function statusOf({ id, account, blob, looks, extraLooks }: VideoJob) {
  const base = { jobId: id, did: account.did };
  if (looks < statesOnTheWay.length + extraLooks)
    return { ...base, state: statesOnTheWay[Math.min(looks, statesOnTheWay.length - 1)] ?? "JOB_STATE_ENCODING" };
  const ref = { $type: "blob", ref: { $link: blob.cid }, mimeType: blob.mimeType, size: blob.sizeBytes };
  return { ...base, state: "JOB_STATE_COMPLETED", progress: 100, blob: ref };
}

export const videoRoutes: readonly Route<World>[] = [
  route("POST", at("uploadVideo"), {
    token: "none",
    query: z.strictObject({ did: z.string(), name: z.string() }),
    handle(call) {
      const { request, world, query } = call;
      // The service uploads to the account server on behalf of the account, so the token is for that method.
      const account = speaker(call, "com.atproto.repo.uploadBlob");
      if (query.did !== account.did) throw xrpcError(401, "AuthenticationRequired", "did does not match the token");
      if (!account.emailConfirmed) throw xrpcError(403, "UploadForbidden", unconfirmed);
      if (mediaType(request) !== "video/mp4" || describeMedia(request.rawBody)?.mimeType !== "video/mp4")
        throw xrpcError(400, "UnsupportedContentType", "Only video/mp4 is supported");
      if (request.rawBody.byteLength > maxVideoBytes)
        throw xrpcError(400, "VideoTooLarge", "The video is larger than 300 MB");
      const blob = world.addBlob(account, request.rawBody, "video/mp4");
      const same = world.videoJobs.values().find((job) => job.account === account && job.blob.cid === blob.cid);
      if (same !== undefined) {
        same.looks = Number.MAX_SAFE_INTEGER;
        const [error, message] = ["already_exists", "Video already processed"];
        return { status: 409, json: { error, message, jobStatus: { ...statusOf(same), error } } };
      }
      const slow = call.fault("slowProcessing");
      const extraLooks = slow === undefined ? 0 : typeof slow.looks === "number" ? slow.looks : 10;
      const job: VideoJob = { id: world.nextTid(), account, blob, looks: 0, extraLooks };
      world.videoJobs.set(job.id, job);
      return json({ jobStatus: { jobId: job.id, did: account.did, state: "JOB_STATE_CREATED" } });
    },
  }),
  route("GET", at("getJobStatus"), {
    token: "none",
    query: z.strictObject({ jobId: z.string() }),
    handle({ world, query }) {
      const job = world.videoJobs.get(query.jobId);
      if (job === undefined) throw invalidRequest("Job not found");
      const jobStatus = statusOf(job);
      job.looks += 1;
      return json({ jobStatus });
    },
  }),
  route("GET", at("getUploadLimits"), {
    token: "none",
    handle(call) {
      const { emailConfirmed } = speaker(call, "app.bsky.video.getUploadLimits");
      if (!emailConfirmed) return json({ canUpload: false, error: "UploadForbidden", message: unconfirmed });
      return json({ canUpload: true, remainingDailyVideos: 25, remainingDailyBytes: 10_000_000_000 });
    },
  }),
];
