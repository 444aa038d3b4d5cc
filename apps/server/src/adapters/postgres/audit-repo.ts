import type { JsonObject, TenantId } from "@postd/contracts";
import { type AuditFilter, type AuditRecord, type AuditRepo, actingKinds } from "@postd/core";
import { type SQL, sql } from "drizzle-orm";
import { runSql } from "./run-sql.ts";
import { forTenant, type TenantDb } from "./tenant-tx.ts";

interface Row {
  readonly id: string;
  readonly at: Date;
  readonly actor_kind: string;
  readonly actor_id: string | null;
  readonly actor_name: string | null;
  readonly action: string;
  readonly subject_kind: string;
  readonly subject_id: string;
  readonly subject_name: string | null;
  readonly before: JsonObject | null;
  readonly after: JsonObject | null;
  readonly reason: string | null;
  readonly request_id: string | null;
}

/** The record of changes on PostgreSQL. The server reads it; triggers write it. */
export function createAuditRepo(db: TenantDb): AuditRepo {
  return {
    async list(tenantId, { limit, before, ...filter }) {
      const { rows } = await runSql<Row>(
        forTenant(db, tenantId),
        sql`with page as materialized (
            select a.* from audit_log a where a.tenant_id = ${tenantId} and ${matches(filter)}
              and ${before ? sql`(a.at, a.id) < (${before.at.toISOString()}::timestamptz, ${before.id})` : sql`true`}
            order by a.at desc, a.id desc limit ${limit + 1})
          select page.*, ${actorName(tenantId)} as actor_name, ${subjectName(tenantId)} as subject_name
          from page order by page.at desc, page.id desc`,
      );
      return { rows: rows.slice(0, limit).map(recordOf), more: rows.length > limit };
    },
  };
}

/** Words with a point at their end mean all that begin so; ids have an underscore and digits, kinds have none. */
function matches({ subject, actor, action, since, until }: AuditFilter): SQL {
  const conditions: SQL[] = [sql`true`];
  if (subject !== undefined) conditions.push(sql`(a.subject_id = ${subject} or a.subject_kind = ${subject})`);
  if (actor !== undefined) conditions.push(sql`(a.actor_id = ${actor} or a.actor_kind = ${actor})`);
  if (action !== undefined)
    conditions.push(action.endsWith(".") ? sql`starts_with(a.action, ${action})` : sql`a.action = ${action}`);
  if (since) conditions.push(sql`a.at >= ${since.toISOString()}::timestamptz`);
  if (until) conditions.push(sql`a.at < ${until.toISOString()}::timestamptz`);
  return sql.join(conditions, sql` and `);
}

const actorName = (tenantId: TenantId): SQL => sql`case page.actor_kind
  when 'person' then (select u.name from users u where u.id = page.actor_id)
  when 'api_key' then (select k.name from api_keys k where k.id = page.actor_id and k.tenant_id = ${tenantId}) end`;

const subjectName = (tenantId: TenantId): SQL => sql`case page.subject_kind
  when 'member' then (select u.name from users u where u.id = coalesce(page.after ->> 'user_id', page.before ->> 'user_id',
    (select m.user_id from members m where m.id = page.subject_id and m.tenant_id = ${tenantId})))
  when 'invitation' then (select i.email from invitations i where i.id = page.subject_id and i.tenant_id = ${tenantId})
  when 'api_key' then (select k.name from api_keys k where k.id = page.subject_id and k.tenant_id = ${tenantId})
  when 'connection' then (select coalesce(c.own_name, c.name) from connections c where c.id = page.subject_id)
  when 'app' then coalesce(page.after ->> 'provider', page.before ->> 'provider')
  when 'tenant' then (select t.name from tenants t where t.id = ${tenantId}) end`;

const recordOf = (row: Row): AuditRecord => ({
  id: row.id,
  at: row.at,
  actor: {
    kind: actingKinds.find((kind) => kind === row.actor_kind) ?? "unknown",
    id: row.actor_id ?? undefined,
    name: row.actor_name ?? undefined,
  },
  action: row.action,
  subject: { kind: row.subject_kind, id: row.subject_id, name: row.subject_name ?? undefined },
  before: row.before === null ? undefined : fieldsOf(row.before),
  after: row.after === null ? undefined : fieldsOf(row.after),
  reason: row.reason ?? undefined,
  requestId: row.request_id ?? undefined,
});

/** Columns by the names that the API has for them. */
function fieldsOf(columns: JsonObject): JsonObject {
  const { changed, ...rest } = columns;
  const fields = Object.fromEntries(Object.entries(rest).map(([name, value]) => [fieldName(name), value]));
  return Array.isArray(changed) ? { ...fields, changed: changed.map((name) => fieldName(String(name))) } : fields;
}

const fieldName = (column: string): string =>
  column === "own_name" ? "name" : column.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
