import type { JsonObject } from "@postd/contracts";
import type { TokenEndpointResponse } from "oauth4webapi";
import { secret } from "../secret.ts";
import type { OAuth2Facts, TokenAnswer } from "./facts.ts";

const TOKENS = ["access_token", "refresh_token", "id_token"];
/** A lifetime beyond this cannot be stored and is a mistake. */
const LONGEST_MS = 100 * 365 * 86_400_000;

const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Scopes as any provider writes them: a list, or one text with spaces or commas between them. */
export const scopesIn = (given: unknown): readonly string[] | undefined => {
  const text = Array.isArray(given) ? given.join(" ") : given;
  return typeof text === "string" && text.trim() !== "" ? text.split(/[\s,]+/).filter(Boolean) : undefined;
};

/**
 * A provider's answer in the words of RFC 6749, for the library to judge. Null is as good as absent, a token type that is
 * not told is Bearer, and an id token nobody asked to check is left out.
 */
export function standardBody(body: unknown, facts: Pick<OAuth2Facts, "answer" | "subject">): JsonObject | undefined {
  if (!isObject(body)) return undefined;
  const { within, names = {}, read = (it: JsonObject) => it } = facts.answer ?? {};
  const inner = within === undefined ? undefined : body[within];
  const whole = read(
    isObject(inner) ? { ...body, ...inner } : Array.isArray(inner) && isObject(inner[0]) ? inner[0] : body,
  );
  const told = Object.fromEntries(Object.entries(names).map(([standard, theirs]) => [standard, whole[theirs]]));
  const { id_token, token_type, scope, ...rest } = Object.fromEntries(
    Object.entries({ ...whole, ...told }).filter(([, value]) => value !== null && value !== undefined),
  );
  const scopes = scopesIn(scope);
  return {
    ...rest,
    token_type: typeof token_type === "string" && /^dpop$/i.test(token_type) ? token_type : "Bearer",
    ...(scopes && { scope: scopes.join(" ") }),
    ...(facts.subject === "id_token" && id_token !== undefined && { id_token }),
  };
}

function endAt(told: unknown, unitMs: number, now: Date): Date | undefined {
  const count = typeof told === "string" ? Number(told) : told;
  // Providers whose tokens do not end say 0.
  if (typeof count !== "number" || !(count > 0)) return undefined;
  return new Date(now.getTime() + Math.min(count * unitMs, LONGEST_MS));
}

/** Tokens and their ends from an answer the library has accepted; `asked`: the scopes meant where it names none. */
export function tokenAnswer(
  body: TokenEndpointResponse,
  facts: Pick<OAuth2Facts, "answer" | "lifeMs">,
  {
    now,
    asked,
    claims,
  }: { readonly now: Date; readonly asked: readonly string[]; readonly claims?: JsonObject | undefined },
): TokenAnswer {
  const unitMs = facts.answer?.unit === "minutes" ? 60_000 : 1000;
  const silent = body.expires_in === undefined && facts.lifeMs !== undefined;
  const expiresAt = silent ? new Date(now.getTime() + (facts.lifeMs ?? 0)) : endAt(body.expires_in, unitMs, now);
  const refreshEnd = endAt(body.refresh_token_expires_in ?? body.refresh_expires_in, unitMs, now);
  return {
    accessToken: secret(body.access_token),
    ...(body.refresh_token && { refreshToken: secret(body.refresh_token) }),
    ...(expiresAt && { expiresAt }),
    ...(body.refresh_token && refreshEnd && { refreshExpiresAt: refreshEnd }),
    scopes: scopesIn(body.scope) ?? asked,
    rest: Object.fromEntries(Object.entries(body).filter(([name]) => !TOKENS.includes(name))) as JsonObject,
    ...(claims && { claims }),
  };
}
