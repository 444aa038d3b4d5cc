-- A platform that does not answer is told to each workspace with something waiting for it, once it has been asked again in vain, and
-- ends when it answers. Answers how many were told anew.
CREATE FUNCTION tell_of_outages() RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS
$$ DECLARE
  r record;
  told integer := 0;
BEGIN
  FOR r IN SELECT j.tenant_id, c.key, c.platform, c.server, c.down_since, count(*) AS waiting
    FROM circuits c JOIN publish_jobs j ON j.waits_for = c.key AND j.wake_at IS NOT NULL
    WHERE c.scope = 'platform' AND c.state <> 'closed' AND c.trips > 1 GROUP BY 1, 2, 3, 4, 5
  LOOP
    IF raise_notice(r.tenant_id, 'platform_outage', 'platform', r.platform, 'platform_outage:' || r.key, jsonb_build_object('count', r.waiting,
      'message', CASE WHEN r.server = '' THEN 'It' ELSE 'Its server ' || r.server END || ' does not answer since '
        || to_char(r.down_since AT TIME ZONE 'UTC', 'HH24:MI') || ' UTC.'), false) IS NOT NULL THEN
      told := told + 1;
    END IF;
  END LOOP;
  FOR r IN SELECT n.tenant_id, n.dedupe_key FROM notifications n WHERE n.kind = 'platform_outage' AND n.settled_at IS NULL
    AND NOT EXISTS (SELECT 1 FROM circuits c WHERE c.key = substr(n.dedupe_key, 17) AND c.state <> 'closed')
  LOOP
    PERFORM settle_notice(r.tenant_id, r.dedupe_key);
  END LOOP;
  RETURN told;
END $$;
--> statement-breakpoint
REVOKE ALL ON FUNCTION tell_of_outages() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tell_of_outages() TO postd_system;
