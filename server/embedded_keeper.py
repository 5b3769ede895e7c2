"""The process that owns the embedded servers: starts them, restarts one that dies, ends them after the last user.

It runs as a process of its own and imports the standard library alone, so that it starts in milliseconds, has
one thread (a parent-death signal follows the thread that forked) and stays small. A user of the servers holds a shared
POSIX lock on ``users.lock``: the kernel drops it however that process ends, and forked children do not inherit it.
"""

import contextlib
import fcntl
import json
import os
import signal
import sys
import time
from pathlib import Path
from types import FrameType

from server.embedded_account import CannotStartError, account, hand_over
from server.embedded_kinds import Request, initialise, postgres, valkey
from server.embedded_process import Server, end_leftovers, launch, stop_all

POLL_SECONDS = 0.2


class StopError(Exception):
    """A signal asked for the end."""


def main() -> int:
    raw = json.loads(sys.argv[1])
    request = Request(Path(raw["home"]), Path(raw["postgres_bin"]), Path(raw["valkey_binary"]), bool(raw["durable"]))
    os.umask(0o077)
    signal.signal(signal.SIGTERM, _on_stop)
    signal.signal(signal.SIGINT, _on_stop)
    own = os.open(request.home / "keeper.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.lockf(own, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return _say({"error": f"Another process is already starting the servers in {request.home}."}, 1)
    running: list[Server] = []
    state = request.home / "servers.json"
    try:
        _start_all(request, running)
        state.write_text(json.dumps({"pid": os.getpid(), **{s.name: s.port for s in running}}))
        _say({"ready": True}, 0)
        _watch(request, running)
    except StopError:
        pass
    except (CannotStartError, OSError) as error:
        return _say({"error": _sentence(error, request.home)}, 1)
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        state.unlink(missing_ok=True)
        stop_all(running)
    return 0


def _on_stop(number: int, frame: FrameType | None) -> None:
    raise StopError


def _say(message: dict[str, object], code: int) -> int:
    """Tell the process that started the keeper; it may be gone by now."""
    with contextlib.suppress(OSError, ValueError):
        print(json.dumps(message), flush=True)  # noqa: T201
    with contextlib.suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    return code


def _sentence(error: Exception, home: Path) -> str:
    if isinstance(error, CannotStartError):
        return str(error)
    if isinstance(error, OSError) and error.errno in (28, 122):
        return f"The disk that holds {home} is full; free some space and start again."
    return f"The database in {home} could not be started: {error}."


def _start_all(request: Request, running: list[Server]) -> None:
    who = account()
    if who == "nobody":
        # To be passed through, not listed; every file in it is private to its owner.
        request.home.chmod(0o711)
    servers = (postgres(request), valkey(request))
    initialise(request, who)
    if who == "nobody":
        hand_over(*(server.folder for server in servers))
    for server in servers:
        end_leftovers(server)
        running.append(server)
        launch(server, request.home, who)


def _watch(request: Request, running: list[Server]) -> None:
    """Stay until nobody uses the servers any more; then hold the users' lock until they are stopped."""
    who = account()
    users = os.open(request.home / "users.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    while True:
        try:
            fcntl.lockf(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except OSError:
            time.sleep(POLL_SECONDS)
        for server in running:
            if server.process is not None and server.process.poll() is not None:
                end_leftovers(server)
                launch(server, request.home, who, same_port=True)


if __name__ == "__main__":
    sys.exit(main())
