import { asId } from "@postd/contracts";
import type { SealedSecret, VaultStore, VersionedSecret, WrappedKey } from "@postd/core";
import { newId } from "@postd/core";
import { type SQL, sql } from "drizzle-orm";
import { databaseErrorCode } from "./database-error.ts";
import type { Executor } from "./pools.ts";
import { runSql } from "./run-sql.ts";
import { type TenantDb, withTenant } from "./tenant-tx.ts";

/** Columns of `encryption_keys k` that every read of a secret joins. */
export interface KeyRow extends Record<string, unknown> {
  readonly key_id: string;
  readonly tenant_id: string;
  readonly key_version: number;
  readonly provider: string;
  readonly master_key_id: string;
  readonly wrapped: Buffer;
}

export interface SecretRow extends KeyRow {
  readonly secret_id: string;
  readonly owner_id: string;
  readonly name: string;
  readonly nonce: Buffer;
  readonly ciphertext: Buffer;
  readonly secret_version: number;
}

const keyColumns = sql.raw(
  "k.id as key_id, k.tenant_id, k.version as key_version, k.provider, k.master_key_id, k.wrapped",
);
/** For reads that join `encrypted_secrets s` with `encryption_keys k`. */
export const secretColumns = sql`${keyColumns}, s.id as secret_id, s.owner_id, s.name, s.nonce, s.ciphertext, s.version as secret_version`;

/** Wrapped keys and sealed values on PostgreSQL, behind row-level security. */
export function createVaultStore(db: TenantDb): VaultStore {
  return {
    currentKey: (tenantId) =>
      withTenant(db, tenantId, async (tx) => {
        const { rows } = await runSql<KeyRow>(
          tx,
          sql`select ${keyColumns} from encryption_keys k where k.tenant_id = ${tenantId} and status = 'current' order by version desc limit 1`,
        );
        return rows[0] && keyOf(rows[0]);
      }),
    addKey: (key) => withTenant(db, key.tenantId, (tx) => addKey(tx, key)),
    keys: (tenantId) =>
      withTenant(db, tenantId, async (tx) => {
        const { rows } = await runSql<KeyRow>(
          tx,
          sql`select ${keyColumns} from encryption_keys k where k.tenant_id = ${tenantId} order by version`,
        );
        return rows.map(keyOf);
      }),
    rewrapKey: (before, after) =>
      withTenant(db, before.tenantId, async (tx) => {
        const { rowCount } = await runSql(
          tx,
          sql`
          update encryption_keys set provider = ${after.provider}, master_key_id = ${after.masterKeyId}, wrapped = ${buffer(after.wrapped)}
          where id = ${before.id} and wrapped = ${buffer(before.wrapped)}`,
        );
        return rowCount === 1;
      }),
    removeUnusedKey: ({ id, tenantId }) =>
      withTenant(db, tenantId, async (tx) => {
        // The lock keeps out new values sealed with this key; only a statement after it sees those already stored.
        await runSql(tx, sql`select 1 from encryption_keys where id = ${id} for update`);
        const { rowCount } = await runSql(
          tx,
          sql`
          delete from encryption_keys where id = ${id} and status = 'retired'
            and not exists (select 1 from encrypted_secrets where key_id = ${id})`,
        );
        return rowCount === 1;
      }),
    read: ({ tenantId, ownerId, name }) =>
      withTenant(db, tenantId, async (tx) => {
        const { rows } = await runSql<SecretRow>(
          tx,
          sql`
          select ${secretColumns} from encrypted_secrets s join encryption_keys k on k.id = s.key_id
          where s.tenant_id = ${tenantId} and s.owner_id = ${ownerId} and s.name = ${name}`,
        );
        return rows[0] && storedOf(rows[0]);
      }),
    async write(sealed) {
      try {
        await withTenant(db, sealed.tenantId, (tx) => writeSealed(tx, sealed));
        return true;
      } catch (error) {
        if (isKeyGone(error)) return false;
        throw error;
      }
    },
    remove: (input) => withTenant(db, input.tenantId, (tx) => removeSecrets(tx, input)),
    notSealedWith: ({ tenantId, keyId, afterId, limit }) =>
      withTenant(db, tenantId, async (tx) => {
        const { rows } = await runSql<SecretRow>(
          tx,
          sql`
          select ${secretColumns} from encrypted_secrets s join encryption_keys k on k.id = s.key_id
          where s.tenant_id = ${tenantId} and s.key_id <> ${keyId} and s.id > ${afterId} order by s.id limit ${limit}`,
        );
        return rows.map(storedOf);
      }),
    replace: (tenantId, changes) =>
      withTenant(db, tenantId, async (tx) => {
        let written = 0;
        for (const { id, version, sealed } of changes) {
          const { rowCount } = await runSql(
            tx,
            sql`
            update encrypted_secrets set key_id = ${sealed.keyId}, nonce = ${buffer(sealed.nonce)}, ciphertext = ${buffer(sealed.ciphertext)},
              version = version + 1, updated_at = domain_now()
            where id = ${id} and version = ${version}`,
          );
          written += rowCount ?? 0;
        }
        return written;
      }),
    erase: (tenantId) =>
      withTenant(db, tenantId, async (tx) => {
        const { rowCount } = await runSql(tx, sql`delete from encrypted_secrets where tenant_id = ${tenantId}`);
        await runSql(tx, sql`delete from encryption_keys where tenant_id = ${tenantId}`);
        return rowCount ?? 0;
      }),
  };
}

