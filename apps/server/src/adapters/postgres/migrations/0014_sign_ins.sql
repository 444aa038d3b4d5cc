-- Sign-ins own tokens; connections name the one they use.
CREATE TABLE "platform_sign_ins" (
	"id" text PRIMARY KEY NOT NULL,
	"tenant_id" text NOT NULL,
	"provider" text NOT NULL,
	"auth_kind" text NOT NULL,
	"app_id" text DEFAULT 'instance' NOT NULL,
	"simulated" boolean NOT NULL,
	"subject" text NOT NULL,
	"subject_name" text,
	"subject_hash" "bytea" DEFAULT ''::bytea NOT NULL,
	"twin_of" text DEFAULT '' NOT NULL,
	"unjoined" boolean DEFAULT false NOT NULL,
	"secret_owner" text NOT NULL,
	"scopes" text[] NOT NULL,
	"status" text NOT NULL,
	"status_reason" jsonb,
	"token_expires_at" timestamp (3) with time zone,
	"refresh_expires_at" timestamp (3) with time zone,
	"refreshed_at" timestamp (3) with time zone,
	"refresh_lease_until" timestamp (3) with time zone,
	"refresh_fence" bigint DEFAULT 0 NOT NULL,
	"refresh_intent_at" timestamp (3) with time zone,
	"credential_version" integer DEFAULT 1 NOT NULL,
	"granted_at" timestamp (3) with time zone NOT NULL,
	"ended_at" timestamp (3) with time zone,
	"created_by" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "platform_sign_ins_subject" UNIQUE("tenant_id","provider","app_id","auth_kind","simulated","subject","twin_of")
);
--> statement-breakpoint
CREATE TABLE "sign_in_keys" (
	"id" integer PRIMARY KEY NOT NULL,
	"key" "bytea" NOT NULL
);
--> statement-breakpoint
ALTER TABLE "connections" ADD COLUMN "sign_in_id" text;--> statement-breakpoint
ALTER TABLE "connections" ADD COLUMN "own_secret" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "platform_sign_ins" ADD CONSTRAINT "platform_sign_ins_tenant_id_tenants_id_fk" FOREIGN KEY ("tenant_id") REFERENCES "public"."tenants"("id") ON DELETE cascade ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "platform_sign_ins_hash" ON "platform_sign_ins" USING btree ("subject_hash");--> statement-breakpoint
CREATE INDEX "platform_sign_ins_unjoined" ON "platform_sign_ins" USING btree ("tenant_id") WHERE unjoined;--> statement-breakpoint
ALTER TABLE "connections" ADD CONSTRAINT "connections_sign_in_id_platform_sign_ins_id_fk" FOREIGN KEY ("sign_in_id") REFERENCES "public"."platform_sign_ins"("id") ON DELETE set null ON UPDATE no action;--> statement-breakpoint
CREATE INDEX "connections_sign_in" ON "connections" USING btree ("sign_in_id");
--> statement-breakpoint
ALTER TABLE platform_sign_ins ENABLE ROW LEVEL SECURITY;
ALTER TABLE platform_sign_ins FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_rows ON platform_sign_ins TO postd_app USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant());
CREATE POLICY owner_rows ON platform_sign_ins TO postd_migrate USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON platform_sign_ins TO postd_app;
CREATE POLICY system_rows ON platform_sign_ins FOR SELECT TO postd_system USING (true);
GRANT SELECT (id, tenant_id, provider, auth_kind, app_id, unjoined, ended_at) ON platform_sign_ins TO postd_system;
GRANT SELECT (sign_in_id) ON connections TO postd_system;
--> statement-breakpoint
-- Made once and kept with the rows it hashes, so that a backup has both. No role but the tables' owner reads it.
INSERT INTO sign_in_keys (id, key) VALUES (1, sha256(convert_to(gen_random_uuid()::text || gen_random_uuid()::text, 'UTF8')));
--> statement-breakpoint
CREATE FUNCTION hash_sign_in_subject() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS
$$ BEGIN
  NEW.subject_hash := (SELECT sha256(key || convert_to(jsonb_build_array(NEW.provider, NEW.auth_kind, NEW.app_id, NEW.simulated, NEW.subject)::text, 'UTF8'))
    FROM sign_in_keys WHERE id = 1);
  RETURN NEW;
