-- A subscription belongs to the app it was made with.
ALTER TABLE "webhook_subscriptions" ADD COLUMN "app_id" text DEFAULT 'instance' NOT NULL;--> statement-breakpoint
ALTER TABLE "webhook_subscriptions" ADD COLUMN "client_id" text;
--> statement-breakpoint
UPDATE webhook_subscriptions s SET app_id = c.app_id FROM connections c WHERE c.id = s.connection_id;
