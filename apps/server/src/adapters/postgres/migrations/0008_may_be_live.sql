-- Whether a post may be live is a fact of its own, kept with every visible call, and what people ask of it is kept beside it.
ALTER TABLE "publish_jobs" ADD COLUMN "may_be_live" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "publish_jobs" ADD COLUMN "wish" jsonb;--> statement-breakpoint
ALTER TABLE "publish_jobs" ADD COLUMN "wish_outcome" jsonb;--> statement-breakpoint
ALTER TABLE "publish_jobs" ADD COLUMN "removed_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "publish_jobs" ADD COLUMN "removed_by" text;--> statement-breakpoint
ALTER TABLE "publish_jobs" ADD COLUMN "successor_id" text;--> statement-breakpoint
ALTER TABLE "posts" ADD COLUMN "deleting" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "connections" ADD COLUMN "ending_at" timestamp (3) with time zone;--> statement-breakpoint
CREATE TABLE "app_blocks" (
	"platform" text NOT NULL,
	"auth_kind" text NOT NULL,
	"simulated" boolean NOT NULL,
	"until" timestamp (3) with time zone NOT NULL,
	CONSTRAINT "app_blocks_platform_auth_kind_simulated_pk" PRIMARY KEY("platform","auth_kind","simulated")
);
--> statement-breakpoint
-- An app is registered once for all tenants; what its platform asks of it holds for all of their accounts.
GRANT SELECT, INSERT, UPDATE ON app_blocks TO postd_app;
GRANT SELECT, DELETE ON app_blocks TO postd_system;
GRANT SELECT (may_be_live) ON publish_jobs TO postd_system;
GRANT SELECT (ending_at) ON connections TO postd_system;
--> statement-breakpoint
-- Existing jobs get their truth from their attempts: a visible call whose end nobody recorded, or only a guess at it, and
-- that no later look found absent.
WITH last_visible AS (
  SELECT DISTINCT ON (a.job_id) a.job_id, a.step, a.prepared, a.repeatable, a.intent_at, a.outcome, a.failure
  FROM publish_attempts a WHERE a.effect = 'visible' AND a.kind IN ('call', 'native') ORDER BY a.job_id, a.id DESC
), doubted AS (
  SELECT j.id, v.*, j.step_state -> 'pending' AS pending,
    row_number() OVER (PARTITION BY j.connection_id, j.fingerprint ORDER BY j.in_flight IS NULL, j.id) AS place
  FROM publish_jobs j JOIN last_visible v ON v.job_id = j.id
  WHERE j.external_post_id IS NULL AND j.state IN ('publishing', 'processing', 'retrying', 'unknown', 'held', 'failed', 'canceled')
    AND (v.outcome IS NULL OR v.outcome IN ('ok', 'waiting', 'unknown', 'lost') OR v.failure ->> 'kind' IN ('unexpected_response', 'outcome_unknown'))
    AND NOT EXISTS (
      SELECT 1 FROM jsonb_array_elements(coalesce(j.probe -> 'saw', '[]'::jsonb)) AS look
      WHERE look ->> 'answer' = 'absent' AND (look ->> 'at')::timestamptz >= v.intent_at)
)
UPDATE publish_jobs j SET may_be_live = true,
  wish = CASE WHEN j.state = 'canceled' THEN jsonb_build_object('kind', 'cancel', 'by', 'system', 'at', to_char(j.updated_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) END,
  state = CASE WHEN j.state IN ('held', 'failed', 'canceled') THEN 'unknown' ELSE j.state END,
  held_reason = CASE WHEN j.state = 'held' THEN NULL ELSE j.held_reason END,
  wake_at = CASE WHEN j.state IN ('held', 'failed', 'canceled') THEN domain_now() ELSE j.wake_at END,
  in_flight = CASE WHEN d.place = 1 THEN j.fingerprint ELSE j.in_flight END,
  step_state = coalesce(j.step_state, '{}'::jsonb) || jsonb_build_object('visible', jsonb_build_object(
    'step', d.step,
    'prepared', CASE WHEN d.pending ->> 'step' = d.step THEN d.pending -> 'prepared' ELSE d.prepared END,
    'intentAt', to_char(d.intent_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
    'repeatable', d.repeatable,
    'settleMs', coalesce((d.pending ->> 'settleMs')::int, 5000),
    'endsBy', to_char((greatest(coalesce(j.lease_until, d.intent_at), d.intent_at) + interval '2 minutes') AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
    'open', coalesce(d.outcome, 'lost') NOT IN ('ok', 'waiting')))
FROM doubted d WHERE j.id = d.id;
--> statement-breakpoint
-- Posts a platform was to show by itself and that nobody could ask about.
UPDATE publish_jobs SET may_be_live = true WHERE state = 'unknown' AND external_post_id IS NOT NULL AND native_schedule;
--> statement-breakpoint
-- A state that means "not sent" is never written while something may be live.
ALTER TABLE publish_jobs ADD CONSTRAINT publish_jobs_truth CHECK (
  NOT may_be_live OR state IN ('publishing', 'processing', 'retrying', 'unknown', 'published', 'partly_published', 'discarded'));
--> statement-breakpoint
-- One post at a platform belongs to one job, over all tenants and sign-ins. Where two claimed it, the older one keeps it and a
-- person looks at the other.
WITH claimed AS (
  SELECT id, row_number() OVER (PARTITION BY platform, simulated, external_post_id ORDER BY coalesce(published_at, created_at), id) AS place
  FROM publish_jobs WHERE external_post_id IS NOT NULL
)
UPDATE publish_jobs j SET external_post_id = NULL, permalink = NULL, published_at = NULL, state = 'unknown', wake_at = NULL, needs_person = true, may_be_live = true
FROM claimed c WHERE c.id = j.id AND c.place > 1;
--> statement-breakpoint
DROP INDEX "publish_jobs_external";--> statement-breakpoint
CREATE UNIQUE INDEX "publish_jobs_external" ON "publish_jobs" USING btree ("platform","simulated","external_post_id") WHERE external_post_id is not null;--> statement-breakpoint
CREATE INDEX "publish_jobs_fingerprint" ON "publish_jobs" USING btree ("connection_id","fingerprint");--> statement-breakpoint
CREATE INDEX "connections_ending" ON "connections" USING btree ("ending_at") WHERE ending_at is not null;--> statement-breakpoint
CREATE INDEX "publish_jobs_in_doubt" ON "publish_jobs" USING btree ("fingerprint") WHERE may_be_live;--> statement-breakpoint
-- Whether a post, or the doubt about one, belongs to another job of any tenant: `free` or `taken`, and nothing else. Runs with
-- the owner's rights, for a job of the asking tenant only.
CREATE FUNCTION post_ownership(asking text, named text) RETURNS text LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
$$
DECLARE own record;
BEGIN
  SELECT j.id, j.platform, j.simulated, j.fingerprint, c.external_id INTO own
    FROM publish_jobs j JOIN connections c ON c.id = j.connection_id WHERE j.id = asking AND j.tenant_id = current_tenant();
  IF NOT FOUND THEN RETURN 'taken'; END IF;
  IF named IS NULL THEN
    -- Another job that may be live sent the same to the same account.
    IF EXISTS (SELECT 1 FROM publish_jobs j JOIN connections c ON c.id = j.connection_id
      WHERE j.may_be_live AND j.fingerprint = own.fingerprint AND j.id <> own.id AND j.platform = own.platform
        AND j.simulated = own.simulated AND c.external_id = own.external_id) THEN RETURN 'taken'; END IF;
    RETURN 'free';
  END IF;
  IF EXISTS (SELECT 1 FROM publish_jobs j WHERE j.platform = own.platform AND j.simulated = own.simulated
    AND j.external_post_id = named AND j.id <> own.id) THEN RETURN 'taken'; END IF;
  RETURN 'free';
END
$$;
--> statement-breakpoint
REVOKE ALL ON FUNCTION post_ownership(text, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION post_ownership(text, text) TO postd_app;
--> statement-breakpoint
-- Refuses what was taken already: the same content for the same account and time. The lock makes two requests of one moment
-- come one after the other, so the look and the insert that follows in the same transaction are one.
CREATE FUNCTION refuse_twin(account text, print text, planned timestamptz, window_ms double precision) RETURNS void LANGUAGE plpgsql AS
$$
DECLARE twin record;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended(account || ' ' || print, 7602114));
  SELECT j.id, j.created_at INTO twin FROM publish_jobs j
    WHERE j.connection_id = account AND j.fingerprint = print AND (j.may_be_live OR j.state NOT IN ('canceled', 'failed', 'discarded', 'removed'))
      AND j.scheduled_for BETWEEN planned - window_ms * interval '1 millisecond' AND planned + window_ms * interval '1 millisecond'
    ORDER BY j.id DESC LIMIT 1;
  IF FOUND THEN
    RAISE EXCEPTION USING ERRCODE = 'PD001', MESSAGE = 'the same post was taken already',
      DETAIL = jsonb_build_object('jobId', twin.id, 'connectionId', account, 'createdAt', to_char(twin.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))::text;
  END IF;
END
$$;
--> statement-breakpoint
REVOKE ALL ON FUNCTION refuse_twin(text, text, timestamptz, double precision) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION refuse_twin(text, text, timestamptz, double precision) TO postd_app;
--> statement-breakpoint
CREATE OR REPLACE VIEW api_dlq_status WITH (security_invoker = true) AS
SELECT tenant_id, platform, state, held_reason, failure ->> 'kind' AS kind, failure ->> 'platformCode' AS platform_code,
  count(*) AS jobs, count(*) FILTER (WHERE needs_person) AS asking, min(updated_at) AS oldest_at, max(updated_at) AS newest_at
FROM publish_jobs
WHERE state IN ('failed', 'unknown') OR (state = 'held' AND held_reason = 'missed') OR (state = 'partly_published' AND wake_at IS NULL)
GROUP BY tenant_id, platform, state, held_reason, failure ->> 'kind', failure ->> 'platformCode';
--> statement-breakpoint
COMMENT ON VIEW api_dlq_status IS 'Publish jobs at the dead-letter desk, by cause: failed, unknown, partly live, or held because their time was missed.';
COMMENT ON COLUMN api_dlq_status.state IS 'failed: not live. unknown: may be live. partly_published: some parts are live. held: not sent, its time passed while nothing ran.';
