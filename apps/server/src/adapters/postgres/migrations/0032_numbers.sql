-- What stands on an account, whoever made it, and its numbers. Those of POSTD's own posts were to have a table of their own, which
-- nothing ever wrote to: it is a view of the same rows now.
CREATE TABLE "account_posts" (
	"id" text PRIMARY KEY NOT NULL,
	"tenant_id" text NOT NULL REFERENCES "tenants"("id") ON DELETE cascade,
	"connection_id" text NOT NULL REFERENCES "connections"("id") ON DELETE cascade,
	"external_id" text NOT NULL,
	"permalink" text,
	"format" text NOT NULL,
	"text" text,
	"job_id" text REFERENCES "publish_jobs"("id") ON DELETE set null,
	"made_at" timestamp (3) with time zone NOT NULL,
	"seen_at" timestamp (3) with time zone NOT NULL,
	"read_at" timestamp (3) with time zone,
	"next_at" timestamp (3) with time zone
);--> statement-breakpoint
CREATE UNIQUE INDEX "account_posts_external" ON "account_posts" ("connection_id","external_id");--> statement-breakpoint
CREATE INDEX "account_posts_tenant" ON "account_posts" ("tenant_id","made_at");--> statement-breakpoint
CREATE INDEX "account_posts_list" ON "account_posts" ("connection_id","made_at","id");--> statement-breakpoint
CREATE INDEX "account_posts_due" ON "account_posts" ("connection_id","next_at") WHERE next_at is not null;--> statement-breakpoint
CREATE INDEX "account_posts_job" ON "account_posts" ("job_id") WHERE job_id is not null;--> statement-breakpoint
CREATE TABLE "account_post_numbers" (
	"tenant_id" text NOT NULL REFERENCES "tenants"("id") ON DELETE cascade,
	"account_post_id" text NOT NULL REFERENCES "account_posts"("id") ON DELETE cascade,
	"fetched_at" timestamp (3) with time zone NOT NULL,
	"metrics" jsonb NOT NULL,
	CONSTRAINT "account_post_numbers_account_post_id_fetched_at_pk" PRIMARY KEY("account_post_id","fetched_at")
);--> statement-breakpoint
CREATE TABLE "account_numbers" (
	"tenant_id" text NOT NULL REFERENCES "tenants"("id") ON DELETE cascade,
	"connection_id" text NOT NULL REFERENCES "connections"("id") ON DELETE cascade,
	"name" text NOT NULL,
	"platform_name" text NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	"since" timestamp (3) with time zone,
	"value" double precision NOT NULL,
	CONSTRAINT "account_numbers_connection_id_platform_name_at_pk" PRIMARY KEY("connection_id","platform_name","at")
);--> statement-breakpoint
CREATE TABLE "number_readings" (
	"connection_id" text PRIMARY KEY NOT NULL REFERENCES "connections"("id") ON DELETE cascade,
	"tenant_id" text NOT NULL REFERENCES "tenants"("id") ON DELETE cascade,
	"read_at" timestamp (3) with time zone,
	"next_at" timestamp (3) with time zone NOT NULL,
	"asked" boolean DEFAULT false NOT NULL,
	"failure" jsonb
);--> statement-breakpoint
CREATE INDEX "number_readings_next" ON "number_readings" ("next_at");--> statement-breakpoint
DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['account_posts', 'account_post_numbers', 'account_numbers', 'number_readings'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY tenant_rows ON %I TO postd_app USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant())', t);
    EXECUTE format('CREATE POLICY owner_rows ON %I TO postd_migrate USING (true) WITH CHECK (true)', t);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO postd_app', t);
  END LOOP;
END $$;
--> statement-breakpoint
-- When whose account is read, over all tenants; nothing of what it holds.
CREATE POLICY system_rows ON number_readings TO postd_system USING (true);
GRANT SELECT (connection_id, tenant_id, next_at, asked) ON number_readings TO postd_system;
--> statement-breakpoint
DROP VIEW api_analytics_summary;
DROP TABLE publish_job_analytics;
--> statement-breakpoint
CREATE VIEW publish_job_analytics WITH (security_invoker = true) AS
SELECT n.tenant_id, p.job_id, n.fetched_at, n.metrics FROM account_post_numbers n JOIN account_posts p ON p.id = n.account_post_id
WHERE p.job_id IS NOT NULL;
COMMENT ON VIEW publish_job_analytics IS 'Every reading of the numbers of posts that POSTD made.';
COMMENT ON COLUMN publish_job_analytics.tenant_id IS 'Workspace.';
COMMENT ON COLUMN publish_job_analytics.job_id IS 'The job that made the post.';
COMMENT ON COLUMN publish_job_analytics.fetched_at IS 'When they were read.';
COMMENT ON COLUMN publish_job_analytics.metrics IS 'Each with our name, the platform''s own, its value and its date.';
GRANT SELECT ON publish_job_analytics TO postd_app;
--> statement-breakpoint
CREATE VIEW api_analytics_summary WITH (security_invoker = true) AS
SELECT latest.tenant_id, j.platform, j.simulated, m.metric ->> 'name' AS metric, count(*) AS posts,
  sum((m.metric ->> 'value')::numeric) AS total, round(avg((m.metric ->> 'value')::numeric), 2) AS average,
  min(latest.fetched_at) AS oldest_at, max(latest.fetched_at) AS newest_at
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
GRANT SELECT ON api_analytics_summary TO postd_app;
