import { asId } from "@postd/contracts";
import { type ConnectionWithSecret, credentialsName, type StoredSecret } from "@postd/core";
import { type Column, getTableColumns, type SQL, sql } from "drizzle-orm";
import { recordOf } from "./connections-row.ts";
import { compiled, runSql } from "./run-sql.ts";
import { connections } from "./schema.ts";
import { forTenant, type TenantDb } from "./tenant-tx.ts";
import { type KeyRow, type SecretRow, secretColumns } from "./vault-store.ts";

type ConnectionRow = typeof connections.$inferSelect;
export type ConnectionRead = {
  readonly now: Date;
  readonly connection: Readonly<Record<string, unknown>>;
} & Partial<SecretRow>;

const withSecret = (which: SQL) => sql`
  select domain_now() as now, to_jsonb(c) as connection, ${secretColumns} from connections c
  left join platform_sign_ins i on i.id = c.sign_in_id and not c.own_secret
  left join encrypted_secrets s on s.tenant_id = c.tenant_id and s.owner_id = coalesce(i.secret_owner, c.id) and s.name = ${credentialsName}
  left join encryption_keys k on k.id = s.key_id
  where c.id = ${which}`;
const connectionWithSecret = compiled(withSecret(sql`${sql.placeholder("id")}`));

/** The connection of the job named by `jobId`, for a claim to read beside the job; its row is for `connectionRead`. */
export const connectionOfJob = compiled(
  withSecret(sql`(select connection_id from publish_jobs where id = ${sql.placeholder("jobId")})`),
);

/** A connection with the sealed credentials it acts with and the key they need, in one round trip: for whoever acts as it. */
export async function readWithSecret(
  db: TenantDb,
  tenantId: string,
  id: string,
): Promise<ConnectionWithSecret | undefined> {
  const { rows } = await runSql<ConnectionRead>(forTenant(db, tenantId), connectionWithSecret({ id }));
  return connectionRead(rows[0], tenantId);
}

export function connectionRead(row: ConnectionRead | undefined, tenantId: string): ConnectionWithSecret | undefined {
  return row && { record: recordOf(connectionOf(row.connection)), credentials: secretOf(row, tenantId), now: row.now };
}

/** A row as JSON has the columns' own names and instants as text. */
function connectionOf(json: ConnectionRead["connection"]): ConnectionRow {
  const entries = Object.entries<Column>(getTableColumns(connections)).map(([name, column]) => {
    const value = json[column.name];
    return [name, column.dataType === "date" && typeof value === "string" ? new Date(value) : value];
  });
  return Object.fromEntries(entries) as ConnectionRow;
}

function secretOf(row: Partial<SecretRow>, tenantId: string): StoredSecret | undefined {
  if (row.secret_id == null || row.key_id == null) return undefined;
  const { owner_id, name, nonce, ciphertext, key_version, provider, master_key_id, wrapped } = row as SecretRow &
    KeyRow;
  const keyId = asId("encryptionKey", row.key_id);
  return {
    sealed: { tenantId: asId("tenant", tenantId), ownerId: owner_id, name, keyId, nonce, ciphertext },
    key: {
      id: keyId,
      tenantId: asId("tenant", tenantId),
      version: key_version,
      provider,
      masterKeyId: master_key_id,
      wrapped,
    },
  };
}
