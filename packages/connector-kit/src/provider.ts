import { PlatformId, ProviderId } from "@postd/contracts";
import { z } from "zod";
import { budgetProblems } from "./budget.ts";
import { replyFormat } from "./inbox.ts";
import { unmarkedMediaIds } from "./option-media.ts";
import type { Platform } from "./platform.ts";
import type { Format } from "./publish.ts";
import type { Publishing } from "./publishing.ts";
import type { SignInMethod } from "./sign-in.ts";
import type { Webhooks } from "./webhooks.ts";

/** One app registered at a provider; env names are POSTD_<SET>_<FIELD>. */
export interface AppCredentialsSet {
  readonly id: string;
  readonly fields: readonly {
    readonly name: string;
    readonly secret: boolean;
    readonly required: boolean;
    readonly help: string;
    /** The provider signs what it sends us with it, so a new one is taken beside the old one while it is replaced. */
    readonly signs?: true;
  }[];
}

/** The two fields an OAuth client has, under the names `oauth2` expects; `help` says where each is found. */
export const clientFields = (
  help: { readonly id: string; readonly secret: string },
  signs?: { readonly signs: true },
): AppCredentialsSet["fields"] => [
  { name: "client_id", secret: false, required: true, help: help.id },
  { name: "client_secret", secret: true, required: true, help: help.secret, ...signs },
];

/**
 * One company an app is registered at. Its platforms share apps, hosts, API version, sign-ins and webhooks, and are
 * simulated together.
 */
export interface Provider {
  readonly id: ProviderId;
  readonly name: string;
  /** Hosts it talks to; `*.` prefix for wildcards. A user-given host is allowed where `customHosts` is true. */
  readonly hosts: readonly string[];
  readonly customHosts?: boolean;
  /** The extra of an account that holds the address of its own server, as text: when that is down, no other one is. */
  readonly serverExtra?: string;
  readonly apiVersion: { readonly current: string; readonly env?: string; readonly sunsetAt?: string };
  readonly apps: readonly AppCredentialsSet[];
  readonly signIns: readonly SignInMethod[];
  readonly webhooks?: Webhooks;
  readonly platforms: readonly Platform[];
}

/**
 * Checks what types cannot: ids, that names of sign-ins, apps, formats and platforms lead somewhere, that every platform
 * can be signed in to and does something, that visible steps can be looked at, that options which name files are marked
 * as such. Throws, naming the place.
 */
export function defineProvider(provider: Provider): Provider {
  for (const problem of problemsOf(provider)) throw new Error(`${provider.id}: ${problem}`);
  return provider;
}

function* problemsOf(provider: Provider): Generator<string> {
  const { id, apps, signIns, platforms, webhooks } = provider;
  if (!ProviderId.safeParse(id).success) yield "this is no provider id";
  if (provider.hosts.length === 0 && !provider.customHosts) yield "it names no host";
  yield* repeated("app credentials sets", apps);
  for (const { id: set, fields } of apps)
    yield* repeated(
      `fields of ${set}`,
      fields.map(({ name }) => ({ id: name })),
    );
  yield* repeated("sign-ins", signIns);
  yield* repeated("platforms", platforms);
  for (const signIn of signIns) yield* signInProblems(provider, signIn);
  if (webhooks?.renew && !webhooks.subscribe) yield "webhooks that are renewed have to be subscribed";
  if (platforms.length === 0) yield "it has no platform";
  for (const platform of platforms)
    for (const problem of platformProblems(provider, platform)) yield `${platform.id}: ${problem}`;
}

function* signInProblems({ apps, platforms }: Provider, signIn: SignInMethod): Generator<string> {
  const { id, fields = [] } = signIn;
  yield* repeated(
    `fields of ${id}`,
    fields.map(({ name }) => ({ id: name })),
  );
  if (signIn.kind === "oauth2" && !apps.some((set) => set.id === signIn.app))
    yield `${id} uses the app ${signIn.app}, which is not declared`;
  if (signIn.kind === "oauth2" && signIn.redirectPath !== undefined && !signIn.redirectPath.startsWith("/api/oauth/"))
    yield `${id} sends the browser back to ${signIn.redirectPath}, which is not under /api/oauth/`;
  for (const opened of signIn.platforms ?? [])
    if (!platforms.some((platform) => platform.id === opened)) yield `${id} opens ${opened}, which is not declared`;
}

