-- What is the tenant's own about an account: a name, a word to sort by, and whether anything is published to it.
ALTER TABLE "connections" ADD COLUMN "own_name" text;--> statement-breakpoint
ALTER TABLE "connections" ADD COLUMN "label" text;--> statement-breakpoint
ALTER TABLE "connections" ADD COLUMN "disabled_at" timestamp (3) with time zone;