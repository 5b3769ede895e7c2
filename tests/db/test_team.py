import csv
import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine

from db import founding, identity
from jobs import wiring
from mmm_core.domain.errors import BadInput, CarryoverError, Conflict, NotAllowed, NotFound
from mmm_core.domain.identity import Actor, TeamRole
from mmm_core.domain.ports import Services
from mmm_core.settings import Settings
from mmm_core.use_cases import team
from server import local
from tests.conftest import Database

ISSUER = "https://id.example"


@pytest.fixture
def database(fresh_database: Database) -> Database:
    """One for each test, since a team is never empty again."""
    return fresh_database


@pytest.fixture
def engine(database: Database) -> Iterator[Engine]:
    from db import connect

    made = connect.engine(database.app)
    yield made
    made.dispose()


@pytest.fixture
def services(database: Database, redis_url: str) -> Iterator[Services]:
    with wiring.opened(Settings(DATABASE_URL=database.admin, REDIS_URL=redis_url)) as wired:
        yield wired.services


def come(engine: Engine, who: str, claim: str | None = None, *, verified: bool = True) -> Actor | None:
    return identity.sign_in(
        engine, issuer=ISSUER, subject=who, email=who, email_verified=verified, name=who.split("@")[0],
        organisation=claim,
    )  # fmt: skip


def sure(actor: Actor | None) -> Actor:
    assert actor is not None
    return actor


@pytest.fixture
def boss(engine: Engine) -> Actor:
    return sure(come(engine, "boss@acme.example", "acme"))


@pytest.fixture
def other(engine: Engine) -> Actor:
    """The administrator of another organisation."""
    return sure(come(engine, "olga@other.example", "other"))


def actions(services: Services, actor: Actor) -> list[tuple[str, str, str]]:
    return [(r.who, r.action, r.subject) for r in team.audit_trail(services, actor).rows]


def test_an_invited_person_comes_in_with_the_role_and_the_trail_tells_it(
    engine: Engine, services: Services, boss: Actor
) -> None:
    team.invite(services, boss, " Gus@Guest.example ", TeamRole.APPROVER, days=3)
    open_now = team.get_team(services, boss).invitations
    assert [(i.email, i.role, i.invited_by) for i in open_now] == [("gus@guest.example", TeamRole.APPROVER, "boss")]
    assert open_now[0].expires_at - open_now[0].created_at == timedelta(days=3)
    assert come(engine, "gus@guest.example", verified=False) is None
    gus = sure(come(engine, "gus@guest.example"))
    assert (gus.role, gus.organisation_id) == (TeamRole.APPROVER, boss.organisation_id)
    now = team.get_team(services, boss)
    assert [(m.name, m.role, m.email_verified) for m in now.members] == [
        ("boss", TeamRole.ADMIN, True), ("gus", TeamRole.APPROVER, True),
    ]  # fmt: skip
    assert now.invitations == ()
    assert now.organisation == "acme"
    assert actions(services, boss) == [
        ("gus", "member.joined", gus.user_id), ("boss", "member.invited", "gus@guest.example"),
        ("boss", "member.joined", boss.user_id),
    ]  # fmt: skip
    assert team.audit_trail(services, boss).first_broken is None


def test_a_withdrawn_invitation_leads_nowhere(engine: Engine, services: Services, boss: Actor) -> None:
    team.invite(services, boss, "gus@guest.example", TeamRole.ANALYST)
    team.withdraw(services, boss, "gus@guest.example")
    assert come(engine, "gus@guest.example") is None
    with pytest.raises(NotFound, match="no open invitation"):
        team.withdraw(services, boss, "gus@guest.example")
    assert actions(services, boss)[0] == ("boss", "invitation.withdrawn", "gus@guest.example")


def test_inviting_again_takes_the_place_of_the_first(engine: Engine, services: Services, boss: Actor) -> None:
    team.invite(services, boss, "gus@guest.example", TeamRole.ADMIN)
    team.invite(services, boss, "gus@guest.example", TeamRole.VIEWER)
    assert sure(come(engine, "gus@guest.example")).role is TeamRole.VIEWER
    with pytest.raises(BadInput, match="on the team already"):
        team.invite(services, boss, "gus@guest.example", TeamRole.ADMIN)


