-- Withdrawing a sign-in and storing a new one meet at one lock: whoever is second sees the first.
CREATE TABLE "withdrawals" (
	"sign_in_id" text PRIMARY KEY NOT NULL,
	"subject_hash" "bytea" NOT NULL,
	"app_id" text NOT NULL,
	"client_id" text,
	"until" timestamp (3) with time zone NOT NULL
);
--> statement-breakpoint
ALTER TABLE "connections" ADD COLUMN "withdrawing_until" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "oauth_grants" ADD COLUMN "provider" text;--> statement-breakpoint
ALTER TABLE "oauth_grants" ADD COLUMN "subject_hash" "bytea" DEFAULT ''::bytea NOT NULL;--> statement-breakpoint
CREATE INDEX "withdrawals_hash" ON "withdrawals" USING btree ("subject_hash");--> statement-breakpoint
CREATE INDEX "oauth_grants_hash" ON "oauth_grants" USING btree ("subject_hash");
--> statement-breakpoint
CREATE FUNCTION hash_grant_subject() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS
$$ BEGIN
  NEW.subject_hash := sign_in_hash(coalesce(NEW.provider, CASE WHEN NEW.platform IN ('facebook', 'instagram') THEN 'meta' ELSE NEW.platform END),
    NEW.auth_kind, NEW.simulated, NEW.subject ->> 'externalId');
  RETURN NEW;
END $$;
--> statement-breakpoint
REVOKE ALL ON FUNCTION hash_grant_subject() FROM PUBLIC;
CREATE TRIGGER hash_subject BEFORE INSERT OR UPDATE OF provider, platform, auth_kind, simulated, subject ON oauth_grants
  FOR EACH ROW EXECUTE FUNCTION hash_grant_subject();
UPDATE oauth_grants SET subject = subject;
--> statement-breakpoint
-- Whether anybody else on this server lives on, or is about to use, what the same subject consented to at the same app:
-- another sign-in, of whatever tenant, or another tenant's grant that nobody has chosen from yet. Yes or no.
CREATE OR REPLACE FUNCTION sign_in_elsewhere(asking text) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
$$ SELECT coalesce((SELECT EXISTS (SELECT 1 FROM platform_sign_ins other
    WHERE other.subject_hash = own.subject_hash AND other.id <> own.id AND other.ended_at IS NULL
      AND same_app(other.app_id, other.client_id, own.app_id, own.client_id) IS NOT FALSE)
  OR EXISTS (SELECT 1 FROM oauth_grants pending
    WHERE pending.subject_hash = own.subject_hash AND pending.tenant_id <> own.tenant_id AND pending.expires_at > domain_now()
      AND same_app(pending.app_id, pending.client_id, own.app_id, own.client_id) IS NOT FALSE)
  FROM platform_sign_ins own WHERE own.id = asking AND own.tenant_id = current_tenant()), true) $$;
--> statement-breakpoint
CREATE FUNCTION lock_subject(hash bytea) RETURNS void LANGUAGE sql AS
$$ SELECT pg_advisory_xact_lock(('x' || encode(substring(hash FOR 8), 'hex'))::bit(64)::bigint) $$;
REVOKE ALL ON FUNCTION lock_subject(bytea) FROM PUBLIC;
--> statement-breakpoint
-- Marks a sign-in of the asking tenant, which no connection lives on, as being withdrawn until then; false: it is used elsewhere.
CREATE FUNCTION begin_withdrawal(asking text, ends timestamptz) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS
$$ DECLARE own platform_sign_ins;
BEGIN
  SELECT * INTO own FROM platform_sign_ins WHERE id = asking AND tenant_id = current_tenant() AND ended_at IS NOT NULL;
  IF NOT FOUND THEN RETURN false; END IF;
  PERFORM lock_subject(own.subject_hash);
  IF sign_in_elsewhere(asking) THEN RETURN false; END IF;
  DELETE FROM withdrawals WHERE until < domain_now() - interval '1 day';
  INSERT INTO withdrawals (sign_in_id, subject_hash, app_id, client_id, until)
  VALUES (own.id, own.subject_hash, own.app_id, own.client_id, ends)
  ON CONFLICT (sign_in_id) DO UPDATE SET subject_hash = excluded.subject_hash, app_id = excluded.app_id, client_id = excluded.client_id, until = excluded.until;
  RETURN true;
END $$;
REVOKE ALL ON FUNCTION begin_withdrawal(text, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION begin_withdrawal(text, timestamptz) TO postd_app;
--> statement-breakpoint
-- The withdrawal that holds this mark has ended: what is consented to from here on stands. A repeat's later mark stays.
CREATE FUNCTION end_withdrawal(asking text, held timestamptz) RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS
$$ UPDATE withdrawals w SET until = least(w.until, domain_now()) FROM platform_sign_ins own
  WHERE w.sign_in_id = asking AND w.until = held AND own.id = asking AND own.tenant_id = current_tenant() $$;
REVOKE ALL ON FUNCTION end_withdrawal(text, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION end_withdrawal(text, timestamptz) TO postd_app;
--> statement-breakpoint
-- Whether a consent given then may be stored, or a withdrawal may have taken it back. Asked in the transaction that stores it.
CREATE FUNCTION consent_stands(provider text, auth_kind text, simulated boolean, subject text, registration text, client text, given timestamptz)
RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS
$$ DECLARE hash bytea := sign_in_hash(provider, auth_kind, simulated, subject);
BEGIN
  PERFORM lock_subject(hash);
  RETURN NOT EXISTS (SELECT 1 FROM withdrawals w WHERE w.subject_hash = hash AND w.until >= given
    AND same_app(w.app_id, w.client_id, registration, client) IS NOT FALSE);
END $$;
REVOKE ALL ON FUNCTION consent_stands(text, text, boolean, text, text, text, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION consent_stands(text, text, boolean, text, text, text, timestamptz) TO postd_app;
