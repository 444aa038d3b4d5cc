-- A request of a platform is marked done only together with what it led to. Until then it is tried again, after pauses
-- that grow, and one that fails by its own doing is put aside for the operator.
ALTER TABLE webhook_inbox ADD COLUMN tries integer NOT NULL DEFAULT 0;
ALTER TABLE webhook_inbox ADD COLUMN faults integer NOT NULL DEFAULT 0;
ALTER TABLE webhook_inbox ADD COLUMN next_try_at timestamp (3) with time zone;
ALTER TABLE webhook_inbox ADD COLUMN dead_at timestamp (3) with time zone;
--> statement-breakpoint
-- A request that is worked on again must not leave an event nobody claims a second time.
ALTER TABLE webhook_unmatched ADD COLUMN dedupe_hash text;
CREATE UNIQUE INDEX webhook_unmatched_dedupe ON webhook_unmatched USING btree (dedupe_hash);
--> statement-breakpoint
-- Effects and mark share one transaction, and the effects are written behind row security, so the app role does both.
GRANT UPDATE (processed_at, event_count, error, tries, faults, next_try_at, dead_at) ON webhook_inbox TO postd_app;
GRANT INSERT ON webhook_unmatched TO postd_app;
