/** Things of one kind by id, in the order they were made. A removed one is remembered as gone. */
export function simStore<T extends { readonly id: string }>() {
  const items = new Map<string, T>();
  const gone = new Set<string>();
  return {
    /** Puts it in place of one with the same id. */
    put<K extends T>(item: K): K {
      items.set(item.id, item);
      gone.delete(item.id);
      return item;
    },
    get: (id: string): T | undefined => items.get(id),
    /** Oldest first; with `which` those it says yes to. */
    all: (which: (item: T) => boolean = () => true): readonly T[] => [...items.values()].filter(which),
    find: (which: (item: T) => boolean): T | undefined => items.values().find(which),
    /** Whether there was one. */
    remove(id: string): boolean {
      const existed = items.delete(id);
      if (existed) gone.add(id);
      return existed;
    },
    isGone: (id: string): boolean => gone.has(id),
    get size(): number {
      return items.size;
    },
  };
}
export type SimStore<T extends { readonly id: string }> = ReturnType<typeof simStore<T>>;

/**
 * A page of a list that is read on with a cursor. The cursor is the key of the last item of the page before; `isAfter`
 * says what comes behind it, so that things that vanish between two pages do not matter.
 */
export function cursorPage<T>(
  items: readonly T[],
  input: {
    readonly limit: number;
    readonly cursor?: string | undefined;
    readonly keyOf: (item: T) => string;
    /** Default: the list is sorted by its keys, falling. */
    readonly isAfter?: (key: string, cursor: string) => boolean;
  },
): { readonly items: readonly T[]; readonly next?: string; readonly more: boolean } {
  const { limit, cursor, keyOf, isAfter = (key, at) => key < at } = input;
  const rest = cursor === undefined ? items : items.filter((item) => isAfter(keyOf(item), cursor));
  const page = rest.slice(0, limit);
  const last = page.at(-1);
  return { items: page, more: rest.length > page.length, ...(last === undefined ? {} : { next: keyOf(last) }) };
}

/** A page by number: `start` items are passed over, `count` are given. */
export const offsetPage = <T>(
  items: readonly T[],
  { start = 0, count }: { readonly start?: number; readonly count: number },
) => ({
  items: items.slice(start, start + count),
  start,
  count,
  total: items.length,
});