def test_a_removed_member_is_out_until_a_new_invitation(engine: Engine, services: Services, boss: Actor) -> None:
    team.allow_domain(services, boss, "acme.example", TeamRole.ANALYST)
    ann = sure(come(engine, "ann@acme.example"))
    team.remove(services, boss, ann.user_id)
    assert identity.still_member(engine, ann) is None
    assert come(engine, "ann@acme.example") is None
    assert come(engine, "ann@acme.example", "acme") is None
    assert [m.name for m in team.get_team(services, boss).members] == ["boss"]
    with pytest.raises(NotFound, match="no such member"):
        team.remove(services, boss, ann.user_id)
    team.invite(services, boss, "ann@acme.example", TeamRole.VIEWER)
    assert come(engine, "ann@acme.example", verified=False) is None
    back = sure(come(engine, "ann@acme.example"))
    assert (back.user_id, back.role) == (ann.user_id, TeamRole.VIEWER)
    assert [a for _, a, _ in actions(services, boss)][:3] == ["member.joined", "member.invited", "member.removed"]


def test_a_role_changes_and_the_trail_says_from_what_to_what(engine: Engine, services: Services, boss: Actor) -> None:
    ann = sure(come(engine, "ann@acme.example", "acme"))
    team.change_role(services, boss, ann.user_id, TeamRole.APPROVER)
    team.change_role(services, boss, ann.user_id, TeamRole.APPROVER)
    assert sure(identity.still_member(engine, ann)).role is TeamRole.APPROVER
    changed = [r for r in team.audit_trail(services, boss).rows if r.action == "member.role_changed"]
    assert [r.detail for r in changed] == [{"email": "ann@acme.example", "from": "viewer", "to": "approver"}]


def test_the_last_administrator_stays(engine: Engine, services: Services, boss: Actor) -> None:
    ann = sure(come(engine, "ann@acme.example", "acme"))
    with pytest.raises(NotAllowed, match="last administrator cannot be removed"):
        team.remove(services, boss, boss.user_id)
    with pytest.raises(NotAllowed, match="last administrator cannot be made"):
        team.change_role(services, boss, boss.user_id, TeamRole.VIEWER)
    team.change_role(services, boss, boss.user_id, TeamRole.ADMIN)
    team.change_role(services, boss, ann.user_id, TeamRole.ADMIN)
    team.remove(services, replace(ann, role=TeamRole.ADMIN), boss.user_id)
    assert [m.name for m in team.get_team(services, replace(ann, role=TeamRole.ADMIN)).members] == ["ann"]


def test_two_administrators_cannot_remove_each_other_at_once(engine: Engine, services: Services, boss: Actor) -> None:
    ann = sure(come(engine, "ann@acme.example", "acme"))
    team.change_role(services, boss, ann.user_id, TeamRole.ADMIN)
    admin, start, said = replace(ann, role=TeamRole.ADMIN), Barrier(2), []

    def remove(by: Actor, whom: str) -> None:
        start.wait()
        try:
            team.remove(services, by, whom)
        except CarryoverError as error:
            said.append(error)

    both = [Thread(target=remove, args=pair) for pair in ((boss, ann.user_id), (admin, boss.user_id))]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    assert [type(e) for e in said] == [NotAllowed]
    left = [a for a in (boss, admin) if identity.still_member(engine, a)]
    assert len(left) == 1


@pytest.mark.parametrize("role", [TeamRole.VIEWER, TeamRole.ANALYST, TeamRole.APPROVER])
def test_nobody_but_an_administrator(services: Services, boss: Actor, role: TeamRole) -> None:
    weak = replace(boss, role=role)
    for act in (
        lambda: team.get_team(services, weak),
        lambda: team.invite(services, weak, "x@y.example", TeamRole.ADMIN),
        lambda: team.withdraw(services, weak, "x@y.example"),
        lambda: team.change_role(services, weak, boss.user_id, TeamRole.ADMIN),
        lambda: team.remove(services, weak, boss.user_id),
        lambda: team.allow_domain(services, weak, "acme.example"),
        lambda: team.remove_domain(services, weak, "acme.example"),
        lambda: team.audit_trail(services, weak),
        lambda: team.audit_csv(services, weak),
    ):
        with pytest.raises(NotAllowed, match="you need the role admin"):
            act()


