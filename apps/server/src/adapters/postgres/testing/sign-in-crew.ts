import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { ConnectionId, TenantId } from "@postd/contracts";
import { z } from "zod";
import type { SignInWorld } from "./sign-in-process.ts";

const Said = z.object({
  ready: z.boolean().optional(),
  /** Another process renews; the answer comes after it. */
  waiting: z.boolean().optional(),
  /** A token's hash, or why there is none, for each connection it was told to open. */
  said: z.array(z.string()).optional(),
  failure: z.string().optional(),
});
type Said = z.output<typeof Said>;

interface Child {
  readonly process: ChildProcess;
  open(tenantId: TenantId, connectionIds: readonly ConnectionId[]): Promise<Said>;
  next(): Promise<Said>;
  /** The last `open` found that another process renews; rejects where it was answered, or the process ended, without that. */
  isWaiting(): Promise<void>;
}

const program = fileURLToPath(new URL("sign-in-child.ts", import.meta.url));
/** So many start at once: what is to happen at once is the opening. */
const fewAtOnce = 4;

/** Processes that open the same connections, each with a pool, keys, connectors and egress of its own. */
export function createCrew(world: SignInWorld) {
  const all: Child[] = [];
  const crew: Child[] = [];

  async function start(options: { readonly diesAfterAnswer: boolean }): Promise<Child> {
    const child = spawn(process.execPath, [program, JSON.stringify({ ...world, ...options })], {
      stdio: ["pipe", "pipe", "inherit"],
      // Whoever comes second finds the program compiled.
      env: { ...process.env, NODE_COMPILE_CACHE: path.join(world.dataDir, "compiled") },
    });
    const made = talkTo(child, createInterface({ input: child.stdout })[Symbol.asyncIterator](), (order) =>
      child.stdin.write(`${JSON.stringify(order)}\n`),
    );
    all.push(made);
    assert.ok((await made.next()).ready);
    return made;
  }

  return {
    async gather(count: number): Promise<void> {
      while (crew.length < count) {
        const few = crew.length === 0 ? 1 : Math.min(fewAtOnce, count - crew.length);
        crew.push(...(await Promise.all(Array.from({ length: few }, () => start({ diesAfterAnswer: false })))));
      }
      assert.equal(new Set(crew.map(({ process: { pid } }) => pid)).size, count);
    },
    /** Every process at once, each for one of the accounts; answers what each was told, without repetitions. */
    async openAll(tenantId: TenantId, ids: readonly [ConnectionId, ...ConnectionId[]]): Promise<readonly string[]> {
      return [...new Set(await this.openMany(tenantId, ids, { processes: crew.length, each: 1 }))];
    },
    /** So many processes at once, each with so many workers that open one of the accounts; answers what each was told. */
    async openMany(
      tenantId: TenantId,
      ids: readonly [ConnectionId, ...ConnectionId[]],
      { processes, each }: { readonly processes: number; readonly each: number },
    ): Promise<readonly string[]> {
      const chosen = crew.slice(0, processes);
      const opened = await Promise.all(
        chosen.map((child, i) =>
          child.open(
            tenantId,
            Array.from({ length: each }, (_, at) => ids[(i * each + at) % ids.length] ?? ids[0]),
          ),
        ),
      );
      return opened.flatMap(({ said, failure }) => said ?? [failure ?? ""]);
    },
    /** Everybody who was told to open finds that somebody else renews. */
    async allWait(): Promise<void> {
      for (const child of crew) await child.isWaiting();
    },
    /** One more process opens, and is killed for good when the platform has answered and nothing is stored. */
    async openAndDie(tenantId: TenantId, id: ConnectionId): Promise<void> {
      const doomed = await start({ diesAfterAnswer: true });
      const exit = once(doomed.process, "exit");
      assert.deepEqual(await doomed.open(tenantId, [id]), { failure: "the process is gone" });
      assert.equal((await exit)[1], "SIGKILL");
    },
    /** They end by themselves when there is nothing more to be told. */
    async dismiss(): Promise<void> {
      for (const child of crew) child.process.stdin?.end();
      await Promise.all(crew.map(({ process: child }) => child.exitCode ?? once(child, "exit")));
    },
    kill(): void {
      for (const child of all) child.process.kill("SIGKILL");
    },
  };
}

function talkTo(child: ChildProcess, lines: AsyncIterator<string>, write: (order: object) => void): Child {
  let waits = Promise.withResolvers<void>();
  const next = async (): Promise<Said> => {
    const line = await lines.next();
    const said: Said = line.done ? { failure: "the process is gone" } : Said.parse(JSON.parse(line.value));
    if (said.waiting) {
      waits.resolve();
      return next();
    }
    waits.promise.catch(() => {}); // Most opens are never asked whether they waited.
    waits.reject(new Error(`it did not wait: ${said.failure ?? "answered"}`));
    return said;
  };
  return {
    process: child,
    next,
    isWaiting: () => waits.promise,
    open(tenantId, connectionIds) {
      waits = Promise.withResolvers();
      write({ tenantId, connectionIds });
      return next();
    },
  };
}
