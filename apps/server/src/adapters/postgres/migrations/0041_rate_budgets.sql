-- What platforms let an app, a sign-in or an account do in some time: what was spent here, and what the platform said. A row is
-- no tenant's, as accounts and apps serve several; its key is a keyed hash, and each tenant asks by a connection of its own.
CREATE TABLE "rate_budgets" (
	"key" bytea NOT NULL,
	"budget" text NOT NULL,
	"scope" text NOT NULL,
	"simulated" boolean NOT NULL,
	"spent_at" timestamp (3) with time zone[] DEFAULT '{}' NOT NULL,
	"spent_units" double precision[] DEFAULT '{}' NOT NULL,
	"said_used" double precision,
	"said_limit" double precision,
	"said_resets_at" timestamp (3) with time zone,
	"said_at" timestamp (3) with time zone,
	"updated_at" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "rate_budgets_key_budget_pk" PRIMARY KEY("key","budget")
);
--> statement-breakpoint
CREATE INDEX "rate_budgets_updated" ON "rate_budgets" ("updated_at");--> statement-breakpoint
-- When a job last took its place in the budgets of its account: claimed again within their time it takes none.
ALTER TABLE "publish_jobs" ADD COLUMN "spent_at" timestamp (3) with time zone;--> statement-breakpoint
CREATE INDEX "publish_jobs_spent" ON "publish_jobs" ("connection_id","spent_at") WHERE spent_at is not null;--> statement-breakpoint
GRANT SELECT (budget, scope, simulated, updated_at), DELETE ON rate_budgets TO postd_system;
--> statement-breakpoint
CREATE TYPE budget_standing AS (
  used double precision, most double precision, "limit" double precision, resets_at timestamptz, free_at timestamptz, is_said boolean, said_at timestamptz);
--> statement-breakpoint
-- Whose budget it is, as nobody can read it back: an app by what its provider calls it, a sign-in by its subject, an account by
-- its platform's id.
CREATE FUNCTION budget_key(c connections, scope text) RETURNS bytea LANGUAGE sql STABLE SET search_path = public, pg_temp AS
$$ SELECT sha256(k.key || convert_to(jsonb_build_array('budget', scope, c.simulated,
  CASE scope
    WHEN 'account' THEN jsonb_build_array(c.platform, c.external_id)
    WHEN 'sign_in' THEN jsonb_build_array(coalesce((SELECT encode(s.subject_hash, 'hex') FROM platform_sign_ins s WHERE s.id = c.sign_in_id), c.platform || ' ' || c.external_id))
    ELSE jsonb_build_array(c.auth_kind, coalesce('client ' || c.client_id, 'app ' || c.app_id)) END)::text, 'UTF8'))
