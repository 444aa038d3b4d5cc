import { setTimeout as sleep } from "node:timers/promises";
import { createRegistry, type Provider } from "@postd/connector-kit";
import { allProviders } from "@postd/connectors";
import { scopes } from "@postd/contracts";
import { createConnectionsService, createVault, newId } from "@postd/core";
import { z } from "zod";
import { wireConnections } from "../../../compose/wire-connections.ts";
import { connectorSettings } from "../../../config/connector-settings.ts";
import { createEgress } from "../../egress/egress.ts";
import { aesGcm } from "../../kms/aes-gcm.ts";
import { openLocalKeys } from "../../kms/local.ts";
import { createDomainClock } from "../domain-clock.ts";
import { openListener } from "../listen.ts";
import { openRolePool } from "../pools.ts";
import { createVaultStore } from "../vault-store.ts";
import { rotatingProvider } from "./rotating-provider.ts";

/** What processes share to open the same connections; plain, so that one is told it by another. */
export const SignInWorld = z.object({
  databaseUrl: z.string(),
  dataDir: z.string(),
  /** Of the made-up provider. */
  rotatingUrl: z.string(),
  /** Every other provider is a real connector at its simulator. */
  simulated: z.object({
    platforms: z.array(z.string()),
    appCredentials: z.record(z.string(), z.record(z.string(), z.string())),
    hostMap: z.array(z.object({ host: z.string(), base: z.string(), kind: z.enum(["simulator", "override"]) })),
  }),
});
export type SignInWorld = z.output<typeof SignInWorld>;

const unused = async () => {
  throw new Error("not used here");
};

/** What one process needs to connect and to open connections: its own pool, keys, clock and way out. */
export async function openSignInProcess(
  { databaseUrl, dataDir, rotatingUrl, simulated: { platforms, appCredentials, hostMap } }: SignInWorld,
  on: {
    /** The platform has renewed a sign-in; nothing of it is stored yet. */
    readonly answer?: () => void;
    /** Called whenever it waits for another process's renewal. */
    readonly wait?: () => void;
  } = {},
) {
  const app = openRolePool({ url: databaseUrl, role: "postd_app", max: 3 });
  const system = openRolePool({ url: databaseUrl, role: "postd_system", max: 1 });
  const listener = openListener({ url: databaseUrl });
  const clock = await createDomainClock({ pool: app.pool, listener });
  const providers = [rotatingProvider(rotatingUrl), ...allProviders];
  const registry = createRegistry(providers.map((provider) => afterRenewal(provider, on.answer)));
  const settings = connectorSettings(
    { simulators: { mode: "elsewhere", except: [] }, apps: new Map(), apiVersions: new Map() },
    registry,
    { platforms: new Set(platforms), appCredentials },
  );
  const log = { debug() {}, info() {}, warn() {} };
  const egress = createEgress({ hostMap, allowHosts: [], clock, log });
  const vault = createVault({
    store: createVaultStore(app.db),
    keys: openLocalKeys({ dataDir, masterKeys: undefined, needed: [] }),
    cipher: aesGcm,
    newId,
    monotonicMs: () => performance.now(),
  });
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
      egress,
      settings,
      media: { forTenant: () => ({ open: unused, publicUrl: unused }) },
      clock,
      log,
    },
    holds,
    simulation: settings,
    rights: { scopesOf: async () => scopes },
    publicUrl: "https://postd.example.org",
    access: {
      sleep(ms) {
        on.wait?.();
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
      await egress.close();
      await Promise.all([app.close(), system.close()]);
    },
  };
}

/** The provider, with `then` called between its answer to a refresh and whatever is made of it. */
function afterRenewal(provider: Provider, then: (() => void) | undefined): Provider {
  if (!then) return provider;
  const signIns = provider.signIns.map(({ refresh, ...signIn }) => {
    if (!refresh) return signIn;
    const watched: typeof refresh = async (ctx) => {
      const renewed = await refresh(ctx);
      if (renewed.ok) then();
      return renewed;
    };
    return { ...signIn, refresh: watched };
  });
  return { ...provider, signIns };
}
