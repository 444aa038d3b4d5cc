import { fail, type JsonObject, ok } from "@postd/contracts";
import { z } from "zod";
import type { AuthContext, PlatformResult } from "../context.ts";
import { parseJson, serverFailure } from "../server-failure.ts";
import type { OAuth2Facts, OAuthAt, OAuthSubject, TokenAnswer } from "./facts.ts";

/** @source OpenID Connect Core 1.0, sections 5.1 and 5.3 */
const Person = z.object({ sub: z.string().min(1).max(255), name: z.string().optional(), email: z.string().optional() });

const subjectOf = ({ sub, name, email }: z.output<typeof Person>): OAuthSubject => ({
  externalId: sub,
  name: name || email || sub,
});

const unknown = (label: string, status: number) =>
  fail({ kind: "unexpected_response" as const, status, message: `${label} does not say who signed in.` });

async function askUserinfo(facts: OAuth2Facts, address: string, token: TokenAnswer, ctx: AuthContext) {
  const answer = await ctx.http.request({ method: "GET", url: address, bearer: token.accessToken, effect: "none" });
  if (!answer.ok) return answer;
  if (answer.value.status !== 200) {
    const message = `${facts.label} does not say who signed in (${answer.value.status}).`;
    return fail(serverFailure(answer.value, { clock: ctx.clock, message }));
  }
  const person = parseJson(answer.value, Person);
  return person.ok ? ok(subjectOf(person.value)) : person;
}

/** Who signed in, as the provider's facts say it is told. */
export async function readSubject(
  facts: OAuth2Facts,
  token: TokenAnswer,
  at: OAuthAt,
  ctx: AuthContext,
): PlatformResult<OAuthSubject> {
  if (typeof facts.subject === "function") return facts.subject(token, at, ctx);
  if (facts.subject !== "id_token") return askUserinfo(facts, facts.subject.userinfo, token, ctx);
  const person = Person.safeParse(token.claims satisfies JsonObject | undefined);
  return person.success ? ok(subjectOf(person.data)) : unknown(facts.label, 200);
}
