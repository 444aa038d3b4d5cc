import { type Choice, consentPage, refusalPage } from "./consent-page.ts";
import type { OAuthApp, OAuthFacts } from "./oauth-facts.ts";
import type { OAuthState } from "./oauth-state.ts";
import { randomWord } from "./random.ts";
import type { SimResponse } from "./types.ts";

export interface Redirects<W> extends OAuthState {
  readonly facts: OAuthFacts<W>;
}

/** A checked authorisation request. */
interface Request {
  readonly app: OAuthApp;
  readonly redirectUri: string;
  readonly state: string | undefined;
  readonly scopes: readonly string[];
  /** Those of them a person cannot leave out. */
  readonly kept: readonly string[];
  readonly challenge: string | undefined;
  readonly query: URLSearchParams;
}

const formFields = ["person", "account", "scope_granted", "decision", "listed"];

/** GET of the authorise address: the consent page, a page of refusal, or an error for the app. */
export function showConsent<W>(at: Redirects<W>, world: W, query: URLSearchParams, action: string): SimResponse {
  const asked = readRequest(at, world, query);
  if ("status" in asked) return asked;
  const { facts } = at;
  const again = facts.again?.({ world, app: asked.app.id, scopes: asked.scopes, query: asked.query });
  if (again !== undefined)
    return decideConsent(at, world, query, new URLSearchParams({ decision: "continue", person: again }));
  const people = facts.people(world);
  const who: Choice[] = people.map(({ id, name }, index) => ({
    type: "radio",
    name: "person",
    value: id,
    label: name,
    isChecked: index === 0,
  }));
  const accounts: Choice[] = people.flatMap((person) =>
    (person.accounts ?? []).map(({ id, name }) => ({
      type: "checkbox",
      name: "account",
      value: id,
      label: people.length > 1 ? `${name} (${person.name})` : name,
      isChecked: true,
    })),
  );
  const scopes: Choice[] = asked.scopes.map((scope) => ({
    type: "checkbox",
    name: "scope_granted",
    value: scope,
    label: `${facts.scopes[scope] ?? scope} (${scope})`,
    isChecked: true,
    isDisabled: asked.kept.includes(scope),
  }));
  const groups = [
    { title: "Continue as", choices: who, empty: "Nobody is signed in" },
    ...(accounts.length > 0 ? [{ title: "Accounts", choices: accounts }] : []),
    { title: "Permissions", choices: scopes, empty: "Your name and picture" },
  ];
  return consentPage({ title: facts.title, action, hidden: query, groups });
}

/**
 * POST of the consent form. Without `listed` everything asked for is granted by the first person, or the one named, so
 * that a program may post only the query and `decision=continue`.
 */
export function decideConsent<W>(
  at: Redirects<W>,
  world: W,
  asking: URLSearchParams,
  form: URLSearchParams,
): SimResponse {
  const query = new URLSearchParams(asking);
  for (const [name, value] of form) if (!formFields.includes(name)) query.set(name, value);
  const asked = readRequest(at, world, query);
  if ("status" in asked) return asked;
  const { facts } = at;
  const decision = form.get("decision");
  if (decision === "cancel") return back(facts, asked, refusalOf(facts, "access_denied", "The person said no"));
  if (decision !== "continue") return refusalPage("Choose Continue or Cancel.");
  const people = facts.people(world);
  const person = form.has("person") ? people.find(({ id }) => id === form.get("person")) : people[0];
  if (person === undefined) return refusalPage("Nobody of that name is signed in.");
  const isListed = form.has("listed");
  const chosen = (name: string, all: readonly string[]) =>
    all.filter(
      (one) => !isListed || form.getAll(name).includes(one) || (name === "scope_granted" && asked.kept.includes(one)),
    );
  const accounts =
    person.accounts &&
    chosen(
      "account",
      person.accounts.map(({ id }) => id),
    );
  const tokens = at.tokens();
  const earlier = tokens.grants().filter(({ subject, app }) => subject === person.id && app === asked.app.id);
  const grant = tokens.grant({
    subject: person.id,
    app: asked.app.id,
    scopes: chosen("scope_granted", asked.scopes),
    asked: asked.scopes,
    ...(accounts && { accounts }),
  });
  facts.consented?.({ world, grant, earlier, query: asked.query });
  const { codes, now } = at.server();
  const code = randomWord(40) + (facts.codeEnd ?? "");
  const expiresAt = now() + facts.codeSeconds * 1000;
  const { redirectUri, challenge } = asked;
  codes.set(code, { grant, redirectUri, challenge, query: asked.query, expiresAt });
  return back(facts, asked, { code, ...facts.callback?.({ world, grant }) });
}

