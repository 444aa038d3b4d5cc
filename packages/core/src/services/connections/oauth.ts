import { type OAuth2SignIn, type Platform, type Provider, sha256Hex, signInsOf } from "@postd/connector-kit";
import { fail, idPrefixes, ok, type ServiceError } from "@postd/contracts";
import type { ConnectionRecord } from "../../ports/connection-record.ts";
import type { ConnectorRegistry } from "../../ports/registry.ts";
import type { Caller, ConnectionsService } from "../../ports/services.ts";
import { answered } from "../answered.ts";
import { authContext } from "../connector-context.ts";
import { unknownPlatform } from "../unknown-platform.ts";
import { askedScopes } from "./asked-scopes.ts";
import { chooseApp } from "./choose-app.ts";
import type { ConnectionsDeps } from "./deps.ts";
import { serviceErrorOf } from "./explain.ts";
import { keptName, packKept, stateOwner } from "./kept.ts";
import { authFor } from "./sign-in.ts";
import { typedFields, underPrefix } from "./typed-fields.ts";

const stateLifeMs = 10 * 60_000;

type StartInput = Parameters<ConnectionsService["startOAuth"]>[1];

/**
 * Begins an authorisation: a random state, kept as its hash with the session and tenant that asked; what the provider keeps
 * until the browser comes back, and what a person typed for it, is sealed in the vault. Answers where the browser goes;
 * that is the simulator's page for a simulated platform.
 */
export async function startOAuth(
  deps: ConnectionsDeps,
  caller: Caller,
  input: StartInput,
): ReturnType<ConnectionsService["startOAuth"]> {
  if (input.returnTo?.startsWith("http") && !byKey(caller.actorId))
    return fail({
      code: "invalid_input",
      field: "returnTo",
      detail: "A signed-in person goes back to a page of this server.",
      next: "Give a path that starts with one slash; only API keys may name another address.",
    });
  const target = await targetOf(deps, caller, input);
  if (!target.ok) return target;
  const { provider, platform, signIn, record } = target.value;
  const declared = signIn.fields ?? [];
  const fields = typedFields(declared, input.fields ?? {}, { prefix: "fields", platform: platform.name });
  if (!fields.ok) return fields;
  const simulated = deps.simulation.isSimulated(platform.id);
  const chosen = await chooseApp(deps, caller, { provider, signIn, appId: input.appId ?? record?.appId });
  if (!chosen.ok) return chosen;
  if (!chosen.value.app && !deps.context.settings.appCredentials({ setId: signIn.app, simulated }))
    return fail(notConfigured(provider, signIn));

  const state = deps.randomToken();
  const stateHash = sha256Hex(state);
  const redirectUri = `${deps.publicUrl}${redirectPathOf(provider, signIn, platform)}`;
  const expiresAt = new Date(deps.clock.now().getTime() + stateLifeMs);
  const begin = {
    redirectUri,
    state,
    scopes: record ? await askedScopes(deps, record) : [...signIn.scopes.required, ...signIn.scopes.optional],
    fields: fields.value,
    ...(record ? { again: true } : {}),
    ...(input.locale === undefined ? {} : { locale: input.locale }),
  };
  const reach = { provider, authKind: signIn.id, simulated, effect: "invisible", repeatable: false } as const;
  const ctx = authContext(deps.context, { ...reach, ...(chosen.value.app && { app: chosen.value.app }) });
  const started = await answered(ctx, { call: "start", platform: platform.id }, () => signIn.start(begin, ctx));
  if (!started.ok) return fail(underPrefix(serviceErrorOf(started.error, platform), declared, "fields"));
  const kept = packKept({ keep: started.value.keep ?? {}, fields: fields.value });
  const place = { tenantId: caller.tenantId, ownerId: stateOwner(stateHash), name: keptName };
  await deps.grants.addPending(
    {
      stateHash,
      tenantId: caller.tenantId,
      userId: caller.actorId,
      sessionHash: caller.sessionHash,
      platform: platform.id,
      authKind: signIn.id,
      redirectUri,
      appId: chosen.value.appId,
      connectionId: input.connectionId,
      returnTo: input.returnTo,
      expiresAt,
    },
    kept && (await deps.vault.seal(place, kept)),
  );
  const authUrl = deps.context.egress.mapBrowserUrl(started.value.url).href;
  return ok({ authUrl, state, expiresAt: expiresAt.toISOString() });
}

/** Registered addresses match exactly, so a provider that has ever sent another one goes on sending it. */
const redirectPathOf = (provider: Provider, { redirectPath }: OAuth2SignIn, platform: Platform): string =>
  redirectPath?.replace(":platform", platform.id) ?? `/api/oauth/${provider.id}/callback`;

export const byKey = (actorId: string): boolean => actorId.startsWith(`${idPrefixes.apiKey}_`);

interface Target {
  readonly provider: Provider;
  /** The platform a person came for; where they named none, the first the sign-in opens. */
  readonly platform: Platform;
  readonly signIn: OAuth2SignIn;
  /** The connection that is signed in for again; absent: there is none yet. */
  readonly record: ConnectionRecord | undefined;
}

async function targetOf(deps: ConnectionsDeps, caller: Caller, input: StartInput) {
  const { connectionId } = input;
  const record =
    connectionId === undefined ? undefined : await deps.connections.forTenant(caller.tenantId).find(connectionId);
  if (connectionId !== undefined && !record) return fail(notFound);
  const provider = deps.registry.provider(record?.platform ?? input.provider);
  if (!provider) return fail(unknownPlatform(deps.registry, input.provider));
  const wanted = deps.registry.get(record?.platform ?? input.platform ?? input.provider);
  if (input.platform !== undefined && wanted?.provider !== provider.id)
    return fail<ServiceError>(notOfProvider(deps.registry, input.platform));
  const open = wanted ? signInsOf(provider, wanted.id) : provider.signIns;
  const signIn = record
    ? authFor(deps.registry, record)
    : open.find(({ id, kind }) => (input.authKind === undefined ? kind === "oauth2" : id === input.authKind));
  const platform = wanted ?? firstOpenedBy(provider, signIn);
  if (signIn?.kind !== "oauth2" || !platform)
    return fail<ServiceError>({
      code: "invalid_input",
      field: "authKind",
      detail: `${wanted?.name ?? provider.name} has no such sign-in with a redirect.`,
      next: `Use one of: ${open.map(({ id, kind }) => `${id} (${kind})`).join(", ")}.`,
    });
  return ok<Target>({ provider, platform, signIn, record });
}

const firstOpenedBy = (
  { platforms }: Provider,
  signIn: { readonly platforms?: readonly string[] } | undefined,
): Platform | undefined => platforms.find(({ id }) => signIn?.platforms?.includes(id) ?? true);

const notFound: ServiceError = { code: "not_found", detail: "There is no such connection." };

/** Named in the body, beside a provider that is here. */
function notOfProvider(registry: ConnectorRegistry, platform: string): ServiceError {
  const unknown = unknownPlatform(registry, platform);
  return unknown.code === "not_found" ? { ...unknown, code: "invalid_input" } : unknown;
}

function notConfigured(provider: Provider, { app }: OAuth2SignIn): ServiceError {
  const set = provider.apps.find(({ id }) => id === app);
  const fields = set?.fields.filter(({ required }) => required).map(({ name }) => name) ?? [];
  return {
    code: "not_configured",
    detail: `This instance has no app registered at ${provider.name}, so nobody can sign in there.`,
    next: `The operator sets the app's ${fields.join(", ") || "credentials"} (environment names beginning with POSTD_${app.toUpperCase()}_).`,
  };
}
