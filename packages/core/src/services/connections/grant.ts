import type { Credentials, FoundAccount, Granted } from "@postd/connector-kit";
import type { ConnectionId } from "@postd/contracts";
import type { GrantAccount, GrantRecord } from "../../ports/connections-repo.ts";
import type { Caller } from "../../ports/services.ts";
import type { SealedSecret } from "../../ports/vault.ts";
import { grantAccountName, grantSignInName, packCredentials } from "./credentials.ts";
import type { ConnectionsDeps } from "./deps.ts";
import { toldPerson } from "./told.ts";

const grantLifeMs = 30 * 60_000;

/**
 * Keeps a grant for half an hour: accounts in the open to choose from, what was granted and their credentials sealed.
 * `withdrawing`: the same access is being ended at the platform, or was meanwhile, which may have ended this one too.
 */
export async function saveGrant(
  deps: Pick<ConnectionsDeps, "grants" | "vault" | "newId">,
  caller: Caller,
  input: {
    readonly provider: string;
    /** The one a person came for. */
    readonly platform: string;
    readonly authKind: string;
    readonly granted: Granted;
    readonly found: readonly FoundAccount[];
    readonly simulated: boolean;
    readonly appId: string;
    readonly clientId: string | undefined;
    /** Before the provider was asked. */
    readonly askedAt: Date;
    readonly connectionId: ConnectionId | undefined;
  },
): Promise<GrantRecord | "withdrawing"> {
  const { provider, platform, authKind, granted, found, simulated, appId, clientId, connectionId } = input;
  const createdAt = input.askedAt;
  const grant: GrantRecord = {
    id: deps.newId("grant"),
    provider,
    platform,
    authKind,
    subject: {
      externalId: granted.subject.externalId,
      name: toldPerson(granted.subject.name, granted.subject.externalId),
    },
    extras: granted.extras ?? {},
    scopes: granted.scopes,
    accounts: found.map(withoutCredentials),
    simulated,
    appId,
    clientId,
    connectionId,
    createdBy: caller.actorId,
    createdAt,
    expiresAt: new Date(createdAt.getTime() + grantLifeMs),
  };
  const seal = (name: string, credentials: Credentials) =>
    deps.vault.seal({ tenantId: caller.tenantId, ownerId: grant.id, name }, packCredentials(credentials));
  const sealed: SealedSecret[] = [await seal(grantSignInName, granted.credentials)];
  for (const account of found) sealed.push(await seal(grantAccountName(account), account.credentials));
  return (await deps.grants.addGrant(caller.tenantId, grant, sealed)) ? grant : "withdrawing";
}

/** Named one by one, so that a field added to `FoundAccount` cannot slip into a table in plain text. */
function withoutCredentials(found: FoundAccount): GrantAccount {
  const { platform, externalId, kind, name, handle, pictureUrl, profileUrl, extras, missingScopes, blocked } = found;
  return {
    platform,
    externalId,
    kind,
    name,
    extras,
    missingScopes,
    ...(handle === undefined ? {} : { handle }),
    ...(pictureUrl === undefined ? {} : { pictureUrl }),
    ...(profileUrl === undefined ? {} : { profileUrl }),
    ...(blocked === undefined ? {} : { blocked }),
  };
}
