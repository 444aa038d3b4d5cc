import { newId } from "@postd/core";
import { beginsAtMs, type LedgerWorld, type StoredJob } from "@postd/testkit/ledger";
import pg from "pg";
import { createConnectionsRepo } from "../connections-repo.ts";
import { createJobHolds, createLedger } from "../ledger/ledger.ts";
import { openRolePool } from "../pools.ts";
import { createPublishingStore } from "../publishing/store.ts";
import { createDueJobs } from "../system.ts";
import { letRecordsGo } from "./let-records-go.ts";
import { createTestDatabase } from "./test-database.ts";

/**
 * The ledger on a database of its own. Domain time stands still until it is moved, so that one story runs here exactly as
 * it runs in memory: only the body of `domain_now` is another one.
 */
export async function createPostgresLedgerWorld(settings: { readonly lateAfterMs: number }): Promise<LedgerWorld> {
  const database = await createTestDatabase();
  const admin = new pg.Client({ connectionString: database.url });
  await admin.connect();
  await admin.query(`create or replace function domain_now() returns timestamptz language plpgsql stable security definer
    set search_path = public, pg_temp as $$ begin return to_timestamp(${beginsAtMs / 1000}) +
      (select clock_offset_ms from instance where id = 1) * interval '1 millisecond'; end $$`);
  await admin.query(`alter database ${database.name} set synchronous_commit = off`);
  const app = openRolePool({ url: database.url, role: "postd_app", max: 4 });
  const system = openRolePool({ url: database.url, role: "postd_system", max: 2 });
  let offsetMs = 0;
  const setOffset = (ms: number) => {
    offsetMs = ms;
    return admin.query("update instance set clock_offset_ms = $1", [ms]);
  };
  await setOffset(0);
  return {
    isInMemory: false,
    clock: { now: () => new Date(beginsAtMs + offsetMs) },
    ledger: createLedger(app.db),
    holds: createJobHolds(app.db, settings),
    due: createDueJobs(system.db),
    store: createPublishingStore(app.db, settings),
    connections: createConnectionsRepo(app.db),
    async addTenant() {
      const id = newId("tenant");
      await admin.query("insert into tenants (id, name, slug, created_at) values ($1, 'Northfold', $1, domain_now())", [
        id,
      ]);
      return id;
    },
    async addConnection({ tenantId, platform, externalId, authKind }) {
      const id = newId("connection");
      await admin.query(
        `insert into connections (id, tenant_id, platform, auth_kind, external_id, account_kind, name, extras, scopes, missing_scopes, status, simulated, created_by, created_at, updated_at)
        values ($1, $2, $3, $4, $5, 'page', 'Northfold', '{}', '{}', '{}', 'healthy', true, 'usr_test0001', domain_now(), domain_now())`,
        [id, tenantId, platform, authKind, externalId],
      );
      return id;
    },
    async signIn({ connectionId }) {
      await admin.query(
        `update connections set status = 'healthy', status_reason = null, credential_version = credential_version + 1, blocked_until = null,
          disconnected_at = null, ending_at = null where id = $1`,
        [connectionId],
      );
    },
    async advance(ms) {
      await setOffset(offsetMs + ms);
    },
    async rows() {
      const { rows } = await admin.query<StoredJob>("select * from publish_jobs order by id");
      return rows;
    },
    async clear() {
      // Few rows: deleting them is much faster than truncating thirty tables.
      await admin.query(`${letRecordsGo}; delete from tenants; delete from app_blocks; delete from client_blocks;
        update instance set paused_at = null, paused_by = null, clock_offset_ms = 0`);
      offsetMs = 0;
    },
    async close() {
      await Promise.all([app.close(), system.close(), admin.end()]);
      await database.drop();
    },
  };
}
