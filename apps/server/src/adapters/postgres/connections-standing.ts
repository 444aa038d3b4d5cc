import { asId } from "@postd/contracts";
import type { SignInStanding, StoredSecret } from "@postd/core";
import { credentialsName } from "@postd/core";
import { and, eq, inArray, isNull, ne, sql } from "drizzle-orm";
import { recordOf, storedSecretOf } from "./connections-row.ts";
import type { Executor } from "./pools.ts";
import { connections, encryptedSecrets, encryptionKeys, platformSignIns } from "./schema.ts";

/** The sign-in behind a connection, as withdrawing it sees it. */
export async function readStanding(
  tx: Executor,
  tenantId: string,
  connectionId: string,
): Promise<SignInStanding | undefined> {
  const [found] = await tx
    .select({ signIn: platformSignIns, accountExtras: connections.extras })
    .from(connections)
    .innerJoin(platformSignIns, eq(platformSignIns.id, connections.signInId))
    .where(eq(connections.id, connectionId));
  if (!found) return undefined;
  const { signIn, accountExtras } = found;
  const others = await tx
    .select({ connection: connections, signIn: platformSignIns })
    .from(connections)
    .innerJoin(platformSignIns, eq(platformSignIns.id, connections.signInId))
    .where(
      and(
        isNull(connections.disconnectedAt),
        ne(connections.id, connectionId),
        sql`(${platformSignIns.id} = ${signIn.id} or (${platformSignIns.unjoined} or ${signIn.unjoined})
          and ${platformSignIns.authKind} = ${signIn.authKind} and ${platformSignIns.simulated} = ${signIn.simulated})`,
      ),
    )
    .orderBy(connections.id);
  const secrets = await secretsOf(tx, tenantId, [signIn.secretOwner, ...others.map((it) => it.signIn.secretOwner)]);
  return {
    id: asId("signIn", signIn.id),
    ref: { subject: signIn.subject, extras: signIn.extras ?? accountExtras },
    credentials: secrets.get(signIn.secretOwner),
    sharers: others.filter((it) => it.signIn.id === signIn.id).map(({ connection }) => recordOf(connection)),
    unjoined: others.flatMap((it) => {
      const credentials = secrets.get(it.signIn.secretOwner);
      return it.signIn.id === signIn.id || !credentials ? [] : [{ record: recordOf(it.connection), credentials }];
    }),
  };
}

/** Sealed credentials with their keys, by owner. */
export async function secretsOf(
  tx: Executor,
  tenantId: string,
  owners: readonly string[],
): Promise<ReadonlyMap<string, StoredSecret>> {
  if (owners.length === 0) return new Map();
  const rows = await tx
    .select({ secret: encryptedSecrets, key: encryptionKeys })
    .from(encryptedSecrets)
    .innerJoin(encryptionKeys, eq(encryptionKeys.id, encryptedSecrets.keyId))
    .where(
      and(
        eq(encryptedSecrets.tenantId, tenantId),
        inArray(encryptedSecrets.ownerId, [...new Set(owners)]),
        eq(encryptedSecrets.name, credentialsName),
      ),
    );
  return new Map(
    rows.flatMap(({ secret, key }) => {
      const stored = storedSecretOf(secret, key);
      return stored ? [[secret.ownerId, stored]] : [];
    }),
  );
}
