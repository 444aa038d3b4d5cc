-- What operators look at with any SQL client or dashboard. Each view runs with the rights of whoever reads it, so row
-- security holds: postd_app sees its tenant, a member of postd_migrate sees all. Every number is of one tenant.
CREATE VIEW api_connector_health_summary WITH (security_invoker = true) AS
SELECT c.tenant_id, c.platform,
  count(*) FILTER (WHERE c.disconnected_at IS NULL) AS accounts,
  count(*) FILTER (WHERE c.disconnected_at IS NULL AND c.status = 'healthy') AS healthy,
  count(*) FILTER (WHERE c.disconnected_at IS NULL AND c.status = 'expiring_soon') AS expiring_soon,
  count(*) FILTER (WHERE c.disconnected_at IS NULL AND c.status = 'attention') AS attention,
  count(*) FILTER (WHERE c.disconnected_at IS NULL AND c.paused_at IS NOT NULL) AS paused,
  count(*) FILTER (WHERE c.disconnected_at IS NOT NULL) AS disconnected,
  min(c.checked_at) FILTER (WHERE c.disconnected_at IS NULL) AS oldest_check_at,
  coalesce(sum(l.checks), 0)::bigint AS checks_24h,
  coalesce(sum(l.failed), 0)::bigint AS failed_checks_24h
FROM connections c
LEFT JOIN LATERAL (
  SELECT count(*) AS checks, count(*) FILTER (WHERE NOT h.ok) AS failed
  FROM connection_health_log h
  WHERE h.tenant_id = c.tenant_id AND h.connection_id = c.id AND h.at >= domain_now() - interval '24 hours'
) l ON true
GROUP BY c.tenant_id, c.platform;
--> statement-breakpoint
COMMENT ON VIEW api_connector_health_summary IS 'How the accounts of a tenant are, by platform.';
COMMENT ON COLUMN api_connector_health_summary.tenant_id IS 'Workspace.';
COMMENT ON COLUMN api_connector_health_summary.platform IS 'Platform id.';
COMMENT ON COLUMN api_connector_health_summary.accounts IS 'Connected accounts; the disconnected ones are counted apart.';
COMMENT ON COLUMN api_connector_health_summary.healthy IS 'Connected accounts that work.';
COMMENT ON COLUMN api_connector_health_summary.expiring_soon IS 'Connected accounts whose sign-in ends soon and needs a person before it does.';
COMMENT ON COLUMN api_connector_health_summary.attention IS 'Connected accounts that a person must repair; their posts are held.';
COMMENT ON COLUMN api_connector_health_summary.paused IS 'Connected accounts somebody paused one by one.';
COMMENT ON COLUMN api_connector_health_summary.disconnected IS 'Accounts that were disconnected and are kept for their history.';
COMMENT ON COLUMN api_connector_health_summary.oldest_check_at IS 'When the least recently checked connected account was checked; null: none was ever.';
COMMENT ON COLUMN api_connector_health_summary.checks_24h IS 'Health checks of the last 24 hours.';
COMMENT ON COLUMN api_connector_health_summary.failed_checks_24h IS 'Health checks of the last 24 hours that failed.';
--> statement-breakpoint
CREATE VIEW api_recent_errors WITH (security_invoker = true) AS
SELECT e.tenant_id, e.at, e.source, e.platform, e.connection_id, e.job_id, e.step,
  e.failure ->> 'kind' AS kind, e.failure ->> 'platformCode' AS platform_code, e.failure ->> 'requestId' AS request_id,
  coalesce(e.failure ->> 'message', e.note) AS message
