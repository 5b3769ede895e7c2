"""The embedded servers live as long as somebody uses them, and survive every way of dying."""

import contextlib
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from mmm_core.domain.errors import Unavailable
from server import embedded

ROOT = Path(__file__).parents[2]
USER = """
import sys, time
from pathlib import Path
from server import embedded
with embedded.servers(Path(sys.argv[1])) as urls:
    print("up", flush=True)
    sys.stdin.read()
print("down", flush=True)
"""
Start = Callable[[], "subprocess.Popen[str]"]


@pytest.fixture
def start(short_folder: Path) -> Iterator[Start]:
    """Another process that uses the servers until its standard input is closed."""
    started: list[subprocess.Popen[str]] = []

    def begin() -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [sys.executable, "-c", USER, str(short_folder)],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "up\n"
        return process

    yield begin
    for process in started:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            assert pipe is not None
            pipe.close()
    _until(lambda: _living(short_folder) == [])


def _end(process: "subprocess.Popen[str]") -> None:
    process.communicate(timeout=30)


def _until(condition: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def _living(home: Path) -> list[int]:
    """Every process that has the home folder in its command line or works in it."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            line = (entry / "cmdline").read_bytes().decode(errors="replace")
            place = os.readlink(entry / "cwd")
            state = (entry / "stat").read_text().rsplit(")", 1)[1].split()[0]
        except OSError:
            continue
        works_there = place.startswith(str(home)) or str(home) in line
        if works_there and state != "Z" and USER not in line:
            found.append(int(entry.name))
    return found


def _pids(home: Path) -> dict[str, int]:
    return {
        "keeper": json.loads((home / "servers.json").read_text())["pid"],
        "postgres": int((home / "postgres" / "postmaster.pid").read_text().splitlines()[0]),
    }


def _write(urls: embedded.Urls) -> None:
    with psycopg.connect(urls.admin) as link:
        link.execute("CREATE TABLE IF NOT EXISTS kept (x int)")
        link.execute("INSERT INTO kept VALUES (1)")
    with redis.Redis.from_url(urls.redis) as client:
        client.incr("kept")


def _read(urls: embedded.Urls) -> tuple[int, int]:
    with psycopg.connect(urls.admin) as link, redis.Redis.from_url(urls.redis) as client:
        row = link.execute("SELECT count(*) FROM kept").fetchone()
        assert row is not None
        return row[0], int(client.get("kept") or 0)


def test_a_second_start_finds_the_data_on_the_same_ports_and_nothing_stays_behind(short_folder: Path) -> None:
    with embedded.servers(short_folder) as first:
        _write(first)
    assert _living(short_folder) == []
    with embedded.servers(short_folder) as second:
        assert second == first
        assert _read(second) == (1, 1)
    assert _living(short_folder) == []


def test_secrets_are_in_private_files_and_in_no_command_line(short_folder: Path) -> None:
    with embedded.servers(short_folder):
        secrets = [(short_folder / n).read_text() for n in ("postgres.password", "valkey.password")]
        for name in ("postgres.password", "valkey.password", "valkey/valkey.conf"):
            assert stat.S_IMODE((short_folder / name).stat().st_mode) == 0o600, name
        lines = [Path(f"/proc/{pid}/cmdline").read_bytes().decode() for pid in _living(short_folder)]
        assert lines
        assert not [line for line in lines for secret in secrets if secret in line]
        logs = "".join(p.read_text() for p in short_folder.glob("*.log"))
        assert not [s for s in secrets if s in logs]


def test_a_password_is_needed_and_only_this_machine_is_served(short_folder: Path) -> None:
    with embedded.servers(short_folder) as urls:
        with pytest.raises(psycopg.OperationalError, match="authentication failed"):
            psycopg.connect(urls.admin.replace("//postgres:", "//postgres:x"))
        open_door = redis.Redis.from_url(f"redis://{urls.redis.split('@')[1]}")
        with open_door, pytest.raises(redis.AuthenticationError):
            open_door.ping()
        with psycopg.connect(urls.admin) as link:
            assert link.execute("SHOW listen_addresses").fetchone() == ("127.0.0.1",)
            scram = "SELECT rolpassword LIKE 'SCRAM-SHA-256%' FROM pg_authid WHERE rolname = 'postgres'"
            assert link.execute(scram).fetchone() == (True,)


def test_users_come_and_go_and_the_last_one_turns_off_the_light(short_folder: Path, start: Start) -> None:
    first = start()
    pids = _pids(short_folder)
    second = start()
    with embedded.servers(short_folder) as mine, embedded.servers(short_folder) as again:
        assert mine is again
        assert _pids(short_folder) == pids
        _end(first)
        _end(second)
        _write(mine)
    assert _living(short_folder) == []


def test_a_killed_user_leaves_no_server_behind(short_folder: Path, start: Start) -> None:
    user = start()
    assert _living(short_folder)
    user.kill()
    _until(lambda: _living(short_folder) == [])
    with embedded.servers(short_folder) as urls:
        _write(urls)


def test_servers_die_with_their_keeper_and_start_again(short_folder: Path, start: Start) -> None:
    start()
    os.kill(_pids(short_folder)["keeper"], signal.SIGKILL)
    _until(lambda: _living(short_folder) == [])
    with embedded.servers(short_folder) as urls:
        _write(urls)


def test_everything_killed_at_once_recovers_with_what_was_committed(short_folder: Path, start: Start) -> None:
    user = start()
    with embedded.servers(short_folder) as urls:
        _write(urls)
        # The append-only file is written to disk every second.
        time.sleep(1.1)
        for pid in [user.pid, *_living(short_folder)]:
            # A server may have ended with the one before.
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        _until(lambda: _living(short_folder) == [])
        assert (short_folder / "postgres" / "postmaster.pid").exists()
    with embedded.servers(short_folder) as urls:
        assert _read(urls) == (1, 1)


def test_a_stale_pid_file_that_names_a_living_stranger_is_no_obstacle(short_folder: Path) -> None:
    with embedded.servers(short_folder) as urls:
        _write(urls)
    stranger = subprocess.Popen(["sleep", "60"])
    try:
        lines = [str(stranger.pid), f"{short_folder}/postgres", "1", "1", "", "", ""]
        (short_folder / "postgres" / "postmaster.pid").write_text("\n".join(lines))
        (short_folder / "servers.json").write_text("{not json")
        with embedded.servers(short_folder) as urls:
            assert _read(urls) == (1, 1)
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_server_that_dies_alone_comes_back_on_its_port(short_folder: Path) -> None:
    with embedded.servers(short_folder) as urls:
        _write(urls)
        old = _pids(short_folder)["postgres"]
        os.kill(old, signal.SIGKILL)

        def back() -> bool:
            try:
                return _read(urls)[0] == 1 and _pids(short_folder)["postgres"] != old
            except (psycopg.OperationalError, OSError, IndexError, ValueError):
                return False

        _until(back)


def test_a_taken_port_is_left_to_its_owner(short_folder: Path) -> None:
    with embedded.servers(short_folder) as first:
        _write(first)
    port = int((short_folder / "postgres.port").read_text())
    with socket.socket() as taken:
        # Postgres's own closed connections may still hold the port for a minute.
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", port))
        taken.listen()
        with embedded.servers(short_folder) as second:
            assert f":{port}/" not in second.admin
            assert _read(second) == (1, 1)


def test_a_first_start_that_was_interrupted_begins_anew(short_folder: Path) -> None:
    half = short_folder / "postgres.new"
    half.mkdir()
    (half / "PG_VERSION").write_text("18\n")
    with embedded.servers(short_folder) as urls:
        _write(urls)
    assert not half.exists()


def test_a_folder_that_cannot_be_one_is_one_sentence(short_folder: Path) -> None:
    (short_folder / "file").write_text("x")
    with pytest.raises(Unavailable, match="cannot be used") as caught, embedded.servers(short_folder / "file" / "home"):
        pass
    assert "\n" not in str(caught.value)


def test_data_of_another_postgres_version_is_one_sentence(short_folder: Path) -> None:
    with embedded.servers(short_folder):
        pass
    (short_folder / "postgres" / "PG_VERSION").write_text("12\n")
    with pytest.raises(Unavailable, match="another version of Postgres"), embedded.servers(short_folder):
        pass
    assert _living(short_folder) == []


def test_a_full_disk_is_one_sentence(short_folder: Path) -> None:
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", str(short_folder)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("mounting a small disk needs root")
    try:
        with pytest.raises(Unavailable, match=r"disk .* is full"), embedded.servers(short_folder):
            pass
        assert _living(short_folder) == []
        assert not (short_folder / "postgres").exists()
    finally:
        subprocess.run(["umount", str(short_folder)], check=True)
