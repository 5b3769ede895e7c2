-- Each row's hash covers the row and the hash before it: a row that is changed, removed or slipped in breaks the chain.
CREATE FUNCTION carryover.append_audit() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  last record;
BEGIN
  -- One chain per organisation, so its writers take turns until they commit.
  PERFORM pg_advisory_xact_lock(hashtextextended('audit:' || NEW.organisation_id, 0));
  SELECT number, hash INTO last FROM carryover.audit
   WHERE organisation_id = NEW.organisation_id ORDER BY number DESC LIMIT 1;
  NEW.number := coalesce(last.number, 0) + 1;
  NEW.at := clock_timestamp();
  NEW.hash := sha256(coalesce(last.hash, ''::bytea) || convert_to(jsonb_build_array(
    NEW.organisation_id, NEW.number, to_char(NEW.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'),
    NEW.user_id, NEW.who, NEW.action, NEW.subject, NEW.detail)::text, 'UTF8'));
  RETURN NEW;
END $$;

CREATE FUNCTION carryover.refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RAISE EXCEPTION 'the audit trail can only be added to' USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE TRIGGER append BEFORE INSERT ON carryover.audit
  FOR EACH ROW EXECUTE FUNCTION carryover.append_audit();
CREATE TRIGGER keep BEFORE UPDATE OR DELETE ON carryover.audit
  FOR EACH ROW EXECUTE FUNCTION carryover.refuse_change();
CREATE TRIGGER keep_all BEFORE TRUNCATE ON carryover.audit
  FOR EACH STATEMENT EXECUTE FUNCTION carryover.refuse_change();
