-- Whoever asked a platform for their data to be deleted sees when that was done, by the code they were given and nothing else.
CREATE INDEX "connection_audit_deletions" ON "connection_audit" ((detail ->> 'confirmationCode')) WHERE action = 'data_deleted';
--> statement-breakpoint
CREATE FUNCTION deletion_done(code text) RETURNS timestamptz LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
$$ SELECT max(at) FROM connection_audit WHERE action = 'data_deleted' AND detail ->> 'confirmationCode' = code $$;
REVOKE ALL ON FUNCTION deletion_done(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION deletion_done(text) TO postd_app;
