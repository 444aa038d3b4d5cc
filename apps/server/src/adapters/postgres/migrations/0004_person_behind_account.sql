ALTER TABLE "connections" ADD COLUMN "person_id" text GENERATED ALWAYS AS (extras ->> 'personId') STORED;--> statement-breakpoint
GRANT SELECT (person_id) ON connections TO postd_system;
