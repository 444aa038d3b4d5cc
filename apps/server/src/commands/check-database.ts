import { asId } from "@postd/contracts";
import { keyBytes } from "@postd/core";
import pg from "pg";
import { appliedMigrations, knownMigrations } from "../adapters/postgres/migrate.ts";
import { databaseRoles } from "../adapters/postgres/pools.ts";
import type { Config } from "../config.ts";
import { masterKeysAtHand, openMasterKeys } from "./master-keys.ts";

export interface Finding {
  readonly ok: boolean;
  readonly what: string;
  readonly detail: string;
}

/** Looked up before a tenant is known, or kept by the sign-in library; the rest of the tables with a tenant are walled. */
const readBeforeTenant = new Set(["members", "invitations", "api_keys", "oauth_states", "links"]);

/** Looks at everything the server relies on, changes nothing, and never stops at the first trouble. */
export async function checkDatabase(
  url: string,
  config: Pick<Config, "masterKeys" | "dataDir">,
): Promise<readonly Finding[]> {
  const client = new pg.Client({
    connectionString: url,
    application_name: "postd_check",
    connectionTimeoutMillis: 5_000,
  });
  try {
    await client.connect();
  } catch (error) {
    return [{ ok: false, what: "connection", detail: error instanceof Error ? error.message : "refused" }];
  }
  try {
    const findings: Finding[] = [];
    for (const look of [connection, migrations, roles, rowSecurity, inbound, (c: pg.Client) => keys(c, config)]) {
      try {
        findings.push(await look(client));
      } catch (error) {
        findings.push({
          ok: false,
          what: look.name || "keys",
          detail: error instanceof Error ? error.message : "failed",
        });
        await client.query("reset role");
      }
    }
    return findings;
  } finally {
    await client.end();
  }
}

async function connection(client: pg.Client): Promise<Finding> {
  const { rows } = await client.query(
    "select current_setting('server_version') as version, current_setting('fsync') as fsync",
  );
  const isSafe = rows[0].fsync === "on";
  const detail = `PostgreSQL ${rows[0].version}${isSafe ? "" : ", with fsync off: a power cut may lose posts"}`;
  return { ok: isSafe, what: "connection", detail };
}

async function migrations(client: pg.Client): Promise<Finding> {
  const known = await knownMigrations();
  const applied = await appliedMigrations(client);
  const what = "version";
  if (applied > known.length) return { ok: false, what, detail: "the database belongs to a newer POSTD" };
  if (applied < known.length)
    return { ok: false, what, detail: `${known.length - applied} migrations are pending: npm run db -- migrate` };
  return { ok: true, what, detail: `at ${known.at(-1)}` };
}

async function roles(client: pg.Client): Promise<Finding> {
  const { rows } = await client.query<{ name: string; member: boolean; free: boolean }>(
    `select rolname as name, pg_has_role(current_user, oid, 'member') as member, (rolsuper or rolbypassrls) as free
     from pg_roles where rolname = any($1)`,
    [databaseRoles],
  );
  const wrong = databaseRoles.flatMap((role) => {
    const found = rows.find(({ name }) => name === role);
    if (!found) return [`${role} is missing`];
    if (!found.member) return [`this user may not act as ${role}`];
    return found.free ? [`${role} bypasses row security`] : [];
  });
  return { ok: wrong.length === 0, what: "roles", detail: wrong.join(", ") || databaseRoles.join(", ") };
}

async function rowSecurity(client: pg.Client): Promise<Finding> {
  const { rows } = await client.query<{ name: string; forced: boolean; policies: number }>(`
    select c.relname as name, c.relrowsecurity and c.relforcerowsecurity as forced,
      (select count(*)::int from pg_policy p where p.polrelid = c.oid) as policies
    from pg_class c join pg_namespace n on n.oid = c.relnamespace and n.nspname = 'public'
    join pg_attribute a on a.attrelid = c.oid and a.attname = 'tenant_id' and not a.attisdropped
    where c.relkind = 'r' order by 1`);
  const walled = rows.filter(({ name }) => !readBeforeTenant.has(name));
  const open = walled.filter(({ forced, policies }) => !forced || policies === 0).map(({ name }) => name);
  const detail = open.length > 0 ? `not forced on ${open.join(", ")}` : `forced on all ${walled.length} tenant tables`;
  return { ok: open.length === 0 && walled.length > 0, what: "row security", detail };
}

/** Requests of platforms that could not be worked on, whatever was tried. */
async function inbound(client: pg.Client): Promise<Finding> {
  await client.query("set role postd_system");
  const { rows } = await client.query<{ n: number }>(
    "select count(*)::int as n from webhook_inbox where dead_at is not null",
  );
  await client.query("reset role");
  const n = rows[0]?.n ?? 0;
  const what = "inbound";
  if (n === 0) return { ok: true, what, detail: "nothing was put aside" };
  return { ok: false, what, detail: `requests of platforms were put aside: ${n}; npm run db -- retry-inbound` };
}

/** Really opens one data key of each master key, which is what the server will have to do. */
async function keys(client: pg.Client, config: Pick<Config, "masterKeys" | "dataDir">): Promise<Finding> {
  await client.query("set role postd_migrate");
  const { rows } = await client.query<{ id: string; tenant_id: string; master_key_id: string; wrapped: Buffer }>(
    "select distinct on (master_key_id) id, tenant_id, master_key_id, wrapped from encryption_keys order by master_key_id, id",
  );
  await client.query("reset role");
  const what = "keys";
  if (rows.length === 0) {
    const there = masterKeysAtHand(config).length;
    return {
      ok: true,
      what,
      detail: there > 0 ? "nothing sealed yet" : "nothing sealed yet; a keyring is made at the first start",
    };
  }
  const provider = openMasterKeys(
    config,
    rows.map((row) => row.master_key_id),
  );
  for (const row of rows) {
    const place = { tenantId: asId("tenant", row.tenant_id), id: asId("encryptionKey", row.id) };
    await provider.unwrap(row.wrapped, row.master_key_id, keyBytes(place));
  }
  return { ok: true, what, detail: `${rows.map((row) => row.master_key_id).join(", ")} opened` };
}
