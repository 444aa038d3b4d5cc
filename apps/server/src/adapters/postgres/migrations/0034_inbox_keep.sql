-- Some platforms let what people wrote be kept for a while only: the hourly sweep removes what was not shown again since.
ALTER TABLE "inbox_entries" ADD COLUMN "keep_until" timestamp (3) with time zone;--> statement-breakpoint
CREATE INDEX "inbox_entries_keep" ON "inbox_entries" ("keep_until") WHERE keep_until is not null;--> statement-breakpoint
CREATE POLICY system_rows ON inbox_entries TO postd_system USING (keep_until is not null);
GRANT SELECT (keep_until), DELETE ON inbox_entries TO postd_system;
