-- Sign-ins are renewed and accounts are looked at before anybody misses them. A sign-in whose ends change is planned anew, whoever
-- changed them: this version, an older one beside it, or a person who signed in again.
ALTER TABLE "platform_sign_ins" ADD COLUMN "next_refresh_at" timestamp (3) with time zone DEFAULT domain_now();--> statement-breakpoint
ALTER TABLE "platform_sign_ins" ADD COLUMN "refresh_tries" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "connections" ADD COLUMN "renews" boolean;--> statement-breakpoint
ALTER TABLE "connections" ADD COLUMN "next_check_at" timestamp (3) with time zone DEFAULT domain_now() + interval '6 hours' NOT NULL;--> statement-breakpoint
ALTER TABLE "connections" ADD COLUMN "last_check" jsonb;--> statement-breakpoint
ALTER TABLE "connection_health_log" ADD COLUMN "check_type" text DEFAULT 'synthetic_ping' NOT NULL;--> statement-breakpoint
ALTER TABLE "connection_health_log" ADD COLUMN "status" text;--> statement-breakpoint
ALTER TABLE "connection_health_log" ADD COLUMN "scopes" text[];--> statement-breakpoint
ALTER TABLE "connection_health_log" ADD COLUMN "quota" jsonb;--> statement-breakpoint
ALTER TABLE "connection_health_log" ADD COLUMN "api_version" text;--> statement-breakpoint
ALTER TABLE "connection_health_log" ADD COLUMN "next_check_at" timestamp (3) with time zone;--> statement-breakpoint
-- Those that are there already are looked at over the next hours and not all at once.
UPDATE connections SET next_check_at = domain_now() + (abs(hashtext(id)::bigint) % 21600) * interval '1 second';--> statement-breakpoint
UPDATE platform_sign_ins SET next_refresh_at = domain_now() + (abs(hashtext(id)::bigint) % 600) * interval '1 second';--> statement-breakpoint
CREATE INDEX "platform_sign_ins_refresh" ON "platform_sign_ins" ("next_refresh_at") WHERE next_refresh_at is not null and ended_at is null;--> statement-breakpoint
CREATE INDEX "connections_check" ON "connections" ("next_check_at") WHERE disconnected_at is null and ending_at is null and disabled_at is null;--> statement-breakpoint
CREATE INDEX "connection_health_log_at" ON "connection_health_log" USING brin ("at");--> statement-breakpoint
CREATE FUNCTION plan_refresh() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS
$$ BEGIN
  NEW.next_refresh_at := domain_now();
  NEW.refresh_tries := 0;
  RETURN NEW;
END $$;
--> statement-breakpoint
REVOKE ALL ON FUNCTION plan_refresh() FROM PUBLIC;
CREATE TRIGGER plan_refresh BEFORE UPDATE OF token_expires_at, refresh_expires_at, credential_version, ended_at ON platform_sign_ins FOR EACH ROW
  WHEN (OLD.token_expires_at IS DISTINCT FROM NEW.token_expires_at OR OLD.refresh_expires_at IS DISTINCT FROM NEW.refresh_expires_at
    OR OLD.credential_version <> NEW.credential_version OR OLD.ended_at IS DISTINCT FROM NEW.ended_at)
  EXECUTE FUNCTION plan_refresh();
