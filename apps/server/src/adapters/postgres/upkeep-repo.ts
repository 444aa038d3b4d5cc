import { asId, type TenantId } from "@postd/contracts";
import type { SignInUpkeep, TenantUpkeep, UpkeepRepo } from "@postd/core";
import { type SQL, sql } from "drizzle-orm";
import type { Db } from "./pools.ts";
import { runSql } from "./run-sql.ts";
import { forTenant, type TenantDb, type TenantScope } from "./tenant-tx.ts";

const instant = (at: Date | undefined): SQL => sql`${at?.toISOString() ?? null}::timestamptz`;

/** What is planned, read by its index alone. */
export const dueSignIns = (limit: number) => sql`select id, tenant_id from platform_sign_ins
  where next_refresh_at <= domain_now() and ended_at is null order by next_refresh_at limit ${limit}`;

/** Looks at a few batches of the longest due, so that a platform with many hides no other for long. */
export const dueChecks = (limit: number, perPlatform: number) => sql`select id, tenant_id from (
    select id, tenant_id, next_check_at, row_number() over (partition by platform order by next_check_at, id) as place from (
      select id, tenant_id, platform, next_check_at from connections
      where next_check_at <= domain_now() and disconnected_at is null and ending_at is null and disabled_at is null
      order by next_check_at limit ${limit * 8}) as longest) as placed
  where place <= ${perPlatform} order by next_check_at, id limit ${limit}`;

/** Upkeep on PostgreSQL. `system` reads whose turn it is, over all tenants, and nothing else. */
export function createUpkeepRepo(app: TenantDb, system: Db): UpkeepRepo {
  const due = async (which: SQL) => (await runSql<{ id: string; tenant_id: string }>(system, which)).rows;
  return {
    async dueSignIns(limit) {
      const rows = await due(dueSignIns(limit));
      return rows.map((row) => ({ tenantId: asId("tenant", row.tenant_id), signInId: asId("signIn", row.id) }));
    },
    async dueChecks(limit, perPlatform) {
      const rows = await due(dueChecks(limit, perPlatform));
      return rows.map((row) => ({ tenantId: asId("tenant", row.tenant_id), connectionId: asId("connection", row.id) }));
    },
    forTenant: (tenantId: TenantId) => tenantUpkeep(forTenant(app, tenantId)),
  };
}

interface Row {
  readonly issued_at: Date;
  readonly token_expires_at: Date | null;
  readonly refresh_expires_at: Date | null;
  readonly refresh_tries: number;
  readonly next_due_at: Date | null;
  readonly proven_at: Date | null;
  readonly connection_id: string | null;
  readonly platform: string;
  readonly auth_kind: string;
  readonly renews: boolean | null;
  readonly credential_version: number;
}

function tenantUpkeep(own: TenantScope): TenantUpkeep {
  return {
    async signIn(id) {
      const { rows } = await runSql<Row>(
        own,
        sql`select coalesce(s.refreshed_at, s.granted_at) as issued_at, s.token_expires_at, s.refresh_expires_at, s.refresh_tries,
            m.id as connection_id, m.platform, m.auth_kind, m.renews, m.credential_version,
            (select min(j.scheduled_for) from connections c join publish_jobs j on j.connection_id = c.id
              where c.sign_in_id = s.id and not c.own_secret and c.disconnected_at is null and c.disabled_at is null
                and j.state in ('scheduled', 'retrying') and j.scheduled_for > domain_now()) as next_due_at,
            (select max((c.last_check ->> 'at')::timestamptz) from connections c
              where c.sign_in_id = s.id and not c.own_secret and c.disconnected_at is null and c.last_check -> 'ok' = 'true') as proven_at
          from platform_sign_ins s left join lateral (
            select c.id, c.platform, c.auth_kind, c.renews, c.credential_version from connections c
            where c.sign_in_id = s.id and not c.own_secret and c.disconnected_at is null and c.ending_at is null and c.disabled_at is null
              and not (c.status in ('attention', 'revoked') and coalesce(c.status_reason ->> 'code', '') = 'signed_out')
            order by c.renews is false, c.id limit 1) m on true
          where s.id = ${id} and s.ended_at is null`,
      );
      return rows[0] && upkeepOf(rows[0]);
    },
    async plan(id, { at, tries, seen }) {
      await runSql(
        own,
        sql`update platform_sign_ins set next_refresh_at = ${instant(at)}, refresh_tries = ${tries}
          where id = ${id} and ended_at is null and coalesce(refreshed_at, granted_at) = ${instant(seen.issuedAt)}
            and token_expires_at is not distinct from ${instant(seen.expiresAt)}
            and refresh_expires_at is not distinct from ${instant(seen.refreshExpiresAt)}`,
      );
    },
    async renewsNot(id) {
      await runSql(
        own,
        sql`update connections set renews = false where sign_in_id = ${id} and disconnected_at is null`,
      );
    },
    async putOffCheck(id, until) {
      await runSql(own, sql`update connections set next_check_at = ${instant(until)} where id = ${id}`);
    },
  };
}

const upkeepOf = (row: Row): SignInUpkeep => ({
  issuedAt: row.issued_at,
  expiresAt: row.token_expires_at ?? undefined,
  refreshExpiresAt: row.refresh_expires_at ?? undefined,
  tries: row.refresh_tries,
  nextDueAt: row.next_due_at ?? undefined,
  provenAt: row.proven_at ?? undefined,
  connection:
    row.connection_id === null
      ? undefined
      : {
          id: asId("connection", row.connection_id),
          platform: row.platform,
          authKind: row.auth_kind,
          renews: row.renews ?? undefined,
          credentialVersion: row.credential_version,
        },
});
