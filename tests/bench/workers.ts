/**
 * How many publish jobs a worker should run at a time: posts a second for several numbers of POSTD_WORKERS_PUBLISH, on platforms that
 * take 50 to 300 ms for each call. `node tests/bench/workers.ts` with the Node of .node/; nothing else should be running.
 */
import { setTimeout as delay } from "node:timers/promises";
import { connectBluesky } from "@postd/testkit/connect-bluesky";
import { startSimulatorProcess } from "@postd/testkit/simulator-process";
import { startSystem } from "@postd/testkit/system";

const posts = 240;
const tenants = 4;

for (const workers of [5, 12, 24, 48]) {
  const simulators = await startSimulatorProcess({ latency: "50-300" });
  const system = await startSystem({ simulatorUrl: simulators.url, logLevel: "warn", workerConcurrency: workers });
  const accounts = [];
  for (let i = 0; i < tenants; i += 1) {
    const session = await system.signUp({ name: `Tenant ${i}` });
    accounts.push({ session, connectionId: (await connectBluesky(system, session)).id });
  }
  const scheduledFor = new Date(system.clock.now().getTime() + 3_600_000).toISOString();
  for (let i = 0; i < posts; i += 1) {
    const { session, connectionId } = accounts[i % tenants] ?? {};
    await session?.must("POST", "/api/publish", { connectionId, payload: { content: `post ${i}`, scheduledFor } });
  }
  const cpu = process.cpuUsage();
  await system.clock.advance(3_600_000);
  const of =
    "(extract(epoch from max(published_at) - min(scheduled_for)) * 1000)::float8 as ms, count(published_at)::int as n";
  for (;;) {
    const [row] = await system.query<{ ms: number; n: number }>(`select ${of} from publish_jobs`);
    if (row?.n === posts) {
      const { user, system: kernel } = process.cpuUsage(cpu);
      const each = ((user + kernel) / 1_000 / posts).toFixed(1);
      process.stdout.write(
        `${String(workers).padStart(3)} at once   ${Math.round((posts * 1_000) / row.ms)}/s   server ${each} ms of processor each\n`,
      );
      break;
    }
    await delay(50);
  }
  await system.close();
  await simulators.close();
}
