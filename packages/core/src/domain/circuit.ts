/** What a circuit guards: a platform (of people's own servers, one server of it), or one account at it. */
export type CircuitScope = "platform" | "connection";

/**
 * closed --(failing tries: enough, of enough accounts, within the window, and a large enough part of all)--> open
 * open --(probeAt is there; the claim of one job takes the probe)--> half_open
 * half_open --(the probe was answered)--> closed, and those that wait go out at a rising rate
 * half_open --(the probe failed)--> open, for longer than before
 * half_open --(the probe ended without a call, or never came back)--> open, or the next one takes it
 */
export type CircuitState = "closed" | "open" | "half_open";

export interface Circuit {
  /** Of a platform see `platformCircuit`; of a connection its id. */
  readonly key: string;
  readonly scope: CircuitScope;
  readonly state: CircuitState;
  /** Tries within the window: those that met a failing call, and all of them. */
  readonly failures: number;
  readonly calls: number;
  /** Whose tries failed in the window, at most as many as are needed. */
  readonly accounts: readonly string[];
  readonly windowAt: Date | undefined;
  /** How often it opened without being well in between. */
  readonly trips: number;
  /** When the first of the tries failed that opened it; undefined while it is closed. */
  readonly downSince: Date | undefined;
  readonly openedAt: Date | undefined;
  /** Nobody calls before; then one does. */
  readonly probeAt: Date | undefined;
  readonly closedAt: Date | undefined;
  /** Rises with every probe; an answer of an older one says nothing. */
  readonly fence: number;
  readonly probeUntil: Date | undefined;
}

export const circuitRules = {
  windowMs: 60_000,
  /** Failing tries that open it, and the least part of all tries they must be. */
  failures: 5,
  share: 0.5,
  /** One account's trouble is never the platform's. */
  accounts: { platform: 2, connection: 1 },
  /** When to ask again, by how often it opened; the last holds for all after. */
  probeAfterMs: [30_000, 60_000, 120_000, 240_000, 300_000],
  /** A probe that has not come back by then is nobody's. */
  probeLeaseMs: 120_000,
  /** A probe that ended without a call is made again so soon. */
  silentProbeMs: 5_000,
  /** Closed for less than this it is not yet well: fewer failures open it again, and for longer. */
  relapseMs: 120_000,
  relapseFailures: 2,
} as const;

/** A circuit nothing is known of. */
export const freshCircuit = (key: string, scope: CircuitScope): Circuit => ({
  key,
  scope,
  state: "closed",
  failures: 0,
  calls: 0,
  accounts: [],
  windowAt: undefined,
  trips: 0,
  downSince: undefined,
  openedAt: undefined,
  probeAt: undefined,
  closedAt: undefined,
  fence: 0,
  probeUntil: undefined,
});

/** `server`: host of a server of people's own; empty for a platform that has one address. */
export const platformCircuit = (of: {
  readonly platform: string;
  readonly simulated: boolean;
  readonly server: string;
}): string => `${of.platform}:${of.simulated ? "simulated" : "real"}:${of.server}`;

export type MayCall =
  | { readonly may: "call" | "probe" }
  /** Nobody asks before `until`; then one does. */
  | { readonly may: "wait"; readonly until: Date };

/** Whether a call may leave now. Pure. `probe`: only for whoever takes the probe. */
export function mayCall({ state, probeAt, probeUntil }: Circuit, now: Date): MayCall {
  if (state === "closed") return { may: "call" };
  const until = state === "open" ? probeAt : probeUntil;
  return until === undefined || until <= now ? { may: "probe" } : { may: "wait", until };
}

export interface Heard {
  readonly now: Date;
  /** The probe this try was; absent: it was none. */
  readonly probe?: number | undefined;
}

export interface HeardFailure extends Heard {
  /** Whose try it was. */
  readonly account: string;
  /** 0 to 1; spreads probes. */
  readonly random: number;
}

/** A try met a failing call: 5xx, no connection, no answer in time. Never a word of the platform, or a fault of ours. Pure. */
export function onFailure(circuit: Circuit, heard: HeardFailure): Circuit {
  if (circuit.state === "half_open" && heard.probe === circuit.fence) return opened(circuit, heard);
  if (circuit.state !== "closed") return circuit;
  const { accounts: needed, failures: most, share, relapseMs, relapseFailures } = circuitRules;
  const { windowAt, failures, calls, accounts } = windowOf(circuit, heard.now);
  const named = accounts.includes(heard.account) ? accounts : [...accounts, heard.account].slice(0, 5);
  const counted = { ...circuit, windowAt, failures: failures + 1, calls: calls + 1, accounts: named };
  const { closedAt } = circuit;
  const isRelapse = closedAt !== undefined && heard.now.getTime() - closedAt.getTime() < relapseMs;
  const isEnough =
    counted.failures >= (isRelapse ? relapseFailures : most) &&
    counted.failures >= counted.calls * share &&
    named.length >= needed[circuit.scope];
  if (!isEnough) return counted;
  return opened(isRelapse ? counted : { ...counted, trips: 0 }, heard);
}

/** `answered` tries met no failing call. Pure. */
export function onSuccess(circuit: Circuit, heard: Heard & { readonly answered: number }): Circuit {
  if (circuit.state === "half_open" && heard.probe === circuit.fence)
    return {
      ...freshCircuit(circuit.key, circuit.scope),
      trips: circuit.trips,
      fence: circuit.fence,
      closedAt: heard.now,
    };
  if (circuit.state !== "closed") return circuit;
  const window = windowOf(circuit, heard.now);
  return { ...circuit, ...window, calls: window.calls + heard.answered };
}

/** A probe ended and nothing was asked of the platform: somebody else asks. Pure. */
export function onSilence(circuit: Circuit, { now, probe }: Heard): Circuit {
  if (circuit.state !== "half_open" || probe !== circuit.fence) return circuit;
  const probeAt = new Date(now.getTime() + circuitRules.silentProbeMs);
  return { ...circuit, state: "open", probeAt, probeUntil: undefined };
}

/** What was counted so far; a window that has passed counts nothing. */
function windowOf({ windowAt, failures, calls, accounts }: Circuit, now: Date) {
  if (windowAt && now.getTime() - windowAt.getTime() < circuitRules.windowMs)
    return { windowAt, failures, calls, accounts };
  return { windowAt: now, failures: 0, calls: 0, accounts: [] };
}

function opened(circuit: Circuit, { now, random }: HeardFailure): Circuit {
  const { probeAfterMs } = circuitRules;
  const afterMs = probeAfterMs[circuit.trips] ?? probeAfterMs[probeAfterMs.length - 1] ?? 0;
  return {
    ...circuit,
    state: "open",
    trips: circuit.trips + 1,
    downSince: circuit.downSince ?? circuit.windowAt ?? now,
    openedAt: now,
    // Up to a fifth later, never earlier.
    probeAt: new Date(now.getTime() + Math.round(afterMs * (1 + random * 0.2))),
    probeUntil: undefined,
    failures: 0,
    calls: 0,
    accounts: [],
    windowAt: undefined,
  };
}
