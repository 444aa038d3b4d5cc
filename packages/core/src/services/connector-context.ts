import type {
  AccountRef,
  AppCredentials,
  Auth,
  AuthContext,
  Clock,
  Connector,
  ConnectorContext,
  ConnectorLog,
  Credentials,
  Effect,
  LinkReader,
} from "@postd/connector-kit";
import type { TenantId } from "@postd/contracts";
import type { ConnectorSettings, EgressPort, TenantMedia } from "../ports/egress.ts";

export interface ConnectorContextPorts {
  readonly egress: EgressPort;
  readonly settings: ConnectorSettings;
  readonly media: TenantMedia;
  readonly clock: Clock;
  readonly log: ConnectorLog;
  /** Pages of the public web; a simulated connection reads only mapped hosts. Absent: none are read. */
  readonly links?: { reader(reach: { readonly simulated: boolean }): LinkReader };
}

export interface AuthContextInput {
  readonly connector: Connector;
  readonly authKind: string;
  readonly simulated: boolean;
  readonly effect: Effect;
  readonly repeatable: boolean;
  /** Default 30,000. */
  readonly timeoutMs?: number;
  readonly leaseRemainingMs?: () => number;
  readonly onVisibleCall?: () => void;
}

export interface ConnectorContextInput extends Omit<AuthContextInput, "authKind" | "simulated"> {
  /** An open connection, or a chosen account that is about to become one. */
  readonly connection: {
    readonly tenantId: TenantId;
    readonly account: AccountRef;
    readonly credentials: Credentials;
    readonly simulated: boolean;
  };
}

/** What a connector function may use before there is a connection: authorising, exchanging, listing accounts. */
export function authContext(
  ports: Omit<ConnectorContextPorts, "media" | "links">,
  input: AuthContextInput,
): AuthContext {
  const { connector, simulated, effect, repeatable, timeoutMs = 30_000, leaseRemainingMs, onVisibleCall } = input;
  return {
    http: ports.egress.forStep({
      connector,
      effect,
      repeatable,
      timeoutMs,
      simulated,
      ...(leaseRemainingMs === undefined ? {} : { leaseRemainingMs }),
      ...(onVisibleCall === undefined ? {} : { onVisibleCall }),
    }),
    clock: ports.clock,
    log: ports.log,
    app: appOf(ports.settings, input),
    apiVersion: ports.settings.apiVersion(connector),
  };
}

/** What a connector function may use, for one call and one connection; drop it after the call. */
export function connectorContext(
  ports: ConnectorContextPorts,
  { connection, ...input }: ConnectorContextInput,
): ConnectorContext {
  const { account, credentials, simulated, tenantId } = connection;
  return {
    ...authContext(ports, { ...input, authKind: account.authKind, simulated }),
    account,
    credentials,
    media: ports.media.forTenant(tenantId),
    ...(ports.links && { links: ports.links.reader({ simulated }) }),
  };
}

/** The sign-in of a connector by its id; without an id the connector's first. */
export function authOf(connector: Connector, authKind?: string): Auth | undefined {
  return authKind === undefined ? connector.auth[0] : connector.auth.find(({ id }) => id === authKind);
}

const noApp: AppCredentials = { value: () => undefined, secret: () => undefined };

/** Keys sign in without an app, though some platforms want one for webhooks: then it is the connector's first set. */
function appOf(
  settings: ConnectorSettings,
  { connector, authKind, simulated }: Pick<AuthContextInput, "connector" | "authKind" | "simulated">,
): AppCredentials {
  const auth = authOf(connector, authKind);
  const setId = auth?.kind === "oauth2" ? auth.appCredentials : connector.appCredentials[0]?.id;
  if (setId === undefined) return noApp;
  return settings.appCredentials({ connector, setId, simulated }) ?? noApp;
}