/**
 * Stores a sealed value inside the caller's transaction, so that a credential and the row it belongs to change together.
 * Rejects with a foreign-key error (see `isKeyGone`) when its key was removed after sealing.
 */
export async function writeSealed(tx: Executor, sealed: SealedSecret): Promise<void> {
  await runSql(tx, sealedUpsert(sealed));
}

/** One sealed value, stored once for each row of `from`; without it, once. */
export const sealedUpsert = (sealed: SealedSecret, from: SQL = sql``): SQL => sql`
    insert into encrypted_secrets (id, tenant_id, owner_id, name, key_id, nonce, ciphertext, updated_at)
    select ${newId("secret")}, ${sealed.tenantId}, ${sealed.ownerId}, ${sealed.name}, ${sealed.keyId}, ${buffer(sealed.nonce)}::bytea, ${buffer(sealed.ciphertext)}::bytea, domain_now() ${from}
    on conflict (tenant_id, owner_id, name) do update set key_id = excluded.key_id, nonce = excluded.nonce,
      ciphertext = excluded.ciphertext, version = encrypted_secrets.version + 1, updated_at = excluded.updated_at`;

export async function removeSecrets(
  tx: Executor,
  { tenantId, ownerId, name }: { readonly tenantId: string; readonly ownerId: string; readonly name?: string },
): Promise<number> {
  const { rowCount } = await runSql(
    tx,
    sql`
    delete from encrypted_secrets where tenant_id = ${tenantId} and owner_id = ${ownerId} ${name === undefined ? sql`` : sql`and name = ${name}`}`,
  );
  return rowCount ?? 0;
}

/** foreign_key_violation on the key: it was rotated out or erased between sealing and storing. */
export const isKeyGone = (error: unknown): boolean =>
  databaseErrorCode(error, "encrypted_secrets_key_id_encryption_keys_id_fk") === "23503";

async function addKey(tx: Executor, key: WrappedKey): Promise<boolean> {
  const { rowCount } = await runSql(
    tx,
    sql`
    insert into encryption_keys (id, tenant_id, version, status, provider, master_key_id, wrapped, created_at)
    values (${key.id}, ${key.tenantId}, ${key.version}, 'current', ${key.provider}, ${key.masterKeyId}, ${buffer(key.wrapped)}, domain_now())
    on conflict (tenant_id, version) do nothing`,
  );
  if (rowCount !== 1) return false;
  await runSql(
    tx,
    sql`
    update encryption_keys set status = 'retired' where tenant_id = ${key.tenantId} and version < ${key.version} and status = 'current'`,
  );
  return true;
}

export function keyOf(row: KeyRow): WrappedKey {
  return {
    id: asId("encryptionKey", row.key_id),
    tenantId: asId("tenant", row.tenant_id),
    version: row.key_version,
    provider: row.provider,
    masterKeyId: row.master_key_id,
    wrapped: row.wrapped,
  };
}

export function storedOf(row: SecretRow): VersionedSecret {
  const { tenant_id, owner_id: ownerId, name, nonce, ciphertext, key_id } = row;
  return {
    id: row.secret_id,
    version: row.secret_version,
    sealed: {
      tenantId: asId("tenant", tenant_id),
      ownerId,
      name,
      keyId: asId("encryptionKey", key_id),
      nonce,
      ciphertext,
    },
    key: keyOf(row),
  };
}

/** A view of the same bytes in the class the driver encodes. */
const buffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