/** Refused without a way back where the app or its address is not known; else the app hears it. */
function readRequest<W>(at: Redirects<W>, world: W, given: URLSearchParams): Request | SimResponse {
  const { facts } = at;
  const { clientIdName = "client_id", scopeSeparator = " ", pkce = "allowed", par } = facts;
  const uri = par && given.get("request_uri");
  const pushed = uri ? at.server().pushed.get(uri) : undefined;
  if (uri && (pushed === undefined || pushed.expiresAt <= at.server().now()))
    return refusalPage("The request_uri is unknown or has expired.");
  if (par?.required && pushed === undefined) return refusalPage("A pushed authorization request is needed.");
  const query = pushed?.query ?? given;
  const app = facts.apps(world).find(({ id }) => id === query.get(clientIdName));
  if (app === undefined) return refusalPage(`${clientIdName} is unknown.`);
  const redirectUri = query.get("redirect_uri") ?? "";
  const isKnown = app.redirectUris?.includes(redirectUri) ?? /^https?:/.test(redirectUri);
  if (!URL.canParse(redirectUri) || !isKnown) return refusalPage("The redirect_uri is not registered.");
  const state = query.get("state") ?? undefined;
  const refuse = (error: string, description: string) =>
    facts.tellsPerson
      ? refusalPage(description)
      : back(facts, { redirectUri, state }, refusalOf(facts, error, description));
  if (query.get("response_type") !== "code") return refuse("unsupported_response_type", "response_type must be code");
  const named = [...new Set((query.get("scope") ?? "").split(scopeSeparator).filter((scope) => scope !== ""))];
  const asks = facts.asks?.(named, query) ?? { scopes: named };
  if (typeof asks === "string") return refuse("invalid_scope", asks);
  const { scopes, kept = facts.scopesAreChosen ? [] : scopes } = asks;
  const unknown = scopes.filter(
    (scope) => !Object.hasOwn(facts.scopes, scope) || app.scopes?.includes(scope) === false,
  );
  if (unknown.length > 0) return refuse("invalid_scope", `not for this app: ${unknown.join(", ")}`);
  const challenge = query.get("code_challenge") ?? undefined;
  if (challenge === undefined && pkce === "required") return refuse("invalid_request", "code_challenge is needed");
  if (challenge !== undefined && pkce === "refused")
    return refuse("invalid_request", "code_challenge is not supported");
  if (challenge !== undefined && query.get("code_challenge_method") !== "S256")
    return refuse("invalid_request", "code_challenge_method must be S256");
  return { app, redirectUri, state, scopes, kept, challenge, query };
}

const refusalOf = <W>(facts: OAuthFacts<W>, error: string, error_description: string) =>
  facts.refused?.(error, error_description) ?? { error, error_description };

function back<W>(
  { callbackFragment }: OAuthFacts<W>,
  { redirectUri, state }: Pick<Request, "redirectUri" | "state">,
  params: Readonly<Record<string, string>>,
): SimResponse {
  const url = new URL(redirectUri);
  for (const [name, value] of Object.entries({ ...params, ...(state !== undefined && { state }) }))
    url.searchParams.set(name, value);
  if (callbackFragment !== undefined) url.hash = callbackFragment;
  return { status: 302, headers: { location: url.href, "cache-control": "no-store" } };
}
