"""Abandoned runs are found in a database whose owner is under its policies, as hosted Postgres gives it."""

from pathlib import Path

import psycopg

from db import connect, identity, migrate
from db.work import PostgresWork
from jobs import recovery
from mmm_core.domain.fit import RunStatus
from server import embedded
from tests.db import some


def test_an_owner_without_bypassrls_finds_the_runs_of_every_organisation(short_folder: Path) -> None:
    with embedded.servers(short_folder, durable=False) as urls:
        with psycopg.connect(urls.admin, autocommit=True) as link:
            link.execute("CREATE ROLE hosted LOGIN CREATEROLE NOBYPASSRLS PASSWORD 'hosted'")
            link.execute("CREATE DATABASE hosted OWNER hosted")
        with psycopg.connect(urls.admin, dbname="hosted", autocommit=True) as link:
            link.execute("CREATE EXTENSION vector")
        place = urls.admin.split("@")[1].split("/")[0]
        admin = f"postgresql://hosted:hosted@{place}/hosted"
        migrate.upgrade(admin)
        engine = connect.engine(connect.application_url(admin))
        wanted = set()
        for organisation in ("one", "two"):
            actor = identity.sign_in(engine, issuer="https://id.example", subject="s", organisation=organisation)
            assert actor is not None
            with PostgresWork(engine, actor) as work:
                waiting, done = some.store_run(work), some.store_run(work)
                work.runs.set_status(done.id, RunStatus.CANCELLED)
            wanted.add(recovery.OpenRun(actor.organisation_id, waiting.id))
        engine.dispose()
        assert set(recovery.open_runs(admin)()) == wanted