FROM (
  SELECT a.tenant_id, a.answered_at AS at, 'attempt' AS source, j.platform, j.connection_id, a.job_id, a.step,
    coalesce(a.failure, jsonb_build_object('kind', a.outcome)) AS failure, a.note
  FROM publish_attempts a JOIN publish_jobs j ON j.id = a.job_id
  WHERE a.outcome IN ('failed', 'unknown', 'lost')
  UNION ALL
  -- A read before the first change has no attempt; its failure is on the job.
  SELECT j.tenant_id, j.updated_at, 'job', j.platform, j.connection_id, j.id, j.failure ->> 'step', j.failure, NULL
  FROM publish_jobs j
  WHERE j.failure IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM publish_attempts a
    WHERE a.job_id = j.id AND a.step = j.failure ->> 'step' AND a.outcome IN ('failed', 'unknown', 'lost'))
  UNION ALL
  SELECT h.tenant_id, h.at, 'check', c.platform, h.connection_id, NULL, NULL, h.result, NULL
  FROM connection_health_log h JOIN connections c ON c.id = h.connection_id
  WHERE NOT h.ok
) e
WHERE e.at >= domain_now() - interval '7 days';
--> statement-breakpoint
COMMENT ON VIEW api_recent_errors IS 'What went wrong in the last 7 days: tries of publish steps, jobs that failed before their first try, health checks.';
COMMENT ON COLUMN api_recent_errors.tenant_id IS 'Workspace.';
COMMENT ON COLUMN api_recent_errors.at IS 'When the answer came, or when its absence was noticed.';
COMMENT ON COLUMN api_recent_errors.source IS 'attempt: a try of a publish step. job: before any try. check: a health check.';
COMMENT ON COLUMN api_recent_errors.platform IS 'Platform id.';
COMMENT ON COLUMN api_recent_errors.connection_id IS 'Account it happened to.';
COMMENT ON COLUMN api_recent_errors.job_id IS 'Publish job; null for health checks.';
COMMENT ON COLUMN api_recent_errors.step IS 'Step of the connector; null for health checks.';
COMMENT ON COLUMN api_recent_errors.kind IS 'Kind of failure (auth_expired, rate_limited, content_rejected ...); lost: no answer was ever recorded.';
COMMENT ON COLUMN api_recent_errors.platform_code IS 'The platform''s own code, where it gave one.';
COMMENT ON COLUMN api_recent_errors.request_id IS 'The platform''s id of the request, for its support.';
COMMENT ON COLUMN api_recent_errors.message IS 'One plain sentence; never a token or a body.';
--> statement-breakpoint
CREATE VIEW api_token_health WITH (security_invoker = true) AS
SELECT tenant_id, id AS connection_id, platform, auth_kind, name, status, status_reason ->> 'code' AS reason,
  status_reason ->> 'message' AS reason_message, token_expires_at,
  round((extract(epoch FROM token_expires_at - domain_now()) / 3600)::numeric, 1) AS token_hours_left,
  refresh_expires_at, refreshed_at,
  refresh_intent_at IS NOT NULL AND coalesce(refresh_lease_until <= domain_now(), true) AS refresh_unanswered,
  missing_scopes, checked_at, simulated
FROM connections WHERE disconnected_at IS NULL;
--> statement-breakpoint
COMMENT ON VIEW api_token_health IS 'The sign-in behind every connected account: when it ends, and whether it can be renewed. Never the token.';
COMMENT ON COLUMN api_token_health.tenant_id IS 'Workspace.';
COMMENT ON COLUMN api_token_health.connection_id IS 'Account.';
COMMENT ON COLUMN api_token_health.platform IS 'Platform id.';
COMMENT ON COLUMN api_token_health.auth_kind IS 'Kind of sign-in the account was connected with.';
COMMENT ON COLUMN api_token_health.name IS 'Name of the account at the platform.';
COMMENT ON COLUMN api_token_health.status IS 'healthy, expiring_soon or attention.';
COMMENT ON COLUMN api_token_health.reason IS 'Why it needs a person: signed_out, scope_missing ...; null: it does not.';
COMMENT ON COLUMN api_token_health.reason_message IS 'The same as a sentence.';
COMMENT ON COLUMN api_token_health.token_expires_at IS 'When the access token ends; null: the platform names no end.';
COMMENT ON COLUMN api_token_health.token_hours_left IS 'Hours until then; negative: it has ended. Short lives are normal where a refresh exists.';
COMMENT ON COLUMN api_token_health.refresh_expires_at IS 'When it can no longer be renewed without a person; null: no end is named.';
COMMENT ON COLUMN api_token_health.refreshed_at IS 'When it was last renewed; null: not since it was connected.';
COMMENT ON COLUMN api_token_health.refresh_unanswered IS 'True: a renewal was begun and its answer never came; the next use tries again.';
COMMENT ON COLUMN api_token_health.missing_scopes IS 'Permissions the person did not give, optional ones included.';
COMMENT ON COLUMN api_token_health.checked_at IS 'When the platform was last asked about the account; null: never.';
COMMENT ON COLUMN api_token_health.simulated IS 'True: a simulated platform.';
--> statement-breakpoint
CREATE VIEW api_publish_performance WITH (security_invoker = true) AS
SELECT tenant_id, platform, simulated, (ended_at AT TIME ZONE 'UTC')::date AS day,
  count(*) FILTER (WHERE published_at IS NOT NULL) AS published,
  count(*) FILTER (WHERE published_at IS NULL AND state = 'failed') AS failed,
  count(*) FILTER (WHERE published_at IS NULL AND state = 'unknown') AS unknown,
  round((percentile_cont(0.5) WITHIN GROUP (ORDER BY late_seconds))::numeric, 3) AS late_p50_seconds,
  round((percentile_cont(0.95) WITHIN GROUP (ORDER BY late_seconds))::numeric, 3) AS late_p95_seconds,
  round((percentile_cont(0.5) WITHIN GROUP (ORDER BY work_seconds))::numeric, 3) AS work_p50_seconds,
  round((percentile_cont(0.95) WITHIN GROUP (ORDER BY work_seconds))::numeric, 3) AS work_p95_seconds
