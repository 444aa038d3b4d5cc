-- Posts that wait for a quota of the platform, for over ten minutes, or for this server's operator are told as well.
CREATE OR REPLACE FUNCTION tell_of_posts() RETURNS integer LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS
$$ SELECT keep_notices(ARRAY['posts_failed', 'posts_unknown', 'posts_missed', 'posts_overdue', 'budget_spent', 'operator_must_act'], (
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
    UNION ALL
    SELECT tenant_id, 'budget_spent', 'connection', connection_id, 'budget_spent:' || connection_id, NULL,
      jsonb_build_object('count', count(*), 'until', to_char(min(wake_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))
    FROM publish_jobs WHERE state = 'held' AND held_reason = 'quota' AND wake_at > domain_now() + interval '10 minutes' GROUP BY tenant_id, connection_id
    UNION ALL
    SELECT tenant_id, 'operator_must_act', 'platform', platform, 'operator_must_act:' || platform, NULL, jsonb_build_object('count', count(*))
    FROM publish_jobs WHERE state = 'held' AND held_reason = 'operator' GROUP BY tenant_id, platform
  ) grouped)) $$;
