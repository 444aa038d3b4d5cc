-- A reading that told nothing is a reading all the same, and no missed one.
ALTER TABLE "account_posts" ADD COLUMN "none_at" timestamp (3) with time zone[] DEFAULT '{}' NOT NULL;
--> statement-breakpoint
CREATE OR REPLACE VIEW api_analytics_summary WITH (security_invoker = true) AS
SELECT latest.tenant_id, j.platform, j.simulated, m.metric ->> 'name' AS metric, count(*) AS posts,
  sum((m.metric ->> 'value')::numeric) AS total, round(avg((m.metric ->> 'value')::numeric), 2) AS average,
  min(latest.fetched_at) AS oldest_at, max(latest.fetched_at) AS newest_at, max(j.published_at) AS last_published_at
FROM (
  SELECT DISTINCT ON (p.job_id) n.tenant_id, p.job_id, n.fetched_at, n.metrics
  FROM account_post_numbers n JOIN account_posts p ON p.id = n.account_post_id
  WHERE p.job_id IS NOT NULL ORDER BY p.job_id, n.fetched_at DESC
) latest
JOIN publish_jobs j ON j.id = latest.job_id
CROSS JOIN LATERAL jsonb_array_elements(latest.metrics) AS m(metric)
WHERE jsonb_typeof(m.metric -> 'value') = 'number'
GROUP BY latest.tenant_id, j.platform, j.simulated, m.metric ->> 'name';
--> statement-breakpoint
COMMENT ON COLUMN api_analytics_summary.last_published_at IS 'When the newest of these posts went live.';
