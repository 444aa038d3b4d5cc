import type { KeyProvider } from "@postd/core";
import { keyringPath, readKeyring } from "../adapters/kms/keyring.ts";
import { openLocalKeys } from "../adapters/kms/local.ts";
import { masterKeyId } from "../adapters/kms/master-key.ts";
import type { Config } from "../config.ts";

/** Names of the master keys this machine has, whether the database needs them or not. */
export function masterKeysAtHand({ masterKeys, dataDir }: Pick<Config, "masterKeys" | "dataDir">): readonly string[] {
  if (masterKeys) return masterKeys.map((key) => masterKeyId(Buffer.from(key.reveal(), "base64")));
  return (readKeyring(keyringPath(dataDir)) ?? []).map(({ id }) => id);
}

/** The key provider as the server opens it; refuses like the server when a needed key is missing. */
export function openMasterKeys(config: Pick<Config, "masterKeys" | "dataDir">, needed: readonly string[]): KeyProvider {
  return openLocalKeys({ dataDir: config.dataDir, masterKeys: config.masterKeys, needed });
}
