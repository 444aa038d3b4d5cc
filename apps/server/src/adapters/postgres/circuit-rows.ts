import type { Circuit, CircuitScope, HeardTry, OpenCircuit } from "@postd/core";
import { sql } from "drizzle-orm";
import { z } from "zod";
import { circuitOf } from "./circuit-row.ts";
import type { Db, Executor } from "./pools.ts";
import { runSql } from "./run-sql.ts";

/** A row to be counted in, where there is none yet. */
export async function addCircuit(
  tx: Executor,
  { key, scope, of }: { readonly key: string; readonly scope: CircuitScope; readonly of: HeardTry },
): Promise<void> {
  const account = scope === "connection" ? of.connectionId : null;
  await runSql(
    tx,
    sql`insert into circuits (key, scope, connection_id, platform, simulated, server, state, updated_at)
      select ${key}, ${scope}, ${account}, ${of.platform}, ${of.simulated}, ${of.circuits.server}, 'closed', domain_now()
      where ${account}::text is null or exists (select 1 from connections where id = ${account})
      on conflict (key) do nothing`,
  );
}

/** In the order of their keys. */
export async function lockCircuits(tx: Executor, keys: readonly string[]): Promise<readonly Circuit[]> {
  const { rows } = await runSql(
    tx,
    sql`select * from circuits where key = any (${sql.param([...new Set(keys)])}::text[]) order by key for update`,
  );
  return rows.map(circuitOf);
}

export async function writeCircuit(tx: Executor, circuit: Circuit): Promise<void> {
  const at = (instant: Date | undefined) => sql`${instant?.toISOString() ?? null}::timestamptz`;
  const { key, state, failures, calls, accounts, windowAt, trips, downSince, openedAt, probeAt, closedAt } = circuit;
  await runSql(
    tx,
    sql`update circuits set state = ${state}, failures = ${failures}, calls = ${calls}, accounts = ${sql.param([...accounts])}::text[],
      window_at = ${at(windowAt)}, trips = ${trips}, down_since = ${at(downSince)}, opened_at = ${at(openedAt)}, probe_at = ${at(probeAt)},
      closed_at = ${at(closedAt)}, probe_until = ${at(circuit.probeUntil)},
      probe_owner = case when ${state} = 'half_open' then probe_owner end, updated_at = domain_now()
      where key = ${key}`,
  );
}

/** Accounts that seemed to be down while their platform was: it is well, so nothing is known of them. Answers their keys. */
export async function closeWithin(
  tx: Executor,
  closed: readonly Circuit[],
  of: Pick<HeardTry, "platform" | "simulated" | "circuits">,
): Promise<readonly string[]> {
  const since = closed.find(({ scope }) => scope === "platform")?.downSince;
  if (!since) return [];
  const { rows } = await runSql<{ key: string }>(
    tx,
    sql`update circuits set state = 'closed', failures = 0, calls = 0, accounts = '{}', window_at = null, down_since = null,
        opened_at = null, probe_at = null, probe_owner = null, probe_until = null, updated_at = domain_now()
      where scope = 'connection' and state <> 'closed' and platform = ${of.platform} and simulated = ${of.simulated}
        and server = ${of.circuits.server} and opened_at >= ${since.toISOString()}::timestamptz returning key`,
  );
  return rows.map(({ key }) => key);
}

const Beside = z.object({ platform: z.string(), simulated: z.boolean(), server: z.string(), waiting: z.number() });

/** Platforms that do not answer, with how many posts wait for each: of all, or of one tenant. `system` reads ids and states. */
export async function readOutages(system: Db, tenantId?: string): Promise<readonly OpenCircuit[]> {
  const { rows } = await runSql(
    system,
    sql`select c.*, (select count(*)::int from publish_jobs j where j.waits_for = c.key and j.wake_at is not null
        ${tenantId === undefined ? sql`` : sql`and j.tenant_id = ${tenantId}`}) as waiting
      from circuits c where c.scope = 'platform' and c.state <> 'closed' order by c.key`,
  );
  return rows.map((row) => ({ ...Beside.parse(row), circuit: circuitOf(row) }));
}
