-- Tokens may last and the person be needed all the same: Meta gives out no data 90 days after somebody last signed in.
ALTER TABLE "connections" ADD COLUMN "sign_in_again_by" timestamp (3) with time zone;
--> statement-breakpoint
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
    WHEN least(con.sign_in_again_by, CASE WHEN con.renews THEN con.refresh_expires_at WHEN NOT con.renews THEN con.token_expires_at END) <= domain_now() + interval '7 days'
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
CROSS JOIN LATERAL (SELECT least(c.sign_in_again_by, CASE WHEN c.renews THEN c.refresh_expires_at WHEN NOT c.renews THEN c.token_expires_at END) AS needed_at) n
LEFT JOIN platform_sign_ins s ON s.id = c.sign_in_id
WHERE c.disconnected_at IS NULL;
