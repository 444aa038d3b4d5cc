-- Who changed what in a workspace, when and why, written by the database itself in the transaction of the change, so that no path and no
-- version forgets it. Rows hold ids and what is on each table's list; names are looked up when a row is read.
CREATE TABLE "audit_log" (
	"id" text PRIMARY KEY NOT NULL,
	"tenant_id" text REFERENCES "tenants"("id") ON DELETE cascade,
	"at" timestamp (3) with time zone NOT NULL,
	"actor_kind" text NOT NULL,
	"actor_id" text,
	"action" text NOT NULL,
	"subject_kind" text NOT NULL,
	"subject_id" text NOT NULL,
	"before" jsonb,
	"after" jsonb,
	"reason" text,
	"request_id" text
);--> statement-breakpoint
CREATE INDEX "audit_log_list" ON "audit_log" ("tenant_id","at","id");--> statement-breakpoint
CREATE INDEX "audit_log_subject" ON "audit_log" ("tenant_id","subject_id","at","id");--> statement-breakpoint
CREATE INDEX "audit_log_actor" ON "audit_log" ("tenant_id","actor_id","at","id");--> statement-breakpoint
ALTER TABLE audit_log ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_log FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_rows ON audit_log TO postd_app USING (tenant_id = current_tenant()) WITH CHECK (tenant_id = current_tenant());
CREATE POLICY owner_rows ON audit_log TO postd_migrate USING (true) WITH CHECK (true);
-- The server reads; only the functions below write.
GRANT SELECT ON audit_log TO postd_app;
--> statement-breakpoint
-- Who acts, as the server says with each transaction. A version from before, or a statement by hand, says nothing.
CREATE FUNCTION acting() RETURNS jsonb LANGUAGE sql STABLE AS
$$ SELECT coalesce(nullif(current_setting('app.acting', true), '')::jsonb, '{"kind": "unknown"}'::jsonb) $$;
--> statement-breakpoint
-- Arguments: kind of the subject; columns whose values are kept; columns of which only is said that they changed, since they may hold
-- somebody's name; verbs: "+" and "-" for a new and a removed row, a column's two for set and cleared, "=" for its new value.
CREATE FUNCTION audit_change() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS
$$ DECLARE
  shown text[] := string_to_array(TG_ARGV[1], ' ');
  named text[] := string_to_array(TG_ARGV[2], ' ');
  verbs jsonb := TG_ARGV[3]::jsonb;
  was jsonb := CASE WHEN TG_OP <> 'INSERT' THEN to_jsonb(OLD) END;
  becomes jsonb := CASE WHEN TG_OP <> 'DELETE' THEN to_jsonb(NEW) END;
  subject jsonb := coalesce(becomes, was);
  tenant text := CASE WHEN TG_TABLE_NAME = 'tenants' THEN subject ->> 'id' ELSE subject ->> 'tenant_id' END;
  who jsonb := acting();
  verb text;
  seen jsonb;
BEGIN
  -- A backup brings the record itself; what loads it is no change. Only the tables' owner may say so.
  IF current_setting('role', true) = 'postd_migrate' AND current_setting('app.restoring', true) = 'on' THEN RETURN NULL; END IF;
  -- With a workspace its record goes.
  IF tenant IS NOT NULL AND NOT EXISTS (SELECT FROM tenants WHERE id = tenant) THEN RETURN NULL; END IF;
  IF TG_OP = 'UPDATE' THEN
    SELECT array_agg(it) INTO shown FROM unnest(shown) it WHERE was -> it IS DISTINCT FROM becomes -> it;
    SELECT array_agg(it) INTO named FROM unnest(named) it WHERE was -> it IS DISTINCT FROM becomes -> it;
    SELECT CASE WHEN value = '"="' THEN becomes ->> key WHEN becomes ->> key IS NULL THEN value ->> 1 WHEN was ->> key IS NULL THEN value ->> 0 END
      INTO verb FROM jsonb_each(verbs) WHERE key NOT IN ('+', '-') AND was -> key IS DISTINCT FROM becomes -> key LIMIT 1;
    IF verb IS NULL AND shown IS NULL AND named IS NULL THEN RETURN NULL; END IF;
    verb := coalesce(verb, 'changed');
  ELSIF TG_OP = 'INSERT' THEN verb := coalesce(verbs ->> '+', 'created'); named := NULL;
  ELSE verb := coalesce(verbs ->> '-', 'deleted'); named := NULL;
  END IF;
  SELECT jsonb_object_agg(it, becomes -> it) INTO seen FROM unnest(shown) it WHERE becomes IS NOT NULL;
  IF named IS NOT NULL THEN seen := coalesce(seen, '{}') || jsonb_build_object('changed', to_jsonb(named)); END IF;
  INSERT INTO audit_log (id, tenant_id, at, actor_kind, actor_id, action, subject_kind, subject_id, before, after, reason, request_id)
  VALUES ('aud_' || replace(gen_random_uuid()::text, '-', ''), tenant, domain_now(), who ->> 'kind', who ->> 'id', TG_ARGV[0] || '.' || verb, TG_ARGV[0],
    CASE WHEN TG_TABLE_NAME = 'instance' THEN 'instance' ELSE coalesce(subject ->> 'id', subject ->> 'user_id') END,
    (SELECT jsonb_object_agg(it, was -> it) FROM unnest(shown) it WHERE was IS NOT NULL), seen, who ->> 'reason', who ->> 'requestId');
  RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION audit_change() FROM PUBLIC;