--> statement-breakpoint
-- Whose turn it is, over all tenants, and nothing of what they hold.
GRANT SELECT (next_refresh_at) ON platform_sign_ins TO postd_system;
GRANT SELECT (next_check_at, disabled_at) ON connections TO postd_system;
CREATE POLICY system_rows ON connection_health_log TO postd_system USING (true);
GRANT SELECT (id, at), DELETE ON connection_health_log TO postd_system;
--> statement-breakpoint
-- In both views: when a person has to sign in again at the latest, and what is stored of an account's state with an end that comes
-- near added by the clock. The server's own rule is the same (view.ts).
CREATE OR REPLACE VIEW api_connector_health_summary WITH (security_invoker = true) AS
SELECT c.tenant_id, c.platform,
  count(*) FILTER (WHERE c.disconnected_at IS NULL) AS accounts,
  count(*) FILTER (WHERE c.disconnected_at IS NULL AND c.state = 'healthy') AS healthy,
  count(*) FILTER (WHERE c.disconnected_at IS NULL AND c.state = 'expiring_soon') AS expiring_soon,
  count(*) FILTER (WHERE c.disconnected_at IS NULL AND c.state = 'attention') AS attention,
  count(*) FILTER (WHERE c.disconnected_at IS NULL AND c.paused_at IS NOT NULL) AS paused,
  count(*) FILTER (WHERE c.disconnected_at IS NOT NULL) AS disconnected,
  min(c.checked_at) FILTER (WHERE c.disconnected_at IS NULL) AS oldest_check_at,
  coalesce(sum(l.checks), 0)::bigint AS checks_24h,
  coalesce(sum(l.failed), 0)::bigint AS failed_checks_24h,
  count(*) FILTER (WHERE c.disconnected_at IS NULL AND c.state = 'revoked') AS revoked,
  round(100.0 * count(*) FILTER (WHERE c.disconnected_at IS NULL AND c.state IN ('healthy', 'expiring_soon'))
    / nullif(count(*) FILTER (WHERE c.disconnected_at IS NULL), 0), 1) AS healthy_percent,
  min(c.next_check_at) FILTER (WHERE c.disconnected_at IS NULL AND c.disabled_at IS NULL) AS next_check_at,
  coalesce(sum(l.refreshes), 0)::bigint AS refreshes_24h,
  coalesce(sum(l.failed_refreshes), 0)::bigint AS failed_refreshes_24h
FROM (SELECT con.*, CASE WHEN con.status NOT IN ('healthy', 'expiring_soon') THEN con.status
    WHEN CASE WHEN con.renews THEN con.refresh_expires_at WHEN NOT con.renews THEN con.token_expires_at END <= domain_now() + interval '7 days'
    THEN 'expiring_soon' ELSE 'healthy' END AS state FROM connections con) c
LEFT JOIN LATERAL (
  SELECT count(*) FILTER (WHERE h.check_type <> 'token_refresh') AS checks,
    count(*) FILTER (WHERE h.check_type <> 'token_refresh' AND NOT h.ok) AS failed,
    count(*) FILTER (WHERE h.check_type = 'token_refresh') AS refreshes,
    count(*) FILTER (WHERE h.check_type = 'token_refresh' AND NOT h.ok) AS failed_refreshes
  FROM connection_health_log h
  WHERE h.tenant_id = c.tenant_id AND h.connection_id = c.id AND h.at >= domain_now() - interval '24 hours'
) l ON true
GROUP BY c.tenant_id, c.platform;
--> statement-breakpoint
COMMENT ON COLUMN api_connector_health_summary.revoked IS 'Accounts whose access was taken back at the platform, or that are gone there.';
COMMENT ON COLUMN api_connector_health_summary.healthy_percent IS 'Connected accounts that work, those that end soon included, of 100.';
COMMENT ON COLUMN api_connector_health_summary.next_check_at IS 'When the next of these accounts is looked at by itself.';
COMMENT ON COLUMN api_connector_health_summary.refreshes_24h IS 'Renewals of sign-ins tried in the last 24 hours, counted for every account that lives on one.';
COMMENT ON COLUMN api_connector_health_summary.failed_refreshes_24h IS 'Those of them that failed.';
--> statement-breakpoint
CREATE OR REPLACE VIEW api_token_health WITH (security_invoker = true) AS
SELECT c.tenant_id, c.id AS connection_id, c.platform, c.auth_kind, c.name, CASE WHEN c.status NOT IN ('healthy', 'expiring_soon') THEN c.status
    WHEN n.needed_at <= domain_now() + interval '7 days' THEN 'expiring_soon' ELSE 'healthy' END AS status,
  c.status_reason ->> 'code' AS reason, c.status_reason ->> 'message' AS reason_message, c.token_expires_at,
  round((extract(epoch FROM c.token_expires_at - domain_now()) / 3600)::numeric, 1) AS token_hours_left,
  c.refresh_expires_at, c.refreshed_at,
  c.refresh_intent_at IS NOT NULL AND coalesce(c.refresh_lease_until <= domain_now(), true) AS refresh_unanswered,
  c.missing_scopes, c.checked_at, c.simulated, c.renews AS renews_itself, n.needed_at AS person_needed_at,
  CASE WHEN n.needed_at <= domain_now() THEN 'expired' WHEN n.needed_at <= domain_now() + interval '7 days' THEN 'expiring' ELSE 'healthy' END AS word,
  CASE WHEN NOT c.own_secret THEN s.next_refresh_at END AS next_refresh_at, CASE WHEN NOT c.own_secret THEN s.refresh_tries END AS refresh_tries,
  c.next_check_at, (c.last_check ->> 'ok')::boolean AS last_check_ok
