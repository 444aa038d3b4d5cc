import type { Page } from "../ports/services.ts";
import type { Slice } from "../ports/slice.ts";

/** A page of the API from a part of a list: the cursor names its last row wherever more follow, however few there are. */
export function pageOf<T, V>({ rows, more }: Slice<T>, views: readonly V[], cursorOf: (last: T) => string): Page<V> {
  const last = more ? rows.at(-1) : undefined;
  return { items: views, ...(last === undefined ? {} : { nextCursor: cursorOf(last) }) };
}
