-- What people write to an account, and when it is read. Answers are publish jobs, found by what they answer.
CREATE TABLE "inbox_entries" (
	"id" text PRIMARY KEY NOT NULL,
	"tenant_id" text NOT NULL REFERENCES "tenants"("id") ON DELETE cascade,
	"connection_id" text NOT NULL REFERENCES "connections"("id") ON DELETE cascade,
	"external_id" text NOT NULL,
	"kind" text NOT NULL,
	"post_external_id" text,
	"parent_external_id" text,
	"author" jsonb,
	"text" text NOT NULL,
	"rating" double precision,
	"permalink" text,
	"own" boolean NOT NULL,
	"hidden" boolean,
	"liked" boolean,
	"answer" jsonb,
	"cannot" text[] NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"edited_at" timestamp (3) with time zone,
	"seen_at" timestamp (3) with time zone NOT NULL,
	"read_at" timestamp (3) with time zone,
	"gone_at" timestamp (3) with time zone
);--> statement-breakpoint
CREATE UNIQUE INDEX "inbox_entries_external" ON "inbox_entries" ("connection_id","external_id");--> statement-breakpoint
CREATE INDEX "inbox_entries_tenant" ON "inbox_entries" ("tenant_id","created_at","id");--> statement-breakpoint
CREATE INDEX "inbox_entries_list" ON "inbox_entries" ("connection_id","created_at","id");--> statement-breakpoint
CREATE INDEX "inbox_entries_post" ON "inbox_entries" ("connection_id","post_external_id","created_at");--> statement-breakpoint
CREATE INDEX "inbox_entries_parent" ON "inbox_entries" ("connection_id","parent_external_id") WHERE parent_external_id is not null;--> statement-breakpoint
CREATE TABLE "inbox_readings" (
	"connection_id" text PRIMARY KEY NOT NULL REFERENCES "connections"("id") ON DELETE cascade,
	"tenant_id" text NOT NULL REFERENCES "tenants"("id") ON DELETE cascade,
	"read_at" timestamp (3) with time zone,
	"whole_at" timestamp (3) with time zone,
	"next_at" timestamp (3) with time zone NOT NULL,
	"asked" boolean DEFAULT false NOT NULL,
	"told" boolean DEFAULT false NOT NULL,
	"failure" jsonb
);--> statement-breakpoint
CREATE INDEX "inbox_readings_next" ON "inbox_readings" ("next_at");--> statement-breakpoint
CREATE INDEX "publish_jobs_answers" ON "publish_jobs" ("connection_id",(content ->> 'destination')) WHERE content ->> 'format' = 'reply';--> statement-breakpoint
CREATE INDEX "posts_answers" ON "posts" ("tenant_id",(targets -> 0 ->> 'destination')) WHERE content ->> 'format' = 'reply';--> statement-breakpoint
DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['inbox_entries', 'inbox_readings'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY tenant_rows ON %I TO postd_app USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant())', t);
    EXECUTE format('CREATE POLICY owner_rows ON %I TO postd_migrate USING (true) WITH CHECK (true)', t);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO postd_app', t);
  END LOOP;
END $$;
--> statement-breakpoint
-- When whose account is read, over all tenants; nothing of what people wrote.
CREATE POLICY system_rows ON inbox_readings TO postd_system USING (true);
GRANT SELECT (connection_id, tenant_id, next_at, asked) ON inbox_readings TO postd_system;
-- Only some kinds of account have an inbox.
GRANT SELECT (account_kind) ON connections TO postd_system;
