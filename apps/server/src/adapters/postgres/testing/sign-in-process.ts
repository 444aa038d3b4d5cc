import { setTimeout as sleep } from "node:timers/promises";
import { createRegistry, type PlatformFailure } from "@postd/connector-kit";
import { fail, scopes } from "@postd/contracts";
import { createConnectionsService, createVault, newId } from "@postd/core";
import { wireConnections } from "../../../compose/wire-connections.ts";
import { aesGcm } from "../../kms/aes-gcm.ts";
import { openLocalKeys } from "../../kms/local.ts";
import { createDomainClock } from "../domain-clock.ts";
import { openListener } from "../listen.ts";
import { openRolePool } from "../pools.ts";
import { createVaultStore } from "../vault-store.ts";
import { rotatingProvider } from "./rotating-provider.ts";

const unused = async () => {
  throw new Error("not used here");
};

/** What one process needs to open connections of the rotating provider: its own pool, keys and clock. */
export async function openSignInProcess(input: {
  readonly databaseUrl: string;
  readonly dataDir: string;
  readonly providerUrl: string;
  readonly afterAnswer?: () => void;
  /** Called whenever it waits for another process's renewal. */
  readonly onWait?: () => void;
}) {
  const app = openRolePool({ url: input.databaseUrl, role: "postd_app", max: 3 });
  const system = openRolePool({ url: input.databaseUrl, role: "postd_system", max: 1 });
  const listener = openListener({ url: input.databaseUrl });
  const clock = await createDomainClock({ pool: app.pool, listener });
  const registry = createRegistry([rotatingProvider(input.providerUrl, input.afterAnswer)]);
  const log = { debug() {}, info() {}, warn() {} };
  const vault = createVault({
    store: createVaultStore(app.db),
    keys: openLocalKeys({ dataDir: input.dataDir, masterKeys: undefined, needed: [] }),
    cipher: aesGcm,
    newId,
    monotonicMs: () => performance.now(),
  });
  const noHttp = async () => fail<PlatformFailure>({ kind: "unavailable", message: "no network here" });
  const none = async () => 0;
  const holds = {
    holdConnection: none,
    releaseConnection: none,
    handedOver: none,
    inDoubt: none,
    lookAtOnce: none,
    askAboutConnection: none,
  };
  const deps = wireConnections({
    app,
    system,
    vault,
    registry,
    context: {
      egress: { forStep: () => ({ request: noHttp }), mapBrowserUrl: (url: URL) => url },
      settings: { appCredentials: () => undefined, apiVersion: () => "1" },
      media: { forTenant: () => ({ open: unused, publicUrl: unused }) },
      clock,
      log,
    },
    holds,
    simulation: { isSimulated: () => true },
    rights: { scopesOf: async () => scopes },
    publicUrl: "https://postd.example.org",
    access: {
      sleep(ms) {
        input.onWait?.();
        return sleep(ms);
      },
    },
  });
  return {
    access: deps.access,
    service: createConnectionsService(deps),
    clock,
    async close() {
      await clock.close();
      await listener.close();
      await Promise.all([app.close(), system.close()]);
    },
  };
}