def test_an_allowed_domain_comes_and_goes(engine: Engine, services: Services, boss: Actor) -> None:
    assert come(engine, "zoe@acme.example") is None
    team.allow_domain(services, boss, "@ACME.example", TeamRole.ANALYST)
    zoe = sure(come(engine, "zoe@acme.example"))
    assert zoe.role is TeamRole.ANALYST
    with pytest.raises(BadInput, match="allowed already"):
        team.allow_domain(services, boss, "acme.example")
    team.remove_domain(services, boss, "acme.example")
    assert come(engine, "yan@acme.example") is None
    assert identity.still_member(engine, zoe) == zoe
    with pytest.raises(NotFound, match="not among the allowed"):
        team.remove_domain(services, boss, "acme.example")


def test_a_domain_that_does_not_show_whose_people_they_are_is_refused(
    engine: Engine, services: Services, boss: Actor, other: Actor
) -> None:
    for public in ("gmail.com", "Yahoo.co.uk", "gmx.de", "outlook.com", "someone@web.de"):
        with pytest.raises(BadInput, match="Anybody can get an address at"):
            team.allow_domain(services, boss, public)
    for nonsense in ("", "acme", "a b.com", "acme..com", "*.com", "https://acme.com/"):
        with pytest.raises(BadInput, match="no e-mail domain"):
            team.allow_domain(services, boss, nonsense)
    with pytest.raises(BadInput, match="Nobody on your team signs in with a verified address"):
        team.allow_domain(services, boss, "other.example")
    assert sure(come(engine, "fake@other.example", "acme", verified=False)).role is TeamRole.VIEWER
    with pytest.raises(BadInput, match="verified address"):
        team.allow_domain(services, boss, "other.example")
    with pytest.raises(BadInput, match="cannot join as administrators"):
        team.allow_domain(services, boss, "acme.example", TeamRole.ADMIN)
    team.allow_domain(services, other, "other.example")
    come(engine, "real@other.example", "acme")
    with pytest.raises(Conflict, match="already leads to another organisation"):
        team.allow_domain(services, boss, "other.example")
    assert team.get_team(services, boss).domains == ()


@pytest.mark.parametrize("email", ["", "ann", "ann@", "@acme.com", "a b@acme.com", "a@b@acme.com", "a@acme,b@c.com"])
def test_what_is_no_address_is_refused(services: Services, boss: Actor, email: str) -> None:
    with pytest.raises(BadInput, match="no e-mail address"):
        team.invite(services, boss, email, TeamRole.VIEWER)


@pytest.mark.parametrize("days", [0, -1, 91])
def test_an_invitation_has_an_end(services: Services, boss: Actor, days: int) -> None:
    with pytest.raises(BadInput, match="1 to 90 days"):
        team.invite(services, boss, "ann@acme.example", TeamRole.VIEWER, days=days)


def test_a_second_organisation_sees_and_touches_nothing(
    engine: Engine, services: Services, boss: Actor, other: Actor
) -> None:
    team.invite(services, boss, "gus@guest.example", TeamRole.VIEWER)
    team.allow_domain(services, boss, "acme.example")
    theirs = team.get_team(services, other)
    assert ([m.name for m in theirs.members], theirs.invitations, theirs.domains) == (["olga"], (), ())
    assert theirs.organisation == "other"
    assert {who for who, _, _ in actions(services, other)} == {"olga"}
    for act in (
        lambda: team.remove(services, other, boss.user_id),
        lambda: team.change_role(services, other, boss.user_id, TeamRole.VIEWER),
        lambda: team.withdraw(services, other, "gus@guest.example"),
        lambda: team.remove_domain(services, other, "acme.example"),
    ):
        with pytest.raises(NotFound):
            act()
    mine = team.get_team(services, boss)
    assert (len(mine.members), len(mine.invitations), len(mine.domains)) == (1, 1, 1)


def test_the_policies_hold_without_the_use_cases(services: Services, boss: Actor, other: Actor) -> None:
    team.allow_domain(services, boss, "acme.example")
    with services.work(other) as work:
        assert work.team.disallow("acme.example") is False
        assert work.team.withdraw("gus@guest.example") is False
        assert list(work.team.admins()) == [other.user_id]
        with pytest.raises(NotFound):
            work.team.set_role(boss.user_id, TeamRole.VIEWER)


