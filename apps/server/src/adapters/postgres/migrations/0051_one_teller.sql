-- Outages are told by `tell_of_outages`, and the day's desk by whoever counts it: one of each.
CREATE OR REPLACE FUNCTION tell_of_accounts() RETURNS integer LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS
$$ SELECT keep_notices(ARRAY['connection_expiring'], (
  SELECT coalesce(jsonb_agg(to_jsonb(it)), '[]') FROM (
    SELECT tenant_id, 'connection_expiring' AS kind, 'connection' AS about_kind, min(id) AS about_id, 'connection_expiring:' || whose AS key,
      jsonb_build_object('connectionIds', jsonb_agg(id ORDER BY id), 'until', to_char(min(ends_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) AS data
    FROM (
      SELECT id, tenant_id, CASE WHEN own_secret OR sign_in_id IS NULL THEN id ELSE sign_in_id END AS whose,
        least(sign_in_again_by, CASE WHEN renews THEN refresh_expires_at WHEN NOT renews THEN token_expires_at END) AS ends_at
      FROM connections
      WHERE status IN ('healthy', 'expiring_soon') AND disconnected_at IS NULL AND ending_at IS NULL AND disabled_at IS NULL
    ) c WHERE ends_at <= domain_now() + interval '7 days' GROUP BY tenant_id, whose
  ) it)) $$;
--> statement-breakpoint
DROP TRIGGER tell_people ON desk_audits;
DROP FUNCTION tell_of_desk();
