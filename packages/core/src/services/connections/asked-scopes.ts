import { usedScopes } from "@postd/connector-kit";
import type { ConnectionRecord } from "../../ports/connection-record.ts";
import { signInOf } from "../connector-context.ts";
import type { ConnectionsDeps } from "./deps.ts";

/**
 * What is asked for when somebody signs in again: what the platforms make use of whose accounts live on the same sign-in,
 * and no more. A new consent takes the place of the old one for all of them.
 */
export async function askedScopes(
  { registry, connections }: Pick<ConnectionsDeps, "registry" | "connections">,
  record: ConnectionRecord,
): Promise<readonly string[]> {
  const provider = registry.providerOf(record.platform);
  const signIn = provider && signInOf(provider, record.authKind);
  if (!signIn) return [];
  const standing = await connections.forTenant(record.tenantId).standing(record.id);
  const platforms = new Set([record.platform, ...(standing?.sharers ?? []).map(({ platform }) => platform)]);
  const asked = [...platforms].flatMap((id) => {
    const platform = registry.get(id);
    return platform ? usedScopes(signIn, platform) : [];
  });
  return [...new Set(asked)];
}

/** The platform names those that were not given; of the others it is known what the sign-in has. */
export const isMissing = ({ scopes, missingScopes }: ConnectionRecord, scope: string): boolean =>
  missingScopes.includes(scope) || (scopes.length > 0 && !scopes.includes(scope));
