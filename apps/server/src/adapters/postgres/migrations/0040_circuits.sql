-- Whether a platform answers, told by the tries of all workers together, on the domain clock. A circuit of a platform is no
-- tenant's, as it holds up everybody's posts there; a circuit of a connection is its tenant's.
CREATE TABLE "circuits" (
	"key" text PRIMARY KEY NOT NULL,
	"scope" text NOT NULL,
	"connection_id" text REFERENCES "connections"("id") ON DELETE cascade,
	"platform" text NOT NULL,
	"simulated" boolean NOT NULL,
	"server" text NOT NULL,
	"state" text NOT NULL,
	"failures" integer DEFAULT 0 NOT NULL,
	"calls" integer DEFAULT 0 NOT NULL,
	"accounts" text[] DEFAULT '{}' NOT NULL,
	"window_at" timestamp (3) with time zone,
	"trips" integer DEFAULT 0 NOT NULL,
	"down_since" timestamp (3) with time zone,
	"opened_at" timestamp (3) with time zone,
	"probe_at" timestamp (3) with time zone,
	"closed_at" timestamp (3) with time zone,
	"fence" bigint DEFAULT 0 NOT NULL,
	"probe_owner" text,
	"probe_until" timestamp (3) with time zone,
	"updated_at" timestamp (3) with time zone NOT NULL
);--> statement-breakpoint
CREATE INDEX "circuits_connection" ON "circuits" ("connection_id") WHERE connection_id is not null;--> statement-breakpoint
-- The circuit a job waits for; it is woken when it may take the probe, and when the circuit has closed.
ALTER TABLE "publish_jobs" ADD COLUMN "waits_for" text;--> statement-breakpoint
CREATE INDEX "publish_jobs_waits_for" ON "publish_jobs" ("waits_for","updated_at") WHERE waits_for is not null;--> statement-breakpoint
ALTER TABLE circuits ENABLE ROW LEVEL SECURITY;
ALTER TABLE circuits FORCE ROW LEVEL SECURITY;
-- Whose connection it is, is said by the connection's own rows.
CREATE POLICY tenant_rows ON circuits TO postd_app USING (connection_id IS NULL OR EXISTS (SELECT 1 FROM connections c WHERE c.id = connection_id));
CREATE POLICY system_rows ON circuits TO postd_system USING (true) WITH CHECK (true);
CREATE POLICY owner_rows ON circuits TO postd_migrate USING (true) WITH CHECK (true);
-- A claim takes the probe; what was heard is written for all tenants alike.
GRANT SELECT, UPDATE (state, fence, probe_owner, probe_until, updated_at) ON circuits TO postd_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON circuits TO postd_system;
GRANT SELECT (waits_for) ON publish_jobs TO postd_system;
--> statement-breakpoint
-- Of those that wait, the one nobody has looked at for longest is woken where it is time to ask the platform: its claim takes the
-- probe. One that was woken and is no probe after all, since its account was paused say, is not waited for. Answers how many woke.
CREATE FUNCTION wake_probes() RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS
$$ DECLARE
  at timestamptz := domain_now();
  asked text;
  woken integer := 0;
BEGIN
  FOR asked IN SELECT key FROM circuits
    WHERE state = 'open' AND probe_at <= at OR state = 'half_open' AND probe_until <= at
  LOOP
    CONTINUE WHEN EXISTS (SELECT 1 FROM publish_jobs WHERE waits_for = asked AND wake_at BETWEEN at - interval '5 seconds' AND at);
    UPDATE publish_jobs SET wake_at = at WHERE id = (SELECT id FROM publish_jobs
      WHERE waits_for = asked AND wake_at > at AND scheduled_for <= at ORDER BY updated_at, id LIMIT 1 FOR UPDATE SKIP LOCKED);
    IF FOUND THEN woken := woken + 1; END IF;
  END LOOP;
  IF woken > 0 THEN PERFORM pg_notify('postd_due', ''); END IF;
  RETURN woken;
END $$;
--> statement-breakpoint
-- Those that waited go out at a rising rate: 1 in the first second, then 2, 4, 8 and so on up to 256. Tenants take turns. Nothing
-- goes out before its time, and waiting was no fault of theirs, so none is late by it. Answers how many wait no longer.
CREATE FUNCTION resume_circuits(closed text[]) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS
$$ DECLARE
  at timestamptz := domain_now();
  resumed integer;
BEGIN
  WITH waiting AS (
    SELECT id, scheduled_for, row_number() OVER (PARTITION BY tenant_id ORDER BY scheduled_for, id) AS turn
    FROM publish_jobs WHERE waits_for = ANY (closed) AND wake_at > at),
  placed AS (SELECT id, row_number() OVER (ORDER BY turn, scheduled_for, id)::integer AS place FROM waiting),
  paced AS (
    -- `place` counts from 1, so its highest bit is the second it goes in.
    SELECT id, place, length(ltrim(place::bit(32)::text, '0')) - 1 AS second FROM placed),
  timed AS (
    SELECT id, at + interval '1 millisecond' * floor(1000 * CASE WHEN second >= 8 THEN 8 + (place - 256) / 256.0
      ELSE second + (place - (1 << second)) / (1 << second)::numeric END) AS goes_at FROM paced)
  UPDATE publish_jobs j SET wake_at = greatest(j.scheduled_for, t.goes_at), released_at = greatest(j.released_at, t.goes_at)
  FROM timed t WHERE j.id = t.id;
  GET DIAGNOSTICS resumed = ROW_COUNT;
  IF resumed > 0 THEN PERFORM pg_notify('postd_due', ''); END IF;
  RETURN resumed;
END $$;
--> statement-breakpoint
REVOKE ALL ON FUNCTION wake_probes(), resume_circuits(text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION wake_probes(), resume_circuits(text[]) TO postd_system;
