-- Domain clock, row-level security and grants. Roles are made by the migrator before migrations run.
INSERT INTO instance (id) VALUES (1) ON CONFLICT DO NOTHING;
--> statement-breakpoint
-- The one clock of domain rules. Runs with the owner's rights so that every role may ask for the time.
CREATE FUNCTION domain_now() RETURNS timestamptz LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
$$ SELECT date_trunc('milliseconds', clock_timestamp() + (SELECT clock_offset_ms FROM instance WHERE id = 1) * interval '1 millisecond') $$;
--> statement-breakpoint
-- A pooled connection gives back an empty string for a setting that was local to an earlier transaction, not NULL.
CREATE FUNCTION current_tenant() RETURNS text LANGUAGE sql STABLE AS
$$ SELECT nullif(current_setting('app.tenant_id', true), '') $$;
--> statement-breakpoint
GRANT USAGE ON SCHEMA public TO postd_app, postd_system;
--> statement-breakpoint
DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY[
    'encryption_keys', 'encrypted_secrets', 'oauth_grants', 'connections', 'connection_health_log', 'connection_audit',
    'media_assets', 'posts', 'post_versions', 'publish_jobs', 'publish_attempts', 'publish_job_analytics',
    'idempotency_records', 'webhook_events'
  ] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY tenant_rows ON %I TO postd_app USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant())', t);
    -- The owner runs migrations and maintenance; FORCE would hide every row from it.
    EXECUTE format('CREATE POLICY owner_rows ON %I TO postd_migrate USING (true) WITH CHECK (true)', t);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO postd_app', t);
  END LOOP;
END $$;
--> statement-breakpoint
-- Append-only records: never changed by the server beyond what is granted here.
REVOKE UPDATE, DELETE ON connection_audit, connection_health_log FROM postd_app;
REVOKE DELETE ON publish_attempts FROM postd_app;
--> statement-breakpoint
-- People, tenants and keys are looked up before a tenant is known.
GRANT SELECT, INSERT, UPDATE, DELETE ON users, tenants, sessions, sign_ins, verifications, members, invitations, api_keys, oauth_states TO postd_app;
GRANT SELECT, UPDATE ON instance TO postd_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON leases TO postd_app, postd_system;
GRANT SELECT, INSERT ON webhook_inbox TO postd_app;
--> statement-breakpoint
-- The system role sees ids, due times, states and leases of every tenant, and nothing an author wrote.
CREATE POLICY system_rows ON publish_jobs TO postd_system USING (true) WITH CHECK (true);
GRANT SELECT (id, tenant_id, post_id, connection_id, platform, state, held_reason, scheduled_for, wake_at, handed_at, lease_until, lease_owner, fence, tries, needs_person, first_claimed_at, published_at, created_at, updated_at), UPDATE (handed_at) ON publish_jobs TO postd_system;
CREATE POLICY system_rows ON publish_attempts TO postd_system USING (true);
GRANT SELECT (id, tenant_id, job_id, step, kind, outcome, intent_at, answered_at, latency_ms) ON publish_attempts TO postd_system;
CREATE POLICY system_rows ON connections TO postd_system USING (true);
GRANT SELECT (id, tenant_id, platform, external_id, auth_kind, status, token_expires_at, refresh_expires_at, refreshed_at, refresh_lease_until, blocked_until, paused_at, simulated, checked_at, disconnected_at) ON connections TO postd_system;
CREATE POLICY system_rows ON encryption_keys TO postd_system USING (true);
GRANT SELECT (id, tenant_id, version, status, provider, master_key_id) ON encryption_keys TO postd_system;
GRANT SELECT (id, name, slug, created_at, paused_at) ON tenants TO postd_system;
GRANT SELECT, UPDATE ON instance TO postd_system;
GRANT SELECT, UPDATE ON webhook_inbox TO postd_system;
GRANT SELECT, INSERT, UPDATE, DELETE ON webhook_unmatched TO postd_system;
GRANT DELETE ON oauth_states TO postd_system;
GRANT SELECT (state_hash, expires_at) ON oauth_states TO postd_system;
