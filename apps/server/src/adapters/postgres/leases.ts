import { sql } from "drizzle-orm";
import type pg from "pg";
import { z } from "zod";
import { pause } from "../pause.ts";
import { runSql } from "./run-sql.ts";

/** Leadership held now; `fence` is higher than that of every earlier holder. */
export interface Lease {
  readonly name: string;
  readonly fence: number;
}

export interface Leases {
  /** Takes the lease when it is free or ended; undefined: somebody else holds it. */
  acquire(name: string, ttlMs: number): Promise<Lease | undefined>;
  /** Lengthens it from now; false: it was lost. */
  renew(lease: Lease, ttlMs: number): Promise<boolean>;
  /** Ends it at once, so that the next leader need not wait. */
  release(lease: Lease): Promise<void>;
}

const Fence = z.object({ fence: z.coerce.number() });

/**
 * Leadership by a row with an end, compared and set in one statement, in domain time. A row outlives poolers and
 * reconnects, which session locks do not. `owner` names this process and run; `pool` acts as `postd_system`.
 */
export function createLeases(options: { readonly pool: pg.Pool; readonly owner: string }): Leases {
  const { pool, owner } = options;
  return {
    async acquire(name, ttlMs) {
      const { rows } = await runSql(
        pool,
        sql`insert into leases as held (name, owner, fence, until)
         values (${name}, ${owner}, 1, domain_now() + ${ttlMs} * interval '1 millisecond')
         on conflict (name) do update set owner = excluded.owner, fence = held.fence + 1, until = excluded.until
          where held.until <= domain_now()
         returning fence`,
      );
      return rows[0] ? { name, fence: Fence.parse(rows[0]).fence } : undefined;
    },
    async renew({ name, fence }, ttlMs) {
      const { rowCount } = await runSql(
        pool,
        sql`update leases set until = domain_now() + ${ttlMs} * interval '1 millisecond'
          where name = ${name} and owner = ${owner} and fence = ${fence} and until > domain_now()`,
      );
      return rowCount === 1;
    },
    async release({ name, fence }) {
      await runSql(
        pool,
        sql`update leases set until = domain_now() where name = ${name} and owner = ${owner} and fence = ${fence}`,
      );
    },
  };
}

/**
 * Runs `run` every `everyMs` of process time in whichever process holds the lease, one run at a time. While running
 * the lease is renewed every third of its time; when it is lost, or stopping begins, `signal` aborts and `run` should end soon. Errors, a lost
 * database included, are reported and the next turn tries again. `wake` makes the next turn begin at once, or right after the
 * one that runs. `stop` waits for the run and gives the lease back.
 */
export function runAsLeader(options: {
  readonly leases: Leases;
  readonly name: string;
  readonly ttlMs: number;
  readonly everyMs: number;
  readonly run: (leader: { readonly fence: number; readonly signal: AbortSignal }) => Promise<void>;
  readonly onError: (error: unknown) => void;
}): { stop(): Promise<void>; wake(): void } {
  const { leases, name, ttlMs } = options;
  if (ttlMs <= options.everyMs) throw new Error(`the lease ${name} must last longer than the pause between its runs`);
  const stopping = new AbortController();
  let woken = new AbortController();
  let held: Lease | undefined;
  let renewAtMs = 0;
  /** A renewal writes to the disk, so turns in quick succession share one. */
  const isKept = (kept: boolean): boolean => {
    if (kept) renewAtMs = performance.now() + ttlMs / 3;
    return kept;
  };

  async function turn(): Promise<void> {
    if (held && performance.now() >= renewAtMs && !isKept(await leases.renew(held, ttlMs))) held = undefined;
    if (!held) {
      held = await leases.acquire(name, ttlMs);
      isKept(held !== undefined);
    }
    if (!held || stopping.signal.aborted) return;
    const lost = new AbortController();
    const renewing = renewWhile(held, lost);
    try {
      await options.run({ fence: held.fence, signal: AbortSignal.any([lost.signal, stopping.signal]) });
    } finally {
      await renewing.stop();
      if (lost.signal.aborted) held = undefined;
    }
  }

  function renewWhile(lease: Lease, lost: AbortController): { stop(): Promise<void> } {
    const done = new AbortController();
    const renewing = (async () => {
      for (;;) {
        await pause(ttlMs / 3, done.signal);
        if (done.signal.aborted) return;
        try {
          if (!isKept(await leases.renew(lease, ttlMs))) return lost.abort();
        } catch (error) {
          // Whether it is still ours cannot be known, and another may take it before the next look.
          options.onError(error);
          return lost.abort();
        }
      }
    })();
    return {
      async stop() {
        done.abort();
        await renewing;
      },
    };
  }

  const running = (async () => {
    while (!stopping.signal.aborted) {
      woken = new AbortController();
      await turn().catch(options.onError);
      await pause(options.everyMs, AbortSignal.any([stopping.signal, woken.signal]));
    }
    if (held) await leases.release(held).catch(options.onError);
  })();
  return {
    wake: () => woken.abort(),
    async stop() {
      stopping.abort();
      await running;
    },
  };
}
