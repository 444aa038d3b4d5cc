-- What is so by the clock or over many rows, and by no single change of one, is looked for: sign-ins that end soon, platforms that are
-- down, posts that have waited for over a week. A notice of these kinds stands as long as what it says is found.
CREATE FUNCTION keep_notices(kinds text[], standing jsonb) RETURNS integer LANGUAGE plpgsql SET search_path = public, pg_temp AS
$$ DECLARE
  found record;
  told integer := 0;
BEGIN
  -- In one order everywhere, so that two looks at once wait for each other. More of the same a day later is told anew.
  FOR found IN SELECT n.tenant_id, n.dedupe_key FROM notifications n
    LEFT JOIN jsonb_to_recordset(standing) AS s(tenant_id text, key text, newest timestamptz) ON s.tenant_id = n.tenant_id AND s.key = n.dedupe_key
    WHERE n.settled_at IS NULL AND n.kind = ANY (kinds) AND (s.key IS NULL OR s.newest > n.raised_at + interval '24 hours')
    ORDER BY 1, 2 LOOP
    PERFORM settle_notice(found.tenant_id, found.dedupe_key);
  END LOOP;
  FOR found IN SELECT * FROM jsonb_to_recordset(standing)
    AS s(tenant_id text, kind text, about_kind text, about_id text, key text, data jsonb) ORDER BY tenant_id, key LOOP
    IF raise_notice(found.tenant_id, found.kind, found.about_kind, found.about_id, found.key, found.data, false) IS NOT NULL THEN
      told := told + 1;
    END IF;
  END LOOP;
  RETURN told;
END $$;
REVOKE ALL ON FUNCTION keep_notices(text[], jsonb) FROM PUBLIC;
--> statement-breakpoint
CREATE OR REPLACE FUNCTION tell_of_posts() RETURNS integer LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS
$$ SELECT keep_notices(ARRAY['posts_failed', 'posts_unknown', 'posts_missed', 'posts_overdue'], (
  SELECT coalesce(jsonb_agg(to_jsonb(grouped)), '[]') FROM (
    SELECT tenant_id, kind, 'connection' AS about_kind, connection_id AS about_id, kind || ':' || connection_id || coalesce(':' || cause, '') AS key,
      max(updated_at) AS newest, jsonb_strip_nulls(jsonb_build_object('count', count(*), 'cause', cause,
        'message', (array_agg(left(message, 300) ORDER BY updated_at DESC))[1],
        'earliestAt', to_char(min(scheduled_for) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))) AS data
    FROM (
      SELECT tenant_id, connection_id, scheduled_for, updated_at,
        CASE state WHEN 'failed' THEN 'posts_failed' WHEN 'held' THEN 'posts_missed' ELSE 'posts_unknown' END AS kind,
        CASE WHEN state = 'failed' THEN failure ->> 'kind' END AS cause, CASE WHEN state = 'failed' THEN failure ->> 'message' END AS message
      FROM publish_jobs
      WHERE (state in ('failed', 'unknown', 'partly_published') or (state = 'held' and held_reason = 'missed'))
        AND (state IN ('failed', 'held') OR (needs_person AND wake_at IS NULL))
      UNION ALL
      SELECT tenant_id, connection_id, scheduled_for, greatest(scheduled_for, created_at) + interval '7 days', 'posts_overdue', NULL, NULL
      FROM publish_jobs
      WHERE state = 'held' AND held_reason <> 'missed' AND not may_be_live AND external_post_id is null
        AND scheduled_for < domain_now() - interval '7 days' AND created_at < domain_now() - interval '7 days'
    ) job GROUP BY tenant_id, connection_id, kind, cause
  ) grouped)) $$;
--> statement-breakpoint
-- An account whose person has to sign in again within a week, as `statusOf` has it; and platforms that are down for five minutes, for
-- everybody with an account there.
CREATE FUNCTION tell_of_accounts() RETURNS integer LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS
$$ SELECT keep_notices(ARRAY['connection_expiring', 'platform_outage'], (
  SELECT coalesce(jsonb_agg(to_jsonb(it)), '[]') FROM (
    SELECT tenant_id, 'connection_expiring' AS kind, 'connection' AS about_kind, min(id) AS about_id, 'connection_expiring:' || whose AS key,
      jsonb_build_object('connectionIds', jsonb_agg(id ORDER BY id), 'until', to_char(min(ends_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) AS data
    FROM (
      SELECT id, tenant_id, CASE WHEN own_secret OR sign_in_id IS NULL THEN id ELSE sign_in_id END AS whose,
        least(sign_in_again_by, CASE WHEN renews THEN refresh_expires_at WHEN NOT renews THEN token_expires_at END) AS ends_at
      FROM connections
      WHERE status IN ('healthy', 'expiring_soon') AND disconnected_at IS NULL AND ending_at IS NULL AND disabled_at IS NULL
    ) c WHERE ends_at <= domain_now() + interval '7 days' GROUP BY tenant_id, whose
    UNION ALL
    SELECT c.tenant_id, 'platform_outage', 'platform', d.platform, 'platform_outage:' || d.key, jsonb_build_object('count',
      (SELECT count(*) FROM publish_jobs j WHERE j.waits_for = d.key AND j.tenant_id = c.tenant_id))
    FROM circuits d JOIN (SELECT DISTINCT tenant_id, platform, simulated FROM connections WHERE disconnected_at IS NULL) c
      ON c.platform = d.platform AND c.simulated = d.simulated
    WHERE d.scope = 'platform' AND d.state IN ('open', 'half_open') AND d.down_since <= domain_now() - interval '5 minutes'
  ) it)) $$;
REVOKE ALL ON FUNCTION tell_of_accounts() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tell_of_accounts() TO postd_system;
--> statement-breakpoint
-- The desk as it was counted is told with the count.
CREATE FUNCTION tell_of_desk() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS
$$ DECLARE
  waiting bigint := (SELECT coalesce(sum((cause ->> 'count')::bigint), 0) FROM jsonb_array_elements(NEW.causes) cause);
BEGIN
  IF waiting > 0 THEN
    PERFORM raise_notice(NEW.tenant_id, 'dead_letter_daily', 'tenant', NEW.tenant_id, 'dead_letter_daily:' || NEW.day,
      jsonb_build_object('count', waiting, 'day', to_char(NEW.day, 'YYYY-MM-DD')), true);
  END IF;
  RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION tell_of_desk() FROM PUBLIC;
CREATE TRIGGER tell_people AFTER INSERT ON desk_audits FOR EACH ROW EXECUTE FUNCTION tell_of_desk();
