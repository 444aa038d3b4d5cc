-- What people are told, once, and how it reached them. A notice is open until what it says has ended; while it is open the same is
-- not told again. `momentary` ones say what has been, and are told once by their key for ever.
CREATE TABLE "notifications" (
	"id" text PRIMARY KEY NOT NULL,
	"tenant_id" text NOT NULL REFERENCES "tenants"("id") ON DELETE cascade,
	"kind" text NOT NULL,
	"subject_kind" text NOT NULL,
	"subject_id" text NOT NULL,
	"dedupe_key" text NOT NULL,
	"data" jsonb NOT NULL,
	"momentary" boolean DEFAULT false NOT NULL,
	"raised_at" timestamp (3) with time zone NOT NULL,
	"settled_at" timestamp (3) with time zone,
	"planned_at" timestamp (3) with time zone
);--> statement-breakpoint
CREATE UNIQUE INDEX "notifications_once" ON "notifications" ("tenant_id","dedupe_key") WHERE settled_at is null or momentary;--> statement-breakpoint
CREATE INDEX "notifications_list" ON "notifications" ("tenant_id","raised_at","id");--> statement-breakpoint
CREATE INDEX "notifications_unplanned" ON "notifications" ("raised_at") WHERE planned_at is null;--> statement-breakpoint
CREATE INDEX "notifications_settled" ON "notifications" ("settled_at") WHERE settled_at is not null;--> statement-breakpoint
CREATE TABLE "notification_reads" (
	"notification_id" text NOT NULL REFERENCES "notifications"("id") ON DELETE cascade,
	"user_id" text NOT NULL REFERENCES "users"("id") ON DELETE cascade,
	"tenant_id" text NOT NULL REFERENCES "tenants"("id") ON DELETE cascade,
	"read_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "notification_reads_notification_id_user_id_pk" PRIMARY KEY("notification_id","user_id")
);--> statement-breakpoint
CREATE TABLE "notification_settings" (
	"tenant_id" text NOT NULL REFERENCES "tenants"("id") ON DELETE cascade,
	"user_id" text NOT NULL REFERENCES "users"("id") ON DELETE cascade,
	"choices" jsonb NOT NULL,
	"digest_hour" integer DEFAULT 8 NOT NULL,
	"time_zone" text,
	CONSTRAINT "notification_settings_tenant_id_user_id_pk" PRIMARY KEY("tenant_id","user_id")
);--> statement-breakpoint
CREATE TABLE "notification_channels" (
	"id" text PRIMARY KEY NOT NULL,
	"tenant_id" text NOT NULL REFERENCES "tenants"("id") ON DELETE cascade,
	"kind" text NOT NULL,
	"name" text NOT NULL,
	"host" text NOT NULL,
	"last_characters" text NOT NULL,
	"choices" jsonb NOT NULL,
	"broken" jsonb,
	"created_by" text NOT NULL,
	"created_at" timestamp (3) with time zone NOT NULL,
	"updated_at" timestamp (3) with time zone NOT NULL
);--> statement-breakpoint
CREATE INDEX "notification_channels_tenant" ON "notification_channels" ("tenant_id","id");--> statement-breakpoint
-- One row for each recipient of each notice, or of each day's digest (which names the day and no notice).
CREATE TABLE "notification_deliveries" (
	"id" text PRIMARY KEY NOT NULL,
	"tenant_id" text NOT NULL REFERENCES "tenants"("id") ON DELETE cascade,
	"notification_id" text REFERENCES "notifications"("id") ON DELETE cascade,
	"digest_day" text,
	"channel" text NOT NULL,
	"recipient" text NOT NULL,
	"state" text NOT NULL,
	"due_at" timestamp (3) with time zone NOT NULL,
	"lease_until" timestamp (3) with time zone,
	"tries" integer DEFAULT 0 NOT NULL,
	"error" text,
	"created_at" timestamp (3) with time zone NOT NULL,
	"sent_at" timestamp (3) with time zone
);--> statement-breakpoint
CREATE UNIQUE INDEX "notification_deliveries_once" ON "notification_deliveries" ("tenant_id","recipient","channel",coalesce("notification_id", 'digest ' || "digest_day"));--> statement-breakpoint
CREATE INDEX "notification_deliveries_notification" ON "notification_deliveries" ("notification_id");--> statement-breakpoint
CREATE INDEX "notification_deliveries_due" ON "notification_deliveries" ("due_at") WHERE state = 'pending';--> statement-breakpoint
DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['notifications', 'notification_reads', 'notification_settings', 'notification_channels', 'notification_deliveries'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY tenant_rows ON %I TO postd_app USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant())', t);
    EXECUTE format('CREATE POLICY owner_rows ON %I TO postd_migrate USING (true) WITH CHECK (true)', t);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO postd_app', t);
  END LOOP;
END $$;
--> statement-breakpoint
-- Which tenant has something to tell or to send, and what has served its time; nothing of what it says.
CREATE POLICY system_rows ON notifications TO postd_system USING (true);
GRANT SELECT (id, tenant_id, planned_at, settled_at), DELETE ON notifications TO postd_system;
CREATE POLICY system_rows ON notification_deliveries TO postd_system USING (true);
GRANT SELECT (id, tenant_id, state, due_at, lease_until, created_at), DELETE ON notification_deliveries TO postd_system;
CREATE POLICY system_rows ON notification_settings TO postd_system USING (true);
GRANT SELECT (tenant_id, user_id, digest_hour, time_zone) ON notification_settings TO postd_system;
--> statement-breakpoint
-- Tells it, unless it is told already; then what it says is brought up to date. Answers the id where it is told anew, else NULL.
CREATE FUNCTION raise_notice(tenant text, notice_kind text, about_kind text, about_id text, once_key text, said jsonb, once boolean) RETURNS text
LANGUAGE plpgsql SET search_path = public, pg_temp AS
$$ DECLARE
  at timestamptz := domain_now();
  made text := 'not_' || lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || substr(replace(gen_random_uuid()::text, '-', ''), 13);
  told text;
