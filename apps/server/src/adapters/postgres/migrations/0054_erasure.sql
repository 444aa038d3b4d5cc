-- Erasing a workspace: it is asked for, its accounts are disconnected and its files removed, and then one function takes its rows and
-- leaves one row that says so, with ids and counts and nothing that names anybody.
CREATE TABLE "erasures" (
	"id" text PRIMARY KEY NOT NULL,
	"erased_tenant" text NOT NULL,
	"requested_by" text NOT NULL,
	"requested_at" timestamp (3) with time zone NOT NULL,
	"stage" text NOT NULL,
	"stage_at" timestamp (3) with time zone NOT NULL,
	"report" jsonb DEFAULT '{}'::jsonb NOT NULL,
	"erasing_xid" text,
	"finished_at" timestamp (3) with time zone,
	"taken_at" timestamp (3) with time zone
);--> statement-breakpoint
CREATE UNIQUE INDEX "erasures_tenant" ON "erasures" ("erased_tenant");--> statement-breakpoint
CREATE INDEX "erasures_open" ON "erasures" ("requested_at") WHERE finished_at is null;--> statement-breakpoint
CREATE INDEX "erasures_asker" ON "erasures" ("requested_by");--> statement-breakpoint
-- From this time on nobody works in it any more.
ALTER TABLE "tenants" ADD COLUMN "erasing_at" timestamp (3) with time zone;
--> statement-breakpoint
GRANT SELECT, INSERT (id, erased_tenant, requested_by, requested_at, stage, stage_at), UPDATE (taken_at) ON erasures TO postd_app;
GRANT SELECT, UPDATE (stage, stage_at, report) ON erasures TO postd_system;
GRANT SELECT (erasing_at) ON tenants TO postd_system;
GRANT SELECT (id, tenant_id, blob_key, original_key) ON media_assets TO postd_system;
-- What became of each account at its platform, for the report; no name, no token.
CREATE POLICY erasure_rows ON connection_audit TO postd_system USING (EXISTS (SELECT FROM erasures e WHERE e.erased_tenant = tenant_id AND e.finished_at IS NULL));
GRANT SELECT (tenant_id, connection_id, at, action, detail) ON connection_audit TO postd_system;
--> statement-breakpoint
-- What an erasure says is not taken back: rows stay, and end with what they ended with. A report is taken once.
CREATE FUNCTION keep_erasure() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
  IF TG_OP = 'UPDATE' AND (OLD.finished_at IS NULL
    OR OLD.taken_at IS NULL AND NEW.taken_at IS NOT NULL AND (to_jsonb(NEW) - 'taken_at') = (to_jsonb(OLD) - 'taken_at')) THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION 'the rows of % are kept as they were written', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;
REVOKE ALL ON FUNCTION keep_erasure() FROM PUBLIC;
CREATE TRIGGER keep_rows BEFORE UPDATE OR DELETE ON erasures FOR EACH ROW EXECUTE FUNCTION keep_erasure();
CREATE TRIGGER keep_table BEFORE TRUNCATE ON erasures FOR EACH STATEMENT EXECUTE FUNCTION keep_as_written();
--> statement-breakpoint
-- The one exception: the transaction in which the function below takes a whole workspace. Only that function writes erasing_xid.
CREATE OR REPLACE FUNCTION keep_as_written() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS
$$ BEGIN
  IF TG_OP = 'DELETE' AND EXISTS (SELECT FROM erasures e WHERE e.erased_tenant = OLD.tenant_id AND e.erasing_xid = pg_current_xact_id()::text) THEN
    RETURN OLD;
  END IF;
  RAISE EXCEPTION 'the rows of % are kept as they were written', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;
--> statement-breakpoint
-- Takes every row of a workspace whose accounts and files are gone, in one transaction, and counts: per table before and after. The
-- tables come from the catalogue, so that none is forgotten, and a row that is left undoes all of it. false: there is nothing to do.
CREATE FUNCTION erase_tenant(asked text) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS
$$ DECLARE
  tenant text;
  owned text[] := ARRAY(SELECT c.relname::text FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' ORDER BY c.relname);
  counted jsonb := '{}';
  t text;
  n bigint;
  accounts text[];
  apps text[];
BEGIN
  SELECT erased_tenant INTO tenant FROM erasures WHERE id = asked AND finished_at IS NULL AND stage = 'rows' FOR UPDATE;
  IF tenant IS NULL THEN RETURN false; END IF;
  UPDATE erasures SET erasing_xid = pg_current_xact_id()::text WHERE id = asked;
  PERFORM FROM tenants WHERE id = tenant FOR UPDATE;
  -- Accounts nobody else has here: what platforms sent about those is nobody else's.
  accounts := ARRAY(SELECT DISTINCT c.external_id FROM connections c WHERE c.tenant_id = tenant AND length(c.external_id) >= 5
    AND NOT EXISTS (SELECT FROM connections o WHERE o.external_id = c.external_id AND o.tenant_id <> tenant));
  apps := ARRAY(SELECT id FROM tenant_apps WHERE tenant_id = tenant);
  DELETE FROM webhook_inbox i WHERE i.app_id = ANY (apps) OR i.connection_id IN (SELECT id FROM connections WHERE tenant_id = tenant)
    OR EXISTS (SELECT FROM unnest(accounts) a WHERE position(convert_to(a, 'UTF8') IN i.body) > 0);
  GET DIAGNOSTICS n = ROW_COUNT;
  counted := counted || jsonb_build_object('webhook_inbox', n);
  DELETE FROM webhook_unmatched u WHERE u.account_external_id = ANY (accounts);
  GET DIAGNOSTICS n = ROW_COUNT;
  counted := counted || jsonb_build_object('webhook_unmatched', n);
  -- Marks of withdrawals protect whoever consents at this moment, in any workspace; they hold a hash nobody can read back, for a day.
  DELETE FROM withdrawals WHERE until < domain_now() - interval '1 day';
  UPDATE sessions SET active_tenant_id = NULL WHERE active_tenant_id = tenant;
  IF to_regclass('pgboss.job') IS NOT NULL THEN
    EXECUTE 'DELETE FROM pgboss.job WHERE data ->> ''tenantId'' = $1' USING tenant;
    GET DIAGNOSTICS n = ROW_COUNT;
    counted := counted || jsonb_build_object('queue', n);
  END IF;
  FOREACH t IN ARRAY owned LOOP
    EXECUTE format('SELECT count(*) FROM %I WHERE tenant_id = $1', t) INTO n USING tenant;
    counted := counted || jsonb_build_object(t, n);
  END LOOP;
  -- The keys first: without them what was sealed opens no more, whatever a crash leaves.
  DELETE FROM encryption_keys WHERE tenant_id = tenant;
  DELETE FROM tenants WHERE id = tenant;
  FOREACH t IN ARRAY owned LOOP
    EXECUTE format('SELECT count(*) FROM %I WHERE tenant_id = $1', t) INTO n USING tenant;
    IF n > 0 THEN RAISE EXCEPTION '% rows of % would be left of the workspace', n, t; END IF;
  END LOOP;
  UPDATE erasures SET report = report || jsonb_build_object('rows', counted, 'rowsLeft', 0), stage = 'done', stage_at = domain_now(),
    finished_at = domain_now(), erasing_xid = NULL WHERE id = asked;
  RETURN true;
END $$;
REVOKE ALL ON FUNCTION erase_tenant(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION erase_tenant(text) TO postd_system;
