import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { tryOuts } from "@postd/connectors/try-outs";
import { startSystem } from "@postd/testkit/system";
import { startBundledPostgres } from "../../apps/server/src/adapters/postgres/supervisor/start-bundled-postgres.ts";
import { signInSimulated } from "./sign-in.ts";
import { type Stage, simulatedStage } from "./stage.ts";

const quiet = { info() {}, warn: console.warn, error: console.error };

/** The whole of POSTD in this process, on a PostgreSQL and a folder that are gone afterwards. */
export async function withSimulatedStage<T>(work: (stage: Stage) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(path.join(tmpdir(), "postd-connectors-"));
  const database = await startBundledPostgres({ dataDir: folder, log: quiet });
  const end = async () => {
    await database.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  process.once("SIGINT", () => void end().then(() => process.exit(130)));
  try {
    process.env.POSTD_TEST_PG_URL = database.url();
    const system = await startSystem({ logLevel: "warn", checkResponses: true });
    try {
      return await work(stageOf(system));
    } finally {
      await system.close();
    }
  } finally {
    await end();
  }
}

export function stageOf(system: Awaited<ReturnType<typeof startSystem>>): ReturnType<typeof simulatedStage> {
  return simulatedStage(system, (session, platform, signIn) =>
    signInSimulated({
      session,
      platform,
      signIn,
      tryOut: tryOuts[platform.id] ?? {},
      makeAccount: () => system.sim("POST", `${platform.id}/accounts`, {}),
    }),
  );
}
