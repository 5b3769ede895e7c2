"""Real Postgres and Valkey for every test that asks for them: one pair per test session, shared by xdist's workers."""

import fcntl
import os
import shutil
import tempfile
import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
import redis
from psycopg import sql
from sqlalchemy import Engine
from sqlalchemy.engine import make_url

from db import connect, identity, migrate
from mmm_core.domain.identity import Actor
from server import embedded

HERE = Path(__file__).parent
TEMPLATE = "template_carryover"
LONG = ("jobs", "journeys", "model", "studies", "unit")
"""Folders in which a single test may take a minute."""


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """Proofs wait for processes and browsers as often as they compute: three workers for two cores."""
    return (os.cpu_count() or 1) * 3 // 2 if config.getoption("markexpr") == "slow" else None


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long files first and of each folder in turn: some wait while others compute, and no worker ends alone."""
    tests = Counter(item.path for item in items)
    folders: dict[str, list[Path]] = {}
    for path in sorted(tests, key=lambda p: (-tests[p], p)):
        folder = path.relative_to(HERE).parts[0]
        folders.setdefault(folder if folder in LONG else "", []).append(path)
    place = {path: (not name, turn, name) for name, paths in folders.items() for turn, path in enumerate(paths)}
    items.sort(key=lambda item: place[item.path])


@dataclass(frozen=True)
class Database:
    admin: str
    """Address as the owner: sees everything; for set-up and for looking behind the curtain."""
    app: str
    """Address of the application's own role."""


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[embedded.Urls]:
    """Embedded servers in a temporary folder; they end with the last worker of the session."""
    base = tmp_path_factory.getbasetemp()
    home = (base if worker_id == "master" else base.parent) / "servers"
    with embedded.servers(home, durable=False) as urls:
        yield urls


@pytest.fixture(scope="session")
def template_database(servers: embedded.Urls, tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> str:
    """Name of a migrated, empty database that others are copied from."""
    base = tmp_path_factory.getbasetemp()
    lock = (base if worker_id == "master" else base.parent) / "template.lock"
    with lock.open("w") as handle, psycopg.connect(servers.admin, autocommit=True) as link:
        fcntl.flock(handle, fcntl.LOCK_EX)
        known = link.execute("SELECT datallowconn FROM pg_database WHERE datname = %s", [TEMPLATE]).fetchone()
        if known is None or known[0]:
            link.execute(f"DROP DATABASE IF EXISTS {TEMPLATE}")
            link.execute(f"CREATE DATABASE {TEMPLATE}")
            migrate.upgrade(_named(servers.admin, TEMPLATE))
            # A template that somebody is connected to cannot be copied; closed, it also counts as finished.
            link.execute(f"ALTER DATABASE {TEMPLATE} ALLOW_CONNECTIONS false")
    return TEMPLATE


@pytest.fixture(scope="module")
def database(servers: embedded.Urls, template_database: str) -> Iterator[Database]:
    """A migrated database for one test module."""
    with _copy(servers, template_database) as made:
        yield made


@pytest.fixture
def fresh_database(servers: embedded.Urls, template_database: str) -> Iterator[Database]:
    """A migrated database for one test alone."""
    with _copy(servers, template_database) as made:
        yield made


@pytest.fixture
def bare_database(servers: embedded.Urls) -> Iterator[Database]:
    """An empty database that no migration has seen."""
    with _copy(servers, "template1") as made:
        yield made


@pytest.fixture(scope="module")
def engine(database: Database) -> Iterator[Engine]:
    """The application's engine on the module's database."""
    made = connect.engine(database.app)
    yield made
    made.dispose()


@pytest.fixture(scope="module")
def actor(engine: Engine) -> Actor:
    """The local administrator."""
    return identity.local_actor(engine)


@pytest.fixture(scope="module")
def redis_url(servers: embedded.Urls, worker_id: str) -> str:
    """An empty Valkey database, one number for each worker of the session."""
    number = 0 if worker_id == "master" else int(worker_id.removeprefix("gw")) % 16
    url = servers.redis.rsplit("/", 1)[0] + f"/{number}"
    with redis.Redis.from_url(url) as client:
        client.flushdb()
    return url


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """A temporary folder for servers of a test's own; in memory where there is room, since a cluster is many files."""
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 500_000_000
    folder = Path(tempfile.mkdtemp(prefix="carryover-", dir=memory if roomy else None))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


class _copy:
    """A database copied from another, dropped at the end with whoever is still connected."""

    def __init__(self, servers: embedded.Urls, source: str) -> None:
        self._admin, self._source, self._name = servers.admin, source, f"test_{uuid.uuid4().hex}"

    def __enter__(self) -> Database:
        self._run("CREATE DATABASE {} TEMPLATE {}", self._name, self._source)
        admin = _named(self._admin, self._name)
        return Database(admin, connect.application_url(admin))

    def __exit__(self, *failure: object) -> None:
        self._run("DROP DATABASE {} WITH (FORCE)", self._name)

    def _run(self, statement: str, *names: str) -> None:
        with psycopg.connect(self._admin, autocommit=True) as link:
            link.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


def _named(url: str, database: str) -> str:
    return make_url(url).set(database=database).render_as_string(hide_password=False)
