-- The one way from a sign-in to a member: the organisation's claim, an existing membership, an invitation, an allowed
-- domain, in this order. No row comes back for anybody else. The issuer 'local' is the single user of one machine.
CREATE FUNCTION carryover.sign_in(
  p_issuer text, p_subject text, p_email text, p_email_verified boolean, p_name text, p_claim text
) RETURNS TABLE (organisation_id text, user_id text, name text, email text, role text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_email text := lower(trim(coalesce(p_email, '')));
  v_verified boolean := coalesce(p_email_verified, false) AND v_email ~ '^[^@\s]+@[^@\s]+$';
  v_claim text := CASE WHEN p_issuer = 'local' THEN 'local:' ELSE nullif('claim:' || trim(coalesce(p_claim, '')), 'claim:') END;
  v_organisation text;
  v_user text;
  v_role text;
  v_invited text;
  v_new boolean;
BEGIN
  IF coalesce(p_issuer, '') = '' OR coalesce(p_subject, '') = '' THEN RETURN; END IF;
  PERFORM pg_advisory_xact_lock(hashtextextended('sign-in:' || coalesce(v_claim, p_issuer || ' ' || p_subject), 0));

  IF v_claim IS NOT NULL THEN
    SELECT o.organisation_id INTO v_organisation FROM carryover.organisations o WHERE o.claim = v_claim;
    IF v_organisation IS NULL THEN
      v_organisation := gen_random_uuid()::text;
      INSERT INTO carryover.organisations (organisation_id, name, claim)
        VALUES (v_organisation, CASE WHEN p_issuer = 'local' THEN 'Local' ELSE trim(p_claim) END, v_claim);
    END IF;
    -- Somebody has to be able to let the others do things: the first member is the administrator.
    v_role := CASE WHEN EXISTS (SELECT 1 FROM carryover.memberships m WHERE m.organisation_id = v_organisation)
              THEN 'viewer' ELSE 'admin' END;
  ELSE
    SELECT u.organisation_id INTO v_organisation
      FROM carryover.users u JOIN carryover.memberships m
        ON m.organisation_id = u.organisation_id AND m.user_id = u.id
     WHERE u.issuer = p_issuer AND u.subject = p_subject AND NOT m.disabled
     ORDER BY u.seen_at DESC, u.organisation_id LIMIT 1;
  END IF;

  IF v_organisation IS NULL AND v_verified THEN
    SELECT i.organisation_id, i.role INTO v_organisation, v_role FROM carryover.invitations i
     WHERE i.email = v_email AND i.accepted_at IS NULL AND i.expires_at > now()
     ORDER BY i.created_at DESC LIMIT 1;
    IF v_organisation IS NULL THEN
      SELECT d.organisation_id, d.role INTO v_organisation, v_role FROM carryover.allowed_domains d
       WHERE d.domain = split_part(v_email, '@', 2);
    END IF;
  END IF;
  IF v_organisation IS NULL THEN RETURN; END IF;

  SELECT u.id INTO v_user FROM carryover.users u
   WHERE u.organisation_id = v_organisation AND u.issuer = p_issuer AND u.subject = p_subject;
  v_new := v_user IS NULL;
  -- An invitation names the role, whichever way its guest came in.
  IF v_verified THEN
    SELECT i.role INTO v_invited FROM carryover.invitations i
     WHERE i.organisation_id = v_organisation AND i.email = v_email AND i.accepted_at IS NULL AND i.expires_at > now();
    UPDATE carryover.invitations i SET accepted_at = now()
     WHERE i.organisation_id = v_organisation AND i.email = v_email AND i.accepted_at IS NULL;
  END IF;
  IF v_new THEN
    v_user := gen_random_uuid()::text;
    v_role := coalesce(v_invited, v_role);
    INSERT INTO carryover.users (organisation_id, id, issuer, subject, email, email_verified, name)
      VALUES (v_organisation, v_user, p_issuer, p_subject, v_email, v_verified,
              coalesce(nullif(trim(p_name), ''), nullif(v_email, ''), p_subject));
    INSERT INTO carryover.memberships (organisation_id, user_id, role) VALUES (v_organisation, v_user, v_role);
  ELSE
    UPDATE carryover.users u
       SET seen_at = now(), email = v_email, email_verified = v_verified, name = coalesce(nullif(trim(p_name), ''), u.name)
     WHERE u.organisation_id = v_organisation AND u.id = v_user;
    -- A removed member comes back by a new invitation and by nothing else.
    IF v_invited IS NOT NULL THEN
      UPDATE carryover.memberships m SET disabled = false, role = v_invited
       WHERE m.organisation_id = v_organisation AND m.user_id = v_user AND m.disabled;
      v_new := FOUND;
      v_role := v_invited;
    END IF;
  END IF;
  IF v_new AND p_issuer <> 'local' THEN
    -- A trigger sets the number, the time and the hash.
    INSERT INTO carryover.audit (organisation_id, number, user_id, who, action, subject, detail)
      SELECT v_organisation, 0, u.id, u.name, 'member.joined', u.id, jsonb_build_object('email', u.email, 'role', v_role)
        FROM carryover.users u WHERE u.organisation_id = v_organisation AND u.id = v_user;
  END IF;

  RETURN QUERY SELECT u.organisation_id, u.id, u.name, u.email, m.role
    FROM carryover.users u JOIN carryover.memberships m ON m.organisation_id = u.organisation_id AND m.user_id = u.id
   WHERE u.organisation_id = v_organisation AND u.id = v_user AND NOT m.disabled;
END $$;
