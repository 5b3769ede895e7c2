import threading
from pathlib import Path
from typing import Any

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from db import checkpoints, connect, founding, identity, migrate, schema
from db.work import PostgresWork
from mmm_core.domain.errors import BadInput, Unavailable
from server import embedded
from tests.db import some

CONFIG = migrate.config(None)  # type: ignore[arg-type]
REVISIONS = [r.revision for r in ScriptDirectory.from_config(CONFIG).walk_revisions()][::-1]


def _version(url: str) -> str:
    with psycopg.connect(url) as link:
        row = link.execute("SELECT version_num FROM carryover.schema_version").fetchone()
        assert row is not None
        return str(row[0])


def _use(app_url: str) -> None:
    """One whole way through the database as the application."""
    engine = connect.engine(app_url)
    actor = identity.local_actor(engine)
    with PostgresWork(engine, actor) as w:
        run = some.store_run(w)
        w.audit.record("used", run.id)
    with PostgresWork(engine, actor) as w:
        assert w.runs.get(run.id) == run
    engine.dispose()


def test_from_empty(bare_database: Any) -> None:
    migrate.upgrade(bare_database.admin)
    assert _version(bare_database.admin) == REVISIONS[-1]
    _use(bare_database.app)


def test_again_changes_nothing(bare_database: Any) -> None:
    migrate.upgrade(bare_database.admin)
    _use(bare_database.app)
    migrate.upgrade(bare_database.admin)
    _use(bare_database.app)


def test_from_the_previous_revision_rows_stay_and_come_under_protection(bare_database: Any) -> None:
    migrate.upgrade(bare_database.admin, REVISIONS[-2])
    assert _version(bare_database.admin) == REVISIONS[-2]
    with psycopg.connect(bare_database.admin) as link:
        link.execute("INSERT INTO carryover.organisations VALUES ('old', 'Old', 'claim:old', now())")
        link.execute("INSERT INTO carryover.projects VALUES ('old', 'p', 'Before', '{}', now())")
    migrate.upgrade(bare_database.admin)
    engine = connect.engine(bare_database.app)
    joined = identity.sign_in(engine, issuer="https://id.example", subject="1", organisation="old")
    assert joined is not None
    assert joined.organisation_id == "old"
    with engine.begin() as link:
        assert link.exec_driver_sql("SELECT count(*) FROM carryover.projects").scalar() == 0
        link.exec_driver_sql("SELECT set_config('app.organisation', 'old', true)")
        assert link.exec_driver_sql("SELECT name FROM carryover.projects").scalar() == "Before"
    engine.dispose()


def test_down_and_up_again(bare_database: Any) -> None:
    from alembic import command

    migrate.upgrade(bare_database.admin)
    engine = create_engine(connect.sqlalchemy_url(bare_database.admin))
    with engine.begin() as link:
        command.downgrade(migrate.config(link), "base")
    engine.dispose()
    migrate.upgrade(bare_database.admin)
    _use(bare_database.app)


def test_many_at_once(bare_database: Any) -> None:
    failures: list[BaseException] = []

    def start() -> None:
        try:
            migrate.upgrade(bare_database.admin)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=start) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert failures == []
    _use(bare_database.app)


def test_tables_in_code_and_database_are_the_same(database: Any) -> None:
    engine = create_engine(connect.sqlalchemy_url(database.admin))
    with engine.connect() as link:
        context = MigrationContext.configure(
            link,
            opts={
                "include_schemas": True,
                "version_table": "schema_version",
                "version_table_schema": schema.SCHEMA,
                "compare_server_default": True,
                "include_name": lambda name, kind, parents: kind != "schema" or name == schema.SCHEMA,
            },
        )
        assert compare_metadata(context, schema.metadata) == []
    engine.dispose()


def test_a_database_of_a_newer_program_is_one_sentence(bare_database: Any) -> None:
    migrate.upgrade(bare_database.admin)
    with psycopg.connect(bare_database.admin) as link:
        link.execute("UPDATE carryover.schema_version SET version_num = '9999'")
    with pytest.raises(Unavailable, match="newer version of Carryover"):
        migrate.upgrade(bare_database.admin)


def test_a_server_that_is_not_there_is_one_sentence() -> None:
    with pytest.raises(Unavailable, match="cannot be reached"):
        migrate.upgrade("postgresql://postgres:secret@127.0.0.1:9/none")
    with pytest.raises(Unavailable, match="cannot be reached"):
        migrate.upgrade("postgresql://postgres:secret@no-such-host.invalid/none")


def test_refused_credentials_and_unknown_databases_are_one_sentence(servers: embedded.Urls) -> None:
    with pytest.raises(Unavailable, match="user name or password"):
        migrate.upgrade(servers.admin.replace("//postgres:", "//postgres:x"))
    with pytest.raises(Unavailable, match="does not exist"):
        migrate.upgrade(servers.admin.replace("/carryover", "/nothing"))


@pytest.mark.parametrize("url", ["mysql://u:p@h/d", "hello", "", "sqlite:///x.db"])
def test_an_address_of_something_else_is_one_sentence(url: str) -> None:
    with pytest.raises(BadInput, match="DATABASE_URL"):
        connect.engine(url)


def test_an_owner_who_is_no_superuser(short_folder: Path) -> None:
    """As hosted databases give it: may create roles, owns its database, and is itself under the policies."""
    with embedded.servers(short_folder, durable=False) as urls:
        with psycopg.connect(urls.admin, autocommit=True) as link:
            link.execute("CREATE ROLE hosted LOGIN CREATEROLE PASSWORD 'hosted'")
            link.execute("CREATE DATABASE hosted OWNER hosted")
        place = urls.admin.split("@")[1].split("/")[0]
        admin = f"postgresql://hosted:hosted@{place}/hosted"
        with pytest.raises(Unavailable, match="CREATE EXTENSION vector"):
            migrate.upgrade(admin)
        with psycopg.connect(urls.admin, dbname="hosted", autocommit=True) as link:
            link.execute("CREATE EXTENSION vector")
        for _ in range(2):
            migrate.upgrade(admin)
            _use(connect.application_url(admin))
            founding.found(admin, "Acme", "boss@acme.example")
        with psycopg.connect(admin, autocommit=True) as link:
            assert link.execute("SELECT count(*) FROM carryover.projects").fetchone() == (0,)
            assert link.execute("SELECT rolbypassrls FROM pg_roles WHERE rolname = 'hosted'").fetchone() == (False,)
            assert link.execute("SELECT count(*) FROM carryover.unfinished_runs()").fetchone() == (2,)
            link.execute(f"COMMENT ON SCHEMA {checkpoints.SCHEMA} IS 'an older version'")
        migrate.upgrade(admin)
