import type { Secret } from "@postd/connector-kit";
import { type KeyProvider, MasterKeyMissing, Tampered } from "@postd/core";
import { aesGcm } from "./aes-gcm.ts";
import { createKeyring, keyringPath, keyringStamp, type MasterKey, readKeyring } from "./keyring.ts";
import { masterKeyId } from "./master-key.ts";

export interface LocalKeysInput {
  readonly dataDir: string;
  /** From POSTD_MASTER_KEY, the current one first; undefined: the keyring file. */
  readonly masterKeys: readonly Secret[] | undefined;
  /** Master keys that wrapped data keys in the database need; empty in a new database. */
  readonly needed: readonly string[];
}

const nonceBytes = 12;

/**
 * Master keys of this machine: POSTD_MASTER_KEY, or `keyring.json` in the data folder, which is made only while the
 * database holds no wrapped keys. Throws `MasterKeyMissing` when the database needs a key that is not here: a new one
 * would leave every connected account unreadable for ever.
 */
export function openLocalKeys({ dataDir, masterKeys, needed }: LocalKeysInput): KeyProvider {
  if (masterKeys !== undefined) {
    const keys = masterKeys
      .map((value) => Buffer.from(value.reveal(), "base64"))
      .map((bytes) => ({ id: masterKeyId(bytes), bytes }));
    refuseMissing(keys, needed, "POSTD_MASTER_KEY");
    return providerOf("environment", () => ({ keys, current: keys[0] }), "POSTD_MASTER_KEY");
  }
  const file = keyringPath(dataDir);
  const keys = readKeyring(file) ?? (needed.length === 0 ? createKeyring(file) : []);
  refuseMissing(keys, needed, file);
  return providerOf("local", watchedKeyring(file), file);
}

interface Loaded {
  readonly keys: readonly MasterKey[];
  readonly current: MasterKey | undefined;
}

/** Reads the file again when it was replaced: a rotation in another process takes effect without a restart. */
function watchedKeyring(file: string): () => Loaded {
  let stamp: string | undefined;
  let loaded: Loaded = { keys: [], current: undefined };
  return () => {
    const now = keyringStamp(file);
    if (now !== undefined && now !== stamp) {
      const keys = readKeyring(file) ?? [];
      loaded = { keys, current: keys.at(-1) };
      stamp = now;
    }
    return loaded;
  };
}

function providerOf(id: string, load: () => Loaded, source: string): KeyProvider {
  const current = (): MasterKey => {
    const key = load().current;
    if (!key) throw new MasterKeyMissing(`There is no master key in ${source}.`);
    return key;
  };
  return {
    id,
    currentKeyId: async () => current().id,
    async wrap(plain, aad) {
      const key = current();
      const { nonce, ciphertext } = aesGcm.seal(key.bytes, plain, aad);
      return { keyId: key.id, wrapped: Buffer.concat([nonce, ciphertext]) };
    },
    async unwrap(wrapped, keyId, aad) {
      const key = load().keys.find((candidate) => candidate.id === keyId);
      if (!key) throw new MasterKeyMissing(missingMessage([keyId], source));
      if (wrapped.length <= nonceBytes) throw new Tampered("a wrapped data key is damaged");
      const sealed = { nonce: wrapped.subarray(0, nonceBytes), ciphertext: wrapped.subarray(nonceBytes) };
      return aesGcm.open(key.bytes, sealed, aad);
    },
  };
}

function refuseMissing(keys: readonly MasterKey[], needed: readonly string[], source: string): void {
  const missing = needed.filter((id) => !keys.some((key) => key.id === id));
  if (missing.length > 0) throw new MasterKeyMissing(missingMessage(missing, source));
}

const missingMessage = (ids: readonly string[], source: string): string =>
  `The tokens in this database are sealed with master key ${ids.join(", ")}, which is not in ${source}. ` +
  "Bring it back: copy keyring.json from the machine or backup that has it into the data folder, or set " +
  "POSTD_MASTER_KEY to that key (several may be given, separated by commas). POSTD makes no new key, because it could " +
  "never open what is there.";