BEGIN
  INSERT INTO notifications AS n (id, tenant_id, kind, subject_kind, subject_id, dedupe_key, data, momentary, raised_at, settled_at)
  VALUES (made, tenant, notice_kind, about_kind, about_id, once_key, said, once, at, CASE WHEN once THEN at END)
  ON CONFLICT (tenant_id, dedupe_key) WHERE settled_at IS NULL OR momentary DO UPDATE SET data = n.data || excluded.data
    WHERE NOT n.momentary
  RETURNING id INTO told;
  RETURN CASE WHEN told = made THEN told END;
END $$;
--> statement-breakpoint
-- What it said has ended. Answers the id of the notice it ended, NULL where there was none.
CREATE FUNCTION settle_notice(tenant text, once_key text) RETURNS text LANGUAGE plpgsql SET search_path = public, pg_temp AS
$$ DECLARE ended text; BEGIN
  UPDATE notifications SET settled_at = domain_now() WHERE tenant_id = tenant AND dedupe_key = once_key AND settled_at IS NULL
  RETURNING id INTO ended;
  RETURN ended;
END $$;
--> statement-breakpoint
REVOKE ALL ON FUNCTION raise_notice(text, text, text, text, text, jsonb, boolean), settle_notice(text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION raise_notice(text, text, text, text, text, jsonb, boolean), settle_notice(text, text) TO postd_app;
--> statement-breakpoint
-- The key of what a connection's status asks of a person; NULL: nothing. All that act with one sign-in are one notice.
CREATE FUNCTION connection_notice_key(c connections) RETURNS text LANGUAGE sql IMMUTABLE AS
$$ SELECT CASE
  WHEN c.disconnected_at IS NOT NULL THEN NULL
  WHEN c.status = 'expiring_soon' THEN 'connection_expiring:' || c.id
  WHEN c.status IN ('attention', 'revoked') THEN 'connection_attention:' || CASE
    WHEN c.status_reason ->> 'code' = 'signed_out' AND NOT c.own_secret AND c.sign_in_id IS NOT NULL THEN c.sign_in_id
    ELSE c.id || ':' || coalesce(c.status_reason ->> 'code', c.status) END
  END $$;
REVOKE ALL ON FUNCTION connection_notice_key(connections) FROM PUBLIC;
--> statement-breakpoint
-- In the transaction that changes the status, whoever makes it, so that nothing is told twice and nothing is forgotten.
CREATE FUNCTION tell_of_connection() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS
$$ DECLARE
  was text := connection_notice_key(OLD);
  is_now text := connection_notice_key(NEW);
  concerned jsonb;
  ended text;
BEGIN
  IF was IS NOT NULL AND was IS DISTINCT FROM is_now
    AND NOT EXISTS (SELECT 1 FROM connections c WHERE c.tenant_id = NEW.tenant_id AND c.sign_in_id = OLD.sign_in_id AND c.id <> NEW.id
      AND connection_notice_key(c) = was) THEN
    ended := settle_notice(NEW.tenant_id, was);
    IF ended IS NOT NULL AND is_now IS NULL AND NEW.disconnected_at IS NULL AND OLD.status IN ('attention', 'revoked') THEN
      PERFORM raise_notice(NEW.tenant_id, 'connection_recovered', 'connection', NEW.id, 'connection_recovered:' || ended,
        (SELECT n.data || jsonb_build_object('of', ended) FROM notifications n WHERE n.id = ended), true);
    END IF;
  END IF;
  IF is_now IS NOT NULL THEN
    SELECT coalesce(jsonb_agg(c.id ORDER BY c.id), jsonb_build_array(NEW.id)) INTO concerned FROM connections c
      WHERE c.tenant_id = NEW.tenant_id AND (c.id = NEW.id OR c.sign_in_id = NEW.sign_in_id) AND connection_notice_key(c) = is_now;
    PERFORM raise_notice(NEW.tenant_id, split_part(is_now, ':', 1), 'connection', NEW.id, is_now,
      jsonb_build_object('connectionIds', concerned) || jsonb_strip_nulls(jsonb_build_object('code', NEW.status_reason ->> 'code',
        'message', NEW.status_reason ->> 'message', 'actor', NEW.status_reason ->> 'actor')), false);
  END IF;
  RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION tell_of_connection() FROM PUBLIC;
--> statement-breakpoint
CREATE TRIGGER tell_people AFTER UPDATE OF status, status_reason, disconnected_at ON connections FOR EACH ROW
  WHEN (NEW.status IS DISTINCT FROM OLD.status OR NEW.status_reason ->> 'code' IS DISTINCT FROM OLD.status_reason ->> 'code'
    OR NEW.disconnected_at IS DISTINCT FROM OLD.disconnected_at)
  EXECUTE FUNCTION tell_of_connection();
--> statement-breakpoint
-- Whose right a link rests on; empty: nobody's, or one from before.
ALTER TABLE "links" ADD COLUMN "created_by" text;
