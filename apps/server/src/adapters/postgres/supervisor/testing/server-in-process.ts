import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { createInterface } from "node:readline";
import { z } from "zod";

const Hello = z.object({ pid: z.number(), port: z.number(), url: z.string(), uid: z.number() });

/** Runs hold-server.ts in its own process, as another user if asked. Rejects with its error output when it does not start. */
export async function serverInProcess(
  dataDir: string,
  as: { node?: string; source?: string; uid?: number; gid?: number } = {},
) {
  const script = path.join(as.source ?? path.join(import.meta.dirname, ".."), "testing", "hold-server.ts");
  const { uid, gid } = as;
  const identity = uid === undefined || gid === undefined ? {} : { uid, gid };
  const child = spawn(as.node ?? process.execPath, [script, dataDir], { cwd: "/", stdio: "pipe", ...identity });
  let errors = "";
  child.stderr.on("data", (chunk: Buffer) => (errors += chunk));
  const lines = createInterface({ input: child.stdout });
  const queue: string[] = [];
  const waiting: ((line: string) => void)[] = [];
  lines.on("line", (line) => {
    const next = waiting.shift();
    if (next) next(line);
    else queue.push(line);
  });
  const exited = once(child, "exit");
  const nextLine = () =>
    Promise.race([
      new Promise<string>((resolve) => {
        const line = queue.shift();
        if (line === undefined) waiting.push(resolve);
        else resolve(line);
      }),
      exited.then(() => Promise.reject(new Error(`the process ended: ${errors}`))),
    ]);
  const hello = Hello.parse(JSON.parse(await nextLine()));
  return {
    ...hello,
    nextLine,
    async kill() {
      child.kill("SIGKILL");
      await exited;
    },
    /** Makes it end by itself, without leaving in order. */
    async crash() {
      child.stdin.write("crash\n");
      await exited;
    },
    async stop() {
      child.stdin.write("stop\n");
      const said = await nextLine();
      await exited;
      return said;
    },
  };
}
