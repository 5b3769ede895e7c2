"""The two embedded servers: Postgres with pgvector, and Valkey."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path

from server.embedded_account import NOBODY, CannotStartError, before, hand_over
from server.embedded_process import Server, environment, why


@dataclass(frozen=True)
class Request:
    home: Path
    postgres_bin: Path
    valkey_binary: Path
    durable: bool


def postgres(request: Request) -> Server:
    folder = request.home / "postgres"
    options = {
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",
        "jit": "off",
        "log_min_messages": "warning",
        "password_encryption": "scram-sha-256",
        "max_connections": "200",
    }
    if not request.durable:
        options |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}

    def command(port: int) -> list[str]:
        flags = [part for key, value in options.items() for part in ("-c", f"{key}={value}")]
        return [str(request.postgres_bin / "postgres"), "-D", str(folder), "-p", str(port), *flags]

    def ready(port: int) -> bool:
        with contextlib.suppress(OSError):
            lines = (folder / "postmaster.pid").read_text().splitlines()
            return len(lines) > 7 and lines[7].strip() == "ready"
        return False

    return Server("postgres", folder, command, ready, signal.SIGINT, request.home / "postgres.log")


def valkey(request: Request) -> Server:
    folder = request.home / "valkey"
    password = (request.home / "valkey.password").read_text().strip()

    def command(port: int) -> list[str]:
        folder.mkdir(exist_ok=True)
        lines = [
            "bind 127.0.0.1", f"port {port}", "protected-mode yes", f"requirepass {password}", "daemonize no",
            f'dir "{folder}"', "appendonly yes" if request.durable else "appendonly no",
            'save ""', "maxmemory-policy noeviction",
        ]  # fmt: skip
        config = folder / "valkey.conf"
        config.write_text("\n".join(lines) + "\n")
        config.chmod(0o600)
        if os.geteuid() == 0 and folder.stat().st_uid == NOBODY:
            os.chown(config, NOBODY, NOBODY)
        return [str(request.valkey_binary), str(config)]

    def ready(port: int) -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1) as link:
            link.sendall(f"AUTH {password}\r\nPING\r\n".encode())
            answer = b""
            while answer.count(b"\r\n") < 2 and (part := link.recv(256)):
                answer += part
            return answer == b"+OK\r\n+PONG\r\n"
        return False

    folder.mkdir(exist_ok=True)
    return Server("valkey", folder, command, ready, signal.SIGTERM, request.home / "valkey.log")


def initialise(request: Request, who: str) -> None:
    """Create the database cluster; under another name until it is whole, so that a crash leaves nothing half made."""
    final, fresh = request.home / "postgres", request.home / "postgres.new"
    if (final / "PG_VERSION").exists():
        return
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir()
    password = request.home / "postgres.password"
    readable = fresh.with_name("postgres.initial")
    readable.write_text(password.read_text())
    if who == "nobody":
        hand_over(fresh)
        os.chown(readable, NOBODY, NOBODY)
    command = [
        str(request.postgres_bin / "initdb"), "-D", str(fresh), "-U", "postgres", f"--pwfile={readable}",
        "--auth=scram-sha-256", "-E", "UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C",
    ]  # fmt: skip
    command += [] if request.durable else ["--no-sync"]
    try:
        done = subprocess.run(  # noqa: S603
            command, capture_output=True, env=environment(), cwd=request.home,
            preexec_fn=before(who, os.getpid(), signal.SIGKILL), check=False,
        )  # fmt: skip
    finally:
        readable.unlink(missing_ok=True)
    if done.returncode != 0:
        shutil.rmtree(fresh, ignore_errors=True)
        raise CannotStartError(why(done.stderr.decode(errors="replace"), "database", request.home))
    fresh.rename(final)