FROM sign_in_keys k WHERE k.id = 1 $$;
REVOKE ALL ON FUNCTION budget_key(connections, text) FROM PUBLIC;
--> statement-breakpoint
-- Where a budget stands. `asked`: windowMs or zone, limit, upTo (the part of the limit that may be used), units (what is to be
-- spent), saidForMs (how long the platform's word holds that names no end), and for posts con, the connection whose jobs under way
-- the platform has not counted yet. free_at: when the units fit; null: now. resets_at: when the oldest of what was used is over, or
-- all of it where the platform counts so.
CREATE FUNCTION budget_standing_of(b rate_budgets, asked jsonb, now timestamptz) RETURNS budget_standing LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS
$$
DECLARE
  zone text := asked ->> 'zone';
  span interval := (asked ->> 'windowMs')::double precision * interval '1 millisecond';
  units double precision := coalesce((asked ->> 'units')::double precision, 0);
  begins timestamptz; ends timestamptz; freed double precision := 0; need double precision; counted double precision; i integer;
  said_ends timestamptz; own double precision; standing budget_standing;
BEGIN
  IF zone IS NOT NULL THEN
    begins := date_trunc('day', now AT TIME ZONE zone) AT TIME ZONE zone;
    ends := (date_trunc('day', now AT TIME ZONE zone) + interval '1 day') AT TIME ZONE zone;
  ELSE
    begins := now - span;
  END IF;
  SELECT coalesce(sum(u), 0) INTO own FROM unnest(b.spent_at, b.spent_units) AS spent(at, u) WHERE spent.at > begins;
  said_ends := coalesce(b.said_resets_at, b.said_at + (asked ->> 'saidForMs')::double precision * interval '1 millisecond');
  standing.is_said := coalesce(b.said_at > begins AND said_ends > now, false);
  standing."limit" := coalesce(b.said_limit, (asked ->> 'limit')::double precision);
  standing.most := floor(standing."limit" * coalesce((asked ->> 'upTo')::double precision, 1));
  standing.said_at := CASE WHEN standing.is_said THEN b.said_at END;
  IF standing.is_said THEN
    standing.used := b.said_used;
    IF asked ->> 'con' IS NOT NULL THEN
      -- What was spent since, and what was on its way when the platform said it.
      standing.used := standing.used
        + (SELECT coalesce(sum(u), 0) FROM unnest(b.spent_at, b.spent_units) AS spent(at, u) WHERE spent.at > b.said_at)
        + (SELECT count(*) FROM publish_jobs j WHERE j.connection_id = asked ->> 'con' AND j.spent_at > begins AND j.spent_at <= b.said_at
            AND (j.published_at > b.said_at OR (j.in_flight IS NOT NULL AND j.published_at IS NULL)) AND j.id IS DISTINCT FROM asked ->> 'job');
    END IF;
    standing.resets_at := b.said_resets_at;
  ELSE
    standing.used := own;
    standing.resets_at := CASE WHEN zone IS NOT NULL THEN ends
      ELSE (SELECT min(spent.at) + span FROM unnest(b.spent_at) AS spent(at) WHERE spent.at > begins) END;
  END IF;
  -- A job that has its place already waits for nothing.
  IF (asked ->> 'spentAt')::timestamptz > begins THEN RETURN standing; END IF;
  need := standing.used + units - standing.most;
  IF need IS NULL OR need <= 0 OR standing.used = 0 THEN RETURN standing; END IF;
  IF zone IS NOT NULL THEN
    standing.free_at := ends;
  ELSE
    need := own + units - standing.most;
    FOR i IN 1 .. coalesce(array_length(b.spent_at, 1), 0) LOOP
      EXIT WHEN freed >= need;
      CONTINUE WHEN b.spent_at[i] <= begins;
      freed := freed + b.spent_units[i];
      standing.free_at := b.spent_at[i] + span;
    END LOOP;
  END IF;
  IF standing.is_said THEN
    -- Its word holds until its end, and then our count does. Where it leaves room but for what is on its way, that is asked after
    -- again soon: it may fail.
    counted := b.said_used + CASE WHEN asked ->> 'con' IS NULL THEN 0 ELSE (SELECT count(*) FROM publish_jobs j
      WHERE j.connection_id = asked ->> 'con' AND j.spent_at > begins AND j.published_at > b.said_at) END;
    standing.free_at := CASE WHEN counted + units <= standing.most THEN least(said_ends, now + interval '1 minute')
      WHEN b.said_resets_at IS NOT NULL THEN said_ends ELSE greatest(said_ends, standing.free_at) END;
  END IF;
  RETURN standing;
END
$$;
REVOKE ALL ON FUNCTION budget_standing_of(rate_budgets, jsonb, timestamptz) FROM PUBLIC;
--> statement-breakpoint
-- The row with units added; what no window of the budget reaches any more is left out. Of small budgets each spend stands for
-- itself, of others a sixtieth of the span; an entry counts from the end of its part, so nothing is counted too short.
CREATE FUNCTION budget_with(b rate_budgets, asked jsonb, units double precision, now timestamptz) RETURNS rate_budgets LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS
$$
DECLARE
  zone text := asked ->> 'zone';
  span_ms double precision := coalesce((asked ->> 'windowMs')::double precision, 86400000);
  part_ms double precision := CASE WHEN coalesce((asked ->> 'limit')::double precision, 0) <= 1000 THEN 1 ELSE greatest(1000, span_ms / 60) END;
  begins timestamptz := CASE WHEN zone IS NULL THEN now - span_ms * interval '1 millisecond' ELSE date_trunc('day', now AT TIME ZONE zone) AT TIME ZONE zone END;
  at timestamptz := CASE WHEN zone IS NULL THEN to_timestamp(ceil(extract(epoch FROM now)::double precision * 1000 / part_ms) * part_ms / 1000) ELSE now END;
  kept integer;
BEGIN
  SELECT count(*) INTO kept FROM unnest(b.spent_at) AS spent(at) WHERE spent.at <= begins;
  b.spent_at := b.spent_at[kept + 1 :];
  b.spent_units := b.spent_units[kept + 1 :];
  IF units > 0 THEN
    kept := coalesce(array_length(b.spent_at, 1), 0);
    IF kept > 0 AND (b.spent_at[kept] >= at OR (zone IS NOT NULL AND b.spent_at[kept] > at - interval '1 second')) THEN
      b.spent_units[kept] := b.spent_units[kept] + units;
    ELSE
      b.spent_at := b.spent_at || at;
      b.spent_units := b.spent_units || units;
    END IF;
  END IF;
  b.updated_at := now;
  RETURN b;
END
$$;
REVOKE ALL ON FUNCTION budget_with(rate_budgets, jsonb, double precision, timestamptz) FROM PUBLIC;
--> statement-breakpoint
-- A budget of one connection, locked; made where it is not there yet.
CREATE FUNCTION budget_row(c connections, asked jsonb, now timestamptz) RETURNS rate_budgets LANGUAGE plpgsql SET search_path = public, pg_temp AS
$$
DECLARE k bytea := budget_key(c, asked ->> 'scope'); b rate_budgets;
BEGIN
  SELECT * INTO b FROM rate_budgets r WHERE r.key = k AND r.budget = asked ->> 'budget' FOR UPDATE;
  IF NOT FOUND THEN
    INSERT INTO rate_budgets (key, budget, scope, simulated, updated_at) VALUES (k, asked ->> 'budget', asked ->> 'scope', c.simulated, now) ON CONFLICT DO NOTHING;
    SELECT * INTO b FROM rate_budgets r WHERE r.key = k AND r.budget = asked ->> 'budget' FOR UPDATE;
  END IF;
  RETURN b;
END
$$;
REVOKE ALL ON FUNCTION budget_row(connections, jsonb, timestamptz) FROM PUBLIC;
--> statement-breakpoint
-- Where the budgets of one of the tenant's connections stand; those of other sign-ins are left out.
CREATE FUNCTION budget_standings(connection text, asked jsonb) RETURNS TABLE (budget text, used double precision, "limit" double precision, resets_at timestamptz, free_at timestamptz, is_said boolean, said_at timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
$$
DECLARE c connections; one jsonb; b rate_budgets; s budget_standing; now timestamptz := domain_now();
BEGIN
  SELECT * INTO c FROM connections WHERE id = connection AND tenant_id = current_tenant();
  IF NOT FOUND THEN RETURN; END IF;
  FOR one IN SELECT value FROM jsonb_array_elements(asked) LOOP
    CONTINUE WHEN one ? 'authKinds' AND NOT one -> 'authKinds' ? c.auth_kind;
    b := NULL;
    SELECT * INTO b FROM rate_budgets r WHERE r.key = budget_key(c, one ->> 'scope') AND r.budget = one ->> 'budget';
    s := budget_standing_of(b, one, now);
    RETURN QUERY SELECT one ->> 'budget', s.used, s."limit", s.resets_at, s.free_at, s.is_said, s.said_at;
  END LOOP;
END
$$;
REVOKE ALL ON FUNCTION budget_standings(text, jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION budget_standings(text, jsonb) TO postd_app;
--> statement-breakpoint
-- Spends from budgets of one of the tenant's connections, all or none: one that has no room raises PD002. Rows are locked in one
-- order everywhere, so nobody waits in a circle.
CREATE FUNCTION spend_budgets(connection text, asked jsonb) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS
$$
DECLARE c connections; one jsonb; b rate_budgets; s budget_standing; now timestamptz := domain_now(); spent integer := 0;
BEGIN
  SELECT * INTO c FROM connections WHERE id = connection AND tenant_id = current_tenant();
  IF NOT FOUND THEN RETURN 0; END IF;
  FOR one IN SELECT value FROM jsonb_array_elements(asked) ORDER BY value ->> 'scope', value ->> 'budget' LOOP
    CONTINUE WHEN one ? 'authKinds' AND NOT one -> 'authKinds' ? c.auth_kind;
    b := budget_row(c, one, now);
    s := budget_standing_of(b, one, now);
    IF s.free_at IS NOT NULL THEN
      RAISE EXCEPTION USING ERRCODE = 'PD002', MESSAGE = 'a budget of the platform is used up', DETAIL = one ->> 'budget';
    END IF;
    CONTINUE WHEN (one ->> 'spentAt')::timestamptz > CASE WHEN one ->> 'zone' IS NULL THEN now - (one ->> 'windowMs')::double precision * interval '1 millisecond'
      ELSE date_trunc('day', now AT TIME ZONE (one ->> 'zone')) AT TIME ZONE (one ->> 'zone') END;
    b := budget_with(b, one, (one ->> 'units')::double precision, now);
    UPDATE rate_budgets r SET spent_at = b.spent_at, spent_units = b.spent_units, updated_at = now WHERE r.key = b.key AND r.budget = b.budget;
    spent := spent + 1;
  END LOOP;
  RETURN spent;
END
$$;
REVOKE ALL ON FUNCTION spend_budgets(text, jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION spend_budgets(text, jsonb) TO postd_app;
--> statement-breakpoint
-- What a process counted, and what platforms said in answers to it, of connections of all tenants; answers where those stand.
CREATE FUNCTION record_budgets(entries jsonb) RETURNS TABLE (connection text, budget text, used double precision, "limit" double precision)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS
$$
DECLARE c connections; one jsonb; b rate_budgets; s budget_standing; now timestamptz := domain_now();
BEGIN
  FOR one IN SELECT value FROM jsonb_array_elements(entries) AS e(value) LEFT JOIN connections o ON o.id = value ->> 'connection'
    ORDER BY value ->> 'scope', value ->> 'budget', budget_key(o, value ->> 'scope') LOOP
    SELECT * INTO c FROM connections WHERE id = one ->> 'connection';
    CONTINUE WHEN NOT FOUND OR (one ? 'authKinds' AND NOT one -> 'authKinds' ? c.auth_kind);
    b := budget_with(budget_row(c, one, now), one, (one ->> 'units')::double precision, now);
    IF one ? 'said' THEN
      b.said_used := (one -> 'said' ->> 'used')::double precision;
      b.said_limit := coalesce((one -> 'said' ->> 'limit')::double precision, b.said_limit);
      b.said_resets_at := (one -> 'said' ->> 'resetsAt')::timestamptz;
      b.said_at := least(now, (one -> 'said' ->> 'at')::timestamptz);
    END IF;
    UPDATE rate_budgets r SET spent_at = b.spent_at, spent_units = b.spent_units, said_used = b.said_used, said_limit = b.said_limit,
      said_resets_at = b.said_resets_at, said_at = b.said_at, updated_at = now WHERE r.key = b.key AND r.budget = b.budget;
    s := budget_standing_of(b, one, now);
    RETURN QUERY SELECT one ->> 'connection', one ->> 'budget', s.used, s."limit";
  END LOOP;
END
$$;
REVOKE ALL ON FUNCTION record_budgets(jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION record_budgets(jsonb) TO postd_system;
