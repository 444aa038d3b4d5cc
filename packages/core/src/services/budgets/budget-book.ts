import { type Budget, type BudgetSaid, type ConnectorLog, countsCalls } from "@postd/connector-kit";
import type { ConnectionId, TenantId } from "@postd/contracts";
import {
  askedOf,
  askedToRead,
  askedToSend,
  type BudgetLimits,
  type BudgetsOf,
  ledgerName,
  ruledBy,
} from "../../domain/asked-budgets.ts";
import type { AskedBudget, BudgetBook, BudgetEntry, BudgetLedger, BudgetStanding } from "../../ports/budgets.ts";
import type { ConnectorRegistry } from "../../ports/registry.ts";

export interface BudgetBookDeps {
  readonly registry: Pick<ConnectorRegistry, "get" | "providerOf" | "all">;
  readonly ledger: BudgetLedger;
  readonly limits: BudgetLimits;
  readonly log: Pick<ConnectorLog, "warn">;
  readonly monotonicMs: () => number;
  /** Told when posts or reading wait for a budget. */
  readonly onWait?: (fields: { readonly budget: string; readonly what: "post" | "reading" }) => void;
}

/** One account as its calls are counted. */
export interface CountedAccount {
  readonly connectionId: ConnectionId;
  readonly platform: string;
}

export interface Budgets extends BudgetBook {
  /** A call left for the account; `said`: what its answer tells. */
  called(account: CountedAccount, said: readonly BudgetSaid[], now: Date): void;
  /**
   * Until when reading by the clock has to wait so that posts still go out; undefined: it may read. `onlySure`: limits that may
   * be others hold nothing back, for looks whose absence costs more than a call.
   */
  readingWaits(of: {
    readonly tenantId: TenantId;
    readonly connectionId: ConnectionId;
    readonly platform: string;
    readonly onlySure?: boolean;
  }): Promise<{ readonly until: Date; readonly message: string } | undefined>;
  ofPlatform(platform: string): BudgetsOf | undefined;
  /** Waits for a turn where a platform takes so many calls at once; what it answers ends the turn. Absent there: at once. */
  turn(account: CountedAccount): Promise<() => void>;
  /** Writes what was counted since. Never rejects; what could not be written is written with the next. */
  flush(): Promise<void>;
}

/** Budgets of so many units are not asked about at every claim, as long as not half of them is used. */
const bigUnits = 1_000;
/** How long this process goes by what it saw last. */
const knownMs = 5_000;
/** Kept beyond this many, what is known longest is forgotten. */
const mostKnown = 20_000;

/** The part of calls at once that one process takes of an account, so that several and people's own tools fit beside it. */
const atOnceShare = 0.4;

interface Known {
  readonly used: number;
  readonly limit: number | undefined;
  readonly atMs: number;
}

/**
 * Budgets as one process sees them. Posts to small budgets are counted in the claim's transaction; calls, and posts to big
 * budgets that are far from their end, are summed up here and written with `flush` once a second. A crash loses a second's
 * counts and nothing else, and the platform's next word mends them.
 */
