import path from "node:path";
import { performance } from "node:perf_hooks";
import { createMediaService, createVault, newId } from "@postd/core";
import { createPicturePool } from "../adapters/blob/fair-pool.ts";
import { openLocalBlobStore } from "../adapters/blob/local.ts";
import { aesGcm } from "../adapters/kms/aes-gcm.ts";
import { loadAuthSecret } from "../adapters/kms/auth-secret.ts";
import { openLocalKeys } from "../adapters/kms/local.ts";
import { createMediaRepo } from "../adapters/postgres/media-repo.ts";
import { masterKeysInUse } from "../adapters/postgres/system.ts";
import { createVaultStore } from "../adapters/postgres/vault-store.ts";
import { openInboundSpool, spoolFolder } from "../adapters/spool/inbound-spool.ts";
import type { Config } from "../config.ts";
import type { OpenParts } from "./open-parts.ts";

/** What is kept for tenants: secrets under the master keys, and files with their signed addresses. */
export async function buildStorage({ app, system, egress, clock }: OpenParts, config: Config, publicUrl: string) {
  const needed = (await masterKeysInUse(system.db)).map(({ keyId }) => keyId);
  const keys = openLocalKeys({ dataDir: config.dataDir, masterKeys: config.masterKeys, needed });
  const spool = openInboundSpool({
    folder: spoolFolder(config.dataDir),
    keys,
    cipher: aesGcm,
    clock,
    maxBytes: config.inboundSpoolBytes,
  });
  const vault = createVault({
    store: createVaultStore(app.db),
    keys,
    cipher: aesGcm,
    newId,
    monotonicMs: () => performance.now(),
  });
  const authSecret = loadAuthSecret(config);
  const pictures = createPicturePool();
  const blobs = await openLocalBlobStore({ folder: path.join(config.dataDir, "media"), pictures });
  const media = createMediaService({
    repo: createMediaRepo(app.db),
    blobs,
    quotaBytes: config.mediaQuotaBytes,
    fetchPublic: (url, limits) => egress.fetchPublic(url, limits),
    clock,
    newId,
    instanceSecret: authSecret,
    publicUrl: () => publicUrl,
  });
  return { vault, authSecret, blobs, pictures, media, spool };
}
