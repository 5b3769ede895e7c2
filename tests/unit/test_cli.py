"""The command line as its users see it: exit codes, one sentence on stderr, never a trace."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from mmm_core.domain.errors import BadInput, DataError, NotAllowed, Unavailable
from mmm_core.settings import Settings
from server import cli, logs, up

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sample")
    assert cli.execute(["sample", "--seed", "5", "--out", str(folder)]) == 0
    return folder


def error_of(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    code = cli.execute(list(arguments))
    return code, capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["fly"], "No such command 'fly'"),
        (["run"], "Missing argument 'DATA'"),
        (["run", "x.csv", "--fast"], "No such option: --fast"),
        (["sample", "--kind", "moon", "--out", "x"], "moon"),
        (["data", "check", "absent.csv"], "There is no file absent.csv."),
        (["data", "check", "."], "is a folder"),
        (["run", "absent.csv"], "There is no file absent.csv."),
        (["run", "x.csv", "--hand-over"], "add --ladder"),
        (["tune", "absent.csv", "--context", "absent.yaml"], "The business context absent.yaml cannot be read"),
        (["tune", "x.csv", "--iterations", "0"], "greater than or equal to 1"),
        (["up", "--port", "70000"], "65535"),
        (["up", "--host", "0.0.0.0"], "Without sign-in"),
        (["worker", "--queue", "tpu"], "tpu"),
        (["bench", "moon"], "There is no benchmark called moon"),
    ],
)
def test_wrong_use_is_one_sentence_and_exit_code_2(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, error = error_of(capsys, *arguments)
    assert code == 2
    assert words in error
    assert error.count("\n") == 1
    assert "Traceback" not in error


def test_help_is_there_and_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.execute(["--help"]) == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in ("up", "run", "sample", "data", "worker"))
    assert cli.execute([]) == 2


def test_help_loads_neither_pandas_nor_the_database() -> None:
    code = "import sys\nfrom server import cli\ncli.execute(['--help'])\nprint(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not {"pandas", "sqlalchemy", "streamlit", "rq", "jax"} & set(done.stderr.split())


def test_sample_writes_data_and_truth_and_refuses_a_folder_it_cannot_write(
    sample: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    truth = json.loads((sample / "truth.json").read_text())
    assert truth["seed"] == 5
    assert (sample / "data.csv").read_text().count("\n") == truth["weeks"] + 1
    blocked = tmp_path / "file"
    blocked.write_text("")
    code, error = error_of(capsys, "sample", "--out", str(blocked / "deeper"))
    assert code == 1
    assert "cannot be written to" in error


def test_data_check_says_what_is_in_the_file(sample: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.execute(["data", "check", str(sample / "data.csv")]) == 0
    shown = capsys.readouterr().out
    assert "kpi: revenue" in shown
    assert "Coverage" in shown


def test_data_check_as_json_is_json(sample: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.execute(["data", "check", str(sample / "data.csv"), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["periods"] == 156
    assert {c["status"] for c in found["checks"]} <= {"PASS", "REVIEW", "FAIL"}
    assert [c["column"] for c in found["columns"] if c["role"] == "date"] == ["week"]


def test_data_that_cannot_be_modelled_is_exit_code_2(sample: Path, tmp_path: Path) -> None:
    short = tmp_path / "short.csv"
    short.write_text("\n".join((sample / "data.csv").read_text().splitlines()[:21]))
    assert cli.execute(["data", "check", str(short)]) == 2


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (DataError("The file is empty."), 2, "The file is empty."),
        (NotAllowed("Stopped at the plan checkpoint."), 1, "Stopped at the plan checkpoint."),
        (Unavailable("The disk is full."), 1, "The disk is full."),
        (OSError(28, "No space left on device"), 1, "The disk is full"),
        (PermissionError(13, "Permission denied", "/etc/x"), 1, "Permission denied (/etc/x)."),
        (KeyboardInterrupt(), 1, "Stopped."),
        (MemoryError(), 1, "memory"),
    ],
)
def test_each_error_has_its_exit_code_and_its_sentence(
    error: BaseException, code: int, words: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("server.cli_data.check", raising(error))
    monkeypatch.setattr(cli, "_discard_stdout", lambda: None)
    assert cli.execute(["data", "check", "x.csv"]) == code
    shown = capfd.readouterr().err
    assert words in shown
    assert shown.strip().count("\n") == 0


def test_an_unforeseen_error_is_a_sentence_and_its_trace_a_file(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("CARRYOVER_HOME", str(tmp_path))
    monkeypatch.setattr("server.cli_data.check", raising(RuntimeError("postgresql://me:hidden@host/db fell over")))
    code, error = error_of(capsys, "data", "check", "x.csv")
    assert code == 1
    assert "Traceback" not in error
    written = (tmp_path / "mmm-errors.log").read_text()
    assert "fell over" in written
    assert "hidden" not in written


def raising(error: BaseException) -> object:
    def fail(*_: object) -> None:
        raise error

    return fail


def test_a_reader_that_leaves_and_a_full_disk_give_no_trace(sample: Path) -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "server.cli", "data", "check", str(sample / "data.csv"), "--json"],
            stdout=full, stderr=subprocess.PIPE, text=True, cwd=ROOT, check=False,
        )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr == "mmm: The disk is full; free some space and run the command again.\n"
    pipe = f"{sys.executable} -m server.cli data check {sample}/data.csv --json | head -c 1"
    piped = subprocess.run(["bash", "-c", pipe], capture_output=True, text=True, cwd=ROOT, check=False)
    assert piped.stdout == "{"
    assert piped.stderr == ""


def test_up_chooses_a_free_port_or_says_that_the_wanted_one_is_taken() -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(Unavailable, match="in use"):
            up.choose_port("127.0.0.1", port)
    assert up.choose_port("127.0.0.1", None) >= up.FIRST_PORT


def test_up_refuses_other_machines_without_sign_in() -> None:
    for host in ("127.0.0.1", "localhost", "::1"):
        up.check_host(host, Settings())
    for host in ("0.0.0.0", "::", "192.168.1.5", "example.org"):
        with pytest.raises(BadInput, match="Without sign-in"):
            up.check_host(host, Settings())
        up.check_host(host, Settings(oidc_metadata_url="https://sso.example/.well-known/openid-configuration"))


def test_secrets_never_reach_a_log() -> None:
    event = logs.hide_secrets(None, "info", {
        "event": "connect postgresql://app:s3cr3t@db/x failed, token=abcdef12 opened /r/AbCdEf123456",
        "password": "s3cr3t", "cookie_secret": "s3cr3t", "nested": {"api_key": "s3cr3t", "rows": 3},
    })  # fmt: skip
    text = json.dumps(dict(event))
    assert "s3cr3t" not in text
    assert "abcdef12" not in text
    assert "AbCdEf123456" not in text
    assert "postgresql://app:***@db/x" in text
    assert event["nested"]["rows"] == 3


def test_a_file_of_sub_categories_and_a_panel_say_what_they_are(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert cli.execute(["sample", "--kind", "categories", "--out", str(tmp_path / "categories")]) == 0
    assert cli.execute(["sample", "--kind", "geo", "--out", str(tmp_path / "geo")]) == 0
    capsys.readouterr()
    truth = json.loads((tmp_path / "categories" / "truth.json").read_text())
    assert len({g["group"] for g in truth["sub_categories"]}) == 4
    for kind, shape, geos in (("categories", "national", 1), ("geo", "panel", 8)):
        assert cli.execute(["data", "check", str(tmp_path / kind / "data.csv"), "--json"]) == 0
        found = json.loads(capsys.readouterr().out)
        assert (found["shape"], found["geos"], found["periods"]) == (shape, geos, 156)
