"""Everything that goes in comes out again, and what goes wrong is one sentence."""

from collections.abc import Callable
from dataclasses import replace

import psycopg
import pytest
from sqlalchemy import Engine, text

from db import connect
from db.work import PostgresWork
from mmm_core.domain.errors import Conflict, NotAllowed, NotFound, Unavailable
from mmm_core.domain.identity import Actor
from mmm_core.domain.project import PlanStatus
from tests.db import some

Open = Callable[[], PostgresWork]
ODD_IDS = ["", "nothing", "no-uuid; DROP TABLE", "\x00", "\ud800", "x" * 5000]


def test_projects_and_plans(work: Open) -> None:
    spring = some.project("Größe \x00 '); DROP TABLE projects")
    first, second = some.plan(spring, 1), some.plan(spring, 2)
    with work() as w:
        w.projects.add(spring)
        assert w.projects.latest_plan(spring.id) is None
        w.projects.add_plan(first)
        w.projects.add_plan(second)
    approved = replace(second, status=PlanStatus.APPROVED, decided_by="Ada", decided_at=some.NOW)
    renamed = some.renamed(spring, "Summer")
    with work() as w:
        assert w.projects.get(spring.id).name == "Größe \ufffd '); DROP TABLE projects"
        w.projects.update(renamed)
        w.projects.update_plan(approved)
    with work() as w:
        assert w.projects.get(spring.id) == renamed
        assert renamed in w.projects.list()
        assert w.projects.latest_plan(spring.id) == approved


def test_dataset_versions(work: Open) -> None:
    with work() as w:
        spring = some.project()
        w.projects.add(spring)
        blob = w.blobs.put(b"PAR1", "application/vnd.apache.parquet")
        one, two = some.version(spring, blob, 1), some.version(spring, blob, 2)
        w.datasets.add(two)
        w.datasets.add(one)
        changed = replace(two, content_hash="other", recipe=())
        w.datasets.update(changed)
    with work() as w:
        assert w.datasets.list(spring.id) == [one, changed]
        assert w.datasets.latest(spring.id) == changed
        assert w.datasets.get(one.id) == one
        assert w.datasets.latest("nothing") is None


def test_scenarios(work: Open) -> None:
    with work() as w:
        made = some.scenario(some.store_run(w))
        w.scenarios.add(made)
        child = replace(some.scenario(w.runs.get(made.run_id)), parent_id=made.id, created_at=made.created_at)
        w.scenarios.add(child)
    with work() as w:
        assert w.scenarios.get(made.id) == made
        assert {s.id for s in w.scenarios.list(made.project_id)} == {made.id, child.id}
        w.scenarios.delete(made.id)
    with work() as w:
        assert w.scenarios.list(made.project_id) == [child]
        with pytest.raises(NotFound):
            w.scenarios.delete(made.id)


@pytest.mark.parametrize("size", [0, 1, 4 * 1024 * 1024, 4 * 1024 * 1024 + 1])
def test_blobs_are_content_addressed(work: Open, size: int) -> None:
    content = b"\x00\xff" * (size // 2) + b"x" * (size % 2)
    with work() as w:
        name = w.blobs.put(content, "application/octet-stream")
        assert w.blobs.put(content, "text/plain") == name
    with work() as w:
        assert w.blobs.get(name) == content


def test_a_damaged_blob_is_noticed(work: Open, database: object) -> None:
    with work() as w:
        name = w.blobs.put(b"precious", "text/plain")
    with psycopg.connect(database.admin) as link:  # type: ignore[attr-defined]
        link.execute("UPDATE carryover.blob_parts SET content = 'precioux' WHERE name = %s", [name])
    with work() as w, pytest.raises(Unavailable, match="damaged"):
        w.blobs.get(name)


@pytest.mark.parametrize("odd", ODD_IDS)
def test_ids_that_name_nothing(work: Open, odd: str) -> None:
    with work() as w:
        for look_up in (
            w.projects.get, w.datasets.get, w.runs.get, w.scenarios.get, w.reports.get, w.blobs.get,
            w.runs.results, w.runs.draws_blob, w.runs.begin_attempt,
        ):  # fmt: skip
            with pytest.raises(NotFound, match="There is no such"):
                look_up(odd)
        assert w.runs.progress(odd) == []
        assert w.projects.latest_plan(odd) is None


def test_an_exception_rolls_back(work: Open) -> None:
    spring = some.project()

    def fails() -> None:
        with work() as w:
            w.projects.add(spring)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()
    with work() as w, pytest.raises(NotFound):
        w.projects.get(spring.id)


def test_what_is_there_already_is_a_conflict(work: Open) -> None:
    spring = some.project()
    with work() as w:
        w.projects.add(spring)

    def again() -> None:
        with work() as w:
            w.projects.add(spring)

    with pytest.raises(Conflict, match="just saved"):
        again()


def test_what_it_belongs_to_must_be_there(work: Open) -> None:
    def orphan() -> None:
        with work() as w:
            w.projects.add_plan(some.plan(some.project()))

    with pytest.raises(NotFound, match="no longer there"):
        orphan()


def test_an_actor_without_organisation_gets_no_transaction(engine: Engine, actor: Actor) -> None:
    with pytest.raises(NotAllowed), PostgresWork(engine, replace(actor, organisation_id="")):
        pass


def test_a_server_that_is_gone_is_one_sentence(actor: Actor) -> None:
    away = connect.engine("postgresql://carryover_app:secret@127.0.0.1:9/none")
    with pytest.raises(Unavailable, match="cannot be reached") as caught, PostgresWork(away, actor):
        pass
    assert "secret" not in str(caught.value)


def test_a_connection_that_breaks_inside_is_one_sentence_and_the_next_one_works(
    engine: Engine, actor: Actor, database: object
) -> None:
    def broken() -> None:
        with PostgresWork(engine, actor) as w:
            w.projects.list()
            with psycopg.connect(database.admin, autocommit=True) as link:  # type: ignore[attr-defined]
                link.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND usename = 'carryover_app'"
                )
            w.projects.list()

    with pytest.raises(Unavailable, match="cannot be reached"):
        broken()
    with PostgresWork(engine, actor) as w:
        w.projects.list()


def test_the_organisation_ends_with_the_transaction(engine: Engine, actor: Actor) -> None:
    with PostgresWork(engine, actor) as w:
        w.projects.add(some.project())
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM carryover.projects")).scalar() == 0
