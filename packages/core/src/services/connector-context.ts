import type {
  AccountRef,
  AppCredentials,
  AuthContext,
  Clock,
  ConnectorContext,
  ConnectorLog,
  Credentials,
  Effect,
  LinkReader,
  Provider,
  SignInContext,
  SignInMethod,
  SignInRef,
} from "@postd/connector-kit";
import type { ConnectionId, TenantId } from "@postd/contracts";
import type { ConnectorSettings, EgressPort, TenantMedia } from "../ports/egress.ts";
import type { ConnectorRegistry } from "../ports/registry.ts";
import type { OpenTenantApp } from "../ports/tenant-apps.ts";
import type { Budgets } from "./budgets/budget-book.ts";
import { countedHttp } from "./budgets/counted-http.ts";

export interface ConnectorContextPorts {
  readonly egress: EgressPort;
  readonly settings: ConnectorSettings;
  readonly media: TenantMedia;
  readonly registry: Pick<ConnectorRegistry, "providerOf">;
  readonly clock: Clock;
  readonly log: ConnectorLog;
  /** Apps of tenants. Absent: there are none. */
  readonly tenantApp?: OpenTenantApp;
  /** Pages of the public web; a simulated connection reads only mapped hosts. Absent: none are read. */
  readonly links?: { reader(reach: { readonly simulated: boolean }): LinkReader };
  /** Counts calls of accounts. Absent: nobody counts. */
  readonly budgets?: Pick<Budgets, "called" | "turn">;
}

export interface AuthContextInput {
  readonly provider: Provider;
  /** Absent: no sign-in is meant. */
  readonly authKind?: string;
  readonly simulated: boolean;
  /** The tenant's own app; absent: the one of this server. */
  readonly app?: AppCredentials;
  readonly effect: Effect;
  readonly repeatable: boolean;
  /** Default 30,000. */
  readonly timeoutMs?: number;
  readonly leaseRemainingMs?: () => number;
  readonly onVisibleCall?: () => void;
}

export interface ConnectorContextInput extends Omit<AuthContextInput, "provider" | "authKind" | "simulated" | "app"> {
  /** An open connection, or a chosen account that is about to become one. */
  readonly connection: {
    /** Absent: not connected yet. */
    readonly id?: ConnectionId;
    readonly tenantId: TenantId;
    readonly platform: string;
    readonly account: AccountRef;
    readonly credentials: Credentials;
    readonly simulated: boolean;
    readonly app?: AppCredentials;
  };
}

export interface SignInContextInput extends Omit<AuthContextInput, "provider" | "authKind" | "simulated" | "app"> {
  /** Any connection that lives on the sign-in: it says which method, app and reach are meant. */
  readonly of: {
    readonly platform: string;
    readonly account: Pick<AccountRef, "authKind">;
    readonly simulated: boolean;
    readonly app?: AppCredentials;
  };
  readonly signIn: SignInRef;
  /** The sign-in's own. */
  readonly credentials: Credentials;
}

/** What a context needs that stands for no connection. */
export type AuthContextPorts = Omit<ConnectorContextPorts, "media" | "links" | "registry" | "budgets">;

/** What a connector function may use before there is a connection: authorising, exchanging, listing accounts. */
export function authContext(ports: AuthContextPorts, input: AuthContextInput): AuthContext {
  const { provider, simulated, effect, repeatable, timeoutMs = 30_000, leaseRemainingMs, onVisibleCall } = input;
  return {
    http: ports.egress.forStep({
      provider,
      effect,
      repeatable,
      timeoutMs,
      simulated,
      ...(leaseRemainingMs === undefined ? {} : { leaseRemainingMs }),
      ...(onVisibleCall === undefined ? {} : { onVisibleCall }),
    }),
    clock: ports.clock,
    log: ports.log,
    app: input.app ?? appOf(ports.settings, input),
    apiVersion: ports.settings.apiVersion(provider),
  };
}

/** What checking a request of a provider may use: its app in whole, and reads (its public keys, say). */
export const webhookContext = (
  ports: AuthContextPorts,
  { app, ...input }: Pick<AuthContextInput, "provider" | "simulated"> & { readonly app: AppCredentials },
): AuthContext => ({ ...authContext(ports, { ...input, effect: "none", repeatable: true, timeoutMs: 10_000 }), app });

/**
 * What a connector function may use, for one call and one connection; drop it after the call. Throws where this server has
 * no such platform: who asks has looked it up.
 */
export function connectorContext(
  ports: ConnectorContextPorts,
  { connection, ...input }: ConnectorContextInput,
): ConnectorContext {
  const { id, account, credentials, simulated, tenantId, platform, app } = connection;
  const provider = ports.registry.providerOf(platform);
  if (!provider) throw new Error(`there is no platform ${platform} here`);
  const auth = authContext(ports, { ...input, provider, authKind: account.authKind, simulated, ...(app && { app }) });
  const { clock, log, budgets } = ports;
  const usage = provider.platforms.find((one) => one.id === platform)?.usage;
  const counted = budgets && id && { budgets, usage, account: { connectionId: id, platform }, clock, log };
  return {
    ...auth,
    ...(counted && { http: countedHttp(auth.http, counted) }),
    account,
    credentials,
    media: ports.media.forTenant(tenantId),
    ...(ports.links && { links: ports.links.reader({ simulated }) }),
  };
}

/** What renewing or withdrawing a sign-in may use, for one call: no account, whichever connection asked for it. */
export function signInContext(
  ports: AuthContextPorts & Pick<ConnectorContextPorts, "registry">,
  { of, signIn, credentials, ...input }: SignInContextInput,
): SignInContext {
  const { platform, account, simulated, app } = of;
  const provider = ports.registry.providerOf(platform);
  if (!provider) throw new Error(`there is no platform ${platform} here`);
  const auth = { ...input, provider, authKind: account.authKind, simulated, ...(app && { app }) };
  return { ...authContext(ports, auth), signIn, credentials };
}

/** A sign-in of a provider by its id. */
export const signInOf = ({ signIns }: Pick<Provider, "signIns">, authKind: string): SignInMethod | undefined =>
  signIns.find(({ id }) => id === authKind);

export const noApp: AppCredentials = { value: () => undefined, secret: () => undefined };

/** Keys sign in without an app, though some platforms want one for webhooks: then it is the provider's first set. */
function appOf(
  settings: ConnectorSettings,
  { provider, authKind, simulated }: Pick<AuthContextInput, "provider" | "authKind" | "simulated">,
): AppCredentials {
  const signIn = authKind === undefined ? undefined : signInOf(provider, authKind);
  const setId = signIn?.kind === "oauth2" ? signIn.app : provider.apps[0]?.id;
  if (setId === undefined) return noApp;
  return settings.appCredentials({ setId, simulated }) ?? noApp;
}
