-- The outbox: what happened to a workspace, one row each, written in the transaction of its cause, and only where somebody listens.
-- `seq` is drawn when a row is written, `position` when it can be read: positions are given out by one transaction at a time, so whoever
-- reads on from the last position it saw skips nothing, however late another transaction commits.
CREATE TABLE "events" (
	"id" text PRIMARY KEY NOT NULL,
	"tenant_id" text NOT NULL REFERENCES "tenants"("id") ON DELETE cascade,
	"seq" bigint GENERATED ALWAYS AS IDENTITY,
	"position" bigint,
	"type" text NOT NULL,
	"subject_kind" text NOT NULL,
	"subject_id" text NOT NULL,
	"at" timestamp (3) with time zone NOT NULL,
	"data" jsonb NOT NULL
);--> statement-breakpoint
CREATE INDEX "events_unnumbered" ON "events" ("seq") WHERE position is null;--> statement-breakpoint
CREATE UNIQUE INDEX "events_position" ON "events" ("position");--> statement-breakpoint
CREATE INDEX "events_tenant" ON "events" ("tenant_id","position");--> statement-breakpoint
CREATE INDEX "events_at" ON "events" ("at");--> statement-breakpoint
-- Who listens: an enabled endpoint, an enabled automation, open streams. A workspace without a row pays one look at this table.
CREATE TABLE "event_listeners" (
	"tenant_id" text NOT NULL REFERENCES "tenants"("id") ON DELETE cascade,
	"listener" text NOT NULL,
	"until" timestamp (3) with time zone,
	CONSTRAINT "event_listeners_tenant_id_listener_pk" PRIMARY KEY("tenant_id","listener")
);--> statement-breakpoint
-- The last position that was given out; its lock is what makes numbering one at a time. No writer of events takes it.
CREATE TABLE "event_counter" (
	"id" integer PRIMARY KEY NOT NULL,
	"last" bigint NOT NULL
);--> statement-breakpoint
-- How far each lasting reader came. No tenant's.
CREATE TABLE "event_cursors" (
	"name" text PRIMARY KEY NOT NULL,
	"position" bigint NOT NULL
);--> statement-breakpoint
DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['events', 'event_listeners'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY tenant_rows ON %I TO postd_app USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant())', t);
    EXECUTE format('CREATE POLICY owner_rows ON %I TO postd_migrate USING (true) WITH CHECK (true)', t);
    EXECUTE format('CREATE POLICY system_rows ON %I TO postd_system USING (true)', t);
  END LOOP;
END $$;
--> statement-breakpoint
GRANT SELECT, INSERT ON events TO postd_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON event_listeners TO postd_app;
-- That something happened, where, and which word names it; nothing of what it says.
GRANT SELECT (id, tenant_id, position, type, at), DELETE ON events TO postd_system;
GRANT SELECT, DELETE ON event_listeners TO postd_system;
GRANT SELECT ON event_counter TO postd_system, postd_app;
GRANT SELECT, INSERT, UPDATE ON event_cursors TO postd_system;
--> statement-breakpoint
CREATE FUNCTION is_listened(tenant text) RETURNS boolean LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS
$$ BEGIN
  RETURN EXISTS (SELECT FROM event_listeners WHERE tenant_id = tenant AND (until IS NULL OR until > domain_now()));
END $$;
--> statement-breakpoint
-- Says that it happened, in the caller's transaction. `said` is small, holds no secret, and nothing the API does not show the workspace.
-- Answers the event's id; NULL: nobody listens.
CREATE FUNCTION raise_event(tenant text, event_type text, about_kind text, about_id text, said jsonb) RETURNS text
LANGUAGE plpgsql SET search_path = public, pg_temp AS
$$ DECLARE
  happened timestamptz;
  made text;
BEGIN
  IF NOT is_listened(tenant) THEN RETURN NULL; END IF;
  IF current_setting('role', true) = 'postd_migrate' AND current_setting('app.restoring', true) = 'on' THEN RETURN NULL; END IF;
  happened := domain_now();
  made := 'evt_' || lpad(to_hex((extract(epoch FROM happened) * 1000)::bigint), 12, '0') || substr(replace(gen_random_uuid()::text, '-', ''), 13);
  INSERT INTO events (id, tenant_id, type, subject_kind, subject_id, at, data)
  VALUES (made, tenant, event_type, about_kind, about_id, happened, jsonb_strip_nulls(said));
  RETURN made;
END $$;
--> statement-breakpoint
CREATE FUNCTION listen_to_events(tenant text, who text, until_at timestamptz) RETURNS void LANGUAGE sql SET search_path = public, pg_temp AS
$$ INSERT INTO event_listeners (tenant_id, listener, until) VALUES (tenant, who, until_at)
  ON CONFLICT (tenant_id, listener) DO UPDATE SET until = excluded.until $$;
