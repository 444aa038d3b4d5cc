import type { Slice } from "@postd/core";
import { type SQL, sql } from "drizzle-orm";
import type { Executor } from "./pools.ts";
import { runSql } from "./run-sql.ts";

/** Rows of one page together; the first is always given, so that a list can be read to its end. */
export const sliceMaxBytes = 1_000_000;
/** Sizes are asked for this many rows first, as telling the size of a large row costs as much as reading it. */
const measuredFirst = 20;

/**
 * The ids of a page, chosen by number and size before any row is read: what an author wrote may be large, and a list of
 * large rows must not be held in memory at once. `ids` answers `id` in the list's order, `sizesOf` answers `id` and
 * `bytes` of the rows it is given.
 */
export async function sliceIds(
  tx: Executor,
  { ids, sizesOf }: { readonly ids: SQL; readonly sizesOf: (ids: readonly string[]) => SQL },
  { limit, maxBytes = sliceMaxBytes }: { readonly limit: number; readonly maxBytes?: number | undefined },
): Promise<Slice<string>> {
  const { rows } = await runSql<{ id: string }>(tx, sql`${ids} limit ${limit + 1}`);
  const asked = rows.slice(0, limit).map(({ id }) => id);
  let bytes = 0;
  let end = 0;
  for (let measure = measuredFirst; end < asked.length; ) {
    const part = asked.slice(end, end + measure);
    const sized = await runSql<{ id: string; bytes: number }>(tx, sizesOf(part));
    const sizes = new Map(sized.rows.map((row) => [row.id, Number(row.bytes)]));
    for (const id of part) {
      const size = sizes.get(id) ?? 0;
      if (end > 0 && bytes + size > maxBytes) return { rows: asked.slice(0, end), more: true };
      bytes += size;
      end += 1;
    }
    // As many more as there is room for, if they are like those before.
    measure = Math.max(measuredFirst, Math.floor(((maxBytes - bytes) * end) / Math.max(1, bytes)));
  }
  return { rows: asked, more: rows.length > asked.length };
}
