-- What a sign-in told of itself besides who signed in: renewing and withdrawing it know no account that could say so.
ALTER TABLE "oauth_grants" ADD COLUMN "extras" jsonb;--> statement-breakpoint
ALTER TABLE "platform_sign_ins" ADD COLUMN "extras" jsonb;
--> statement-breakpoint
-- An older version that signs in again may have been told another server: then its connection knows it.
CREATE OR REPLACE FUNCTION follow_older_version() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS
$$ BEGIN
  IF NEW.sign_in_id IS NULL THEN
    IF NEW.disconnected_at IS NULL AND (TG_OP = 'INSERT' OR coalesce(current_setting('app.sign_ins', true), '') <> 'known') THEN
      UPDATE connections SET sign_in_id = make_sign_in(NEW) WHERE id = NEW.id;
    END IF;
  ELSIF TG_OP = 'UPDATE' AND coalesce(current_setting('app.sign_ins', true), '') <> 'known' THEN
    IF NEW.disconnected_at IS NOT NULL AND OLD.disconnected_at IS NULL THEN
      UPDATE platform_sign_ins s SET ended_at = NEW.disconnected_at, credential_version = s.credential_version + 1,
        refresh_lease_until = NULL, refresh_intent_at = NULL, updated_at = NEW.updated_at
      WHERE s.id = NEW.sign_in_id AND NOT EXISTS (SELECT 1 FROM connections c WHERE c.sign_in_id = s.id AND c.disconnected_at IS NULL);
    ELSIF NEW.disconnected_at IS NULL AND NEW.credential_version <> OLD.credential_version AND NOT NEW.own_secret THEN
      UPDATE platform_sign_ins s SET secret_owner = NEW.id, credential_version = s.credential_version + 1, scopes = NEW.scopes,
        extras = NULL, status = 'healthy', status_reason = NULL, token_expires_at = NEW.token_expires_at, refresh_expires_at = NEW.refresh_expires_at,
        refreshed_at = NEW.refreshed_at, refresh_lease_until = NULL, refresh_intent_at = NULL, ended_at = NULL, updated_at = NEW.updated_at
      WHERE s.id = NEW.sign_in_id;
    END IF;
  END IF;
  RETURN NULL;
END $$;
