import { constantTimeEqual } from "@postd/connector-kit/simulator";
import { z } from "zod";
import { XrpcError } from "./answer.ts";
import { input, json, type Method } from "./call.ts";
import type { Account } from "./world.ts";

const Login = z.strictObject({
  identifier: z.string(),
  password: z.string(),
  authFactorToken: z.string().optional(),
  allowTakendown: z.boolean().optional(),
});

/** The DID document: handle, key and account server (fact sheet, "Versioning & base URLs"; W3C DID core). */
export const didDocument = (account: Account) => ({
  "@context": [
    "https://www.w3.org/ns/did/v1",
    "https://w3id.org/security/multikey/v1",
    "https://w3id.org/security/suites/secp256k1-2019/v1",
  ],
  id: account.did,
  alsoKnownAs: [`at://${account.handle}`],
  verificationMethod: [
    {
      id: `${account.did}#atproto`,
      type: "Multikey",
      controller: account.did,
      publicKeyMultibase: "zQ3shSimulatedKeyNotUsedForAnySignature",
    },
  ],
  service: [{ id: "#atproto_pds", type: "AtprotoPersonalDataServer", serviceEndpoint: `https://${account.pdsHost}` }],
});

const sessionView = (account: Account) => ({
  handle: account.handle,
  did: account.did,
  didDoc: didDocument(account),
  email: account.email,
  emailConfirmed: account.emailConfirmed,
  emailAuthFactor: false,
  active: account.status === "active",
  ...(account.status === "active" ? {} : { status: account.status }),
});

const createSession: Method = {
  verb: "POST",
  call(request, { world, sessions, limiter }) {
    const { identifier, password } = input(request, Login);
    const headers = limiter.take("login", identifier.toLowerCase(), 1);
    const account = world.find(identifier);
    const name = [...(account?.appPasswords ?? [])].find(([, secret]) => constantTimeEqual(secret, password))?.[0];
    // Seen on a real PDS: 401 AuthenticationRequired; words from its createSession.
    if (account === undefined || account.status === "deleted" || name === undefined)
      throw new XrpcError(401, "AuthenticationRequired", "Invalid identifier or password", headers);
    if (account.status === "takendown")
      throw new XrpcError(401, "AccountTakedown", "Account has been taken down", headers);
    return json({ ...sessions.start(account, name), ...sessionView(account) }, headers);
  },
};

const refreshSession: Method = {
  verb: "POST",
  call(request, { sessions }) {
    // The lexicon has no input; xrpc servers refuse one.
    if (request.rawBody.byteLength > 0)
      throw new XrpcError(400, "InvalidRequest", "A request body was provided when none was expected");
    const { account, tokens } = sessions.refresh(request);
    return json({ ...tokens, ...sessionView(account) });
  },
};

const getSession: Method = {
  verb: "GET",
  call: (request, { sessions }) => json(sessionView(sessions.access(request, "session"))),
};

const deleteSession: Method = {
  verb: "POST",
  call(request, { sessions }) {
    sessions.end(request);
    return { status: 200 };
  },
};

const describeServer: Method = {
  verb: "GET",
  call: (request) =>
    json({
      did: `did:web:${request.host}`,
      availableUserDomains: [".bsky.social"],
      inviteCodeRequired: false,
      phoneVerificationRequired: true,
      blobUploadLimit: 52_428_800,
      links: {
        privacyPolicy: "https://blueskyweb.xyz/support/privacy-policy",
        termsOfService: "https://blueskyweb.xyz/support/tos",
      },
      contact: {},
    }),
};

export const sessionMethods: Readonly<Record<string, Method>> = {
  "com.atproto.server.createSession": createSession,
  "com.atproto.server.refreshSession": refreshSession,
  "com.atproto.server.getSession": getSession,
  "com.atproto.server.deleteSession": deleteSession,
  "com.atproto.server.describeServer": describeServer,
};
