from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine

from db import connect, identity
from mmm_core.domain.errors import Unavailable
from mmm_core.domain.identity import Actor, TeamRole

ISSUER = "https://id.example"


@pytest.fixture
def owner(database: Any) -> Any:
    with psycopg.connect(database.admin, autocommit=True) as link:
        yield link


@pytest.fixture
def organisation(owner: Any) -> str:
    name = f"org-{datetime.now(UTC).timestamp()}"
    owner.execute("INSERT INTO carryover.organisations (organisation_id, name) VALUES (%s, %s)", [name, name])
    return name


def _invite(owner: Any, organisation: str, email: str, role: str, days: int = 7) -> None:
    owner.execute(
        "INSERT INTO carryover.invitations (organisation_id, email, role, invited_by, expires_at)"
        " VALUES (%s, %s, %s, %s, %s)",
        [organisation, email, role, "Ada", datetime.now(UTC) + timedelta(days=days)],
    )


def test_local_actor_is_one_administrator_however_often_asked(engine: Engine) -> None:
    first, second = identity.local_actor(engine), identity.local_actor(engine)
    assert first == second
    assert first.role is TeamRole.ADMIN


def test_a_stranger_is_refused(engine: Engine) -> None:
    assert identity.sign_in(engine, issuer=ISSUER, subject="x", email="x@nowhere.example", email_verified=True) is None


def test_the_local_issuer_cannot_be_claimed_by_a_token(engine: Engine) -> None:
    identity.local_actor(engine)
    assert identity.sign_in(engine, issuer="local", subject="local") is None
    assert identity.sign_in_with_claims(engine, {"iss": "local", "sub": "local"}) is None
    forged = identity.sign_in(engine, issuer=ISSUER, subject="z", organisation="local:")
    assert forged is not None
    assert forged.organisation_id != identity.local_actor(engine).organisation_id


def test_a_token_without_issuer_or_subject_is_refused(engine: Engine) -> None:
    assert identity.sign_in_with_claims(engine, {"sub": "a"}, "org") is None
    assert identity.sign_in_with_claims(engine, {"iss": ISSUER, "org": "acme"}, "org") is None


def test_the_first_of_a_claimed_organisation_is_its_administrator(engine: Engine) -> None:
    claims = {"iss": ISSUER, "sub": "1", "email": "ada@acme.example", "name": "Ada", "org": ["acme"]}
    ada = identity.sign_in_with_claims(engine, claims, "org")
    bob = identity.sign_in(engine, issuer=ISSUER, subject="2", organisation="acme")
    assert ada is not None
    assert bob is not None
    assert (ada.role, bob.role) == (TeamRole.ADMIN, TeamRole.VIEWER)
    assert ada.organisation_id == bob.organisation_id
    assert identity.sign_in_with_claims(engine, {**claims, "name": "Ada L."}, "org") == Actor(
        ada.organisation_id, ada.user_id, "Ada L.", "ada@acme.example", TeamRole.ADMIN
    )


def test_an_invitation_names_the_role_and_works_once(engine: Engine, owner: Any, organisation: str) -> None:
    _invite(owner, organisation, "guest@one.example", "approver")
    came = identity.sign_in(engine, issuer=ISSUER, subject="g1", email="Guest@One.example", email_verified=True)
    assert came is not None
    assert (came.organisation_id, came.role) == (organisation, TeamRole.APPROVER)
    again = identity.sign_in(engine, issuer=ISSUER, subject="g1", email="guest@one.example")
    assert again is not None
    other = identity.sign_in(engine, issuer=ISSUER, subject="g2", email="guest@one.example", email_verified=True)
    assert other is None


def test_an_invitation_needs_a_verified_address_and_time_left(engine: Engine, owner: Any, organisation: str) -> None:
    _invite(owner, organisation, "a@two.example", "viewer")
    _invite(owner, organisation, "b@two.example", "viewer", days=-1)
    assert identity.sign_in(engine, issuer=ISSUER, subject="u1", email="a@two.example") is None
    assert identity.sign_in(engine, issuer=ISSUER, subject="u2", email="b@two.example", email_verified=True) is None


def test_an_allowed_domain_is_the_whole_domain(engine: Engine, owner: Any, organisation: str) -> None:
    owner.execute(
        "INSERT INTO carryover.allowed_domains (organisation_id, domain, role) VALUES (%s, 'firm.example', 'analyst')",
        [organisation],
    )
    inside = identity.sign_in(engine, issuer=ISSUER, subject="d1", email="z@firm.example", email_verified=True)
    assert inside is not None
    assert inside.role is TeamRole.ANALYST
    for address in ("z@notfirm.example", "z@sub.firm.example", "z@firm.example@evil.example", "@firm.example"):
        assert identity.sign_in(engine, issuer=ISSUER, subject=address, email=address, email_verified=True) is None


def test_a_disabled_member_is_out_at_once(engine: Engine, owner: Any) -> None:
    actor = identity.sign_in(engine, issuer=ISSUER, subject="off", organisation="offside")
    assert actor is not None
    assert identity.still_member(engine, actor) == actor
    owner.execute("UPDATE carryover.memberships SET role = 'viewer' WHERE user_id = %s", [actor.user_id])
    now = identity.still_member(engine, actor)
    assert now is not None
    assert now.role is TeamRole.VIEWER
    owner.execute("UPDATE carryover.memberships SET disabled = true WHERE user_id = %s", [actor.user_id])
    assert identity.still_member(engine, actor) is None
    assert identity.sign_in(engine, issuer=ISSUER, subject="off", organisation="offside") is None


def test_membership_is_checked_within_the_actors_organisation(engine: Engine) -> None:
    one = identity.sign_in(engine, issuer=ISSUER, subject="m1", organisation="m-one")
    two = identity.sign_in(engine, issuer=ISSUER, subject="m2", organisation="m-two")
    assert one is not None
    assert two is not None
    mixed = Actor(two.organisation_id, one.user_id, one.name, one.email, one.role)
    assert identity.still_member(engine, mixed) is None


def test_a_database_that_is_gone_is_one_sentence() -> None:
    away = connect.engine("postgresql://nobody:secret@127.0.0.1:9/none")
    with pytest.raises(Unavailable, match="cannot be reached") as caught:
        identity.local_actor(away)
    assert "secret" not in str(caught.value)