FROM (
  SELECT tenant_id, platform, simulated, state, published_at, coalesce(published_at, updated_at) AS ended_at,
    CASE WHEN NOT native_schedule
      THEN extract(epoch FROM published_at - greatest(scheduled_for, created_at, released_at)) END AS late_seconds,
    CASE WHEN NOT native_schedule THEN extract(epoch FROM published_at - first_claimed_at) END AS work_seconds
  FROM publish_jobs
  WHERE published_at >= domain_now() - interval '30 days'
    OR (published_at IS NULL AND state IN ('failed', 'unknown') AND updated_at >= domain_now() - interval '30 days')
) ended
GROUP BY tenant_id, platform, simulated, (ended_at AT TIME ZONE 'UTC')::date;
--> statement-breakpoint
COMMENT ON VIEW api_publish_performance IS 'How publishing went, by platform and day, over the last 30 days.';
COMMENT ON COLUMN api_publish_performance.tenant_id IS 'Workspace.';
COMMENT ON COLUMN api_publish_performance.platform IS 'Platform id.';
COMMENT ON COLUMN api_publish_performance.simulated IS 'True: a simulated platform.';
COMMENT ON COLUMN api_publish_performance.day IS 'Day in UTC on which it went live or was last looked at.';
COMMENT ON COLUMN api_publish_performance.published IS 'Posts that went live.';
COMMENT ON COLUMN api_publish_performance.failed IS 'Posts at the desk that were refused or could not be sent.';
COMMENT ON COLUMN api_publish_performance.unknown IS 'Posts that may be live and nobody knows yet.';
COMMENT ON COLUMN api_publish_performance.late_p50_seconds IS 'Half of the posts went live this long or less after their time. Posts the platform held itself are left out.';
COMMENT ON COLUMN api_publish_performance.late_p95_seconds IS 'The same for 95 of 100 posts.';
COMMENT ON COLUMN api_publish_performance.work_p50_seconds IS 'Seconds from the first claim to live, waits for the platform included; half of the posts took less.';
COMMENT ON COLUMN api_publish_performance.work_p95_seconds IS 'The same for 95 of 100 posts.';
--> statement-breakpoint
CREATE VIEW api_dlq_status WITH (security_invoker = true) AS
SELECT tenant_id, platform, state, held_reason, failure ->> 'kind' AS kind, failure ->> 'platformCode' AS platform_code,
  count(*) AS jobs, count(*) FILTER (WHERE needs_person) AS asking, min(updated_at) AS oldest_at, max(updated_at) AS newest_at
