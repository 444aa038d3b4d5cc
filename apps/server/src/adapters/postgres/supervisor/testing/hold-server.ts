/**
 * A POSTD process reduced to its database, for tests that kill it or run it as somebody else.
 * `node hold-server.ts <data folder>`: prints one line `{ pid, port, url, uid }`, then one line per event; the line `stop`
 * on its standard input ends it in order, `crash` with an uncaught error.
 */
import { createInterface } from "node:readline";
import { startBundledPostgres } from "../start-bundled-postgres.ts";

const quiet = { info() {}, warn() {}, error: (fields: object, message: string) => console.error(message, fields) };
const say = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`);

const server = await startBundledPostgres({ dataDir: process.argv[2] ?? "", log: quiet });
server.onExit((event) => say({ event: event.kind, pid: event.pid }));
say({ pid: server.pid, port: server.port, url: server.url(), uid: process.getuid?.() });

createInterface({ input: process.stdin }).on("line", async (line) => {
  if (line === "crash") throw new Error("asked to crash");
  const isStopped = await server.stop();
  say({ event: "left", isStopped });
  process.exit(0);
});
