-- Where two withdraw one sign-in at once neither ends the mark, since the other's call may be on its way: it is nobody's
-- time any more, and runs out by itself.
CREATE OR REPLACE FUNCTION begin_withdrawal(asking text, ends timestamptz) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS
$$ DECLARE own platform_sign_ins;
BEGIN
  SELECT * INTO own FROM platform_sign_ins WHERE id = asking AND tenant_id = current_tenant() AND ended_at IS NOT NULL;
  IF NOT FOUND THEN RETURN false; END IF;
  PERFORM lock_subject(own.subject_hash);
  IF sign_in_elsewhere(asking) THEN RETURN false; END IF;
  DELETE FROM withdrawals WHERE until < domain_now() - interval '1 day';
  INSERT INTO withdrawals (sign_in_id, subject_hash, app_id, client_id, until)
  VALUES (own.id, own.subject_hash, own.app_id, own.client_id, ends)
  ON CONFLICT (sign_in_id) DO UPDATE SET subject_hash = excluded.subject_hash, app_id = excluded.app_id, client_id = excluded.client_id,
    until = CASE WHEN withdrawals.until > domain_now() THEN greatest(withdrawals.until, excluded.until) + interval '1 millisecond' ELSE excluded.until END;
  RETURN true;
END $$;