FROM publish_jobs
WHERE state IN ('failed', 'unknown') OR (state = 'held' AND held_reason = 'missed')
GROUP BY tenant_id, platform, state, held_reason, failure ->> 'kind', failure ->> 'platformCode';
--> statement-breakpoint
COMMENT ON VIEW api_dlq_status IS 'Publish jobs at the dead-letter desk, by cause: failed, unknown, or held because their time was missed.';
COMMENT ON COLUMN api_dlq_status.tenant_id IS 'Workspace.';
COMMENT ON COLUMN api_dlq_status.platform IS 'Platform id.';
COMMENT ON COLUMN api_dlq_status.state IS 'failed: not live. unknown: may be live. held: not sent, its time passed while nothing ran.';
COMMENT ON COLUMN api_dlq_status.held_reason IS 'missed, for held jobs; null for the others.';
COMMENT ON COLUMN api_dlq_status.kind IS 'Kind of the last failure; null: there was none.';
COMMENT ON COLUMN api_dlq_status.platform_code IS 'The platform''s own code, where it gave one.';
COMMENT ON COLUMN api_dlq_status.jobs IS 'Jobs with this cause.';
COMMENT ON COLUMN api_dlq_status.asking IS 'Jobs only a person can settle; the other unknown ones are still looked at by POSTD.';
COMMENT ON COLUMN api_dlq_status.oldest_at IS 'When the one that waits longest came to the desk.';
COMMENT ON COLUMN api_dlq_status.newest_at IS 'When the latest one came.';
--> statement-breakpoint
CREATE VIEW api_health_check_trends WITH (security_invoker = true) AS
SELECT h.tenant_id, c.platform, date_trunc('hour', h.at, 'UTC') AS hour,
  count(*) AS checks, count(*) FILTER (WHERE NOT h.ok) AS failed,
  round((percentile_cont(0.5) WITHIN GROUP (ORDER BY h.latency_ms))::numeric) AS latency_p50_ms,
  round((percentile_cont(0.95) WITHIN GROUP (ORDER BY h.latency_ms))::numeric) AS latency_p95_ms
FROM connection_health_log h JOIN connections c ON c.id = h.connection_id
WHERE h.at >= domain_now() - interval '7 days'
GROUP BY h.tenant_id, c.platform, date_trunc('hour', h.at, 'UTC');
--> statement-breakpoint
COMMENT ON VIEW api_health_check_trends IS 'Health checks by platform and hour, over the last 7 days.';
COMMENT ON COLUMN api_health_check_trends.tenant_id IS 'Workspace.';
COMMENT ON COLUMN api_health_check_trends.platform IS 'Platform id.';
COMMENT ON COLUMN api_health_check_trends.hour IS 'Beginning of the hour, UTC.';
COMMENT ON COLUMN api_health_check_trends.checks IS 'Checks that ended in this hour.';
COMMENT ON COLUMN api_health_check_trends.failed IS 'Those that failed.';
COMMENT ON COLUMN api_health_check_trends.latency_p50_ms IS 'Milliseconds the platform took; half of the checks took less.';
COMMENT ON COLUMN api_health_check_trends.latency_p95_ms IS 'The same for 95 of 100 checks.';
--> statement-breakpoint
CREATE VIEW api_connector_readiness WITH (security_invoker = true) AS
WITH account AS (
  SELECT c.id, c.tenant_id, c.platform, c.status IN ('attention', 'revoked') AS needs_person,
    c.paused_at IS NOT NULL OR t.paused_at IS NOT NULL OR i.paused_at IS NOT NULL AS is_paused,
    coalesce(c.blocked_until > domain_now(), false) AS must_wait
  FROM connections c JOIN tenants t ON t.id = c.tenant_id CROSS JOIN instance i
  WHERE c.disconnected_at IS NULL
), planned AS (
  SELECT a.*, NOT (a.needs_person OR a.is_paused OR a.must_wait) AS can_post,
    j.due, j.outage, j.next_at
  FROM account a LEFT JOIN LATERAL (
    SELECT count(*) FILTER (WHERE scheduled_for <= domain_now() + interval '24 hours') AS due,
      count(*) FILTER (WHERE held_reason = 'outage') AS outage, min(scheduled_for) AS next_at
    FROM publish_jobs
    WHERE connection_id = a.id AND state IN ('scheduled', 'retrying', 'processing', 'held') AND external_post_id IS NULL
  ) j ON true
)
SELECT tenant_id, platform, count(*) AS accounts, count(*) FILTER (WHERE can_post) AS ready,
  count(*) FILTER (WHERE needs_person) AS need_person, count(*) FILTER (WHERE is_paused) AS paused,
  count(*) FILTER (WHERE must_wait) AS asked_to_wait,
  sum(due)::bigint AS due_24h, coalesce(sum(due) FILTER (WHERE NOT can_post), 0)::bigint AS due_24h_not_ready,
  sum(outage)::bigint AS held_for_outage, min(next_at) AS next_due_at,
  count(*) FILTER (WHERE can_post) > 0 AND coalesce(sum(due) FILTER (WHERE NOT can_post), 0) = 0 AND sum(outage) = 0 AS is_ready
