-- Whether another connected account, of whatever tenant, hears by the very subscription that this account of the asking tenant has
-- at the platform: one of a Page and an app is one, whoever asked for it. Where its name is not known the account stands for it.
CREATE FUNCTION events_elsewhere(asking text) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
$$ SELECT coalesce((SELECT EXISTS (SELECT 1 FROM connections c LEFT JOIN webhook_subscriptions theirs ON theirs.connection_id = c.id
    WHERE c.id <> own.id AND c.disconnected_at IS NULL AND c.simulated = own.simulated
      AND same_app(coalesce(theirs.app_id, c.app_id), CASE WHEN theirs.id IS NULL THEN c.client_id ELSE theirs.client_id END,
        coalesce(mine.app_id, own.app_id), CASE WHEN mine.id IS NULL THEN own.client_id ELSE mine.client_id END) IS NOT FALSE
      AND CASE WHEN mine.external_id IS NOT NULL AND theirs.external_id IS NOT NULL
        THEN theirs.provider = mine.provider AND theirs.external_id = mine.external_id
        ELSE c.platform = own.platform AND c.external_id = own.external_id END)
  FROM connections own LEFT JOIN webhook_subscriptions mine ON mine.connection_id = own.id
  WHERE own.id = asking AND own.tenant_id = current_tenant()), true) $$;
--> statement-breakpoint
REVOKE ALL ON FUNCTION events_elsewhere(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION events_elsewhere(text) TO postd_app;
