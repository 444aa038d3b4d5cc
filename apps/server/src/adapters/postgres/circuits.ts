import { createHash } from "node:crypto";
import {
  type Circuit,
  type Circuits,
  freshCircuit,
  type HeardTry,
  onFailure,
  onSilence,
  onSuccess,
  platformCircuit,
} from "@postd/core";
import { sql } from "drizzle-orm";
import { z } from "zod";
import { circuitOf } from "./circuit-row.ts";
import { addCircuit, closeWithin, lockCircuits, writeCircuit } from "./circuit-rows.ts";
import type { Db } from "./pools.ts";
import { recentCounts } from "./recent-counts.ts";
import { runSql } from "./run-sql.ts";
import { forTenant, type TenantDb, withoutTenant } from "./tenant-tx.ts";

export interface CircuitLog {
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
}

/** While others fail, tries that were answered are written down this often. */
const tellSuccessEveryMs = 500;

interface Told extends HeardTry {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Tries of one platform are written down by one transaction at a time; those that come meanwhile go together. */
interface Line {
  readonly waiting: Told[];
  isBusy: boolean;
}

/**
 * Circuits as rows, for any number of processes. Hot paths cost nothing here: a claim reads the rows, and a try that was answered
 * is counted in memory until one that failed is written down.
 */
export function createCircuits(options: {
  readonly system: Db;
  readonly app: TenantDb;
  readonly log: CircuitLog;
  readonly random?: () => number;
}): Circuits {
  const { system, app, log, random = Math.random } = options;
  const lines = new Map<string, Line>();
  const answered = recentCounts();

  const write = async (key: string, told: readonly Told[]) => {
    const moved = await withoutTenant(system, async (tx) => {
      const [first] = told;
      if (!first) return [];
      const now = z.coerce
        .date()
        .parse((await runSql<{ now: unknown }>(tx, sql`select domain_now() as now`)).rows[0]?.now);
      const failing = told.filter(({ end }) => end === "failed");
      if (failing.length > 0) await addCircuit(tx, { key, scope: "platform", of: first });
      for (const of of new Map(failing.map((it) => [it.connectionId, it])).values())
        await addCircuit(tx, { key: of.connectionId, scope: "connection", of });
      // The platform's own first, by everybody, so that no two wait for each other.
      const rows = [
        ...(await lockCircuits(tx, [key])),
        ...(await lockCircuits(
          tx,
          told.map(({ connectionId }) => connectionId),
        )),
      ];
      const before = new Map(rows.map((row) => [row.key, row]));
      const after = new Map(before);
      const change = (at: string, rule: (circuit: Circuit) => Circuit) => {
        const circuit = after.get(at);
        if (circuit) after.set(at, rule(circuit));
      };
      const wasAnswered = answered.take(key);
      if (wasAnswered > 0) change(key, (circuit) => onSuccess(circuit, { now, answered: wasAnswered }));
      for (const { connectionId, end, probe } of told) {
        const platform = after.get(key) ?? freshCircuit(key, "platform");
        // While a platform's circuit is open, its accounts have none of their own.
        const keys = platform.state === "closed" || probe?.key === connectionId ? [key, connectionId] : [key];
        for (const at of keys) {
          const heard = { now, ...(probe?.key === at && { probe: probe.fence }) };
          if (end === "failed")
            change(at, (it) => onFailure(it, { ...heard, account: hashed(connectionId), random: random() }));
          else if (end === "silent") change(at, (it) => onSilence(it, heard));
          else if (at !== key || heard.probe !== undefined)
            change(at, (it) => onSuccess(it, { ...heard, answered: 1 }));
        }
      }
      const changed = [...after.values()].filter((circuit) => circuit !== before.get(circuit.key));
      for (const circuit of changed) await writeCircuit(tx, circuit);
      const turned = changed.filter((circuit) => circuit.state !== before.get(circuit.key)?.state);
      const closed = turned.filter(({ state }) => state === "closed");
      const within = await closeWithin(
        tx,
        closed.flatMap((circuit) => before.get(circuit.key) ?? []),
        first,
      );
      const resumed = [...closed.map((circuit) => circuit.key), ...within];
      if (resumed.length > 0) await runSql(tx, sql`select resume_circuits(${sql.param(resumed)}::text[])`);
      return turned;
    });
    for (const { key: at, state, trips, downSince, probeAt } of moved)
      log.warn({ circuit: at, state, trips, downSince, probeAt }, `the circuit is ${state}`);
  };

  const run = async (key: string, line: Line) => {
    line.isBusy = true;
    while (line.waiting.length > 0) {
      const told = line.waiting.splice(0);
      try {
        await write(key, told);
        for (const { resolve } of told) resolve();
      } catch (error) {
        for (const { reject } of told) reject(error);
      }
    }
    line.isBusy = false;
    lines.delete(key);
  };

  return {
    heard(of) {
      const { circuits, end, probe } = of;
      const key = platformCircuit({ ...of, server: circuits.server });
      if (end === "silent" && !probe) return Promise.resolve();
      if (end === "answered" && !probe) {
        answered.add(key);
        const isTroubled = [circuits.platform, circuits.connection].some((it) => it && it.failures > 0);
        if (!isTroubled || !answered.isTime(key, tellSuccessEveryMs)) return Promise.resolve();
      }
      return new Promise((resolve, reject) => {
        const line = lines.get(key) ?? { waiting: [], isBusy: false };
        lines.set(key, line);
        line.waiting.push({ ...of, resolve, reject });
        if (!line.isBusy) void run(key, line);
      });
    },
    async wakeProbes() {
      const { rows } = await runSql<{ woken: number }>(system, sql`select wake_probes() as woken`);
      return rows[0]?.woken ?? 0;
    },
    async tellOfOutages() {
      const { rows } = await runSql<{ told: number }>(system, sql`select tell_of_outages() as told`);
      return rows[0]?.told ?? 0;
    },
    async troubled(tenantId) {
      const { rows } = await runSql(forTenant(app, tenantId), sql`select * from circuits where state <> 'closed'`);
      return new Map(rows.map(circuitOf).map((circuit) => [circuit.key, circuit]));
    },
  };
}

/** Whose try it was is no other tenant's to know. */
const hashed = (id: string): string => createHash("sha256").update(id).digest("base64url").slice(0, 12);
