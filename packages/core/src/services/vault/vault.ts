import { Buffer } from "node:buffer";
import { type Secret, secret } from "@postd/connector-kit";
import type { TenantId } from "@postd/contracts";
import type {
  KeyProvider,
  SealedSecret,
  SealingCipher,
  SecretPlace,
  StoredSecret,
  Vault,
  VaultStore,
  WrappedKey,
} from "../../ports/vault.ts";
import type { NewId } from "../new-id.ts";

export interface VaultDeps {
  readonly store: VaultStore;
  readonly keys: KeyProvider;
  readonly cipher: SealingCipher;
  readonly newId: NewId;
  /** Milliseconds of a clock that only runs forward; for the life of cached data keys, not a domain rule. */
  readonly monotonicMs: () => number;
  /** How long an unwrapped data key stays in memory. Default 5 minutes. */
  readonly cacheMs?: number;
}

/** Data keys as services use them: opened once, kept for a short while. */
export interface DataKeys {
  /** The tenant's current key; made when there is none. */
  current(tenantId: TenantId): Promise<OpenKey>;
  open(key: WrappedKey): Promise<OpenKey>;
  /** A new key that replaces the current one. */
  replace(tenantId: TenantId): Promise<OpenKey>;
}

export interface OpenKey {
  readonly row: WrappedKey;
  readonly plain: Uint8Array;
}

const defaultCacheMs = 5 * 60_000;
const cachedKeysMax = 5_000;
/** Version of how values are bound to their place; part of what is authenticated. */
const format = 1;

/**
 * Envelope encryption: a 32-byte data key per tenant, wrapped by the key provider, seals values bound to tenant, owner
 * and name. Only data keys are cached. Every open reads the value together with its key's row, so removing that row
 * ends all reading at once, in every process.
 */
export function createVault(deps: VaultDeps): Vault {
  const { store, cipher } = deps;
  const keys = createDataKeys(deps);
  const vault: Vault = {
    async seal(place, value) {
      return sealWith(cipher, await keys.current(place.tenantId), place, value);
    },
    async unseal(stored) {
      return openWith(cipher, await keys.open(stored.key), stored);
    },
    async put(place, value) {
      // The key can only vanish in between when it was rotated out or the tenant erased; both end in a new one.
      for (let tries = 0; tries < 5; tries += 1) if (await store.write(await vault.seal(place, value))) return;
      throw new Error("the tenant's data key changes too fast to store a secret");
    },
    async open(place) {
      const stored = await store.read(place);
      return stored && vault.unseal(stored);
    },
    remove: (input) => store.remove(input),
    eraseTenant: async (tenantId) => ({ secrets: await store.erase(tenantId) }),
  };
  return vault;
}

/** What seals and opens with a key that is already open; rotation uses it too. */
export function sealWith(cipher: SealingCipher, key: OpenKey, place: SecretPlace, value: Secret): SealedSecret {
  const { tenantId, ownerId, name } = place;
  const sealed = cipher.seal(key.plain, Buffer.from(value.reveal(), "utf8"), placeBytes(place));
  return { tenantId, ownerId, name, keyId: key.row.id, ...sealed };
}

export function openWith(cipher: SealingCipher, key: OpenKey, { sealed }: StoredSecret): Secret {
  return secret(Buffer.from(cipher.open(key.plain, sealed, placeBytes(sealed))).toString("utf8"));
}

/** Canonical: fixed order, no spaces. */
const placeBytes = ({ tenantId, ownerId, name }: SecretPlace): Uint8Array =>
  Buffer.from(JSON.stringify([format, tenantId, ownerId, name]), "utf8");

/** A wrapped data key is bound to its tenant and its own id, so rows cannot be exchanged. */
export const keyBytes = ({ tenantId, id }: Pick<WrappedKey, "tenantId" | "id">): Uint8Array =>
  Buffer.from(JSON.stringify([format, tenantId, id]), "utf8");

export function createDataKeys(deps: VaultDeps): DataKeys {
  const { store, keys: provider, cipher, newId, monotonicMs, cacheMs = defaultCacheMs } = deps;
  const cache = new Map<string, { readonly plain: Uint8Array; readonly untilMs: number }>();

  const remember = (row: WrappedKey, plain: Uint8Array): OpenKey => {
    const nowMs = monotonicMs();
    for (const [id, { untilMs }] of cache) if (untilMs <= nowMs || cache.size >= cachedKeysMax) cache.delete(id);
    cache.set(row.id, { plain, untilMs: nowMs + cacheMs });
    return { row, plain };
  };

  const open = async (row: WrappedKey): Promise<OpenKey> => {
    const cached = cache.get(row.id);
    if (cached && cached.untilMs > monotonicMs()) return { row, plain: cached.plain };
    return remember(row, await provider.unwrap(row.wrapped, row.masterKeyId, keyBytes(row)));
  };

  const add = async (tenantId: TenantId, version: number): Promise<OpenKey | undefined> => {
    const id = newId("encryptionKey");
    const plain = cipher.newKey();
    const { keyId, wrapped } = await provider.wrap(plain, keyBytes({ tenantId, id }));
    const row: WrappedKey = { id, tenantId, version, provider: provider.id, masterKeyId: keyId, wrapped };
    return (await store.addKey(row)) ? remember(row, plain) : undefined;
  };

  return {
    open,
    async current(tenantId) {
      for (let tries = 0; tries < 5; tries += 1) {
        const row = await store.currentKey(tenantId);
        if (row) return open(row);
        const made = await add(tenantId, 1);
        if (made) return made;
      }
      throw new Error("the tenant's data key could neither be read nor made");
    },
    async replace(tenantId) {
      for (let tries = 0; tries < 5; tries += 1) {
        const row = await store.currentKey(tenantId);
        const made = await add(tenantId, (row?.version ?? 0) + 1);
        if (made) return made;
      }
      throw new Error("another process keeps rotating the tenant's data key");
    },
  };
}
