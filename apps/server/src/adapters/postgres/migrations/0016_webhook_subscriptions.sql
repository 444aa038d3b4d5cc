CREATE TABLE "webhook_subscriptions" (
	"id" text PRIMARY KEY NOT NULL,
	"tenant_id" text NOT NULL,
	"connection_id" text NOT NULL,
	"provider" text NOT NULL,
	"external_id" text,
	"expires_at" timestamp (3) with time zone,
	"renew_at" timestamp (3) with time zone,
	"pull_at" timestamp (3) with time zone,
	"cursor" text,
	"created_at" timestamp (3) with time zone NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
ALTER TABLE "webhook_inbox" ADD COLUMN "connection_id" text;--> statement-breakpoint
ALTER TABLE "webhook_subscriptions" ADD CONSTRAINT "webhook_subscriptions_tenant_id_tenants_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."tenants"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
ALTER TABLE "webhook_subscriptions" ADD CONSTRAINT "webhook_subscriptions_connection_id_connections_id_fk" FOREIGN KEY ("connection_id") REFERENCES "public"."connections"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE UNIQUE INDEX "webhook_subscriptions_connection" ON "webhook_subscriptions" USING btree ("connection_id");--> statement-breakpoint
CREATE INDEX "webhook_subscriptions_renew" ON "webhook_subscriptions" USING btree ("renew_at") WHERE renew_at is not null;--> statement-breakpoint
CREATE INDEX "webhook_subscriptions_pull" ON "webhook_subscriptions" USING btree ("pull_at") WHERE pull_at is not null;
--> statement-breakpoint
ALTER TABLE webhook_subscriptions ENABLE ROW LEVEL SECURITY;
ALTER TABLE webhook_subscriptions FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_rows ON webhook_subscriptions TO postd_app USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant());
CREATE POLICY owner_rows ON webhook_subscriptions TO postd_migrate USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON webhook_subscriptions TO postd_app;
-- A request names its subscription before a tenant is known, and the worker learns which are due.
CREATE POLICY system_rows ON webhook_subscriptions FOR SELECT TO postd_system USING (true);
GRANT SELECT (id, tenant_id, connection_id, provider, renew_at, pull_at) ON webhook_subscriptions TO postd_system;
