import pg from "pg";

/**
 * The views for operators once more in a schema of their own, read with their owner's rights: a role that may read these
 * needs no right on any table, and sees nothing else. Made anew around migrations, so that they never hold one up.
 */
const schema = "dashboard";
const forDashboards = /^(api_|publish_job_(?:analytics|errors)$)/;

/** Takes the copies away; call before views are changed. */
export async function dropDashboardViews(client: Pick<pg.Client, "query">): Promise<void> {
  for (const name of await viewsIn(client, schema))
    await client.query(`drop view ${schema}.${pg.escapeIdentifier(name)}`);
}

/** Makes the copies that are missing. As `postd_migrate`, which owns them and sees every tenant. */
export async function makeDashboardViews(client: Pick<pg.Client, "query">): Promise<void> {
  const there = new Set(await viewsIn(client, schema));
  const missing = (await viewsIn(client, "public")).filter((name) => forDashboards.test(name) && !there.has(name));
  if (missing.length === 0) return;
  await client.query(`create schema if not exists ${schema}`);
  for (const name of missing) {
    // The text and not the view itself: that one asks for its reader's rights, through any other view as well.
    const { rows } = await client.query<{ text: string }>("select pg_get_viewdef($1::regclass) as text", [
      `public.${pg.escapeIdentifier(name)}`,
    ]);
    await client.query(`create view ${schema}.${pg.escapeIdentifier(name)} as ${rows[0]?.text}`);
  }
}

async function viewsIn(client: Pick<pg.Client, "query">, name: string): Promise<readonly string[]> {
  const { rows } = await client.query<{ name: string }>(
    "select viewname as name from pg_views where schemaname = $1 order by 1",
    [name],
  );
  return rows.map((row) => row.name);
}
