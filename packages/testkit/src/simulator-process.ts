import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const program = fileURLToPath(new URL("../../../apps/simulators/src/main.ts", import.meta.url));
const patienceMs = 20_000;

/** The simulators in a process of their own, so that their work is not counted as the server's. */
export async function startSimulatorProcess(
  options: { /** "50-300": how long an answer takes, in milliseconds. */ readonly latency?: string } = {},
): Promise<{ readonly url: string; readonly pid: number; close(): Promise<void> }> {
  const latency = options.latency === undefined ? [] : [`--latency=${options.latency}`];
  const child = spawn(process.execPath, [program, "--port=0", ...latency], { stdio: ["ignore", "pipe", "pipe"] });
  const end = () => child.kill("SIGKILL");
  process.once("exit", end);
  let said = "";
  const url = await new Promise<string>((resolve, reject) => {
    const give = (why: string) => reject(new Error(`the simulators ${why}. They said: ${said.slice(-1_000)}`));
    const timer = setTimeout(() => give("did not start in time"), patienceMs);
    const hear = (chunk: Buffer) => {
      said += chunk.toString("utf8");
      const found = /platforms on (http:\/\/[\d.]+:\d+)/.exec(said)?.[1];
      if (!found) return;
      clearTimeout(timer);
      resolve(found);
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    child.once("exit", () => give("ended"));
    child.once("error", reject);
  });
  return {
    url,
    pid: child.pid ?? 0,
    async close() {
      process.off("exit", end);
      if (child.exitCode !== null || child.signalCode !== null) return;
      end();
      await once(child, "exit");
    },
  };
}
