import { fail, type JsonObject, ok, type Result } from "@postd/contracts";
import {
  AuthorizationResponseError,
  authorizationCodeGrantRequest,
  calculatePKCECodeChallenge,
  generateRandomCodeVerifier,
  getValidatedIdTokenClaims,
  nopkce,
  processAuthorizationCodeResponse,
  processPushedAuthorizationResponse,
  pushedAuthorizationRequest,
  validateAuthResponse,
} from "oauth4webapi";
import type { AuthContext, PlatformResult } from "../context.ts";
import type { PlatformFailure } from "../failure.ts";
import { secret } from "../secret.ts";
import { codeIn, type Granted, type OAuth2SignIn } from "../sign-in.ts";
import { newDpopKey } from "./dpop-key.ts";
import type { OAuth2Facts, OAuthFinish, OAuthStart } from "./facts.ts";
import { exchange, type Party } from "./library.ts";
import { readSubject } from "./subject.ts";
import { standardBody, tokenAnswer } from "./token-answer.ts";
import { failureOfWord } from "./token-failure.ts";
import { credentialsOf, DPOP_KEY, sorted, whereOf } from "./where.ts";

/** The consent page's address, with what has to be kept until the person comes back. */
export async function start(
  facts: OAuth2Facts,
  input: OAuthStart,
  ctx: AuthContext,
): ReturnType<OAuth2SignIn["start"]> {
  const where = whereOf(facts, input.fields, ctx);
  if (!where.ok) return where;
  const { at, party } = where.value;
  const verifier = facts.pkce === "S256" ? generateRandomCodeVerifier() : undefined;
  const dpopKey = facts.dpop && (await newDpopKey());
  const own = facts.authorizeParams;
  const { more, without } = sorted(typeof own === "function" ? own(input, at) : own);
  const standard: Record<string, string> = {
    response_type: "code",
    client_id: party.client.client_id,
    redirect_uri: input.redirectUri,
    state: input.state,
    ...(input.scopes.length > 0 && { scope: input.scopes.join(facts.scopeSeparator ?? " ") }),
    ...(verifier && { code_challenge: await calculatePKCECodeChallenge(verifier), code_challenge_method: "S256" }),
    ...more,
  };
  for (const name of without) delete standard[name];
  const keep = {
    ...(input.scopes.length > 0 && { scopes: secret(input.scopes.join(" ")) }),
    ...(verifier && { code_verifier: secret(verifier) }),
    ...(dpopKey && { [DPOP_KEY]: dpopKey }),
  };
  const url = new URL(party.server.authorization_endpoint ?? "");
  let query = standard;
  if (facts.pushAt) {
    const { server, client, auth } = party;
    const pushed = await exchange(facts, party, ctx, { dpopKey, effect: "none", success: 201 }, async (options) =>
      processPushedAuthorizationResponse(
        server,
        client,
        await pushedAuthorizationRequest(server, client, auth, standard, options),
      ),
    );
    if (!pushed.ok) return pushed;
    query = { client_id: client.client_id, request_uri: pushed.value.request_uri };
  }
  for (const [name, value] of Object.entries(query)) url.searchParams.set(facts.names?.[name] ?? name, value);
  return ok({ url, keep });
}

/** From the callback to credentials and the name of who signed in. */
export async function finish(facts: OAuth2Facts, input: OAuthFinish, ctx: AuthContext): PlatformResult<Granted> {
  const where = whereOf(facts, input.fields, ctx);
  if (!where.ok) return where;
  const { at, party, kept } = where.value;
  const callback = readCallback(facts, party, input);
  if (!callback.ok) return callback;
  const refused = facts.checkCallback?.(input.callback, at, ctx);
  if (refused) return fail(refused);
  const { server, client, auth } = party;
  const { more, without } = sorted(facts.finishParams);
  const dpopKey = input.keep[DPOP_KEY];
  const answered = await exchange(facts, party, ctx, { without, dpopKey, standard }, async (options) => {
    const verifier = input.keep.code_verifier?.reveal() ?? nopkce;
    const response = await authorizationCodeGrantRequest(
      server,
      client,
      auth,
      callback.value,
      input.redirectUri,
      verifier,
      { ...options, additionalParameters: more },
    );
    return processAuthorizationCodeResponse(server, client, response, { requireIdToken: facts.subject === "id_token" });
  });
  if (!answered.ok) return answered;
  const now = ctx.clock.now();
  const asked = input.keep.scopes?.reveal().split(" ") ?? facts.scopes.required;
  const claims = facts.subject === "id_token" ? getValidatedIdTokenClaims(answered.value) : undefined;
  const first = tokenAnswer(answered.value, facts, { now, asked, claims: claims as JsonObject | undefined });
  const longer = facts.lengthen ? await facts.lengthen(first, at, ctx) : ok(first);
  if (!longer.ok) return longer;
  const { expiresAt: _, ...lasting } = first;
  const token = { ...lasting, ...longer.value };
  const subject = await readSubject(facts, token, at, ctx);
  if (!subject.ok) return subject;
  const { extras, scopes = token.scopes, externalId, name } = subject.value;
  const credentials = credentialsOf({ ...token, scopes }, { ...kept, ...(dpopKey && { [DPOP_KEY]: dpopKey }) });
  return ok({ subject: { externalId, name }, credentials, scopes, ...(extras && { extras }) });

  function standard(body: unknown) {
    return standardBody(body, facts);
  }
}

/** The parameters, once the state is ours and nobody said no. */
function readCallback(
  facts: OAuth2Facts,
  { server, client }: Party,
  { callback, state }: OAuthFinish,
): Result<URLSearchParams, PlatformFailure> {
  const { iss, ...rest } = callback;
  const params = new URLSearchParams(facts.issuer && iss !== undefined ? callback : rest);
  try {
    const checked = validateAuthResponse(server, client, params, state);
    const code = codeIn(callback);
    return code.ok ? ok(checked) : code;
  } catch (thrown) {
    if (thrown instanceof AuthorizationResponseError) {
      const message = `${facts.label} did not allow the sign-in. Start again and accept what POSTD asks for.`;
      return fail(failureOfWord(thrown.error, facts) ?? { kind: "auth_revoked", platformCode: "denied", message });
    }
    // Another state or issuer: the answer is not one to what this person started.
  }
  return fail({ kind: "auth_revoked", message: `${facts.label}'s answer does not fit this sign-in. Start again.` });
}
