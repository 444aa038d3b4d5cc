import { base64UrlDecode, base64UrlEncode, sha256Hex } from "@postd/connector-kit/simulator";
import type { Answer, Call } from "./call.ts";
import { invalidParameter } from "./graph-error.ts";
import { unsignedInt } from "./params.ts";

/** An instant as Graph writes it: ISO with "+0000", no colon (meta.md §15). */
export const graphTime = (ms: number): string => new Date(ms).toISOString().replace(/\.\d{3}Z$/, "+0000");

/** A number that looks alive and is always the same for one object and name. */
export const steadyNumber = (id: string, name: string, below: number): number =>
  Number.parseInt(sha256Hex(`${id}:${name}`).slice(0, 8), 16) % below;

const maxLimit = 100;

/**
 * One page of a list with `limit`, `after`, `before`, cursors and `next` (§4). `next` is a real Graph URL carrying the
 * query of this call, so a client that follows it verbatim signs it the way it signed this one.
 */
export function page<T extends { readonly id: string }>(
  call: Call,
  items: readonly T[],
  render: (item: T) => unknown,
  defaultLimit = 25,
): Answer {
  const limit = Math.min(unsignedInt(call.params, "limit") ?? defaultLimit, maxLimit);
  if (limit === 0) return { data: [] };
  const after = cursorIndex(call, "after", items);
  const before = cursorIndex(call, "before", items);
  const start = after !== undefined ? after + 1 : before !== undefined ? Math.max(0, before - limit) : 0;
  const part = items.slice(start, before !== undefined && after === undefined ? before : start + limit);
  const [first, last] = [part[0], part.at(-1)];
  if (first === undefined || last === undefined) return { data: [] };
  const cursors = { before: cursorOf(first.id), after: cursorOf(last.id) };
  const hasMore = start + part.length < items.length;
  return { data: part.map(render), paging: { cursors, ...(hasMore ? { next: nextUrl(call, cursors.after) } : {}) } };
}

const cursorOf = (id: string): string => base64UrlEncode(`c:${id}`);

function cursorIndex(
  call: Call,
  name: "after" | "before",
  items: readonly { readonly id: string }[],
): number | undefined {
  const cursor = call.params.text(name);
  if (cursor === undefined || cursor === "") return undefined;
  const id = Buffer.from(base64UrlDecode(cursor) ?? [])
    .toString("utf8")
    .slice(2);
  const index = items.findIndex((item) => item.id === id);
  if (index < 0) throw invalidParameter(`Invalid cursors values: the ${name} cursor specified does not exist any more`);
  return index;
}

function nextUrl(call: Call, after: string): string {
  const url = new URL(`https://${call.host}${call.request.path}`);
  for (const [name, value] of call.request.query) if (name !== "before") url.searchParams.set(name, value);
  url.searchParams.set("after", after);
  return url.href;
}

/** A real address of the platform; the simulator host and the web map it to themselves. */
export const webUrl = (host: string, path: string): string => `https://${host}${path}`;
