-- The very same request of a platform is stored once, and a tenant reads what arrived for an account.
ALTER TABLE "webhook_inbox" ADD COLUMN "request_hash" text;--> statement-breakpoint
CREATE UNIQUE INDEX "webhook_inbox_request" ON "webhook_inbox" USING btree ("request_hash");--> statement-breakpoint
CREATE INDEX "webhook_inbox_dead" ON "webhook_inbox" USING btree ("id") WHERE dead_at is not null;--> statement-breakpoint
CREATE INDEX "webhook_events_list" ON "webhook_events" USING btree ("connection_id","id");
