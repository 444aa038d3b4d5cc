-- The day's desk is told by the row that counts it, as it was; nothing else tells of it.
CREATE OR REPLACE FUNCTION tell_of_desk() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS
$$ DECLARE
  waiting bigint;
  words text;
BEGIN
  SELECT coalesce(sum(count), 0), string_agg(cause || ': ' || count || CASE WHEN change = 0 THEN '' WHEN change > 0 THEN ' (+' || change || ')'
      ELSE ' (' || change || ')' END, '; ' ORDER BY place) FILTER (WHERE place <= 5)
    || CASE WHEN count(*) > 5 THEN '; and ' || count(*) - 5 || ' causes more' ELSE '' END
    INTO waiting, words
    FROM jsonb_array_elements(NEW.causes) WITH ORDINALITY AS listed(it, place),
      jsonb_to_record(it) AS told(cause text, count bigint, change bigint);
  IF waiting > 0 THEN
    PERFORM raise_notice(NEW.tenant_id, 'dead_letter_daily', 'tenant', NEW.tenant_id, 'dead_letter_daily:' || NEW.day,
      jsonb_build_object('count', waiting, 'day', to_char(NEW.day, 'YYYY-MM-DD'), 'causes', NEW.causes, 'message', left(words, 500)), true);
  END IF;
  RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION tell_of_desk() FROM PUBLIC;
CREATE TRIGGER tell_people AFTER INSERT ON desk_audits FOR EACH ROW EXECUTE FUNCTION tell_of_desk();
