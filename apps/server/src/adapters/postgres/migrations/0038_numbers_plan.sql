-- Numbers are read by a plan: each post at set ages, each account once a day, and what a total grew by is known with each reading.
ALTER TABLE "account_posts" ADD COLUMN "gone_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "account_posts" ADD COLUMN "misses" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
CREATE INDEX "account_posts_next" ON "account_posts" ("next_at") WHERE next_at is not null;--> statement-breakpoint
ALTER TABLE "account_numbers" ADD COLUMN "read_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "account_numbers" ADD COLUMN "before_at" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "account_numbers" ADD COLUMN "growth" double precision;--> statement-breakpoint
CREATE INDEX "account_numbers_tenant" ON "account_numbers" ("tenant_id","at");--> statement-breakpoint
ALTER TABLE "number_readings" ADD COLUMN "wait_until" timestamp (3) with time zone;--> statement-breakpoint
ALTER TABLE "number_readings" ADD COLUMN "failures" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "number_readings" ADD COLUMN "days_until" timestamp (3) with time zone;--> statement-breakpoint
UPDATE account_numbers n SET before_at = e.before_at, growth = n.value - e.before
FROM (
  SELECT connection_id, platform_name, at, lag(at) OVER w AS before_at, lag(value) OVER w AS before FROM account_numbers
  WHERE since IS NULL WINDOW w AS (PARTITION BY connection_id, platform_name ORDER BY at)
) e
WHERE n.connection_id = e.connection_id AND n.platform_name = e.platform_name AND n.at = e.at AND e.before_at IS NOT NULL;
--> statement-breakpoint
-- Whose posts are due, over all tenants; nothing of what they say.
CREATE POLICY system_rows ON account_posts TO postd_system USING (next_at is not null);
GRANT SELECT (connection_id, tenant_id, next_at) ON account_posts TO postd_system;
GRANT SELECT (wait_until) ON number_readings TO postd_system;
--> statement-breakpoint
-- A post that went live is read by its plan from then on, and one that was taken down is not read any more, however that came about.
CREATE FUNCTION plan_numbers() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS
$$ BEGIN
  IF NEW.state = 'removed' THEN
    UPDATE account_posts SET next_at = NULL, gone_at = coalesce(gone_at, domain_now()) WHERE job_id = NEW.id;
    RETURN NULL;
  END IF;
  IF NEW.content ->> 'format' = 'reply' THEN RETURN NULL; END IF;
  -- An edit may have given it another id.
  UPDATE account_posts p SET external_id = NEW.external_post_id, permalink = NEW.permalink WHERE job_id = NEW.id
    AND NOT EXISTS (SELECT FROM account_posts o WHERE o.connection_id = p.connection_id AND o.external_id = NEW.external_post_id AND o.id <> p.id);
  IF NOT FOUND THEN
    INSERT INTO account_posts (id, tenant_id, connection_id, external_id, permalink, format, text, job_id, made_at, seen_at, next_at)
    VALUES ('acp_' || replace(gen_random_uuid()::text, '-', ''), NEW.tenant_id, NEW.connection_id, NEW.external_post_id, NEW.permalink,
      coalesce(NEW.content ->> 'format', ''), left(NEW.content ->> 'text', 300), NEW.id, NEW.published_at, domain_now(),
      NEW.published_at + interval '1 hour')
    ON CONFLICT (connection_id, external_id) DO UPDATE SET job_id = excluded.job_id, next_at = excluded.next_at
      WHERE account_posts.job_id IS DISTINCT FROM excluded.job_id;
  END IF;
  RETURN NULL;
END $$;
--> statement-breakpoint
REVOKE ALL ON FUNCTION plan_numbers() FROM PUBLIC;
CREATE TRIGGER plan_numbers AFTER UPDATE OF state, published_at, external_post_id ON publish_jobs FOR EACH ROW
  WHEN (NEW.published_at IS NOT NULL AND NEW.external_post_id IS NOT NULL AND NEW.state IN ('published', 'partly_published', 'removed')
    AND (OLD.state <> NEW.state OR OLD.published_at IS NULL OR OLD.external_post_id IS DISTINCT FROM NEW.external_post_id))
  EXECUTE FUNCTION plan_numbers();
