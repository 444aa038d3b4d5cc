-- What proved an event: the app as its provider calls it, under whichever registration it arrived.
ALTER TABLE "webhook_inbox" ADD COLUMN "client_ids" text[] DEFAULT '{}'::text[] NOT NULL;
