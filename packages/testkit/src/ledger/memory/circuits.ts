import {
  type Circuit,
  type Circuits,
  circuitRules,
  freshCircuit,
  onFailure,
  onSilence,
  onSuccess,
  platformCircuit,
} from "@postd/core";
import type { StoredCircuit } from "../../../../../apps/server/src/adapters/postgres/circuit-row.ts";
import { later, type MemoryJob, nowOf, type Tables } from "./rows.ts";

/** What a world with circuits lets happen to them. */
export interface WorldCircuits extends Pick<Circuits, "heard" | "wakeProbes"> {
  /** Tries of others failed so often that it opened. */
  open(of: { readonly platform: string } | { readonly connectionId: string }): void;
}

/** Circuits of one server of each platform, all simulated. */
const keyOf = (platform: string): string => platformCircuit({ platform, simulated: true, server: "" });

export function memoryCircuits(tables: Tables): WorldCircuits {
  const { circuits } = tables;
  return {
    async heard({ platform, connectionId, end, probe }) {
      if (end === "silent" && !probe) return;
      const now = nowOf(tables);
      const key = keyOf(platform);
      const before = new Map(circuits);
      if (end === "failed") {
        if (!circuits.has(key)) circuits.set(key, freshCircuit(key, "platform"));
        if (!circuits.has(connectionId)) circuits.set(connectionId, freshCircuit(connectionId, "connection"));
      }
      const isWell = (circuits.get(key)?.state ?? "closed") === "closed";
      for (const at of isWell || probe?.key === connectionId ? [key, connectionId] : [key]) {
        const circuit = circuits.get(at);
        if (!circuit) continue;
        const heard = { now, ...(probe?.key === at && { probe: probe.fence }) };
        if (end === "failed") circuits.set(at, onFailure(circuit, { ...heard, account: connectionId, random: 0.5 }));
        else if (end === "silent") circuits.set(at, onSilence(circuit, heard));
        else circuits.set(at, onSuccess(circuit, { ...heard, answered: 1 }));
      }
      const wasOpen = ({ key: at }: Circuit) => (before.get(at)?.state ?? "closed") !== "closed";
      const closed = [...circuits.values()].filter((circuit) => circuit.state === "closed" && wasOpen(circuit));
      if (closed.some(({ scope }) => scope === "platform"))
        for (const circuit of circuits.values())
          if (circuit.scope === "connection" && circuit.state !== "closed") {
            const well = { ...freshCircuit(circuit.key, "connection"), fence: circuit.fence };
            circuits.set(circuit.key, well);
            closed.push(well);
          }
      resume(tables, new Set(closed.map(({ key: at }) => at)));
    },
    async wakeProbes() {
      let woken = 0;
      for (const { key, state, probeAt, probeUntil } of circuits.values()) {
        const at = state === "open" ? probeAt : state === "half_open" ? probeUntil : undefined;
        if (!at || at > nowOf(tables)) continue;
        const next = waitingFor(tables, new Set([key]))
          .filter((row) => row.scheduled_for <= nowOf(tables))
          .sort((a, b) => a.updated_at.getTime() - b.updated_at.getTime())[0];
        if (!next) continue;
        tables.jobs.set(next.id, { ...next, wake_at: nowOf(tables) });
        woken += 1;
      }
      return woken;
    },
    open(of) {
      const [key, scope] =
        "platform" in of ? ([keyOf(of.platform), "platform"] as const) : ([of.connectionId, "connection"] as const);
      let circuit = circuits.get(key) ?? freshCircuit(key, scope);
      for (let tries = 0; tries < circuitRules.failures && circuit.state === "closed"; tries += 1)
        circuit = onFailure(circuit, { now: nowOf(tables), account: `other ${tries}`, random: 0.5 });
      circuits.set(key, circuit);
    },
  };
}

const waitingFor = (tables: Tables, keys: ReadonlySet<string>): readonly MemoryJob[] =>
  [...tables.jobs.values()].filter(
    (row) => keys.has(row.waits_for ?? "") && row.wake_at !== null && row.wake_at > nowOf(tables),
  );

function resume(tables: Tables, closed: ReadonlySet<string>): void {
  for (const [place, row] of waitingFor(tables, closed).entries()) {
    const goesAt = later(tables, place * 500);
    tables.jobs.set(row.id, {
      ...row,
      wake_at: row.scheduled_for > goesAt ? row.scheduled_for : goesAt,
      released_at: row.released_at && row.released_at > goesAt ? row.released_at : goesAt,
    });
  }
}

/** As a claim reads them beside the job. */
export function circuitColumns(tables: Tables, row: MemoryJob) {
  return {
    platform_circuit: storedOf(tables.circuits.get(keyOf(row.platform))),
    connection_circuit: storedOf(tables.circuits.get(row.connection_id)),
  };
}

const storedOf = (circuit: Circuit | undefined): StoredCircuit | null =>
  circuit
    ? {
        ...circuit,
        accounts: [...circuit.accounts],
        window_at: circuit.windowAt,
        down_since: circuit.downSince,
        opened_at: circuit.openedAt,
        probe_at: circuit.probeAt,
        closed_at: circuit.closedAt,
        probe_until: circuit.probeUntil,
      }
    : null;

/** With the claim: the next one to ask finds that it is being asked. */
export function takeProbe(tables: Tables, circuit: Circuit): void {
  tables.circuits.set(circuit.key, {
    ...circuit,
    state: "half_open",
    fence: circuit.fence + 1,
    probeUntil: later(tables, circuitRules.probeLeaseMs),
  });
}
