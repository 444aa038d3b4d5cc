import type { TenantId } from "@postd/contracts";
import { type RotationReport, Tampered, type VaultRotation, type VersionedSecret } from "../../ports/vault.ts";
import { createDataKeys, keyBytes, type OpenKey, openWith, sealWith, type VaultDeps } from "./vault.ts";

const batchSize = 100;
/** Writers that sealed with the old key just before it was retired are caught by a later pass. */
const passesMax = 10;

/**
 * Rotation beside running readers and writers: a new key becomes current, old values are sealed again by
 * compare-and-set on their version, a value written meanwhile wins, and an old key goes when nothing is sealed with it.
 */
export function createVaultRotation(deps: VaultDeps): VaultRotation {
  const { store, cipher, keys: provider } = deps;
  const keys = createDataKeys(deps);

  return {
    async rotateTenant(tenantId) {
      const fresh = await keys.replace(tenantId);
      const unreadable = new Set<string>();
      let resealed = 0;
      for (let pass = 0; pass < passesMax; pass += 1) {
        const done = await resealAll(tenantId, fresh, unreadable);
        resealed += done;
        const keysRemoved = await removeOld(tenantId, fresh);
        if (keysRemoved !== undefined || unreadable.size > 0)
          return { resealed, unreadable: [...unreadable], keysRemoved: keysRemoved ?? 0 } satisfies RotationReport;
      }
      return { resealed, unreadable: [...unreadable], keysRemoved: 0 };
    },

    async rewrapTenant(tenantId) {
      const current = await provider.currentKeyId();
      let changed = 0;
      for (const row of await store.keys(tenantId)) {
        if (row.provider === provider.id && row.masterKeyId === current) continue;
        const plain = await provider.unwrap(row.wrapped, row.masterKeyId, keyBytes(row));
        const { keyId, wrapped } = await provider.wrap(plain, keyBytes(row));
        if (await store.rewrapKey(row, { ...row, provider: provider.id, masterKeyId: keyId, wrapped })) changed += 1;
      }
      return changed;
    },
  };

  async function resealAll(tenantId: TenantId, fresh: OpenKey, unreadable: Set<string>): Promise<number> {
    let resealed = 0;
    for (let afterId = ""; ; ) {
      const batch = await store.notSealedWith({ tenantId, keyId: fresh.row.id, afterId, limit: batchSize });
      const last = batch.at(-1);
      if (!last) return resealed;
      afterId = last.id;
      const changes = [];
      for (const found of batch) {
        const sealed = await reseal(found, fresh);
        if (sealed) changes.push({ id: found.id, version: found.version, sealed });
        else unreadable.add(found.id);
      }
      resealed += await store.replace(tenantId, changes);
    }
  }

  /** undefined: the value is damaged; it is left as it is and reported. */
  async function reseal(found: VersionedSecret, fresh: OpenKey) {
    try {
      const value = openWith(cipher, await keys.open(found.key), found);
      return sealWith(cipher, fresh, found.sealed, value);
    } catch (error) {
      if (error instanceof Tampered) return undefined;
      throw error;
    }
  }

  /** undefined: something is still sealed with an old key. */
  async function removeOld(tenantId: TenantId, fresh: OpenKey): Promise<number | undefined> {
    const old = (await store.keys(tenantId)).filter(
      ({ id, version }) => id !== fresh.row.id && version < fresh.row.version,
    );
    let removed = 0;
    for (const key of old) if (await store.removeUnusedKey(key)) removed += 1;
    return removed === old.length ? removed : undefined;
  }
}
