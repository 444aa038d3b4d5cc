-- A post that an edit made the platform replace keeps what it was called before, and no other job takes that for its own.
ALTER TABLE "publish_jobs" ADD COLUMN "earlier_posts" jsonb;--> statement-breakpoint
CREATE INDEX "publish_jobs_earlier" ON "publish_jobs" USING gin ("earlier_posts" jsonb_path_ops) WHERE earlier_posts is not null;--> statement-breakpoint
CREATE OR REPLACE FUNCTION post_ownership(asking text, named text) RETURNS text LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
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
  IF EXISTS (SELECT 1 FROM publish_jobs j WHERE j.platform = own.platform AND j.simulated = own.simulated
    AND j.earlier_posts @> jsonb_build_array(jsonb_build_object('externalPostId', named)) AND j.id <> own.id) THEN RETURN 'taken'; END IF;
  RETURN 'free';
END
$$;
