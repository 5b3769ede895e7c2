"""One embedded server as a child process: start, readiness, leftovers of an earlier life, stop."""

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from server.embedded_account import CannotStartError, before

START_SECONDS = 60.0
STOP_SECONDS = 20.0
LOG_LIMIT = 5_000_000


@dataclass
class Server:
    name: str
    folder: Path
    command: Callable[[int], list[str]]
    ready: Callable[[int], bool]
    stop_signal: signal.Signals
    log: Path
    port: int = 0
    process: subprocess.Popen[bytes] | None = None


def environment() -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if k in ("PATH", "TMPDIR", "LD_LIBRARY_PATH")}
    return {**kept, "LC_ALL": "C", "TZ": "UTC"}


def launch(server: Server, home: Path, who: str, *, same_port: bool = False) -> None:
    """Start on the port of last time, on another one where that is taken."""
    kept = home / f"{server.name}.port"
    for attempt in range(5):
        port = server.port if same_port else _choose_port(kept, fresh=attempt > 0)
        output = _start_once(server, port, who)
        if output is None:
            server.port = port
            kept.write_text(str(port))
            return
        if "Address already in use" not in output or same_port:
            raise CannotStartError(why(output, server.name, home))
    raise CannotStartError(
        f"No free port was found for {server.name} on 127.0.0.1; end other programs and start again."
    )


def _choose_port(kept: Path, *, fresh: bool) -> int:
    with contextlib.suppress(OSError, ValueError):
        port = int(kept.read_text())
        if not fresh and _is_free(port):
            return port
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _start_once(server: Server, port: int, who: str) -> str | None:
    """None once it answers, else what it wrote before it ended."""
    if server.log.exists() and server.log.stat().st_size > LOG_LIMIT:
        server.log.replace(server.log.with_suffix(".log.1"))
    with server.log.open("ab") as log:
        begin = log.tell()
        server.process = subprocess.Popen(  # noqa: S603
            server.command(port), stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=server.folder,
            env=environment(), preexec_fn=before(who, os.getpid(), server.stop_signal),
        )  # fmt: skip
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        if server.process.poll() is not None:
            with server.log.open("rb") as log:
                log.seek(begin)
                return log.read().decode(errors="replace") or "it ended at once"
        if server.ready(port):
            return None
        time.sleep(0.02)
    return f"it did not answer within {START_SECONDS:.0f} seconds"


def why(output: str, name: str, home: Path) -> str:
    if "No space left" in output or "Disk quota" in output:
        return f"The disk that holds {home} is full; free some space and start again."
    if "incompatible with server" in output:
        return f"The data in {home} was written by another version of Postgres; choose another CARRYOVER_HOME."
    if "Permission denied" in output:
        return f"The {name} server may not read its files in {home}; check who owns that folder."
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    last = next((line for line in reversed(lines) if "FATAL" in line or "error" in line.lower()), "".join(lines[-1:]))
    return f"The embedded {name} server did not start ({last or 'it said nothing'}); its log is in {home}."


def end_leftovers(server: Server) -> None:
    """End processes of an earlier life that still work in this folder, and forget the pid file that they left.

    The keeper's lock says that no other keeper lives. A pid in a stale file may belong to anybody by now, so the
    working folder decides, not the number.
    """
    if not Path("/proc/self/cwd").exists():
        return
    deadline = time.monotonic() + STOP_SECONDS
    while left := _working_in(server.folder):
        hard = time.monotonic() > deadline - STOP_SECONDS / 2
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL if hard else server.stop_signal)
        if time.monotonic() > deadline:
            raise CannotStartError(f"An old {server.name} process ({left[0]}) does not end; end it and start again.")
        time.sleep(0.1)
    (server.folder / "postmaster.pid").unlink(missing_ok=True)


def _working_in(folder: Path) -> list[int]:
    place, found = os.path.realpath(folder), []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            with contextlib.suppress(OSError):
                if os.readlink(entry / "cwd") == place and Path(entry, "exe").resolve().name in (
                    "postgres", "valkey-server",
                ):  # fmt: skip
                    found.append(int(entry.name))
    return found


def stop_all(running: list[Server]) -> None:
    alive = [s.process for s in running if s.process is not None and s.process.poll() is None]
    for server in running:
        if server.process in alive and server.process is not None:
            server.process.send_signal(server.stop_signal)
    for process in alive:
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
