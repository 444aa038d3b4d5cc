import { parseArgs } from "node:util";
import { type ConnectionId, idSchema, type TenantId } from "@postd/contracts";
import { createVault, createVaultRotation, newId, type VaultDeps } from "@postd/core";
import { aesGcm } from "../adapters/kms/aes-gcm.ts";
import { addToKeyring, keyringPath, pruneKeyring } from "../adapters/kms/keyring.ts";
import { createConnectionsRepo } from "../adapters/postgres/connections-repo.ts";
import { openRolePool, type RolePool } from "../adapters/postgres/pools.ts";
import { masterKeysInUse, tenantsWithKeys } from "../adapters/postgres/system.ts";
import { createVaultStore } from "../adapters/postgres/vault-store.ts";
import { masterKeysOfSpool } from "../adapters/spool/inbound-spool.ts";
import type { Config } from "../config.ts";
import { masterKeysAtHand, openMasterKeys } from "./master-keys.ts";
import { openServer } from "./open-server.ts";
import { runCommand, UsageError } from "./run-command.ts";

const usage = `npm run keys -- <command>     the server may keep running

  status                         master keys, and what is sealed with them
  rotate [--tenant ten_...]      new data keys; everything is sealed again
  rotate --master                a new master key wraps all data keys; old ones stay for backups
  prune                          removes master keys nothing in this database needs; older backups may need them
  erase --tenant ten_... --yes   destroys a tenant's keys: its tokens can never be opened again`;

interface Work {
  readonly config: Config;
  readonly app: RolePool;
  readonly system: RolePool;
  readonly vault: VaultDeps;
  readonly say: (line: string) => void;
}

await runCommand(usage, async (config, args, say) => {
  const { positionals, values } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { master: { type: "boolean" }, tenant: { type: "string" }, yes: { type: "boolean" } },
  });
  const tenantId = values.tenant === undefined ? undefined : tenantOf(values.tenant);
  const server = await openServer(config);
  const app = openRolePool({ url: server.url, role: "postd_app", max: 4 });
  const system = openRolePool({ url: server.url, role: "postd_system", max: 1 });
  try {
    const needed = (await masterKeysInUse(system.db)).map(({ keyId }) => keyId);
    const vault: VaultDeps = {
      store: createVaultStore(app.db),
      keys: openMasterKeys(config, needed),
      cipher: aesGcm,
      newId,
      monotonicMs: () => performance.now(),
    };
    const work: Work = { config, app, system, vault, say };
    switch (positionals[0]) {
      case "status":
        return await status(work);
      case "rotate":
        return values.master ? await rotateMaster(work) : await rotate(work, tenantId);
      case "prune":
        return prune(work, [...needed, ...(await masterKeysOfSpool(config.dataDir))]);
      case "erase":
        if (!tenantId || values.yes !== true)
          throw new UsageError("Erasing needs --tenant and --yes: it cannot be undone.");
        return await erase(work, tenantId);
      default:
        throw new UsageError(`There is no command "${positionals[0]}".`);
    }
  } finally {
    await Promise.all([app.close(), system.close()]);
    await server.close();
  }
});

async function status({ config, system, vault, say }: Work): Promise<boolean> {
  const current = await vault.keys.currentKeyId();
  const used = await masterKeysInUse(system.db);
  say(`Master keys in ${config.masterKeys ? "POSTD_MASTER_KEY" : keyringPath(config.dataDir)}:`);
  for (const id of masterKeysAtHand(config)) {
    const dataKeys = used.filter(({ keyId }) => keyId === id).reduce((sum, row) => sum + row.dataKeys, 0);
    say(`  ${id}  ${id === current ? "current" : "kept   "}  wraps ${dataKeys} data keys`);
  }
  return true;
}

async function rotate({ system, vault, say }: Work, only: TenantId | undefined): Promise<boolean> {
  const rotation = createVaultRotation(vault);
  let [resealed, unreadable] = [0, 0];
  const tenants = only ? [only] : await tenantsWithKeys(system.db);
  for (const tenantId of tenants) {
    const report = await rotation.rotateTenant(tenantId);
    resealed += report.resealed;
    unreadable += report.unreadable.length;
    if (report.unreadable.length > 0)
      say(
        `${tenantId}: ${report.unreadable.length} secrets could not be opened and were left: ${report.unreadable.join(", ")}`,
      );
  }
  say(`${tenants.length} tenants have new data keys, ${resealed} secrets were sealed again.`);
  return unreadable === 0;
}

async function rotateMaster({ config, system, vault, say }: Work): Promise<boolean> {
  if (!config.masterKeys) say(`New master key ${addToKeyring(keyringPath(config.dataDir)).id}.`);
  const rotation = createVaultRotation(vault);
  const current = await vault.keys.currentKeyId();
  let changed = 0;
  for (const tenantId of await tenantsWithKeys(system.db)) changed += await rotation.rewrapTenant(tenantId);
  const left = (await masterKeysInUse(system.db)).filter(({ keyId }) => keyId !== current);
  say(`${changed} data keys are wrapped with ${current} now.`);
  if (left.length > 0) say(`${left.map(({ keyId }) => keyId).join(", ")} came into use meanwhile; run this again.`);
  else if (config.masterKeys)
    say("Nothing in this database needs the other keys of POSTD_MASTER_KEY any more; older backups do.");
  else say("Copy the keyring to where you keep its backup. Older keys stay in it for older backups.");
  return left.length === 0;
}

function prune({ config, say }: Work, needed: readonly string[]): boolean {
  if (config.masterKeys) throw new UsageError("Keys in POSTD_MASTER_KEY are removed by editing that variable.");
  const gone = pruneKeyring(keyringPath(config.dataDir), new Set(needed));
  say(
    gone.length > 0
      ? `Removed ${gone.join(", ")}. Backups that need them cannot be opened from here.`
      : "Every key is needed.",
  );
  return true;
}

async function erase({ app, vault, say }: Work, tenantId: TenantId): Promise<boolean> {
  const repo = createConnectionsRepo(app.db).forTenant(tenantId);
  const { secrets } = await createVault(vault).eraseTenant(tenantId);
  let ended = 0;
  for (let afterId: ConnectionId | undefined; ; ) {
    const page = await repo.list({ limit: 100, ...(afterId === undefined ? {} : { afterId }) });
    for (const { id } of page.rows)
      if (await repo.markDisconnected(id, { actor: "operator", action: "erased", detail: {} })) ended += 1;
    afterId = page.rows.at(-1)?.id;
    if (afterId === undefined) break;
  }
  say(`${secrets} secrets of ${tenantId} are gone for ever, in every process at once; ${ended} connections ended.`);
  return true;
}

function tenantOf(text: string): TenantId {
  const parsed = idSchema("tenant").safeParse(text);
  if (!parsed.success) throw new UsageError(`--tenant ${parsed.error.issues[0]?.message ?? "is not a tenant's id"}`);
  return parsed.data;
}
