"""``mmm up``: the servers, the workers and the web app on one machine, until Ctrl-C."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from jobs.fit_preload import die_with_parent
from mmm_core.domain.errors import BadInput, Unavailable
from mmm_core.settings import Settings
from server import logs
from server.web_local import is_loopback

ROOT = Path(__file__).resolve().parents[1]
FIRST_PORT = 8501
PORTS_TRIED = 50
READY_SECONDS = 180.0
STOP_SECONDS = 20.0
RESTARTS = 5
RESTART_WINDOW = 120.0
LOG_LIMIT = 5_000_000


@dataclass
class Child:
    """A process of the product that is started again when it dies."""

    name: str
    command: list[str]
    log: Path
    process: "subprocess.Popen[bytes] | None" = None
    deaths: list[float] = field(default_factory=list)

    def start(self, environment: dict[str, str]) -> None:
        if self.log.exists() and self.log.stat().st_size > LOG_LIMIT:
            self.log.replace(self.log.with_suffix(".log.1"))
        parent = os.getpid()
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(  # noqa: S603
                self.command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=ROOT, env=environment,
                # Ctrl-C is for the supervisor alone; it then ends its children in order.
                start_new_session=True, preexec_fn=lambda: die_with_parent(parent, signal.SIGTERM),
            )  # fmt: skip

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None


def run(host: str, port: int | None) -> None:
    """Start all, print the address, and stay until SIGINT or SIGTERM.

    Raises
    ------
    BadInput
        The host is not this machine alone and nobody would have to sign in.
    Unavailable
        The port is taken, a server does not start, or a process keeps dying.
    """
    logs.set_up(json=False, quiet=True)
    settings = Settings()
    check_host(host, settings)
    chosen = choose_port(host, port)
    with _stop_requested() as stop:
        _say("Starting the database")
        # Slow to import, and not needed to refuse a wrong host or port.
        from server import local

        with local.located(settings) as ready:
            children = _children(ready, host, chosen)
            environment = {**os.environ, **local.environment(ready)}
            try:
                for child in children if not stop.is_set() else ():
                    child.start(environment)
                _wait_until_ready(children, environment, host, chosen, stop)
                if not stop.is_set():
                    _say(f"Carryover is running at {address(host, chosen, settings)}")
                    _say(f"Data and logs are in {settings.home}. Ctrl-C stops it.")
                while not stop.wait(0.5):
                    _revive(children, environment)
            finally:
                stop_all(children)
    _say("Stopped.")


def check_host(host: str, settings: Settings) -> None:
    if not is_loopback(host) and not settings.sign_in:
        raise BadInput(
            f"Without sign-in Carryover listens on this machine alone, not on {host}; set CARRYOVER_OIDC_METADATA_URL "
            "(and the settings beside it) to let others in."
        )


def choose_port(host: str, port: int | None) -> int:
    """The port that was asked for, else the first free one."""
    if port is not None:
        if not _is_free(host, port):
            raise Unavailable(f"Port {port} on {host} is in use; end the other program or choose another --port.")
        return port
    for candidate in range(FIRST_PORT, FIRST_PORT + PORTS_TRIED):
        if _is_free(host, candidate):
            return candidate
    raise Unavailable(f"No free port from {FIRST_PORT} to {FIRST_PORT + PORTS_TRIED - 1}; name one with --port.")


def _is_free(host: str, port: int) -> bool:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        family, kind, protocol, _, where = found[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(where)
        return True
    except PermissionError:
        raise Unavailable(f"Port {port} needs more rights than this user has; choose one above 1023.") from None
    except socket.gaierror:
        raise BadInput(f"{host} is not an address of this machine.") from None
    except OSError as error:
        if error.errno in (98, 48):
            return False
        raise BadInput(f"{host} is not an address of this machine.") from None


def address(host: str, port: int, settings: Settings) -> str:
    if settings.public_url:
        return settings.public_url
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def stop_all(children: list[Child]) -> None:
    """SIGTERM to all at once, SIGKILL to the groups of those that do not end."""
    running = [c.process for c in children if c.process is not None and c.process.poll() is None]
    for process in running:
        process.terminate()
    deadline = time.monotonic() + STOP_SECONDS
    for process in running:
        try:
            process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _children(settings: Settings, host: str, port: int) -> list[Child]:
    folder = settings.home.expanduser() / "logs"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Unavailable(f"The folder {folder} cannot be written to: {error.strerror or error}.") from None
    web = [
        sys.executable, "-m", "uvicorn", "app:app", "--app-dir", str(ROOT), "--host", host, "--port", str(port),
        "--no-access-log", "--timeout-graceful-shutdown", "3",
    ]  # fmt: skip
    work = [sys.executable, "-m", "server.cli", "worker"]
    workers = [Child(f"worker {n}", work, folder / f"worker-{n}.log") for n in range(1, settings.workers + 1)]
    return [Child("web server", web, folder / "web.log"), *workers]


def _wait_until_ready(
    children: list[Child], environment: dict[str, str], host: str, port: int, stop: threading.Event
) -> None:
    reach = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - where to ask, not where to listen
    url = f"http://{f'[{reach}]' if ':' in reach else reach}:{port}/healthz"
    deadline = time.monotonic() + READY_SECONDS
    while not stop.wait(0.1):
        if _answers(url):
            return
        _revive(children, environment)
        if time.monotonic() > deadline:
            raise Unavailable(f"The web server did not answer within {READY_SECONDS:.0f} s; see {children[0].log}.")


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310 - our own address
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError):
        return False


def _revive(children: list[Child], environment: dict[str, str]) -> None:
    now = time.monotonic()
    for child in children:
        if child.alive:
            continue
        child.deaths = [t for t in child.deaths if now - t < RESTART_WINDOW] + [now]
        if len(child.deaths) > RESTARTS:
            raise Unavailable(f"The {child.name} keeps stopping, so all was stopped; {child.log} says why.")
        _say(f"The {child.name} stopped; starting it again ({child.log} says why).")
        time.sleep(min(0.2 * 2 ** (len(child.deaths) - 1), 5.0))
        child.start(environment)


@contextlib.contextmanager
def _stop_requested() -> Iterator[threading.Event]:
    """An event that SIGINT and SIGTERM set, so that start and stop run to their end."""
    stop = threading.Event()
    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in signals}
    try:
        yield stop
    finally:
        for number, old in before.items():
            signal.signal(number, old)


def _say(sentence: str) -> None:
    with contextlib.suppress(OSError):
        print(sentence, flush=True)  # noqa: T201
