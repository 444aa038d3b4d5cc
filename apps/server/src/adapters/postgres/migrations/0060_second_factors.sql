-- Codes and passkeys of people, and what of it a session showed. Secrets are sealed by the sign-in library with the auth secret.
ALTER TABLE users ADD COLUMN two_factor_enabled boolean NOT NULL DEFAULT false;
ALTER TABLE sessions ADD COLUMN second_factor text, ADD COLUMN last_used_at timestamp (3) with time zone,
  ADD COLUMN ended_in text[] NOT NULL DEFAULT '{}';
ALTER TABLE tenants ADD COLUMN requires_two_factor boolean NOT NULL DEFAULT false;
ALTER TABLE members ADD COLUMN signed_out_at timestamp (3) with time zone;
--> statement-breakpoint
CREATE TABLE two_factors (
  id text PRIMARY KEY,
  user_id text NOT NULL UNIQUE REFERENCES users(id) ON DELETE cascade,
  secret text NOT NULL,
  backup_codes text NOT NULL,
  verified boolean NOT NULL DEFAULT false,
  failed_verification_count integer NOT NULL DEFAULT 0,
  locked_until timestamp (3) with time zone
);
CREATE TABLE passkeys (
  id text PRIMARY KEY,
  name text,
  public_key text NOT NULL,
  user_id text NOT NULL REFERENCES users(id) ON DELETE cascade,
  credential_id text NOT NULL UNIQUE,
  counter bigint NOT NULL,
  device_type text NOT NULL,
  backed_up boolean NOT NULL,
  transports text,
  created_at timestamp (3) with time zone,
  aaguid text
);
CREATE INDEX passkeys_user ON passkeys (user_id);
GRANT SELECT, INSERT, UPDATE, DELETE ON two_factors, passkeys TO postd_app;
--> statement-breakpoint
-- How a person signs in is told in the record of every workspace they are a member of. The sign-in library says not who acts: it is they.
CREATE FUNCTION audit_person() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS
$$ DECLARE
  was jsonb := CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) END;
  becomes jsonb := CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) END;
  person text := coalesce(becomes, was) ->> 'user_id';
  who jsonb := acting();
  verb text;
BEGIN
  IF current_setting('role', true) = 'postd_migrate' AND current_setting('app.restoring', true) = 'on' THEN RETURN NULL; END IF;
  IF TG_TABLE_NAME = 'two_factors' THEN
    verb := CASE WHEN coalesce(becomes ->> 'verified', 'false') <> coalesce(was ->> 'verified', 'false')
        THEN CASE WHEN becomes ->> 'verified' = 'true' THEN 'two_factor.enabled' ELSE 'two_factor.disabled' END
      WHEN becomes ->> 'verified' = 'true' AND becomes ->> 'backup_codes' <> was ->> 'backup_codes' THEN 'two_factor.codes_changed' END;
  ELSIF coalesce(becomes, was) ->> 'provider_id' IS DISTINCT FROM 'credential' THEN
    verb := TG_ARGV[0] || CASE TG_OP WHEN 'INSERT' THEN '.added' ELSE '.removed' END;
  END IF;
  IF verb IS NULL THEN RETURN NULL; END IF;
  IF who ->> 'kind' = 'unknown' THEN who := jsonb_build_object('kind', 'person', 'id', person); END IF;
  INSERT INTO audit_log (id, tenant_id, at, actor_kind, actor_id, action, subject_kind, subject_id, reason, request_id)
  SELECT 'aud_' || replace(gen_random_uuid()::text, '-', ''), m.tenant_id, domain_now(), who ->> 'kind', who ->> 'id', verb, 'person', person,
    who ->> 'reason', who ->> 'requestId'
  FROM members m JOIN tenants t ON t.id = m.tenant_id WHERE m.user_id = person;
  RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION audit_person() FROM PUBLIC;
CREATE TRIGGER audited AFTER INSERT OR UPDATE OR DELETE ON two_factors FOR EACH ROW EXECUTE FUNCTION audit_person('two_factor');
CREATE TRIGGER audited AFTER INSERT OR DELETE ON passkeys FOR EACH ROW EXECUTE FUNCTION audit_person('passkey');
CREATE TRIGGER audited AFTER INSERT OR DELETE ON sign_ins FOR EACH ROW EXECUTE FUNCTION audit_person('sign_in');
--> statement-breakpoint
DROP TRIGGER audited ON tenants;
CREATE TRIGGER audited AFTER INSERT OR UPDATE OF name, time_zone, keep_originals, requires_approval, requires_two_factor, paused_at ON tenants FOR EACH ROW
  EXECUTE FUNCTION audit_change('tenant', 'time_zone keep_originals requires_approval requires_two_factor', 'name', '{"paused_at": ["paused", "resumed"]}');
CREATE TRIGGER signed_out AFTER UPDATE OF signed_out_at ON members FOR EACH ROW EXECUTE FUNCTION audit_change('member', 'signed_out_at', '', '{}');