--> statement-breakpoint
CREATE FUNCTION audit_table(target regclass, kind text, shown text[], named text[], verbs jsonb) RETURNS void LANGUAGE plpgsql AS
$$ DECLARE watched text := (SELECT string_agg(quote_ident(it), ', ') FROM (
    SELECT unnest(shown || named) UNION SELECT jsonb_object_keys(verbs - '+' - '-')) AS of_these(it));
BEGIN
  EXECUTE format('CREATE TRIGGER audited AFTER INSERT OR DELETE OR UPDATE OF %s ON %s FOR EACH ROW EXECUTE FUNCTION audit_change(%L, %L, %L, %L)',
    watched, target, kind, array_to_string(shown, ' '), array_to_string(named, ' '), verbs);
END $$;
REVOKE ALL ON FUNCTION audit_table(regclass, text, text[], text[], jsonb) FROM PUBLIC;
--> statement-breakpoint
SELECT audit_table('members', 'member', '{role,user_id}', '{}', '{"+": "added", "-": "removed"}'),
  audit_table('invitations', 'invitation', '{role,expires_at}', '{}', '{"status": "="}'),
  audit_table('api_keys', 'api_key', '{scopes,expires_at}', '{name}', '{"revoked_at": ["revoked", "restored"]}'),
  audit_table('tenant_apps', 'app', '{provider,set_id}', '{values}', '{}'),
  audit_table('notification_channels', 'channel', '{kind}', '{name,host,last_characters,choices}', '{}'),
  audit_table('operators', 'operator', '{user_id}', '{}', '{"+": "added", "-": "removed"}');
CREATE TRIGGER audited AFTER INSERT OR UPDATE OF name, time_zone, keep_originals, requires_approval, paused_at ON tenants FOR EACH ROW
  EXECUTE FUNCTION audit_change('tenant', 'time_zone keep_originals requires_approval', 'name', '{"paused_at": ["paused", "resumed"]}');
CREATE TRIGGER audited AFTER UPDATE OF paused_at ON instance FOR EACH ROW
  EXECUTE FUNCTION audit_change('instance', '', '', '{"paused_at": ["paused", "resumed"]}');
-- The rest of an account's life is told by connection_audit.
CREATE TRIGGER audited AFTER UPDATE OF own_name, label, disabled_at, paused_at ON connections FOR EACH ROW
  EXECUTE FUNCTION audit_change('connection', '', 'own_name label', '{"disabled_at": ["disabled", "enabled"], "paused_at": ["paused", "resumed"]}');
-- An invitation is told by its own row, and a person confirms an address for themselves. Links that ended are swept; that is no change.
CREATE TRIGGER audited AFTER INSERT OR UPDATE OF used_at, revoked_at ON links FOR EACH ROW WHEN (NEW.purpose NOT IN ('invitation', 'confirm_address'))
  EXECUTE FUNCTION audit_change('link', 'purpose subject expires_at', '', '{"used_at": ["used", "reopened"], "revoked_at": ["revoked", "reopened"]}');
