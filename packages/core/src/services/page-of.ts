import type { Page } from "../ports/services.ts";
import type { Slice } from "../ports/slice.ts";

/** A page of the API from a part of a list: the cursor names its last row wherever more follow, however few there are. */
export function pageOf<T, V>({ rows, more }: Slice<T>, views: readonly V[], cursorOf: (last: T) => string): Page<V> {
  const last = more ? rows.at(-1) : undefined;
  return { items: views, ...(last === undefined ? {} : { nextCursor: cursorOf(last) }) };
}

/** Where a list by time goes on: after this row. */
export interface Place {
  readonly at: Date;
  readonly id: string;
}

export const cursorAt = (at: Date, id: string): string => `${at.getTime()}-${id}`;

/** No row is later, and what is much later is no time to a database. */
const latestMs = Date.UTC(9999, 11, 31);

/** The place a cursor of `cursorAt` names; undefined: it is none. */
export function placeOf(cursor: string): Place | undefined {
  const [, ms, id] = /^(\d{1,15})-(.{1,100})$/.exec(cursor) ?? [];
  return id === undefined || Number(ms) > latestMs ? undefined : { at: new Date(Number(ms)), id };
}