CREATE FUNCTION stop_listening(tenant text, who text) RETURNS void LANGUAGE sql SET search_path = public, pg_temp AS
$$ DELETE FROM event_listeners WHERE tenant_id = tenant AND listener = who $$;
--> statement-breakpoint
-- Gives positions to what has been committed, in the order it was written: of two that touch one row, the later is written after the
-- earlier has committed, so it is seen only together with it. Answers how many; 0 too where another numbers at this moment.
CREATE FUNCTION number_events(most integer) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS
$$ DECLARE
  came bigint;
  numbered integer;
BEGIN
  IF NOT EXISTS (SELECT FROM events WHERE position IS NULL) THEN RETURN 0; END IF;
  -- Made with the first event: a new database holds no row, so that a backup can be restored into it.
  INSERT INTO event_counter (id, last) VALUES (1, 0) ON CONFLICT DO NOTHING;
  SELECT last INTO came FROM event_counter WHERE id = 1 FOR UPDATE SKIP LOCKED;
  IF came IS NULL THEN RETURN 0; END IF;
  WITH next AS (SELECT id, row_number() OVER (ORDER BY seq) AS place
    FROM (SELECT id, seq FROM events WHERE position IS NULL ORDER BY seq LIMIT most) waiting)
  UPDATE events e SET position = came + next.place FROM next WHERE e.id = next.id;
  GET DIAGNOSTICS numbered = ROW_COUNT;
  UPDATE event_counter SET last = came + numbered WHERE id = 1;
  PERFORM pg_notify('postd_events', '');
  RETURN numbered;