FROM connections c
CROSS JOIN LATERAL (SELECT CASE WHEN c.renews THEN c.refresh_expires_at WHEN NOT c.renews THEN c.token_expires_at END AS needed_at) n
LEFT JOIN platform_sign_ins s ON s.id = c.sign_in_id
WHERE c.disconnected_at IS NULL;
--> statement-breakpoint
COMMENT ON COLUMN api_token_health.status IS 'healthy, expiring_soon, attention or revoked.';
COMMENT ON COLUMN api_token_health.renews_itself IS 'True: POSTD renews it. False: only a person can. Null: not known yet.';
COMMENT ON COLUMN api_token_health.person_needed_at IS 'When a person has to sign in again at the latest; null: never, as far as is known.';
COMMENT ON COLUMN api_token_health.word IS 'healthy, expiring (a person is needed within 7 days) or expired.';
COMMENT ON COLUMN api_token_health.next_refresh_at IS 'When its renewal is looked at next; null: nothing is to be done by itself.';
COMMENT ON COLUMN api_token_health.refresh_tries IS 'Renewals in a row that the platform did not answer.';
COMMENT ON COLUMN api_token_health.next_check_at IS 'When the account is looked at next by itself; not while it is disabled.';
COMMENT ON COLUMN api_token_health.last_check_ok IS 'Whether the platform confirmed the account at the last look; null: there was none.';
--> statement-breakpoint
CREATE OR REPLACE VIEW api_health_check_trends WITH (security_invoker = true) AS
SELECT h.tenant_id, c.platform, date_trunc('hour', h.at, 'UTC') AS hour,
  count(*) AS checks, count(*) FILTER (WHERE NOT h.ok) AS failed,
  round((percentile_cont(0.5) WITHIN GROUP (ORDER BY h.latency_ms))::numeric) AS latency_p50_ms,
  round((percentile_cont(0.95) WITHIN GROUP (ORDER BY h.latency_ms))::numeric) AS latency_p95_ms,
  h.check_type, round(100.0 * count(*) FILTER (WHERE h.ok) / count(*), 1) AS passed_percent, max(h.api_version) AS api_version
FROM connection_health_log h JOIN connections c ON c.id = h.connection_id
WHERE h.at >= domain_now() - interval '7 days'
GROUP BY h.tenant_id, c.platform, date_trunc('hour', h.at, 'UTC'), h.check_type;
--> statement-breakpoint
COMMENT ON VIEW api_health_check_trends IS 'Health checks by platform, hour and kind, over the last 7 days.';
COMMENT ON COLUMN api_health_check_trends.check_type IS 'synthetic_ping: the account was asked for. token_refresh: its sign-in was renewed. webhook_test: its events were looked for.';
COMMENT ON COLUMN api_health_check_trends.passed_percent IS 'Checks that passed, of 100.';
COMMENT ON COLUMN api_health_check_trends.api_version IS 'Newest version of the platform''s API that was asked; null: not noted.';