--> statement-breakpoint
-- What is told of an account may not name another, or say what somebody called it: rows stay when a person's data goes.
CREATE FUNCTION without_names(action text, detail jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS
$$ SELECT CASE WHEN action = 'connection_described' AND detail ?| ARRAY['name', 'label']
  THEN (detail - 'name' - 'label') || jsonb_build_object('changed', (SELECT jsonb_agg(key ORDER BY key) FROM jsonb_object_keys(detail) key WHERE key IN ('name', 'label')))
  ELSE detail - 'note' - 'name' - 'label' END $$;
--> statement-breakpoint
CREATE FUNCTION keep_names_out() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS
$$ BEGIN NEW.detail := without_names(NEW.action, NEW.detail); RETURN NEW; END $$;
REVOKE ALL ON FUNCTION keep_names_out() FROM PUBLIC;
UPDATE connection_audit SET detail = without_names(action, detail) WHERE detail ?| ARRAY['note', 'name', 'label'];
CREATE TRIGGER keep_names_out BEFORE INSERT ON connection_audit FOR EACH ROW EXECUTE FUNCTION keep_names_out();
--> statement-breakpoint
-- An account's own record in the words of the common one. Renewals stand in its timeline alone: they change nothing anybody decided.
CREATE FUNCTION audit_of(told connection_audit, who jsonb) RETURNS void LANGUAGE sql SET search_path = public, pg_temp AS
$$ INSERT INTO audit_log (id, tenant_id, at, actor_kind, actor_id, action, subject_kind, subject_id, after, reason, request_id)
  SELECT told.id, told.tenant_id, told.at,
    CASE split_part(told.actor, '_', 1) WHEN 'usr' THEN 'person' WHEN 'key' THEN 'api_key' WHEN 'lnk' THEN 'link'
      ELSE CASE WHEN told.actor IN ('system', 'operator', 'platform') THEN told.actor ELSE 'unknown' END END,
    CASE WHEN told.actor ~ '^(usr|key|lnk)_' THEN told.actor END,
    'connection.' || told.action, 'connection', told.connection_id,
    (SELECT jsonb_object_agg(key, value) FROM jsonb_each(told.detail) WHERE key IN
      ('authKind', 'simulated', 'missingScopes', 'revokedAtPlatform', 'handedOver', 'because', 'code', 'platformCode', 'confirmationCode', 'scopes', 'status')),
    coalesce(who ->> 'reason', told.detail ->> 'because', told.detail ->> 'code'), who ->> 'requestId'
  WHERE told.action !~ '^refresh' AND told.action <> 'connection_described' $$;
REVOKE ALL ON FUNCTION audit_of(connection_audit, jsonb) FROM PUBLIC;
--> statement-breakpoint
CREATE FUNCTION audit_connection() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS
$$ BEGIN
  IF current_setting('role', true) = 'postd_migrate' AND current_setting('app.restoring', true) = 'on' THEN RETURN NULL; END IF;
  PERFORM audit_of(NEW, acting());
  RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION audit_connection() FROM PUBLIC;
SELECT audit_of(told, '{}') FROM connection_audit told ORDER BY at, id;
CREATE TRIGGER audited AFTER INSERT ON connection_audit FOR EACH ROW EXECUTE FUNCTION audit_connection();
--> statement-breakpoint
-- Rows stay as they were written, whoever asks: the server's roles have no right to change them, and this stops everybody else.
CREATE FUNCTION keep_as_written() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
  RAISE EXCEPTION 'the rows of % are kept as they were written', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END $$;
REVOKE ALL ON FUNCTION keep_as_written() FROM PUBLIC;
CREATE TRIGGER keep_rows BEFORE UPDATE OR DELETE ON audit_log FOR EACH ROW EXECUTE FUNCTION keep_as_written();
CREATE TRIGGER keep_table BEFORE TRUNCATE ON audit_log FOR EACH STATEMENT EXECUTE FUNCTION keep_as_written();
CREATE TRIGGER keep_rows BEFORE UPDATE OR DELETE ON connection_audit FOR EACH ROW EXECUTE FUNCTION keep_as_written();
CREATE TRIGGER keep_table BEFORE TRUNCATE ON connection_audit FOR EACH STATEMENT EXECUTE FUNCTION keep_as_written();
