-- A sign-in whose secret a connection holds reads it only while that connection lives on no other sign-in.
CREATE INDEX "platform_sign_ins_secret_owner" ON "platform_sign_ins" USING btree ("secret_owner");
--> statement-breakpoint
-- Where one lives on another by now, its secret is somebody else's: an account that acts with the sign-in has a copy.
UPDATE platform_sign_ins s SET secret_owner = coalesce((SELECT min(c.id) FROM connections c WHERE c.sign_in_id = s.id
    AND c.disconnected_at IS NULL AND NOT c.own_secret), s.id)
WHERE s.secret_owner <> s.id AND EXISTS (SELECT 1 FROM connections c WHERE c.id = s.secret_owner AND c.sign_in_id <> s.id);
--> statement-breakpoint
CREATE FUNCTION check_secret_owner() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS
$$ BEGIN
  IF EXISTS (SELECT 1 FROM connections c JOIN platform_sign_ins s ON s.secret_owner = c.id WHERE c.id = NEW.id AND c.sign_in_id <> s.id) THEN
    RAISE EXCEPTION 'a connection that moved to another sign-in still holds the secret of the one before' USING ERRCODE = 'integrity_constraint_violation';
  END IF;
  RETURN NULL;
END $$;
--> statement-breakpoint
REVOKE ALL ON FUNCTION check_secret_owner() FROM PUBLIC;
CREATE CONSTRAINT TRIGGER secret_owner_moved AFTER UPDATE OF sign_in_id ON connections DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION check_secret_owner();
--> statement-breakpoint
-- An older version that signs in again, which it tells by forgetting when it renewed, may have been given another person's
-- access: where others live on the sign-in, the account gets one of its own, and theirs reads a copy of what they act with.
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
    ELSIF NEW.disconnected_at IS NULL AND NEW.credential_version <> OLD.credential_version AND NEW.refreshed_at IS NULL
      AND EXISTS (SELECT 1 FROM connections c WHERE c.sign_in_id = NEW.sign_in_id AND c.id <> NEW.id) THEN
      UPDATE platform_sign_ins s SET secret_owner = coalesce((SELECT min(c.id) FROM connections c WHERE c.sign_in_id = s.id AND c.id <> NEW.id
          AND c.disconnected_at IS NULL AND NOT c.own_secret), s.id), updated_at = NEW.updated_at
      WHERE s.secret_owner = NEW.id;
      UPDATE connections SET own_secret = false, sign_in_id = make_sign_in(NEW) WHERE id = NEW.id;
    ELSIF NEW.disconnected_at IS NULL AND NEW.credential_version <> OLD.credential_version AND NOT NEW.own_secret THEN
      UPDATE platform_sign_ins s SET secret_owner = NEW.id, credential_version = s.credential_version + 1, scopes = NEW.scopes,
        extras = NULL, status = 'healthy', status_reason = NULL, token_expires_at = NEW.token_expires_at, refresh_expires_at = NEW.refresh_expires_at,
        refreshed_at = NEW.refreshed_at, refresh_lease_until = NULL, refresh_intent_at = NULL, ended_at = NULL, updated_at = NEW.updated_at
      WHERE s.id = NEW.sign_in_id;
    END IF;
  END IF;
  RETURN NULL;
END $$;
