-- The same clock with a plan that a session keeps: a SQL function is planned anew for every place a statement names it.
CREATE OR REPLACE FUNCTION domain_now() RETURNS timestamptz LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS
$$ BEGIN
  RETURN date_trunc('milliseconds', clock_timestamp() + (SELECT clock_offset_ms FROM instance WHERE id = 1) * interval '1 millisecond');
END $$;
