-- What the steps of a job keep from one run to the next: which version of a format wrote it, and whether secrets belong to it.
ALTER TABLE "publish_jobs" ADD COLUMN "step_version" integer DEFAULT 1 NOT NULL;--> statement-breakpoint
ALTER TABLE "publish_jobs" ADD COLUMN "has_sealed" boolean DEFAULT false NOT NULL;--> statement-breakpoint
-- Secrets of steps that were forgotten with their job, or that rest with one nobody comes back to, go after a while. The
-- role that sweeps still reads none of them.
CREATE POLICY system_job_rows ON encrypted_secrets TO postd_system USING (owner_id LIKE 'job\_%');
GRANT SELECT (has_sealed) ON publish_jobs TO postd_system;
