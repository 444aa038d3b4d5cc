-- One app of a provider may be registered here more than once: by the operator and by tenants, or twice by one. What the
-- provider calls it says so; rows from before do not know it.
CREATE TABLE "client_blocks" (
	"platform" text NOT NULL,
	"auth_kind" text NOT NULL,
	"simulated" boolean NOT NULL,
	"client_id" text NOT NULL,
	"until" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "client_blocks_platform_auth_kind_simulated_client_id_pk" PRIMARY KEY("platform","auth_kind","simulated","client_id")
);
--> statement-breakpoint
ALTER TABLE "platform_sign_ins" DROP CONSTRAINT "platform_sign_ins_subject";--> statement-breakpoint
ALTER TABLE "connections" ADD COLUMN "client_id" text;--> statement-breakpoint
ALTER TABLE "oauth_grants" ADD COLUMN "client_id" text;--> statement-breakpoint
ALTER TABLE "platform_sign_ins" ADD COLUMN "client_id" text;--> statement-breakpoint
CREATE UNIQUE INDEX "platform_sign_ins_subject" ON "platform_sign_ins" USING btree ("tenant_id","provider",coalesce('client ' || client_id, 'app ' || app_id),"auth_kind","simulated","subject","twin_of");
--> statement-breakpoint
GRANT SELECT, INSERT, UPDATE ON client_blocks TO postd_app;
GRANT SELECT, DELETE ON client_blocks TO postd_system;
GRANT SELECT (client_id) ON connections TO postd_system;
--> statement-breakpoint
-- Whether two registrations are of one app. NULL: not known, which a wish to withdraw reads as yes and all else as no.
CREATE FUNCTION same_app(a_registration text, a_client text, b_registration text, b_client text) RETURNS boolean LANGUAGE sql IMMUTABLE AS
$$ SELECT CASE WHEN a_client IS NOT NULL AND b_client IS NOT NULL THEN a_client = b_client
  WHEN a_registration = b_registration THEN true END $$;
--> statement-breakpoint
REVOKE ALL ON FUNCTION same_app(text, text, text, text) FROM PUBLIC;
--> statement-breakpoint
GRANT EXECUTE ON FUNCTION same_app(text, text, text, text) TO postd_app, postd_system;
--> statement-breakpoint
CREATE FUNCTION sign_in_hash(provider text, auth_kind text, simulated boolean, subject text) RETURNS bytea LANGUAGE sql STABLE SET search_path = public, pg_temp AS
$$ SELECT sha256(key || convert_to(jsonb_build_array(provider, auth_kind, simulated, subject)::text, 'UTF8')) FROM sign_in_keys WHERE id = 1 $$;
REVOKE ALL ON FUNCTION sign_in_hash(text, text, boolean, text) FROM PUBLIC;
--> statement-breakpoint
CREATE OR REPLACE FUNCTION hash_sign_in_subject() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS
$$ BEGIN
  NEW.subject_hash := sign_in_hash(NEW.provider, NEW.auth_kind, NEW.simulated, NEW.subject);
  RETURN NEW;
END $$;
--> statement-breakpoint
DROP TRIGGER hash_subject ON platform_sign_ins;
CREATE TRIGGER hash_subject BEFORE INSERT OR UPDATE OF provider, auth_kind, simulated, subject ON platform_sign_ins
  FOR EACH ROW EXECUTE FUNCTION hash_sign_in_subject();
UPDATE platform_sign_ins SET subject = subject;
--> statement-breakpoint
CREATE OR REPLACE FUNCTION sign_in_elsewhere(asking text) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
$$ SELECT coalesce((SELECT EXISTS (SELECT 1 FROM platform_sign_ins other
    WHERE other.subject_hash = own.subject_hash AND other.id <> own.id AND other.ended_at IS NULL
      AND same_app(other.app_id, other.client_id, own.app_id, own.client_id) IS NOT FALSE)
  FROM platform_sign_ins own WHERE own.id = asking AND own.tenant_id = current_tenant()), true) $$;