def test_the_trail_as_a_file_is_whole_and_harmless(engine: Engine, services: Services) -> None:
    boss = sure(
        identity.sign_in(
            engine,
            issuer=ISSUER,
            subject="b",
            email="b@acme.example",
            email_verified=True,
            name='=cmd|"x"',
            organisation="acme",
        )
    )
    for n in range(3):
        team.invite(services, boss, f"guest{n}@größe.example", TeamRole.VIEWER)
    content = team.audit_csv(services, boss)
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    assert rows[0] == ["at", "who", "action", "subject", "detail"]
    assert [r[2] for r in rows[1:]] == ["member.invited"] * 3 + ["member.joined"]
    assert rows[1][3] == "guest2@größe.example"
    assert {r[1] for r in rows[1:]} == {'\'=cmd|"x"'}


def test_a_trail_that_was_changed_says_so(services: Services, boss: Actor, database: Database) -> None:
    for n in range(3):
        team.invite(services, boss, f"guest{n}@guest.example", TeamRole.VIEWER)
    with psycopg.connect(database.admin, autocommit=True) as owner:
        owner.execute("ALTER TABLE carryover.audit DISABLE TRIGGER keep")
        owner.execute("UPDATE carryover.audit SET subject = 'nobody' WHERE number = 3")
    assert team.audit_trail(services, boss).first_broken == 3


# ---- the first way in -----------------------------------------------------------------------------------------------


def first(database: Database, redis_url: str, **named: Any) -> None:
    """What a start with these settings does."""
    provider = {"oidc_metadata_url": "https://id.example/.well-known/openid-configuration", **named}
    with local.located(Settings(DATABASE_URL=database.admin, REDIS_URL=redis_url, **provider)):
        pass


def test_the_settings_name_the_first_administrator(database: Database, engine: Engine, redis_url: str) -> None:
    for _ in range(2):
        first(database, redis_url, organisation="Acme", first_admin="Boss@Acme.example")
    assert come(engine, "eve@acme.example") is None
    assert come(engine, "boss@acme.example", verified=False) is None
    boss = sure(come(engine, "boss@acme.example"))
    assert boss.role is TeamRole.ADMIN
    first(database, redis_url, organisation="Acme & Sons", first_admin="eve@acme.example")
    assert come(engine, "eve@acme.example") is None
    with psycopg.connect(database.admin) as owner:
        assert owner.execute("SELECT name FROM carryover.organisations").fetchall() == [("Acme & Sons",)]


def test_a_corrected_address_closes_the_wrong_one(database: Database, engine: Engine) -> None:
    founding.found(database.admin, "Acme", "typo@acme.example")
    founding.found(database.admin, "Acme", "boss@acme.example")
    assert come(engine, "typo@acme.example") is None
    assert sure(come(engine, "boss@acme.example")).role is TeamRole.ADMIN


def test_an_expired_first_invitation_is_renewed_by_a_start(database: Database, engine: Engine) -> None:
    founding.found(database.admin, "Acme", "boss@acme.example")
    with psycopg.connect(database.admin) as owner:
        owner.execute("UPDATE carryover.invitations SET expires_at = now() - interval '1 day'")
    assert come(engine, "boss@acme.example") is None
    founding.found(database.admin, "Acme", "boss@acme.example")
    assert sure(come(engine, "boss@acme.example")).role is TeamRole.ADMIN


@pytest.mark.parametrize(
    ("named", "says"),
    [
        ({"organisation": "Acme"}, "belong together"),
        ({"first_admin": "boss@acme.example"}, "belong together"),
        ({"organisation": "Acme", "first_admin": "boss"}, "CARRYOVER_FIRST_ADMIN: This is no e-mail address"),
    ],
    ids=["no address", "no name", "no e-mail"],
)
def test_half_a_first_way_in_is_one_sentence(
    database: Database, redis_url: str, named: dict[str, str], says: str
) -> None:
    with pytest.raises(BadInput, match=says):
        first(database, redis_url, **named)


def test_without_a_provider_nobody_is_founded(database: Database, redis_url: str) -> None:
    first(database, redis_url, oidc_metadata_url=None, organisation="Acme", first_admin="boss@acme.example")
    with psycopg.connect(database.admin) as owner:
        assert owner.execute("SELECT count(*) FROM carryover.organisations").fetchone() == (0,)
