import { base64UrlDecode, base64UrlEncode } from "../../crypto.ts";
import { invalidParameter } from "./error.ts";

/** What an operation answers: JSON with status 200. Refusals are thrown. */
export type GraphAnswer = Readonly<Record<string, unknown>>;

const maxLimit = 100;

/** Which part a link leads to: parameters it sets, and those of the present part it takes off. */
export interface Linked {
  readonly replaces: readonly string[];
  readonly params: Readonly<Record<string, string>>;
}

export interface Cut {
  readonly limit: number;
  readonly after: string | undefined;
  readonly before: string | undefined;
  readonly link: (part: Linked) => string;
}

/** One page of a list by cursors: `paging{cursors{before,after}, previous?, next?}`. The end is a missing `next`. */
export function cut<T extends { readonly id: string }>(
  items: readonly T[],
  render: (item: T) => unknown,
  ask: Cut,
): GraphAnswer {
  const limit = Math.min(ask.limit, maxLimit);
  const after = cursorIndex(ask, "after", items);
  const before = after === undefined ? cursorIndex(ask, "before", items) : undefined;
  const start = after !== undefined ? after + 1 : before !== undefined ? Math.max(0, before - limit) : 0;
  const part = limit === 0 ? [] : items.slice(start, before ?? start + limit);
  const [first, last] = [part[0], part.at(-1)];
  if (first === undefined || last === undefined) return { data: [] };
  const cursors = { before: cursorOf(first.id), after: cursorOf(last.id) };
  const link = (name: "after" | "before") =>
    ask.link({ replaces: ["after", "before"], params: { [name]: cursors[name] } });
  return {
    data: part.map(render),
    paging: {
      cursors,
      ...(start > 0 ? { previous: link("before") } : {}),
      ...(start + part.length < items.length ? { next: link("after") } : {}),
    },
  };
}

/** An item of a list that is paged by time. */
export interface Timed {
  readonly id: string;
  readonly at: number;
}

/**
 * One page of a list by time, newest first: links carry `since` and `until` instead of cursors . Items of one second are told
 * apart by a mark of the simulator's own, for the sheet names none and links are called as they are.
 */
export function cutByTime<T extends Timed>(
  items: readonly T[],
  render: (item: T) => unknown,
  ask: { readonly limit: number; readonly mark: string | undefined; readonly link: Cut["link"] },
): GraphAnswer {
  const limit = Math.min(ask.limit, maxLimit);
  const [, way, id] = /^([on])(\d[\d_]*)$/.exec(ask.mark ?? "") ?? [];
  const marked = items.findIndex((item) => item.id === id);
  const isNewer = way === "n" && marked >= 0;
  const from = isNewer ? Math.max(0, marked - limit) : marked + 1;
  const part = items.slice(from, isNewer ? marked : from + limit);
  const [first, last] = [part[0], part.at(-1)];
  if (first === undefined || last === undefined) return { data: [] };
  const second = ({ at }: Timed) => String(Math.floor(at / 1000));
  const newer = { replaces: ["since", "until"], params: { since: second(first), [pagingMark]: `n${first.id}` } };
  const older = { replaces: ["until"], params: { until: second(last), [pagingMark]: `o${last.id}` } };
  return {
    data: part.map(render),
    paging: {
      ...(from > 0 ? { previous: ask.link(newer) } : {}),
      ...(from + part.length < items.length ? { next: ask.link(older) } : {}),
    },
  };
}

export const pagingMark = "__paging_token";

const cursorOf = (id: string): string => base64UrlEncode(`c:${id}`);

function cursorIndex(
  ask: Cut,
  name: "after" | "before",
  items: readonly { readonly id: string }[],
): number | undefined {
  const cursor = ask[name];
  if (cursor === undefined || cursor === "") return undefined;
  const id = Buffer.from(base64UrlDecode(cursor) ?? [])
    .toString("utf8")
    .slice(2);
  const index = items.findIndex((item) => item.id === id);
  if (index < 0) throw invalidParameter(`Invalid cursors values: the ${name} cursor specified does not exist any more`);
  return index;
}