FROM planned GROUP BY tenant_id, platform;
--> statement-breakpoint
COMMENT ON VIEW api_connector_readiness IS 'Whether what is planned for the next 24 hours can go out, by platform.';
COMMENT ON COLUMN api_connector_readiness.tenant_id IS 'Workspace.';
COMMENT ON COLUMN api_connector_readiness.platform IS 'Platform id.';
COMMENT ON COLUMN api_connector_readiness.accounts IS 'Connected accounts.';
COMMENT ON COLUMN api_connector_readiness.ready IS 'Those that can post this moment.';
COMMENT ON COLUMN api_connector_readiness.need_person IS 'Those a person must repair first.';
COMMENT ON COLUMN api_connector_readiness.paused IS 'Those that are paused, one by one, with their workspace or with the instance.';
COMMENT ON COLUMN api_connector_readiness.asked_to_wait IS 'Those the platform asked to wait.';
COMMENT ON COLUMN api_connector_readiness.due_24h IS 'Posts that are not sent and whose time comes within 24 hours or has passed.';
COMMENT ON COLUMN api_connector_readiness.due_24h_not_ready IS 'Those of them on accounts that cannot post this moment.';
COMMENT ON COLUMN api_connector_readiness.held_for_outage IS 'Posts held because the platform is down.';
COMMENT ON COLUMN api_connector_readiness.next_due_at IS 'Time of the earliest post that is not sent; null: none is planned.';
COMMENT ON COLUMN api_connector_readiness.is_ready IS 'True: an account can post, no due post is on one that cannot, and the platform is not down.';
--> statement-breakpoint
CREATE VIEW api_analytics_summary WITH (security_invoker = true) AS
SELECT latest.tenant_id, j.platform, j.simulated, m.metric ->> 'name' AS metric, count(*) AS posts,
  sum((m.metric ->> 'value')::numeric) AS total, round(avg((m.metric ->> 'value')::numeric), 2) AS average,
  min(latest.fetched_at) AS oldest_at, max(latest.fetched_at) AS newest_at
FROM (
  SELECT DISTINCT ON (job_id) tenant_id, job_id, fetched_at, metrics
  FROM publish_job_analytics ORDER BY job_id, fetched_at DESC
) latest
JOIN publish_jobs j ON j.id = latest.job_id
CROSS JOIN LATERAL jsonb_array_elements(latest.metrics) AS m(metric)
WHERE jsonb_typeof(m.metric -> 'value') = 'number'
GROUP BY latest.tenant_id, j.platform, j.simulated, m.metric ->> 'name';
--> statement-breakpoint
COMMENT ON VIEW api_analytics_summary IS 'The newest numbers of every post, added up by platform and metric.';
COMMENT ON COLUMN api_analytics_summary.tenant_id IS 'Workspace.';
COMMENT ON COLUMN api_analytics_summary.platform IS 'Platform id.';
COMMENT ON COLUMN api_analytics_summary.simulated IS 'True: numbers of a simulated platform.';
COMMENT ON COLUMN api_analytics_summary.metric IS 'Our name of the number: likes, comments ...';
COMMENT ON COLUMN api_analytics_summary.posts IS 'Posts that have this number; a platform that does not give one is left out, never 0.';
COMMENT ON COLUMN api_analytics_summary.total IS 'Sum over these posts.';
COMMENT ON COLUMN api_analytics_summary.average IS 'Mean of these posts.';
COMMENT ON COLUMN api_analytics_summary.oldest_at IS 'When the oldest of these numbers was fetched.';
COMMENT ON COLUMN api_analytics_summary.newest_at IS 'When the newest was fetched.';
--> statement-breakpoint
GRANT SELECT ON api_connector_health_summary, api_recent_errors, api_token_health, api_publish_performance, api_dlq_status,
  api_health_check_trends, api_connector_readiness, api_analytics_summary TO postd_app;
