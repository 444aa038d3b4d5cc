-- Apps that tenants register at providers themselves, and whose app everything was made with.
CREATE TABLE "tenant_apps" (
	"id" text PRIMARY KEY NOT NULL,
	"tenant_id" text NOT NULL,
	"provider" text NOT NULL,
	"set_id" text NOT NULL,
	"values" jsonb NOT NULL,
	"secret_names" text[] NOT NULL,
	"created_by" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
ALTER TABLE "connections" ADD COLUMN "app_id" text DEFAULT 'instance' NOT NULL;--> statement-breakpoint
ALTER TABLE "oauth_grants" ADD COLUMN "app_id" text DEFAULT 'instance' NOT NULL;--> statement-breakpoint
ALTER TABLE "oauth_states" ADD COLUMN "app_id" text DEFAULT 'instance' NOT NULL;--> statement-breakpoint
ALTER TABLE "webhook_inbox" ADD COLUMN "app_id" text DEFAULT 'instance' NOT NULL;--> statement-breakpoint
ALTER TABLE "tenant_apps" ADD CONSTRAINT "tenant_apps_tenant_id_tenants_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."tenants"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "tenant_apps_tenant" ON "tenant_apps" USING btree ("tenant_id","id");
--> statement-breakpoint
ALTER TABLE tenant_apps ENABLE ROW LEVEL SECURITY;
ALTER TABLE tenant_apps FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_rows ON tenant_apps TO postd_app USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant());
CREATE POLICY owner_rows ON tenant_apps TO postd_migrate USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON tenant_apps TO postd_app;
CREATE POLICY system_rows ON tenant_apps FOR SELECT TO postd_system USING (true);
GRANT SELECT (id, tenant_id) ON tenant_apps TO postd_system;
-- What a provider signs with one app reaches only what was signed in to with that app.
GRANT SELECT (app_id) ON connections TO postd_system;
