import type { AnalyticsNumberView, AnalyticsRowView } from "@postd/contracts";
import type { AccountGroup, LastTotal, Period, PostGroup } from "../../ports/analytics.ts";
import { whyNotAddable } from "./meaning.ts";

export interface Grouped {
  readonly period: Period;
  readonly compare: boolean;
  readonly posts: readonly PostGroup[];
  readonly accounts: readonly AccountGroup[];
  readonly last: readonly LastTotal[];
}

/** Several parts or rows of one number as one. */
interface Sum {
  /** undefined: not known. */
  readonly value: number | undefined;
  /** Numbers it is made of. */
  readonly parts: number;
  /** Posts, or accounts. */
  readonly owners: number;
}

const none: Sum = { value: undefined, parts: 0, owners: 0 };
const plus = (one: Sum, other: Sum): Sum => ({
  value: one.value === undefined ? other.value : other.value === undefined ? one.value : one.value + other.value,
  parts: one.parts + other.parts,
  owners: one.owners + other.owners,
});

type Kind = Pick<AnalyticsNumberView, "name" | "of" | "kind">;
const idOf = ({ name, of, kind }: Kind): string => `${of} ${kind} ${name}`;

/** One row's sums: of each number, and of its posts. */
interface Cell {
  posts: number;
  readonly sums: Map<string, Sum>;
}
const emptyCell = (): Cell => ({ posts: 0, sums: new Map() });

/** Sums by where they belong: row key, whether simulated, part of time. */
export interface Table {
  readonly kinds: readonly Kind[];
  readonly rows: readonly { readonly key: string; readonly simulated: boolean }[];
  cell(where: { readonly key?: string; readonly simulated: boolean; readonly parts: readonly number[] }): Cell;
}

/** What the database added up, so that rows, parts of time and totals are read from the same sums. Pure. */
export function tableOf({ posts, accounts }: Pick<Grouped, "posts" | "accounts">): Table {
  const kinds = new Map<string, Kind>();
  const entries: { key: string; simulated: boolean; part: number; posts: number; kind?: string; sum: Sum }[] = [];
  for (const { key, simulated, part, name, posts: count, sum } of posts) {
    if (name === undefined) {
      entries.push({ key, simulated, part, posts: count, sum: none });
      continue;
    }
    const kind: Kind = { name, of: "posts", kind: "total" };
    kinds.set(idOf(kind), kind);
    entries.push({
      key,
      simulated,
      part,
      posts: 0,
      kind: idOf(kind),
      sum: { value: sum, parts: count, owners: count },
    });
  }
  for (const { key, simulated, part, name, isGrowth, sum, values, accounts: owners } of accounts) {
    const kind: Kind = { name, of: "accounts", kind: isGrowth ? "growth" : "count" };
    kinds.set(idOf(kind), kind);
    entries.push({ key, simulated, part, posts: 0, kind: idOf(kind), sum: { value: sum, parts: values, owners } });
  }
  const rows = new Map(entries.map(({ key, simulated }) => [`${simulated} ${key}`, { key, simulated }]));
  return {
    kinds: [...kinds.values()].sort((a, b) => idOf(a).localeCompare(idOf(b), "en")),
    rows: [...rows.values()],
    cell({ key, simulated, parts }) {
      const wanted = new Set(parts);
      const cell = emptyCell();
      for (const entry of entries) {
        if (entry.simulated !== simulated || !wanted.has(entry.part)) continue;
        if (key !== undefined && entry.key !== key) continue;
        cell.posts += entry.posts;
        if (entry.kind !== undefined) cell.sums.set(entry.kind, plus(cell.sums.get(entry.kind) ?? none, entry.sum));
      }
      return cell;
    },
  };
}

const nothingBefore = "There is one reading only, and none before it.";
const reasons = {
  posts: "No post of this time has it.",
  accounts: "It was not read in this time.",
} as const;

/** A sum as it is told: null with the reason where it is not known, or where adding up means nothing. Pure. */
function told(kind: Kind, sum: Sum | undefined): Pick<AnalyticsNumberView, "value" | "missing"> {
  if (!sum || sum.parts === 0) return { value: null, missing: reasons[kind.of] };
  const why = sum.parts > 1 ? whyNotAddable(kind.name) : undefined;
  if (why !== undefined) return { value: null, missing: why };
  return sum.value === undefined ? { value: null, missing: nothingBefore } : { value: sum.value };
}

/** One row of the answer. `before`: the same row in the time before; absent: it is not compared. Pure. */
export function rowOf(
  table: Table,
  now: Cell,
  before: Cell | undefined,
  { simulated, last = new Map(), ownersAddUp = true }: RowOptions,
): Pick<AnalyticsRowView, "numbers" | "posts" | "postsBefore" | "simulated"> {
  const numbers = table.kinds.map((kind): AnalyticsNumberView => {
    const sum = now.sums.get(idOf(kind));
    const current = told(kind, sum);
    const earlier = before && told(kind, before.sums.get(idOf(kind))).value;
    const total = kind.kind === "growth" ? last.get(kind.name) : undefined;
    return {
      ...kind,
      ...current,
      ...(kind.of === "posts" && { posts: sum?.owners ?? 0 }),
      ...(kind.of === "accounts" && ownersAddUp && { accounts: sum?.owners ?? 0 }),
      ...(total !== undefined && { last: total }),
      ...(earlier !== undefined && {
        before: earlier,
        change: current.value === null || earlier === null ? null : current.value - earlier,
      }),
    };
  });
  return { posts: now.posts, ...(before && { postsBefore: before.posts }), numbers, simulated };
}

export interface RowOptions {
  readonly simulated: boolean;
  readonly last?: ReadonlyMap<string, number>;
  /** false: an account may stand in several of the sums. */
  readonly ownersAddUp?: boolean;
}

/** What totals were last, by name, of one row. Pure. */
export const lastOf = (last: readonly LastTotal[], key: string, simulated: boolean): ReadonlyMap<string, number> =>
  new Map(
    last.flatMap((row) =>
      row.key === key && row.simulated === simulated && (row.accounts === 1 || whyNotAddable(row.name) === undefined)
        ? [[row.name, row.sum] as const]
        : [],
    ),
  );

/** Numbers of the parts of time: those before, and those of the time itself. Pure. */
export function partsOf({ beforeStarts, starts }: Period, compare: boolean) {
  const earlier = compare ? beforeStarts.map((_start, index) => index + 1) : [];
  return { earlier, current: starts.map((_start, index) => earlier.length + index + 1) };
}
