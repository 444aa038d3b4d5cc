-- What people decided about jobs at the desk, with their reasons: added to, and never changed.
CREATE TABLE "desk_decisions" (
	"id" text PRIMARY KEY NOT NULL,
	"tenant_id" text NOT NULL REFERENCES "tenants"("id") ON DELETE cascade,
	"job_id" text NOT NULL REFERENCES "publish_jobs"("id") ON DELETE cascade,
	"platform" text NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	"by" text NOT NULL,
	"outcome" text NOT NULL,
	"cause" text NOT NULL,
	"reason" text,
	"note" text
);--> statement-breakpoint
CREATE INDEX "desk_decisions_tenant" ON "desk_decisions" ("tenant_id","at");--> statement-breakpoint
CREATE INDEX "desk_decisions_job" ON "desk_decisions" ("job_id");--> statement-breakpoint
-- The desk of every workspace as it was once a day.
CREATE TABLE "desk_audits" (
	"tenant_id" text NOT NULL REFERENCES "tenants"("id") ON DELETE cascade,
	"day" date NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	"oldest_at" timestamp (3) with time zone,
	"causes" jsonb NOT NULL,
	"decided" jsonb NOT NULL,
	CONSTRAINT "desk_audits_tenant_id_day_pk" PRIMARY KEY("tenant_id","day")
);--> statement-breakpoint
DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['desk_decisions', 'desk_audits'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY tenant_rows ON %I TO postd_app USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant())', t);
    EXECUTE format('CREATE POLICY owner_rows ON %I TO postd_migrate USING (true) WITH CHECK (true)', t);
  END LOOP;
END $$;
--> statement-breakpoint
GRANT SELECT, INSERT ON desk_decisions TO postd_app;
GRANT SELECT, INSERT, DELETE ON desk_audits TO postd_app;--> statement-breakpoint
-- Whose desk was counted on which day, over all tenants; nothing of what stands there.
CREATE POLICY system_rows ON desk_audits TO postd_system USING (true);
GRANT SELECT (tenant_id, day) ON desk_audits TO postd_system;
GRANT SELECT (time_zone) ON tenants TO postd_system;
--> statement-breakpoint
CREATE OR REPLACE VIEW api_dlq_status WITH (security_invoker = true) AS
SELECT d.tenant_id, d.platform, d.state, d.held_reason, d.kind, d.platform_code, d.jobs, d.asking, d.oldest_at, d.newest_at,
  d.overdue, d.hours_in_queue, coalesce(r.reasons, '{}'::jsonb) AS reasons
FROM (
  SELECT tenant_id, platform, state, held_reason, failure ->> 'kind' AS kind, failure ->> 'platformCode' AS platform_code,
    count(*) AS jobs, count(*) FILTER (WHERE needs_person) AS asking, min(updated_at) AS oldest_at, max(updated_at) AS newest_at,
    count(*) FILTER (WHERE is_overdue) AS overdue,
    round((extract(epoch FROM domain_now() - min(greatest(scheduled_for, created_at))) / 3600)::numeric, 1) AS hours_in_queue
  FROM (
    SELECT j.*, state IN ('scheduled', 'retrying', 'processing', 'held') AND NOT may_be_live AND external_post_id IS NULL
      AND greatest(scheduled_for, created_at) < domain_now() - interval '7 days' AS is_overdue
    FROM publish_jobs j
  ) job
  WHERE state IN ('failed', 'unknown') OR (state = 'held' AND held_reason = 'missed') OR (state = 'partly_published' AND wake_at IS NULL) OR is_overdue
  GROUP BY tenant_id, platform, state, held_reason, failure ->> 'kind', failure ->> 'platformCode'
) d LEFT JOIN LATERAL (
  SELECT jsonb_object_agg(given.reason, given.count) AS reasons FROM (
    SELECT coalesce(reason, 'not_given') AS reason, count(*) AS count FROM desk_decisions
    WHERE tenant_id = d.tenant_id AND platform = d.platform AND at >= domain_now() - interval '30 days' GROUP BY 1
  ) given
) r ON true;
--> statement-breakpoint
COMMENT ON VIEW api_dlq_status IS 'Publish jobs at the dead-letter desk, by cause: failed, unknown, partly live, held because their time was missed, or due for over 7 days and not sent.';
COMMENT ON COLUMN api_dlq_status.state IS 'failed: not live. unknown: may be live. partly_published: some parts are live. Any other: not sent, its time passed while nothing ran, or more than 7 days ago.';
COMMENT ON COLUMN api_dlq_status.held_reason IS 'Why held jobs are held; null for the others.';
COMMENT ON COLUMN api_dlq_status.overdue IS 'Jobs that were due more than 7 days ago and are not sent.';
COMMENT ON COLUMN api_dlq_status.hours_in_queue IS 'Hours since the planned time of the one that waits longest.';
COMMENT ON COLUMN api_dlq_status.reasons IS 'Reasons people gave for this platform''s jobs in the last 30 days, counted; not_given: without one.';
