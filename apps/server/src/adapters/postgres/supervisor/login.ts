import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Client } from "pg";
import { superuser } from "./cluster.ts";
import { type Layout, writePrivateFile } from "./layout.ts";
import { host, type Postmaster } from "./postmaster.ts";
import { isAlive } from "./processes.ts";
import type { SystemUser } from "./system-user.ts";

export const databaseName = "postd";
const connectTimeoutMs = 5_000;

/**
 * Whether this postmaster takes our password and works on this very folder, shown by letting it read a secret just written
 * there: a copied data folder also holds the password and the process number of the original. Waits while it starts up.
 */
export async function isOurs(
  postmaster: Postmaster,
  context: { layout: Layout; user: SystemUser | undefined; password: string; timeoutMs: number },
): Promise<boolean> {
  const secret = randomBytes(16).toString("hex");
  const file = path.join(context.layout.cluster, "postd.check");
  writePrivateFile(file, secret, context.user);
  try {
    const end = performance.now() + context.timeoutMs;
    while (isAlive(postmaster.pid) && performance.now() < end) {
      const answer = await asSuperuser(postmaster.port, context.password, async (client) => {
        const { rows } = await client.query<{ seen: string }>("select pg_read_file('postd.check', true) as seen");
        return rows[0]?.seen;
      });
      if (answer.state === "done") return answer.value === secret;
      if (answer.state === "refused") return false;
      await delay(50);
    }
    return false;
  } finally {
    rmSync(file, { force: true });
  }
}

/** Makes the product's database where it is missing. Call under the start lock. */
export async function ensureDatabase(port: number, password: string): Promise<void> {
  const answer = await asSuperuser(port, password, async (client) => {
    const { rowCount } = await client.query("select 1 from pg_database where datname = $1", [databaseName]);
    if (rowCount === 0) await client.query(`create database ${databaseName}`);
  });
  if (answer.state !== "done") throw new Error(`PostgreSQL runs, but its database cannot be made: ${answer.reason}`);
}

type Answer<T> = { state: "done"; value: T } | { state: "refused" | "not_now"; reason: string };

async function asSuperuser<T>(
  port: number,
  password: string,
  work: (client: Client) => Promise<T>,
): Promise<Answer<T>> {
  const client = new Client({
    host,
    port,
    user: superuser,
    password,
    database: "postgres",
    ssl: false,
    connectionTimeoutMillis: connectTimeoutMs,
    query_timeout: connectTimeoutMs,
  });
  client.on("error", () => {}); // a cut connection also rejects the call that waits on it
  try {
    await client.connect();
    return { state: "done", value: await work(client) };
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    // 28xxx: not our password. Everything else may pass: starting up, shutting down, out of slots.
    const state = code.startsWith("28") ? "refused" : "not_now";
    return { state, reason: error instanceof Error ? error.message : String(error) };
  } finally {
    await client.end().catch(() => {}); // the connection is gone either way
  }
}