export function createBudgetBook(deps: BudgetBookDeps): Budgets {
  const { registry, ledger, limits, log, monotonicMs } = deps;
  const known = new Map<string, Known>();
  let pending = new Map<string, BudgetEntry>();
  const cached = new Map<string, BudgetsOf | undefined>();
  const keyOf = (connectionId: string, budget: string) => `${connectionId} ${budget}`;

  const ofPlatform = (id: string): BudgetsOf | undefined => {
    if (cached.has(id)) return cached.get(id);
    const budgets = registry.get(id)?.budgets;
    const provider = registry.providerOf(id)?.id;
    const of = budgets && provider ? { platform: id, provider, budgets, limits } : undefined;
    cached.set(id, of);
    return of;
  };
  const lines = new Map<string, { free: number; readonly waiting: (() => void)[] }>();
  const endTurn = (key: string, most: number) => {
    const line = lines.get(key);
    if (!line) return;
    const next = line.waiting.shift();
    if (next) return next();
    line.free += 1;
    if (line.free === most) lines.delete(key);
  };
  const budgetNamed = (platform: string, name: string): Budget | undefined => {
    const of = ofPlatform(platform);
    return of?.budgets.find((budget) => ledgerName(of, budget) === name);
  };
  const note = (connectionId: string, budget: string, standing: Pick<Known, "used" | "limit">) => {
    const key = keyOf(connectionId, budget);
    known.delete(key);
    known.set(key, { used: standing.used, limit: standing.limit, atMs: monotonicMs() });
    const oldest = known.keys().next();
    if (known.size > mostKnown && !oldest.done) known.delete(oldest.value);
  };
  const add = (connectionId: string, asked: AskedBudget, units: number, said?: BudgetEntry["said"]) => {
    const key = keyOf(connectionId, asked.budget);
    const before = pending.get(key);
    const newest = said ?? before?.said;
    pending.set(key, {
      ...asked,
      connection: connectionId,
      units: (before?.units ?? 0) + units,
      ...(newest && { said: newest }),
    });
  };
  const pendingUnits = (connectionId: string, budget: string): number =>
    pending.get(keyOf(connectionId, budget))?.units ?? 0;
  const told = (platform: string, standing: BudgetStanding): string => {
    const { name = platform } = registry.get(platform) ?? {};
    const label = budgetNamed(platform, standing.budget)?.label ?? "calls";
    const used = Math.ceil(standing.used);
    return standing.limit === undefined
      ? `${name}: ${used} ${label}.`
      : `${name}: ${used} of ${Math.floor(standing.limit)} ${label} are used.`;
  };

  return {
    ofPlatform,
    asked({ platform, deed, ...job }) {
      const of = ofPlatform(platform);
      return of ? askedToSend(of, deed, job) : [];
    },
    isFar(connectionId, { budget, limit, units }) {
      const seen = known.get(keyOf(connectionId, budget));
      const most = seen?.limit ?? limit;
      if (!seen || most === undefined || most < bigUnits || monotonicMs() - seen.atMs > knownMs) return false;
      return seen.used + pendingUnits(connectionId, budget) + units < most / 2;
    },
    count(connectionId, asked) {
      for (const one of asked) if (one.con !== undefined) add(connectionId, one, one.units);
    },
    learn(connectionId, standings) {
      for (const standing of standings) note(connectionId, standing.budget, standing);
    },
    waits(platform, standing) {
      deps.onWait?.({ budget: standing.budget, what: "post" });
      return `${told(platform, standing)} The post goes out when there is room again.`;
    },
    called({ connectionId, platform }, said, now) {
      const of = ofPlatform(platform);
      for (const declared of of?.budgets ?? []) {
        const budget = of && ruledBy(of, declared);
        if (!of || !budget) continue;
        const word = said.find((one) => one.budget === budget.id);
        if (!word && !countsCalls(budget)) continue;
        const { budget: _id, ...rest } = word ?? {};
        const units = budget.costs.calls ?? 0;
        add(
          connectionId,
          askedOf(of, budget, 1, 0),
          units,
          word && { ...(rest as Omit<BudgetSaid, "budget">), at: now },
        );
      }
    },
    async readingWaits({ platform, onlySure = false, ...of }) {
      const budgets = ofPlatform(platform);
      const asked = budgets ? askedToRead(budgets, onlySure) : [];
      if (asked.length === 0) return undefined;
      const standings = await ledger.standings(
        of,
        asked.map((one) => ({ ...one, units: one.units + pendingUnits(of.connectionId, one.budget) })),
      );
      const [last] = standings
        .filter(({ freeAt }) => freeAt !== undefined)
        .sort((a, b) => (b.freeAt?.getTime() ?? 0) - (a.freeAt?.getTime() ?? 0));
      if (!last?.freeAt) return undefined;
      deps.onWait?.({ budget: last.budget, what: "reading" });
      return { until: last.freeAt, message: `${told(platform, last)} The rest is kept for posts, so reading waits.` };
    },
    async turn({ connectionId, platform }) {
      const budget = ofPlatform(platform)?.budgets.find(({ window }) => window === "at_once");
      if (!budget?.limit) return () => {};
      const most = Math.max(1, Math.floor(budget.limit * atOnceShare));
      const line = lines.get(connectionId) ?? { free: most, waiting: [] };
      lines.set(connectionId, line);
      if (line.free > 0) line.free -= 1;
      else await new Promise<void>((resolve) => line.waiting.push(resolve));
      let ended = false;
      return () => {
        if (!ended) endTurn(connectionId, most);
        ended = true;
      };
    },
    async flush() {
      if (pending.size === 0) return;
      const entries = [...pending.values()];
      pending = new Map();
      try {
        for (const { connection, budget, ...standing } of await ledger.record(entries))
          note(connection, budget, standing);
      } catch (error) {
        for (const { connection, said, units, ...asked } of entries) {
          const newer = pending.get(keyOf(connection, asked.budget))?.said;
          add(connection, { ...asked, units: 0 }, units, newer ?? said);
        }
        log.warn(
          { error: error instanceof Error ? error.message : String(error) },
          "could not write what was spent of budgets",
        );
      }
    },
  };
}
