-- What becomes of posts that missed their time, and since when that rule of a workspace stands.
ALTER TABLE "tenants" ADD COLUMN "after_reconnect" text DEFAULT 'ask' NOT NULL;--> statement-breakpoint
ALTER TABLE "tenants" ADD CONSTRAINT "tenants_after_reconnect" CHECK (after_reconnect in ('ask', 'send', 'spread', 'drop'));--> statement-breakpoint
ALTER TABLE "tenants" ADD COLUMN "after_reconnect_at" timestamp (3) with time zone;--> statement-breakpoint
-- When a job was held as missed; null: never, or by an older version, whose jobs wait for a person.
ALTER TABLE "publish_jobs" ADD COLUMN "missed_at" timestamp (3) with time zone;--> statement-breakpoint
GRANT SELECT (after_reconnect, after_reconnect_at) ON tenants TO postd_system;
GRANT SELECT (missed_at) ON publish_jobs TO postd_system;--> statement-breakpoint
CREATE INDEX "publish_jobs_waiting" ON "publish_jobs" ("tenant_id","scheduled_for","id") WHERE state = 'held' and not may_be_live and external_post_id is null;
