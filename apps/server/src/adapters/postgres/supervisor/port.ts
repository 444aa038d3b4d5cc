import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { type Layout, writePrivateFile } from "./layout.ts";
import { host } from "./postmaster.ts";
import type { SystemUser } from "./system-user.ts";

/** A free loopback port: the wanted one, else the one used last time, else any. Remembered for the next start. */
export async function choosePort(layout: Layout, user: SystemUser | undefined, wanted?: number): Promise<number> {
  if (wanted !== undefined) {
    if (!(await isFree(wanted))) throw new Error(`Port ${wanted}, asked for the bundled PostgreSQL, is taken.`);
    return remember(layout, user, wanted);
  }
  const last = rememberedPort(layout);
  if (last !== undefined && (await isFree(last))) return last;
  return remember(layout, user, await anyFreePort());
}

function remember(layout: Layout, user: SystemUser | undefined, port: number): number {
  writePrivateFile(layout.portFile, `${port}\n`, user);
  return port;
}

function rememberedPort(layout: Layout): number | undefined {
  try {
    const port = Number(readFileSync(layout.portFile, "utf8"));
    return Number.isInteger(port) && port > 0 && port < 65_536 ? port : undefined;
  } catch {
    return undefined; // first start
  }
}

async function isFree(port: number): Promise<boolean> {
  return (await listenOnce(port)) !== undefined;
}

async function anyFreePort(): Promise<number> {
  const port = await listenOnce(0);
  if (port === undefined) throw new Error(`No port can be opened on ${host}.`);
  return port;
}

function listenOnce(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", () => resolve(undefined));
    probe.listen({ host, port, exclusive: true }, () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === "object" ? address?.port : undefined));
    });
  });
}