function* platformProblems({ id: provider, signIns }: Provider, platform: Platform): Generator<string> {
  if (!PlatformId.safeParse(platform.id).success) yield "this is no platform id";
  if (platform.provider !== provider) yield `it names ${platform.provider} as its provider`;
  const own = signInsOf({ signIns }, platform.id);
  if (own.length === 0) yield "no sign-in opens it";
  for (const [name, scopes] of Object.entries(platform.requiredScopes ?? {})) {
    const signIn = own.find(({ id }) => id === name);
    if (!signIn) yield `it requires scopes of ${name}, which does not open it`;
    const asked = new Set(signIn && [...signIn.scopes.required, ...signIn.scopes.optional]);
    for (const scope of scopes) if (signIn && !asked.has(scope)) yield `${name} does not ask for ${scope}`;
  }
  yield* repeated(
    "prices",
    (platform.prices ?? []).map(({ call }) => ({ id: call })),
  );
  for (const { call, usdMicros, since } of platform.prices ?? [])
    if (!Number.isSafeInteger(usdMicros) || usdMicros < 0 || !/^\d{4}-\d{2}-\d{2}$/.test(since))
      yield `the price of ${call} is no whole number of millionths, or has no day`;
  yield* budgetProblems(platform.budgets ?? []);
  for (const { what, checkedOn } of platform.impossible ?? [])
    if (!/^\d{4}-\d{2}-\d{2}$/.test(checkedOn)) yield `that ${what} is impossible has no day`;
  const { publishing, source, numbers, inbox, audience } = platform;
  if (![publishing, source, numbers, inbox, audience].some(Boolean)) yield "it does nothing: it has no facet";
  if (publishing) yield* publishingProblems(publishing);
  if (inbox?.reply && !publishing) yield "an answer is a job, so a platform that replies has to publish";
  if (inbox?.reply) yield* stepProblems(replyFormat, inbox.reply);
}

function* publishingProblems(publishing: Publishing): Generator<string> {
  const { formats, aliases = {}, options, edit, remove, schedule, trial } = publishing;
  const [unmarked] = unmarkedMediaIds(options);
  const untold = whyUntold(options);
  if (untold) yield `its options cannot be told as JSON Schema: ${untold}`;
  if (unmarked) yield `${unmarked} names a file; make it with mediaIdOption`;
  const known = (format: string) => Object.hasOwn(formats, format);
  const parts = ["parts", "link", "mentions", "hashtags", "productTags", "firstComment"] as const;
  const named = { edit, remove, schedule, trial, ...Object.fromEntries(parts.map((part) => [part, publishing[part]])) };
  for (const [name, rule] of Object.entries(named))
    for (const format of rule?.formats ?? []) if (!known(format)) yield `${name} names ${format}, which is no format`;
  for (const [option, takers] of Object.entries(publishing.optionFormats ?? {}))
    for (const format of takers) if (!known(format)) yield `option ${option} names ${format}, which is no format`;
  for (const option of edit?.options ?? [])
    if (!Object.hasOwn(options.shape, option)) yield `edit changes ${option}, which is no option`;
  for (const [alias, format] of Object.entries(aliases)) {
    if (!known(format)) yield `the alias ${alias} stands for ${format}, which is no format`;
    if (known(alias)) yield `the alias ${alias} is the name of a format`;
  }
  if (known(replyFormat)) yield `${replyFormat} is the name of an answer and of no format`;
  for (const [formatId, format] of Object.entries(formats)) yield* stepProblems(formatId, format);
}

function* stepProblems(formatId: string, { steps }: Format): Generator<string> {
  if (steps.length === 0) yield `${formatId} has no steps`;
  yield* repeated(
    `steps of ${formatId}`,
    steps.map(({ name }) => ({ id: name })),
  );
  for (const { name, effect, probe } of steps)
    if (effect === "visible" && !probe) yield `${formatId}.${name}: a visible step needs a probe, a repeatable one too`;
}

/** Clients make their forms of it, so a schema that cannot be told is found here and not in somebody's request. */
function whyUntold(options: z.ZodObject): string | undefined {
  try {
    z.toJSONSchema(options, { io: "input", unrepresentable: "any" });
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function* repeated(what: string, list: readonly { readonly id: string }[]): Generator<string> {
  const seen = new Set<string>();
  for (const { id } of list) {
    if (seen.has(id)) yield `two ${what} are named ${id}`;
    seen.add(id);
  }
}

/** The sign-ins that open accounts of a platform, in the provider's order. */
export const signInsOf = ({ signIns }: Pick<Provider, "signIns">, platform: string): readonly SignInMethod[] =>
  signIns.filter(({ platforms }) => platforms?.includes(platform) ?? true);

/** Scopes of a sign-in as one platform sees them: without a required one it does not work. */
export function scopesFor(
  { scopes, id }: Pick<SignInMethod, "id" | "scopes">,
  { requiredScopes }: Pick<Platform, "requiredScopes">,
): SignInMethod["scopes"] {
  const required = requiredScopes?.[id];
  if (!required) return scopes;
  return { required, optional: [...scopes.required, ...scopes.optional].filter((scope) => !required.includes(scope)) };
}

/** All a platform makes use of at a sign-in: what is asked for again where nothing else lives on it. */
export function usedScopes(
  signIn: Pick<SignInMethod, "id" | "scopes">,
  platform: Pick<Platform, "requiredScopes" | "optionalScopes">,
): readonly string[] {
  const { required, optional } = scopesFor(signIn, platform);
  return [...required, ...(platform.optionalScopes?.[signIn.id] ?? optional)];
}
