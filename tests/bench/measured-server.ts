import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { freePort } from "@postd/testkit/free-port";

const repository = fileURLToPath(new URL("../../", import.meta.url));

export interface MeasuredServer {
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

/** Starts POSTD as an operator does and waits until it can serve; `command` is run in the repository. */
export async function startMeasured(
  command: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<MeasuredServer> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const [program = "", ...args] = command;
  const child = spawn(program, args, {
    cwd: repository,
    env: { ...process.env, POSTD_PORT: String(port), POSTD_PUBLIC_URL: url, ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  // Whatever the server calls an error is shown; the rest of its log only has to be read.
  createInterface(child.stdout).on("line", (line) => {
    if (/"level":[56]0/.test(line)) process.stderr.write(`${line}\n`);
  });
  process.once("exit", () => child.kill("SIGKILL"));
  const deadline = performance.now() + 90_000;
  for (;;) {
    const ready = await fetch(`${url}/api/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (ready) break;
    if (child.exitCode !== null || performance.now() > deadline) throw new Error("the server did not start");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return {
    url,
    pid: child.pid ?? 0,
    async stop() {
      if (child.exitCode !== null) return;
      child.kill("SIGTERM");
      await once(child, "exit");
    },
  };
}