END $$;
--> statement-breakpoint
CREATE TRIGGER hash_subject BEFORE INSERT OR UPDATE OF provider, auth_kind, app_id, simulated, subject ON platform_sign_ins
  FOR EACH ROW EXECUTE FUNCTION hash_sign_in_subject();
--> statement-breakpoint
-- Whether any other tenant, or another sign-in of this one, signed in at the same app as the same subject: yes or no.
CREATE FUNCTION sign_in_elsewhere(asking text) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
$$ SELECT coalesce((SELECT EXISTS (SELECT 1 FROM platform_sign_ins other
    WHERE other.subject_hash = own.subject_hash AND other.id <> own.id AND other.ended_at IS NULL)
  FROM platform_sign_ins own WHERE own.id = asking AND own.tenant_id = current_tenant()), true) $$;
REVOKE ALL ON FUNCTION sign_in_elsewhere(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION sign_in_elsewhere(text) TO postd_app;
--> statement-breakpoint
-- A sign-in for a connection that names none: for those from before, and for what an older version connects beside this
-- one. Its secret stays where it is. Whether it is the same as another's only its secret tells, so that is asked later.
CREATE FUNCTION make_sign_in(c connections) RETURNS text LANGUAGE plpgsql SET search_path = public, pg_temp AS
$$ DECLARE made text := 'sgn_' || replace(gen_random_uuid()::text, '-', '');
  signed_out boolean := c.status = 'attention' AND coalesce(c.status_reason ->> 'code', '') = 'signed_out';
BEGIN
  INSERT INTO platform_sign_ins (id, tenant_id, provider, auth_kind, simulated, subject, twin_of, unjoined, secret_owner, scopes, status,
    status_reason, token_expires_at, refresh_expires_at, refreshed_at, refresh_lease_until, refresh_fence, refresh_intent_at,
    credential_version, granted_at, ended_at, created_by, created_at, updated_at)
  VALUES (made, c.tenant_id, CASE WHEN c.platform IN ('facebook', 'instagram') THEN 'meta' ELSE c.platform END, c.auth_kind, c.simulated,
    coalesce(c.person_id, c.external_id), c.id, true, c.id, c.scopes, CASE WHEN signed_out THEN 'attention' ELSE 'healthy' END,
    CASE WHEN signed_out THEN c.status_reason END, c.token_expires_at, c.refresh_expires_at, c.refreshed_at, c.refresh_lease_until,
    c.refresh_fence, c.refresh_intent_at, c.credential_version, c.created_at, c.disconnected_at, c.created_by, c.created_at, c.updated_at);
  RETURN made;
END $$;
REVOKE ALL ON FUNCTION make_sign_in(connections) FROM PUBLIC;
--> statement-breakpoint
UPDATE connections c SET sign_in_id = make_sign_in(c)
WHERE disconnected_at IS NULL OR EXISTS (SELECT 1 FROM encrypted_secrets s WHERE s.tenant_id = c.tenant_id AND s.owner_id = c.id);
--> statement-breakpoint
-- For one release: what an older version, which knows no sign-ins, does to a connection's credentials is done to its
-- sign-in. This version says in each transaction that it knows them.
CREATE FUNCTION follow_older_version() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS
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
        status = 'healthy', status_reason = NULL, token_expires_at = NEW.token_expires_at, refresh_expires_at = NEW.refresh_expires_at,
        refreshed_at = NEW.refreshed_at, refresh_lease_until = NULL, refresh_intent_at = NULL, ended_at = NULL, updated_at = NEW.updated_at
      WHERE s.id = NEW.sign_in_id;
    END IF;
  END IF;
  RETURN NULL;
END $$;
--> statement-breakpoint
REVOKE ALL ON FUNCTION hash_sign_in_subject(), follow_older_version() FROM PUBLIC;
CREATE TRIGGER older_version_connects AFTER INSERT ON connections FOR EACH ROW EXECUTE FUNCTION follow_older_version();
CREATE TRIGGER older_version_changes AFTER UPDATE OF credential_version, disconnected_at ON connections FOR EACH ROW EXECUTE FUNCTION follow_older_version();
