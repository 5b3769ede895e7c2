from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import ProgrammingError

from db.audit import Audit
from db.work import PostgresWork
from mmm_core.domain.identity import Actor

Open = Callable[[], PostgresWork]


def _broken(work: Open) -> int | None:
    with work() as w:
        trail = w.audit
        assert isinstance(trail, Audit)
        return trail.first_broken()


def test_the_trail_is_listed_newest_first_and_fits_together(work: Open, actor: Actor) -> None:
    for n in range(5):
        with work() as w:
            w.audit.record("tested", f"subject {n}", {"n": n, "share": 0.1 * n, "odd": "Größe \x00 %s :x"})
    with work() as w:
        rows = w.audit.list(2)
        assert [(who, action, subject) for _, who, action, subject, _ in rows] == [
            (actor.name, "tested", "subject 4"), (actor.name, "tested", "subject 3"),
        ]  # fmt: skip
        assert rows[0][4]["odd"] == "Größe \ufffd %s :x"
    assert _broken(work) is None


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE carryover.audit SET who = 'nobody'",
        "DELETE FROM carryover.audit",
        "TRUNCATE carryover.audit",
        "ALTER TABLE carryover.audit DISABLE TRIGGER ALL",
        "DROP TRIGGER keep ON carryover.audit",
    ],
)
def test_the_application_cannot_change_it(engine: Engine, actor: Actor, work: Open, statement: str) -> None:
    with work() as w:
        w.audit.record("tested", "kept")
    with engine.begin() as link:
        link.execute(text("SELECT set_config('app.organisation', :o, true)"), {"o": actor.organisation_id})
        with pytest.raises(ProgrammingError, match=r"permission denied|must be owner"):
            link.execute(text(statement))


def test_the_application_cannot_choose_number_time_or_hash(engine: Engine, actor: Actor, work: Open) -> None:
    with engine.begin() as link:
        link.execute(text("SELECT set_config('app.organisation', :o, true)"), {"o": actor.organisation_id})
        link.execute(
            text("INSERT INTO carryover.audit VALUES (:o, 999999, '2001-01-01', 'u', 'w', 'a', 's', '{}', 'x')"),
            {"o": actor.organisation_id},
        )
    with work() as w:
        assert w.audit.list(1)[0][0].year > 2001
    assert _broken(work) is None


def test_the_owner_cannot_change_it_unnoticed(fresh_database: Any) -> None:
    from db import connect, identity

    engine = connect.engine(fresh_database.app)
    actor = identity.local_actor(engine)
    for n in range(4):
        with PostgresWork(engine, actor) as w:
            w.audit.record("tested", str(n))
    with psycopg.connect(fresh_database.admin, autocommit=True) as link:
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="only be added to"):
            link.execute("UPDATE carryover.audit SET who = 'nobody' WHERE number = 2")
        link.execute("ALTER TABLE carryover.audit DISABLE TRIGGER keep")
        link.execute("UPDATE carryover.audit SET who = 'nobody' WHERE number = 2")
        assert _broken(lambda: PostgresWork(engine, actor)) == 2
        link.execute("UPDATE carryover.audit SET who = 'You' WHERE number = 2")
        assert _broken(lambda: PostgresWork(engine, actor)) is None
        link.execute("DELETE FROM carryover.audit WHERE number = 3")
        assert _broken(lambda: PostgresWork(engine, actor)) == 4
    engine.dispose()
