-- For one release: a worker of an older version leaves alone what it cannot do. Its claim of such a job, or of such a request of a
-- platform, changes nothing, which it takes for another worker having been first. This version says that it knows (app.sign_ins).
CREATE FUNCTION leave_to_newer_version() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS
$$ BEGIN
  IF current_user = 'postd_app' AND coalesce(current_setting('app.sign_ins', true), '') <> 'known' AND (
    NEW.platform NOT IN ('bluesky', 'facebook', 'instagram') OR NEW.step_version <> 1 OR NEW.parts_gone OR EXISTS (
      SELECT 1 FROM connections c WHERE c.id = NEW.connection_id AND (c.disabled_at IS NOT NULL OR c.app_id <> 'instance'))) THEN
    RETURN NULL;
  END IF;
  RETURN NEW;
END $$;
--> statement-breakpoint
REVOKE ALL ON FUNCTION leave_to_newer_version() FROM PUBLIC;
-- A claim raises the fence and begins a lease; what else raises the fence ends the lease, or leaves it.
CREATE TRIGGER older_version_claims BEFORE UPDATE OF fence ON publish_jobs FOR EACH ROW
  WHEN (NEW.fence <> OLD.fence AND NEW.lease_until IS NOT NULL AND NEW.lease_until IS DISTINCT FROM OLD.lease_until)
  EXECUTE FUNCTION leave_to_newer_version();
--> statement-breakpoint
-- An older version knows requests by the platform they name first, and no app but this server's.
CREATE FUNCTION leave_request_to_newer_version() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS
$$ BEGIN
  IF current_user = 'postd_app' AND coalesce(current_setting('app.sign_ins', true), '') <> 'known' AND (
    NEW.platform NOT IN ('bluesky', 'facebook', 'instagram') OR NEW.app_id <> 'instance' OR NEW.connection_id IS NOT NULL) THEN
    RETURN NULL;
  END IF;
  RETURN NEW;
END $$;
--> statement-breakpoint
REVOKE ALL ON FUNCTION leave_request_to_newer_version() FROM PUBLIC;
CREATE TRIGGER older_version_begins BEFORE UPDATE OF tries ON webhook_inbox FOR EACH ROW
  WHEN (NEW.tries > OLD.tries) EXECUTE FUNCTION leave_request_to_newer_version();
