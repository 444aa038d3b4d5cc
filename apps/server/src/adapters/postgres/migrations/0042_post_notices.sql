-- What waits at the dead-letter desk is told by account and cause, whatever number of posts it is about.
CREATE INDEX "publish_jobs_desk" ON "publish_jobs" ("tenant_id","connection_id","updated_at")
  WHERE state in ('failed', 'unknown', 'partly_published') or (state = 'held' and held_reason = 'missed');
--> statement-breakpoint
-- As before, but a notice that says the same already is left alone.
CREATE OR REPLACE FUNCTION raise_notice(tenant text, notice_kind text, about_kind text, about_id text, once_key text, said jsonb, once boolean) RETURNS text
LANGUAGE plpgsql SET search_path = public, pg_temp AS
$$ DECLARE
  at timestamptz := domain_now();
  made text := 'not_' || lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || substr(replace(gen_random_uuid()::text, '-', ''), 13);
  told text;
BEGIN
  INSERT INTO notifications AS n (id, tenant_id, kind, subject_kind, subject_id, dedupe_key, data, momentary, raised_at, settled_at)
  VALUES (made, tenant, notice_kind, about_kind, about_id, once_key, said, once, at, CASE WHEN once THEN at END)
  ON CONFLICT (tenant_id, dedupe_key) WHERE settled_at IS NULL OR momentary DO UPDATE SET data = n.data || excluded.data
    WHERE NOT n.momentary AND n.data IS DISTINCT FROM n.data || excluded.data
  RETURNING id INTO told;
  RETURN CASE WHEN told = made THEN told END;
END $$;
--> statement-breakpoint
-- One look at the desks of all tenants: what is new is told, what is gone is settled. More of the same a day later is told anew.
CREATE FUNCTION tell_of_posts() RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS
$$ DECLARE
  waiting jsonb;
  found record;
  told integer := 0;
BEGIN
  SELECT coalesce(jsonb_agg(to_jsonb(grouped)), '[]') INTO waiting FROM (
    SELECT tenant_id, kind, connection_id, kind || ':' || connection_id || coalesce(':' || cause, '') AS key, max(updated_at) AS newest,
      jsonb_strip_nulls(jsonb_build_object('count', count(*), 'cause', cause, 'message', (array_agg(left(message, 300) ORDER BY updated_at DESC))[1],
        'earliestAt', to_char(min(scheduled_for) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))) AS data
    FROM (
      SELECT tenant_id, connection_id, scheduled_for, updated_at,
        CASE state WHEN 'failed' THEN 'posts_failed' WHEN 'held' THEN 'posts_missed' ELSE 'posts_unknown' END AS kind,
        CASE WHEN state = 'failed' THEN failure ->> 'kind' END AS cause, CASE WHEN state = 'failed' THEN failure ->> 'message' END AS message
      FROM publish_jobs
      WHERE (state in ('failed', 'unknown', 'partly_published') or (state = 'held' and held_reason = 'missed'))
        AND (state IN ('failed', 'held') OR (needs_person AND wake_at IS NULL))
    ) job GROUP BY tenant_id, connection_id, kind, cause
  ) grouped;
  -- In one order everywhere, so that two looks at once wait for each other.
  FOR found IN SELECT n.tenant_id, n.dedupe_key FROM notifications n
    LEFT JOIN jsonb_to_recordset(waiting) AS g(tenant_id text, key text, newest timestamptz) ON g.tenant_id = n.tenant_id AND g.key = n.dedupe_key
    WHERE n.settled_at IS NULL AND n.kind IN ('posts_failed', 'posts_unknown', 'posts_missed')
      AND (g.key IS NULL OR g.newest > n.raised_at + interval '24 hours')
    ORDER BY 1, 2 LOOP
    PERFORM settle_notice(found.tenant_id, found.dedupe_key);
  END LOOP;
  FOR found IN SELECT * FROM jsonb_to_recordset(waiting) AS g(tenant_id text, kind text, connection_id text, key text, data jsonb) ORDER BY tenant_id, key LOOP
    IF raise_notice(found.tenant_id, found.kind, 'connection', found.connection_id, found.key, found.data, false) IS NOT NULL THEN
      told := told + 1;
    END IF;
  END LOOP;
  RETURN told;
END $$;
REVOKE ALL ON FUNCTION tell_of_posts() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tell_of_posts() TO postd_system;
--> statement-breakpoint
-- A time zone that this database does not know is read as UTC, so that one person's keeps nobody else's mail.
CREATE FUNCTION known_zone(zone text) RETURNS text LANGUAGE plpgsql STABLE AS
$$ BEGIN
  PERFORM timestamptz 'epoch' AT TIME ZONE zone;
  RETURN zone;
EXCEPTION WHEN invalid_parameter_value THEN RETURN 'UTC';
END $$;
REVOKE ALL ON FUNCTION known_zone(text) FROM PUBLIC;
--> statement-breakpoint
-- Whose day's mail is due: the person's hour has come in their time zone, something was told since the last one, and none was made for
-- that day. `since` is where the last one ended, a week back at most; a digest's `created_at` is where it ends.
CREATE FUNCTION due_digests() RETURNS TABLE (tenant_id text, user_id text, day text, since timestamptz, until timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
$$ WITH clock AS MATERIALIZED (SELECT domain_now() AS now),
  people AS (
    SELECT m.tenant_id, m.user_id, m.created_at AS joined_at, known_zone(coalesce(s.time_zone, t.time_zone)) AS zone, coalesce(s.digest_hour, 8) AS hour
    FROM members m JOIN tenants t ON t.id = m.tenant_id
    LEFT JOIN notification_settings s ON s.tenant_id = m.tenant_id AND s.user_id = m.user_id),
  local AS (
    SELECT p.*, ((SELECT now FROM clock) AT TIME ZONE p.zone) AS here FROM people p),
  due AS (
    SELECT l.*, to_char(l.here::date, 'YYYY-MM-DD') AS day, (l.here::date + make_interval(hours => l.hour)) AT TIME ZONE l.zone AS until,
      (SELECT max(d.created_at) FROM notification_deliveries d WHERE d.tenant_id = l.tenant_id AND d.recipient = l.user_id AND d.digest_day IS NOT NULL) AS last_at
    FROM local l WHERE extract(hour FROM l.here) >= l.hour)
SELECT d.tenant_id, d.user_id, d.day, greatest(d.last_at, d.joined_at, d.until - interval '7 days') AS since, d.until FROM due d
WHERE NOT EXISTS (SELECT 1 FROM notification_deliveries x WHERE x.tenant_id = d.tenant_id AND x.recipient = d.user_id AND x.channel = 'mail' AND x.digest_day = d.day)
  AND EXISTS (SELECT 1 FROM notifications n WHERE n.tenant_id = d.tenant_id AND n.raised_at >= greatest(d.last_at, d.joined_at, d.until - interval '7 days') AND n.raised_at < d.until)
LIMIT 200 $$;
REVOKE ALL ON FUNCTION due_digests() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION due_digests() TO postd_system;