END $$;
--> statement-breakpoint
REVOKE ALL ON FUNCTION is_listened(text), raise_event(text, text, text, text, jsonb), listen_to_events(text, text, timestamptz),
  stop_listening(text, text), number_events(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION is_listened(text), raise_event(text, text, text, text, jsonb), listen_to_events(text, text, timestamptz),
  stop_listening(text, text) TO postd_app;
GRANT EXECUTE ON FUNCTION number_events(integer) TO postd_system;
--> statement-breakpoint
CREATE FUNCTION event_instant(at timestamptz) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') $$;
REVOKE ALL ON FUNCTION event_instant(timestamptz) FROM PUBLIC;
--> statement-breakpoint
-- What the API shows of a job, without its content. The first look is at the table of listeners, which is empty for most.
CREATE FUNCTION event_of_job() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS
$$ BEGIN
  IF NOT EXISTS (SELECT FROM event_listeners WHERE tenant_id = NEW.tenant_id) THEN RETURN NULL; END IF;
  PERFORM raise_event(NEW.tenant_id,
    CASE WHEN TG_OP = 'INSERT' OR NEW.state IS DISTINCT FROM OLD.state THEN 'job.' || NEW.state ELSE 'job.changed' END, 'job', NEW.id,
    jsonb_build_object('jobId', NEW.id, 'postId', NEW.post_id, 'connectionId', NEW.connection_id, 'platform', NEW.platform, 'state', NEW.state,
      'heldReason', NEW.held_reason, 'mayBeLive', NEW.may_be_live, 'needsPerson', NEW.needs_person, 'simulated', NEW.simulated,
      'scheduledFor', event_instant(NEW.scheduled_for), 'publishedAt', event_instant(NEW.published_at),
      'externalPostId', NEW.external_post_id, 'permalink', NEW.permalink,
      'failure', CASE WHEN NEW.failure IS NOT NULL AND NEW.state IN ('failed', 'held', 'retrying', 'unknown', 'partly_published')
        THEN jsonb_build_object('kind', NEW.failure -> 'kind', 'message', NEW.failure -> 'message', 'actor', NEW.failure -> 'actor') END));
  RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION event_of_job() FROM PUBLIC;
-- A row at a time and under a condition: a wake-up, a hint or a lease changes none of these and costs the comparison alone.
CREATE TRIGGER say_made AFTER INSERT ON publish_jobs FOR EACH ROW EXECUTE FUNCTION event_of_job();
CREATE TRIGGER say_changed AFTER UPDATE ON publish_jobs FOR EACH ROW
  WHEN (NEW.state IS DISTINCT FROM OLD.state OR NEW.held_reason IS DISTINCT FROM OLD.held_reason OR NEW.scheduled_for IS DISTINCT FROM OLD.scheduled_for
    OR NEW.needs_person IS DISTINCT FROM OLD.needs_person OR NEW.external_post_id IS DISTINCT FROM OLD.external_post_id)
  EXECUTE FUNCTION event_of_job();
--> statement-breakpoint
CREATE FUNCTION event_of_post() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS
$$ BEGIN
  IF NOT EXISTS (SELECT FROM event_listeners WHERE tenant_id = NEW.tenant_id) THEN RETURN NULL; END IF;
  PERFORM raise_event(NEW.tenant_id, CASE WHEN TG_OP = 'INSERT' THEN 'post.created'
      WHEN NEW.deleted_at IS NOT NULL AND OLD.deleted_at IS NULL THEN 'post.deleted' ELSE 'post.changed' END, 'post', NEW.id,
    jsonb_build_object('postId', NEW.id, 'status', NEW.status, 'version', NEW.version, 'scheduledFor', event_instant(NEW.scheduled_for)));
  RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION event_of_post() FROM PUBLIC;
CREATE TRIGGER say_made AFTER INSERT ON posts FOR EACH ROW EXECUTE FUNCTION event_of_post();
CREATE TRIGGER say_changed AFTER UPDATE ON posts FOR EACH ROW
  WHEN (NEW.version <> OLD.version OR NEW.status <> OLD.status OR NEW.deleted_at IS DISTINCT FROM OLD.deleted_at OR NEW.deleting <> OLD.deleting
    OR NEW.scheduled_for IS DISTINCT FROM OLD.scheduled_for)
  EXECUTE FUNCTION event_of_post();
--> statement-breakpoint
CREATE FUNCTION event_of_connection() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS
$$ BEGIN
  IF NOT EXISTS (SELECT FROM event_listeners WHERE tenant_id = NEW.tenant_id) THEN RETURN NULL; END IF;
  PERFORM raise_event(NEW.tenant_id, CASE
      WHEN TG_OP = 'INSERT' THEN 'connection.connected'
      WHEN OLD.disconnected_at IS NOT NULL AND NEW.disconnected_at IS NULL THEN 'connection.connected'
      WHEN OLD.disconnected_at IS NULL AND NEW.disconnected_at IS NOT NULL THEN 'connection.disconnected'
      WHEN OLD.status <> NEW.status THEN 'connection.' || NEW.status
      ELSE 'connection.changed' END, 'connection', NEW.id,
    jsonb_build_object('connectionId', NEW.id, 'platform', NEW.platform, 'status', NEW.status, 'name', coalesce(NEW.own_name, NEW.name),
      'simulated', NEW.simulated, 'paused', NEW.paused_at IS NOT NULL, 'disabled', NEW.disabled_at IS NOT NULL,
      'reason', CASE WHEN NEW.status_reason IS NOT NULL AND NEW.status <> 'healthy'
        THEN jsonb_build_object('code', NEW.status_reason -> 'code', 'message', NEW.status_reason -> 'message', 'actor', NEW.status_reason -> 'actor') END));
  RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION event_of_connection() FROM PUBLIC;
CREATE TRIGGER say_made AFTER INSERT ON connections FOR EACH ROW EXECUTE FUNCTION event_of_connection();
CREATE TRIGGER say_changed AFTER UPDATE ON connections FOR EACH ROW
  WHEN (NEW.status <> OLD.status OR NEW.status_reason ->> 'code' IS DISTINCT FROM OLD.status_reason ->> 'code' OR NEW.own_name IS DISTINCT FROM OLD.own_name
    OR NEW.name <> OLD.name OR NEW.paused_at IS DISTINCT FROM OLD.paused_at OR NEW.disabled_at IS DISTINCT FROM OLD.disabled_at
    OR NEW.disconnected_at IS DISTINCT FROM OLD.disconnected_at)
  EXECUTE FUNCTION event_of_connection();
--> statement-breakpoint
-- A platform stopped answering, or answers again: said to whoever has an account there.
CREATE FUNCTION event_of_circuit() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS
$$ BEGIN
  PERFORM raise_event(l.tenant_id, CASE WHEN NEW.state = 'closed' THEN 'health.platform_up' ELSE 'health.platform_down' END, 'platform', NEW.platform,
    jsonb_build_object('platform', NEW.platform, 'simulated', NEW.simulated, 'since', event_instant(coalesce(NEW.down_since, NEW.opened_at))))
  FROM (SELECT DISTINCT tenant_id FROM event_listeners) l
  WHERE EXISTS (SELECT FROM connections c WHERE c.tenant_id = l.tenant_id AND c.platform = NEW.platform AND c.simulated = NEW.simulated
    AND c.disconnected_at IS NULL) ;
  RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION event_of_circuit() FROM PUBLIC;
CREATE TRIGGER say_changed AFTER UPDATE OF state ON circuits FOR EACH ROW
  WHEN (NEW.scope = 'platform' AND (NEW.state = 'closed') <> (OLD.state = 'closed')) EXECUTE FUNCTION event_of_circuit();
--> statement-breakpoint
CREATE FUNCTION event_of_inbox_entry() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS
$$ BEGIN
  IF NOT EXISTS (SELECT FROM event_listeners WHERE tenant_id = NEW.tenant_id) THEN RETURN NULL; END IF;
  PERFORM raise_event(NEW.tenant_id, 'inbox.received', 'inbox_entry', NEW.id,
    jsonb_build_object('inboxEntryId', NEW.id, 'connectionId', NEW.connection_id, 'kind', NEW.kind, 'rating', NEW.rating, 'permalink', NEW.permalink));
  RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION event_of_inbox_entry() FROM PUBLIC;
CREATE TRIGGER say_made AFTER INSERT ON inbox_entries FOR EACH ROW WHEN (NOT NEW.own) EXECUTE FUNCTION event_of_inbox_entry();
