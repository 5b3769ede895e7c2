"""The contribution benchmark's runner: rows as they end, failures with their reason, going on, the table."""

import json
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from benchmarks import cases, contributions, contributions_table, process, worlds
from benchmarks.peers import install

ANSWER = """
import json, sys
import numpy as np
case, out = sys.argv[1:]
with np.load(case + "/truth.npz") as truth:
    brought, kpi = truth["brought"], truth["kpi"]
rng = np.random.default_rng(1)
totals = brought.sum(axis=1) * (1 + 0.1 * rng.standard_normal((400, 1)))
np.savez(out + ".npz", totals=totals, weekly=brought.T, expected=kpi, media_roi=rng.standard_normal((4, 100, 2)))
print("FITTED", flush=True)
row = {"seconds": 2.0, "import_seconds": 1.0, "divergences": 0, "flags": ["autocorrelation:REVIEW"]}
open(out, "w").write(json.dumps(row))
"""
BREAK = "raise SystemExit('the peer gave up on this company')"
SLEEP = "import time; time.sleep(60)"


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Contestants that are scripts; the name says which."""
    scripts = {"ours": ANSWER, "meridian": BREAK, "pymc-marketing": SLEEP}

    def command(contestant: str, case: Path, out: Path) -> list[str]:
        return [sys.executable, "-c", scripts[contestant], str(case), str(out)]

    monkeypatch.setattr(contributions, "command", command)
    monkeypatch.setattr(contributions, "present", lambda wanted, say: list(wanted))
    return scripts


def test_rows_are_kept_as_they_end_and_a_second_run_goes_on(scripted: dict[str, str], tmp_path: Path) -> None:
    said: list[str] = []
    contributions.bench(said.append, ["small"], 1, ["ours", "meridian"], tmp_path)
    path = tmp_path / "contributions.jsonl"
    first = path.read_text()
    ours, failed = contributions.rows(path)
    assert ours["cover90"] == 1.0
    assert ours["rmse"] == pytest.approx(0, abs=1e-9)
    assert ours["ess_per_second"] == pytest.approx(float(str(ours["ess_min"])) / 2.0)
    assert ours["flags"] == ["autocorrelation:REVIEW"]
    assert [c["channel"] for c in ours["channels"]] == ["alpha", "bravo", "charlie"]  # type: ignore[attr-defined]
    assert "gave up on this company" in str(failed["failed"])
    table = contributions.bench(said.append, ["small"], 1, ["ours", "meridian"], tmp_path)
    assert path.read_text() == first
    assert (tmp_path / "contributions.md").read_text() == table
    assert "gave up on this company" in table


def test_a_fit_over_its_limit_is_a_row_that_says_so(
    scripted: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(contributions.LIMITS, "small", 1)
    row = contributions.fit(contributions.Job("small", 0, "pymc-marketing"), tmp_path)
    assert row["failed"] == "not done within 1 s"


def test_a_line_cut_off_in_the_middle_is_no_row(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps({"size": "small"}) + "\n" + '{"size": "sm')
    assert contributions.rows(path) == [{"size": "small"}]


def test_without_meridian_its_rows_wait(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(install, "FOLDER", tmp_path)
    said: list[str] = []
    assert contributions.present(["ours", "meridian", "meridian-informed"], said.append) == ["ours"]
    assert "python -m benchmarks.peers.install" in said[0]


def test_everybody_gets_the_same_files_and_none_tells_the_truth(tmp_path: Path) -> None:
    world = worlds.make("small", 2)
    cases.write(tmp_path, world)
    roles = json.loads((tmp_path / "case.json").read_text())
    assert [c["name"] for c in roles["channels"]] == list(world.channels)
    for name, (mu, sigma) in roles["roi"].items():
        assert name in world.channels
        # Our default belief: about 1 per money spent, give or take a factor of several.
        assert -1.5 < mu < 1.5
        assert 0.3 < sigma < 2.0
    spec = (tmp_path / "spec.yaml").read_text()
    assert "belief: null" in spec
    with np.load(tmp_path / "truth.npz") as truth:
        assert truth["brought"].shape == (3, 130)


def _row(contestant: str, number: int, rmse: float, kind: str = "in", **more: object) -> dict[str, object]:
    return {
        "size": "small", "number": number, "kind": kind, "contestant": contestant, "rmse": rmse, "smape": rmse,
        "bias": 0.0, "cover50": 0.5, "cover90": 0.9, "r2": 0.9, "rhat_max": 1.0, "seconds": 1.0, "import_seconds": 1.0,
        "ess_per_second": 1.0, "peak_mb": 1, "load": 0.1, **more,
    }  # fmt: skip


def test_the_ratio_is_over_companies_that_all_fitted_and_to_the_better_peer() -> None:
    rows = [
        _row("ours", 0, 0.02), _row("meridian", 0, 0.04), _row("pymc-marketing", 0, 0.08),
        _row("ours", 2, 0.90), _row("meridian", 2, 0.04),
    ]  # fmt: skip
    table = contributions_table.write(rows)
    assert "| small | in | 1 | 0.50 | Meridian, defaults | 0.50 | Meridian, defaults |" in table


def test_admitting_ignorance_is_no_misfit() -> None:
    rows = [
        _row("ours", 0, 0.1, flags=["unidentified:REVIEW", "rhat:REVIEW"], noticed=[]),
        _row("ours", 1, 0.1, "drift", flags=["autocorrelation:FAIL"], noticed=[]),
        _row("ours", 3, 0.1, "bursty", flags=[], noticed=["outliers"]),
        _row("ours", 5, 0.1, "drift", flags=[], noticed=[]),
    ]
    table = contributions_table.write(rows)
    assert "| any misfit (1 and 3 companies) | 0% | 67% |" in table
    assert "| unidentified | 100% | 0% |" in table


def test_an_empty_run_has_a_table() -> None:
    assert "No company has been fitted yet" in contributions_table.write([])


def test_memory_of_a_tree_counts_children_and_nothing_outlives_the_limit(tmp_path: Path) -> None:
    grab = "b = bytearray(120_000_000); b[::4096] = b'x' * len(b[::4096])"
    child = f"import subprocess, sys; subprocess.run([sys.executable, '-c', \"{grab}; import time; time.sleep(9)\"])"
    ended = process.run([sys.executable, "-c", child], 2.0, tmp_path / "log", tmp_path)
    assert ended.code is None
    assert ended.peak_mb > 115
    left = [p for p in Path("/proc").glob("[0-9]*/cmdline") if b"bytearray(120_000_000)" in _read(p)]
    for _ in range(20):
        left = [p for p in left if b"bytearray(120_000_000)" in _read(p)]
        if not left:
            break
        time.sleep(0.1)
    assert not left


def test_the_range_of_a_ratio_that_is_the_same_everywhere_is_a_point() -> None:
    rows = [_row(c, n, e * (n + 1)) for n in range(0, 10, 2) for c, e in (("ours", 0.03), ("meridian", 0.04))]
    assert "| small | in | 5 | 0.75 (0.75 to 0.75) | Meridian, defaults |" in contributions_table.write(rows)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
