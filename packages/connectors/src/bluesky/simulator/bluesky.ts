import type { SimAnswer, SimEnv, SimRequest, SimResponse, Simulator } from "@postd/connector-kit/simulator";
import { runAction } from "./actions.ts";
import { XrpcError } from "./answer.ts";
import { appviewMethods, createCounters } from "./appview-calls.ts";
import type { Bluesky, Method } from "./call.ts";
import { createLimiter } from "./limits.ts";
import { profilePage } from "./pages.ts";
import { repoMethods } from "./repo-calls.ts";
import { didDocument, sessionMethods } from "./session-calls.ts";
import { createSessions } from "./sessions.ts";
import { createVideoService } from "./video-calls.ts";
import { accountView, livePosts } from "./views.ts";
import { createWorld } from "./world.ts";

const publicMethods =
  /^(app\.bsky\.(feed|actor)\.|com\.atproto\.identity\.|com\.atproto\.repo\.(getRecord|listRecords)$)/;
const videoMethods = /^app\.bsky\.video\./;
/** Calls that no access token belongs to. */
const loginMethods = /^com\.atproto\.server\.(createSession|refreshSession|deleteSession)$/;

export function createBluesky(env: SimEnv): Simulator {
  const world = createWorld(env);
  const sessions = createSessions({ now: env.now, world });
  const limiter = createLimiter(env.now);
  const counters = createCounters();
  const video = createVideoService();
  const bluesky: Bluesky = { env, world, sessions, limiter };
  const methods: Readonly<Record<string, Method>> = {
    ...sessionMethods,
    ...repoMethods,
    ...appviewMethods(counters),
    ...video.methods,
  };

  async function xrpc(request: SimRequest, nsid: string): Promise<SimAnswer> {
    const method = serves(request.host, nsid) ? methods[nsid] : undefined;
    if (method === undefined) throw new XrpcError(501, "MethodNotImplemented", "Method Not Implemented");
    if (method.verb !== request.method)
      throw new XrpcError(405, "InvalidRequest", `Incorrect HTTP method (${request.method}) expected ${method.verb}`);
    beforeCall(request, nsid);
    const serverError = env.fault("serverError", request);
    const broken: SimResponse = {
      status: 500,
      json: { error: "InternalServerError", message: "Internal Server Error" },
    };
    if (serverError !== undefined && serverError.applied !== true) return broken;
    const answer = await method.call(request, bluesky);
    if (serverError !== undefined) return broken;
    return method.publishes === true && env.fault("dropAfterAccept", request) !== undefined ? "drop" : answer;
  }

  /** Named faults that refuse a call before it does anything. */
  function beforeCall(request: SimRequest, nsid: string): void {
    const limited = env.fault("rateLimited", request);
    if (limited !== undefined) {
      const retryAfter = limited.retryAfterSeconds === null ? undefined : Number(limited.retryAfterSeconds ?? 30);
      throw limiter.exceeded(retryAfter ?? 30, retryAfter);
    }
    const carriesAccess =
      request.headers.authorization !== undefined && !loginMethods.test(nsid) && !videoMethods.test(nsid);
    if (carriesAccess && env.fault("tokenExpired", request) !== undefined)
      throw new XrpcError(400, "ExpiredToken", "Token has expired");
    // The owner revoked the app password: from here on its sessions and the password itself are dead.
    if (carriesAccess && env.fault("tokenRevoked", request) !== undefined)
      sessions.revoke(sessions.access(request, "read"));
  }

  async function answer(request: SimRequest): Promise<SimAnswer> {
    const { host, path } = request;
    if (host === "plc.directory") return plc(decodeURIComponent(path.slice(1)));
    if (host === "bsky.app") return profilePage(request, bluesky);
    if (path === "/.well-known/atproto-did") return wellKnownDid(host);
    if (path === "/xrpc/_health") return { status: 200, json: { version: "0.4.217" } };
    const nsid = /^\/xrpc\/([A-Za-z0-9.-]+)$/.exec(path)?.[1];
    if (nsid === undefined) return { status: 404, text: "Not Found" };
    try {
      return await xrpc(request, nsid);
    } catch (error) {
      if (error instanceof XrpcError) return error.toAnswer();
      throw error;
    }
  }

  /** The DID document, or 404 with a message (plc.directory API; web.plc.directory/api/redoc, 2026). */
  function plc(did: string): SimResponse {
    const account = world.find(did);
    if (account === undefined) return { status: 404, json: { message: `DID not registered: ${did}` } };
    return {
      status: 200,
      headers: { "content-type": "application/did+ld+json; charset=utf-8" },
      json: didDocument(account),
    };
  }

  function wellKnownDid(host: string): SimResponse {
    const account = world.accounts().find(({ handle }) => handle === host);
    return account === undefined
      ? { status: 404, text: "User not found" }
      : { status: 200, headers: { "content-type": "text/plain" }, text: account.did };
  }

  return {
    handle: answer,
    posts: () => livePosts(world),
    orphans: () => world.looseBlobs(),
    createAccount: (input) => {
      const { account, appPassword } = world.create(input);
      return accountView(account, appPassword, sessions.start(account, "posting"));
    },
    accounts: () =>
      world
        .accounts()
        .flatMap((account) =>
          [...account.appPasswords.values()].slice(0, 1).map((appPassword) => accountView(account, appPassword)),
        ),
    media(sha256) {
      const blob = world
        .accounts()
        .flatMap(({ blobs }) => [...blobs.values()])
        .find((one) => one.sha256 === sha256);
      return blob === undefined ? undefined : { bytes: blob.bytes, contentType: blob.mimeType };
    },
    inspect: () => ({
      accounts: world.accounts().map(({ did, handle, status, pdsHost }) => ({ did, handle, status, pdsHost })),
    }),
    accountsOf: (token) => sessions.accountsOf(token),
    act: async (action, input) => runAction(action, input, { bluesky, counters }),
    reset() {
      world.reset();
      sessions.reset();
      limiter.reset();
      counters.reset();
      video.reset();
    },
  };
}

/** Which host answers which method (fact sheet, "Versioning & base URLs"). */
function serves(host: string, nsid: string): boolean {
  if (host === "video.bsky.app") return videoMethods.test(nsid);
  if (host === "public.api.bsky.app") return publicMethods.test(nsid);
  return (host === "bsky.social" || host.endsWith(".host.bsky.network")) && !videoMethods.test(nsid);
}
