import {
  base64UrlDecode,
  base64UrlEncode,
  describeMedia,
  hmacSha256,
  mediaType,
  randomId,
  type SimRequest,
} from "@postd/connector-kit/simulator";
import { z } from "zod";
import { invalidRequest, XrpcError } from "./answer.ts";
import { type Bluesky, json, type Method, params } from "./call.ts";

import type { Account, Blob } from "./world.ts";

// Fact sheet, "Video"; lexicons app.bsky.video.* and com.atproto.server.getServiceAuth.

const maxVideoBytes = 300_000_000;
const maxServiceTokenSeconds = 3600;
/** Seen by a client that looks again and again, before it is done. */
const statesOnTheWay = ["JOB_STATE_ENCODING", "JOB_STATE_SCANNING", "JOB_STATE_UPLOADING"] as const;

const ServiceClaims = z.object({ iss: z.string(), aud: z.string(), lxm: z.string().optional(), exp: z.number() });

interface Job {
  readonly id: string;
  readonly account: Account;
  readonly blob: Blob;
  looks: number;
  extraLooks: number;
}

/** The video service and the tokens it takes. Jobs advance by one state each time somebody looks. */
export function createVideoService() {
  const key = randomId();
  const jobs = new Map<string, Job>();

  function caller(request: SimRequest, { world, env }: Bluesky, lxm: string): Account {
    const [head = "", payload = "", signature = ""] = (request.headers.authorization ?? "")
      .replace(/^Bearer /, "")
      .split(".");
    if (base64UrlEncode(hmacSha256(key, `${head}.${payload}`)) !== signature)
      throw new XrpcError(401, "BadJwtSignature", "jwt signature does not match jwt issuer");
    const claims = ServiceClaims.parse(JSON.parse(new TextDecoder().decode(base64UrlDecode(payload))));
    if (claims.exp * 1000 <= env.now().getTime()) throw new XrpcError(401, "JwtExpired", "jwt expired");
    if (claims.lxm !== undefined && claims.lxm !== lxm)
      throw new XrpcError(401, "BadJwtLexiconMethod", `bad jwt lexicon method ("lxm"). must match: ${lxm}`);
    return world.repo(claims.iss);
  }

  function statusOf(job: Job) {
    const base = { jobId: job.id, did: job.account.did };
    if (job.looks >= statesOnTheWay.length + job.extraLooks) {
      const blob = {
        $type: "blob",
        ref: { $link: job.blob.cid },
        mimeType: job.blob.mimeType,
        size: job.blob.sizeBytes,
      };
      return { ...base, state: "JOB_STATE_COMPLETED", progress: 100, blob };
    }
    return { ...base, state: statesOnTheWay[Math.min(job.looks, statesOnTheWay.length - 1)] ?? "JOB_STATE_ENCODING" };
  }

  const getServiceAuth: Method = {
    verb: "GET",
    call(request, { sessions, env }) {
      const account = sessions.access(request, "upload");
      const now = Math.floor(env.now().getTime() / 1000);
      const Ask = z.strictObject({
        aud: z.string().max(2048),
        exp: z.coerce.number().int().optional(),
        lxm: z.string().optional(),
      });
      const { aud, exp = now + 60, lxm } = params(request, Ask);
      if (exp < now) throw new XrpcError(400, "BadExpiration", "expiration is in past");
      if (exp > now + maxServiceTokenSeconds)
        throw new XrpcError(
          400,
          "BadExpiration",
          "cannot request a token with an expiration more than an hour in the future",
        );
      const body = `${base64UrlEncode(JSON.stringify({ typ: "JWT", alg: "ES256K" }))}.${base64UrlEncode(JSON.stringify({ iat: now, iss: account.did, aud, exp, ...(lxm === undefined ? {} : { lxm }), jti: randomId() }))}`;
      return json({ token: `${body}.${base64UrlEncode(hmacSha256(key, body))}` });
    },
  };

  const uploadVideo: Method = {
    verb: "POST",
    call(request, bluesky) {
      // The service uploads to the account server on behalf of the account, so the token is for that method.
      const account = caller(request, bluesky, "com.atproto.repo.uploadBlob");
      const { did } = params(request, z.strictObject({ did: z.string(), name: z.string() }));
      if (did !== account.did) throw new XrpcError(401, "AuthenticationRequired", "did does not match the token");
      if (!account.emailConfirmed)
        throw new XrpcError(403, "UploadForbidden", "Please confirm your e-mail address to upload videos");
      if (mediaType(request) !== "video/mp4" || describeMedia(request.rawBody)?.mimeType !== "video/mp4")
        throw new XrpcError(400, "UnsupportedContentType", "Only video/mp4 is supported");
      if (request.rawBody.byteLength > maxVideoBytes)
        throw new XrpcError(400, "VideoTooLarge", "The video is larger than 300 MB");
      const blob = bluesky.world.addBlob(account, request.rawBody, "video/mp4");
      const same = [...jobs.values()].find((job) => job.account.did === did && job.blob.cid === blob.cid);
      if (same !== undefined) {
        same.looks = Number.MAX_SAFE_INTEGER;
        return {
          status: 409,
          json: {
            error: "already_exists",
            message: "Video already processed",
            jobStatus: { ...statusOf(same), error: "already_exists" },
          },
        };
      }
      const slow = bluesky.env.fault("slowProcessing", request);
      const extraLooks = slow === undefined ? 0 : typeof slow.looks === "number" ? slow.looks : 10;
      const job: Job = { id: bluesky.world.nextTid(), account, blob, looks: 0, extraLooks };
      jobs.set(job.id, job);
      return json({ jobStatus: { jobId: job.id, did, state: "JOB_STATE_CREATED" } });
    },
  };

  const getJobStatus: Method = {
    verb: "GET",
    call(request) {
      const { jobId } = params(request, z.strictObject({ jobId: z.string() }));
      const job = jobs.get(jobId);
      if (job === undefined) throw invalidRequest("Job not found");
      const jobStatus = statusOf(job);
      job.looks += 1;
      return json({ jobStatus });
    },
  };

  const getUploadLimits: Method = {
    verb: "GET",
    call(request, bluesky) {
      const account = caller(request, bluesky, "app.bsky.video.getUploadLimits");
      if (!account.emailConfirmed)
        return json({
          canUpload: false,
          error: "UploadForbidden",
          message: "Please confirm your e-mail address to upload videos",
        });
      return json({ canUpload: true, remainingDailyVideos: 25, remainingDailyBytes: 10_000_000_000 });
    },
  };

  const methods: Readonly<Record<string, Method>> = {
    "com.atproto.server.getServiceAuth": getServiceAuth,
    "app.bsky.video.uploadVideo": uploadVideo,
    "app.bsky.video.getJobStatus": getJobStatus,
    "app.bsky.video.getUploadLimits": getUploadLimits,
  };
  return { methods, reset: () => jobs.clear() };
}
