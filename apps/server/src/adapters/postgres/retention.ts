import type { BlobRows, Retention } from "@postd/core";
import { type SQL, sql } from "drizzle-orm";
import type { Db } from "./pools.ts";
import { runSql } from "./run-sql.ts";

const daysAgo = (days: number) => sql`domain_now() - ${days} * interval '1 day'`;

/** Removes what has served its time, over all tenants; `system` reads ids and times, and no secret. */
export function createRetention(system: Db): Retention {
  const count = async (statement: SQL) => (await runSql(system, statement)).rowCount;
  return {
    // An unfinished sign-in and its verifier are of no use once they have ended; they go together.
    async expiredSignIns() {
      const states = await count(sql`
        with ended as (delete from oauth_states where expires_at <= domain_now() returning state_hash),
          secrets as (delete from encrypted_secrets where owner_id in (select 'state_' || state_hash from ended))
        select from ended`);
      const grants = await count(sql`
        with ended as (delete from oauth_grants where expires_at <= domain_now() returning id),
          secrets as (delete from encrypted_secrets where owner_id in (select id from ended))
        select from ended`);
      await count(sql`delete from throttles where ends_at <= domain_now()`);
      // No window is longer than a day; the platform's own limit of an account is told again with its next post.
      await count(sql`delete from rate_budgets where updated_at < ${daysAgo(40)}`);
      // One that is well and was lately, or never known, are the same.
      await count(sql`delete from circuits where state = 'closed' and updated_at < ${daysAgo(1)}`);
      await count(sql`delete from links where expires_at < ${daysAgo(30)}`);
      return { states, grants };
    },
    // The key of a post that exists is kept as long as the post: forgetting it could post twice.
    oldAnswers: (days) =>
      count(sql`
        delete from idempotency_records r where r.created_at < ${daysAgo(days)}
          and not exists (select from posts p where p.id = r.resource_id and p.deleted_at is null)`),
    oldStepSecrets: (days) =>
      count(sql`
        delete from encrypted_secrets s where s.owner_id like 'job\\_%' and not exists (
          select from publish_jobs j where j.id = s.owner_id and j.has_sealed and (j.wake_at is not null or j.updated_at > ${daysAgo(days)}))`),
    unkeptEntries: () => count(sql`delete from inbox_entries where keep_until <= domain_now()`),
    oldChecks: (days) => count(sql`delete from connection_health_log where at < ${daysAgo(days)}`),
    async oldNotices(days) {
      await count(sql`delete from notification_deliveries where state <> 'pending' and created_at < ${daysAgo(days)}`);
      return count(sql`delete from notifications where settled_at < ${daysAgo(days)}`);
    },
    async oldEvents(days) {
      await count(sql`delete from event_listeners where until <= domain_now()`);
      return count(sql`delete from events where at < ${daysAgo(days)}`);
    },
    async oldInbound(days) {
      const inbox = await count(
        sql`delete from webhook_inbox where (processed_at is not null or dead_at < ${daysAgo(days)}) and received_at < ${daysAgo(days)}`,
      );
      return inbox + (await count(sql`delete from webhook_unmatched where received_at < ${daysAgo(days)}`));
    },
  };
}

/** Which files rows name, over all tenants; file names are ids and say nothing. */
export function createBlobRows(system: Db): BlobRows {
  return {
    async named(keys, deletedAfter) {
      if (keys.length === 0) return new Set();
      const kept = sql`(deleted_at is null or deleted_at > ${deletedAfter.toISOString()}::timestamptz)`;
      const { rows } = await runSql<{ key: string }>(
        system,
        sql`select blob_key as key from media_assets where blob_key in ${[...keys]} and ${kept}
          union select original_key from media_assets where original_key in ${[...keys]} and ${kept}`,
      );
      return new Set(rows.map((row) => row.key));
    },
    async since() {
      const { rows } = await runSql<{ since: Date | null }>(system, sql`select min(created_at) as since from tenants`);
      return rows[0]?.since ?? undefined;
    },
  };
}
