-- Links that stand in for a sign-in. Only a hash is kept, and each link is for one purpose: an invitation, becoming an
-- operator, confirming an address. They are looked up by hash before a tenant is known, so no row security.
CREATE TABLE links (
  id text PRIMARY KEY,
  hash text NOT NULL UNIQUE,
  purpose text NOT NULL,
  tenant_id text REFERENCES tenants (id) ON DELETE CASCADE,
  subject text NOT NULL,
  created_at timestamptz(3) NOT NULL,
  expires_at timestamptz(3) NOT NULL,
  used_at timestamptz(3),
  used_by text,
  revoked_at timestamptz(3)
);
--> statement-breakpoint
CREATE INDEX links_subject ON links (purpose, subject);
--> statement-breakpoint
-- A newer link of the same purpose and subject ends the older ones, also where two are made at the same moment.
CREATE UNIQUE INDEX links_one_open ON links (purpose, subject) WHERE used_at IS NULL AND revoked_at IS NULL;
--> statement-breakpoint
CREATE TABLE operators (
  user_id text PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
  since timestamptz(3) NOT NULL
);
--> statement-breakpoint
-- Tries at signing in, invitations and mails, counted for all processes together. `key` is a hash.
CREATE TABLE throttles (
  key text PRIMARY KEY,
  count integer NOT NULL,
  ends_at timestamptz(3) NOT NULL
);
--> statement-breakpoint
CREATE INDEX throttles_ends ON throttles (ends_at);
--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE, DELETE ON links, operators, throttles TO postd_app;
--> statement-breakpoint
GRANT SELECT (ends_at), DELETE ON throttles TO postd_system;
--> statement-breakpoint
GRANT SELECT (expires_at), DELETE ON links TO postd_system;
--> statement-breakpoint
-- Until now an invitation's id, which every member could read, was enough to accept it. Nobody holds a link to one that
-- is open, so it has to be sent again.
UPDATE invitations SET status = 'canceled' WHERE status = 'pending';
--> statement-breakpoint
CREATE INDEX verifications_value ON verifications (value);
