-- Who takes care of what somebody wrote, when it comes back, and whether it is done with. It goes with the entry.
ALTER TABLE "inbox_entries" ADD COLUMN "assignee_id" text REFERENCES "members"("id") ON DELETE set null;--> statement-breakpoint
ALTER TABLE "inbox_entries" ADD COLUMN "snoozed_until" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "inbox_entries" ADD COLUMN "done_at" timestamp (3) with time zone;--> statement-breakpoint
CREATE INDEX "inbox_entries_assignee" ON "inbox_entries" ("assignee_id") WHERE assignee_id is not null;
