import type { Secret } from "@postd/connector-kit";
import type { EncryptionKeyId, TenantId } from "@postd/contracts";

/** Wraps data keys with a master key that never leaves it: a local keyring, the environment, a cloud's KMS. */
export interface KeyProvider {
  /** "local", "environment". */
  readonly id: string;
  /** The master key that wraps new data keys now; another process may have rotated it since. */
  currentKeyId(): Promise<string>;
  wrap(plain: Uint8Array, aad: Uint8Array): Promise<{ readonly keyId: string; readonly wrapped: Uint8Array }>;
  /** Rejects with `MasterKeyMissing` for an unknown key, with `Tampered` when the value or its binding is wrong. */
  unwrap(wrapped: Uint8Array, keyId: string, aad: Uint8Array): Promise<Uint8Array>;
}

/** The master key a data key was wrapped with is not here. The message says how to bring it back. */
export class MasterKeyMissing extends Error {
  override readonly name = "MasterKeyMissing";
}

/** A sealed value does not fit its key or its place: it was changed or moved. */
export class Tampered extends Error {
  override readonly name = "Tampered";
}

/** Authenticated encryption with 32-byte keys; a nonce is made anew for every call. */
export interface SealingCipher {
  newKey(): Uint8Array;
  seal(
    key: Uint8Array,
    plain: Uint8Array,
    aad: Uint8Array,
  ): { readonly nonce: Uint8Array; readonly ciphertext: Uint8Array };
  /** Throws `Tampered`. */
  open(
    key: Uint8Array,
    sealed: { readonly nonce: Uint8Array; readonly ciphertext: Uint8Array },
    aad: Uint8Array,
  ): Uint8Array;
}

/** Where a secret belongs. Moving a sealed value to another place makes it unreadable. */
export interface SecretPlace {
  readonly tenantId: TenantId;
  /** A connection, grant, pending authorisation or publish job. */
  readonly ownerId: string;
  readonly name: string;
}

/** A sealed value, ready to be stored in whatever transaction its owner's row is written in. */
export interface SealedSecret extends SecretPlace {
  readonly keyId: EncryptionKeyId;
  readonly nonce: Uint8Array;
  readonly ciphertext: Uint8Array;
}

export interface WrappedKey {
  readonly id: EncryptionKeyId;
  readonly tenantId: TenantId;
  readonly version: number;
  readonly provider: string;
  readonly masterKeyId: string;
  readonly wrapped: Uint8Array;
}

/** A sealed value with the row of its key; without that row nothing can be opened, whatever is cached. */
export interface StoredSecret {
  readonly sealed: SealedSecret;
  readonly key: WrappedKey;
}

/** A stored secret as rotation sees it. */
export interface VersionedSecret extends StoredSecret {
  readonly id: string;
  readonly version: number;
}

/** Rows of the vault; every method is one short transaction of the named tenant. */
export interface VaultStore {
  currentKey(tenantId: TenantId): Promise<WrappedKey | undefined>;
  /** Adds a key as the current one and retires those before it; false: another process was first. */
  addKey(key: WrappedKey): Promise<boolean>;
  keys(tenantId: TenantId): Promise<readonly WrappedKey[]>;
  /** Replaces the wrapping of one key; false: somebody else did. */
  rewrapKey(before: WrappedKey, after: WrappedKey): Promise<boolean>;
  /** Deletes a retired key unless something is still sealed with it. */
  removeUnusedKey(key: Pick<WrappedKey, "id" | "tenantId">): Promise<boolean>;
  read(place: SecretPlace): Promise<StoredSecret | undefined>;
  /** false: the key was removed between sealing and storing; seal again. */
  write(sealed: SealedSecret): Promise<boolean>;
  remove(input: { readonly tenantId: TenantId; readonly ownerId: string; readonly name?: string }): Promise<number>;
  /** Secrets not sealed with this key, by ascending id after `afterId`. */
  notSealedWith(input: {
    readonly tenantId: TenantId;
    readonly keyId: EncryptionKeyId;
    readonly afterId: string;
    readonly limit: number;
  }): Promise<readonly VersionedSecret[]>;
  /** Writes only those whose version is still the one read; answers how many. */
  replace(
    tenantId: TenantId,
    changes: readonly { readonly id: string; readonly version: number; readonly sealed: SealedSecret }[],
  ): Promise<number>;
  /** Destroys the tenant's keys, and with them everything sealed. Answers how many secrets that were. */
  erase(tenantId: TenantId): Promise<number>;
}

/** Sealed storage for whatever signs in somewhere. Plain values exist only inside the `Secret`s it takes and gives. */
export interface Vault {
  /** Encrypts for a place without storing; makes the tenant's key when there is none. */
  seal(place: SecretPlace, value: Secret): Promise<SealedSecret>;
  /** Opens a value that was read together with its key row. Throws `Tampered` or `MasterKeyMissing`. */
  unseal(stored: StoredSecret): Promise<Secret>;
  /** Seals and stores. */
  put(place: SecretPlace, value: Secret): Promise<void>;
  /** undefined: nothing there, or erased. */
  open(place: SecretPlace): Promise<Secret | undefined>;
  remove(input: { readonly tenantId: TenantId; readonly ownerId: string; readonly name?: string }): Promise<number>;
  /** Crypto-erasure: takes effect at once in every process. */
  eraseTenant(tenantId: TenantId): Promise<{ readonly secrets: number }>;
}

export interface RotationReport {
  readonly resealed: number;
  /** Secrets that could not be opened and were left as they are, by id. */
  readonly unreadable: readonly string[];
  readonly keysRemoved: number;
}

/** Changing keys while everything runs. */
export interface VaultRotation {
  /** A new data key for the tenant, everything sealed again with it, old keys removed when nothing uses them. */
  rotateTenant(tenantId: TenantId): Promise<RotationReport>;
  /** Wraps the tenant's data keys with the current master key; answers how many changed. */
  rewrapTenant(tenantId: TenantId): Promise<number>;
}
