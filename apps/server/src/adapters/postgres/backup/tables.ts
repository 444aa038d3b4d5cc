import type pg from "pg";

/** Rows that only mean something to processes that run now. */
const skipped = new Set(["leases"]);

/** Every table of ours, each after the ones it refers to. The queue engine's own schema only carries hints. */
export async function tablesInOrder(client: Pick<pg.ClientBase, "query">): Promise<readonly string[]> {
  const { rows } = await client.query<{ name: string; needs: string[] }>(`
    select c.relname as name, coalesce(array_agg(distinct r.relname::text) filter (where r.relname is not null and r.relname <> c.relname), '{}') as needs
    from pg_class c join pg_namespace n on n.oid = c.relnamespace and n.nspname = 'public'
    left join pg_constraint f on f.conrelid = c.oid and f.contype = 'f'
    left join pg_class r on r.oid = f.confrelid
    where c.relkind = 'r' and c.relowner = 'postd_migrate'::regrole group by c.relname order by c.relname`);
  const left = new Map(rows.map(({ name, needs }) => [name, needs]));
  const ordered: string[] = [];
  while (left.size > 0) {
    const ready = [...left].filter(([, needs]) => !needs.some((need) => left.has(need))).map(([name]) => name);
    if (ready.length === 0) throw new Error(`tables refer to each other in a circle: ${[...left.keys()].join(", ")}`);
    for (const name of ready) left.delete(name);
    ordered.push(...ready);
  }
  return ordered.filter((name) => !skipped.has(name));
}
