import { constantTimeEqual, type Route } from "@postd/connector-kit/simulator";
import { z } from "zod";
import { handle } from "./lexicon.ts";
import type { Account } from "./model.ts";
import { invalidRequest, xrpcError } from "./words.ts";
import type { World } from "./world.ts";
import { json, onPds, route, signedIn } from "./xrpc.ts";

// Lexicons com.atproto.server.* and com.atproto.identity.resolveHandle.

/** The DID document: handle, key and account server (W3C DID core). */
const didDocument = ({ did, handle, pdsHost }: Account) => ({
  "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"],
  id: did,
  alsoKnownAs: [`at://${handle}`],
  verificationMethod: [
    { id: `${did}#atproto`, type: "Multikey", controller: did, publicKeyMultibase: "zQ3shUsedForNoSignature" },
  ],
  service: [{ id: "#atproto_pds", type: "AtprotoPersonalDataServer", serviceEndpoint: `https://${pdsHost}` }],
});

const sessionView = (account: Account) => ({
  handle: account.handle,
  did: account.did,
  didDoc: didDocument(account),
  email: account.email,
  emailConfirmed: account.emailConfirmed,
  active: account.status === "active",
  ...(account.status === "active" ? {} : { status: account.status }),
});

const Login = z.strictObject({
  identifier: z.string(),
  password: z.string(),
  authFactorToken: z.string().optional(),
  allowTakendown: z.boolean().optional(),
});

export const sessionRoutes: readonly Route<World>[] = [
  route("POST", onPds("com.atproto.server.createSession"), {
    token: "none",
    body: Login,
    handle({ world, body: { identifier, password } }) {
      const headers = world.take("login", identifier.toLowerCase(), 1);
      const account = world.find(identifier);
      const name = [...(account?.appPasswords ?? [])].find(([, secret]) => constantTimeEqual(secret, password))?.[0];
      // Accounts that are taken down cannot sign in with app passwords at all (seen on a real PDS).
      const isKnown = account !== undefined && account.status !== "deleted" && account.status !== "takendown";
      if (!isKnown || name === undefined)
        throw xrpcError(401, "AuthenticationRequired", "Invalid identifier or password", headers);
      return json({ ...world.sessions.start(account, name), ...sessionView(account) }, headers);
    },
  }),
  route("POST", onPds("com.atproto.server.refreshSession"), {
    token: "none",
    handle({ world, request }) {
      // The lexicon has no input; xrpc servers refuse one.
      if (request.rawBody.byteLength > 0) throw invalidRequest("A request body was provided when none was expected");
      const { account, tokens } = world.sessions.refresh(request);
      return json({ ...tokens, ...sessionView(account) });
    },
  }),
  route("GET", onPds("com.atproto.server.getSession"), {
    handle: (call) => json(sessionView(signedIn(call, "session"))),
  }),
  route("POST", onPds("com.atproto.server.deleteSession"), {
    token: "none",
    handle({ world, request }) {
      world.sessions.end(request);
      return { status: 200 };
    },
  }),
  route("GET", onPds("com.atproto.server.describeServer"), {
    token: "none",
    handle: ({ request }) =>
      json({
        did: `did:web:${request.host}`,
        availableUserDomains: [".bsky.social"],
        inviteCodeRequired: false,
        phoneVerificationRequired: true,
        blobUploadLimit: 52_428_800,
        links: {},
        contact: {},
      }),
  }),
  route(
    "GET",
    ["public.api.bsky.app/xrpc/com.atproto.identity.resolveHandle", ...onPds("com.atproto.identity.resolveHandle")],
    {
      token: "none",
      query: z.strictObject({ handle }),
      handle({ world, query }) {
        const account = world.accounts().find((one) => one.handle === query.handle.toLowerCase());
        if (account === undefined) throw xrpcError(400, "HandleNotFound", "Unable to resolve handle");
        return json({ did: account.did });
      },
    },
  ),
  route("GET", onPds("_health"), { token: "none", handle: () => json({ version: "0.5.35" }) }),
  /** The DID document, or 404 with a message (web.plc.directory/api/redoc, 2026). */
  route("GET", "plc.directory/:did", {
    token: "none",
    handle({ world, params: { did = "" } }) {
      const account = world.find(did);
      if (account === undefined) return { status: 404, json: { message: `DID not registered: ${did}` } };
      return json(didDocument(account), { "content-type": "application/did+ld+json; charset=utf-8" });
    },
  }),
  route("GET", "*.bsky.social/.well-known/atproto-did", {
    token: "none",
    handle({ world, request: { host } }) {
      const account = world.accounts().find((one) => one.handle === host);
      return account === undefined
        ? { status: 404, text: "User not found" }
        : { status: 200, headers: { "content-type": "text/plain" }, text: account.did };
    },
  }),
  /** Tokens for other services, the one for videos above all. */
  route("GET", onPds("com.atproto.server.getServiceAuth"), {
    query: z.strictObject({
      aud: z.string().max(2048),
      exp: z.coerce.number().int().optional(),
      lxm: z.string().optional(),
    }),
    handle(call) {
      const account = signedIn(call, "upload");
      const iat = Math.floor(call.now.getTime() / 1000);
      const { aud, exp = iat + 60, lxm } = call.query;
      if (exp < iat) throw xrpcError(400, "BadExpiration", "expiration is in past");
      if (exp > iat + 3600)
        throw xrpcError(
          400,
          "BadExpiration",
          "cannot request a token with an expiration more than an hour in the future",
        );
      const claims = { iat, iss: account.did, aud, exp, ...(lxm && { lxm }), jti: call.env.randomId() };
      return json({ token: call.world.sessions.jwts.sign({ typ: "JWT", alg: "ES256K" }, claims) });
    },
  }),
];
