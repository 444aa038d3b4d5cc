-- A job that goes on by the rising rate waits for no circuit any more. So one that still names a circuit that is closed read it as
-- open a moment before it closed, and was not among those that were resumed: it is, within a second.
CREATE OR REPLACE FUNCTION resume_circuits(closed text[]) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS
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
  UPDATE publish_jobs j SET wake_at = greatest(j.scheduled_for, t.goes_at), released_at = greatest(j.released_at, t.goes_at), waits_for = NULL
  FROM timed t WHERE j.id = t.id;
  GET DIAGNOSTICS resumed = ROW_COUNT;
  IF resumed > 0 THEN PERFORM pg_notify('postd_due', ''); END IF;
  RETURN resumed;
END $$;
--> statement-breakpoint
CREATE OR REPLACE FUNCTION wake_probes() RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS
$$ DECLARE
  at timestamptz := domain_now();
  asked text;
  woken integer := 0;
  missed text[];
BEGIN
  SELECT array_agg(DISTINCT j.waits_for) INTO missed FROM publish_jobs j
    WHERE j.waits_for IS NOT NULL AND j.wake_at > at AND NOT EXISTS (SELECT 1 FROM circuits c WHERE c.key = j.waits_for AND c.state <> 'closed');
  IF missed IS NOT NULL THEN woken := resume_circuits(missed); END IF;
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
