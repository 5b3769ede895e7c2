"""``mmm run`` and ``mmm data add`` from beginning to end, as another program calls them."""

import csv
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
WEEKS = 110
SUMMARY = {"kpi", "periods", "geos", "channels", "baseline_share", "fit", "checks", "versions"}
CHANNEL = {"channel", "spend", "contribution", "contribution_share", "roi", "marginal_roi", "evidence"}
FIT = {"r2", "mape", "rhat_max", "ess_bulk_min", "divergences", "draws", "chains", "seconds"}
INTERVAL = {"mean", "p5", "p50", "p95"}
SPEC = """\
version: 1
kpi: {column: revenue, unit: revenue}
date: date
currency: EUR
channels:
- {name: tv, spend: tv_spend}
- {name: search, spend: search_spend}
controls: [price]
season: {yearly_terms: 1}
sampling: {draws: 60, tune: 100, chains: 2, seed: 3}
"""

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("run")
    rng = np.random.default_rng(11)
    tv = rng.gamma(2, 500, WEEKS) * (rng.random(WEEKS) > 0.4)
    search, price = rng.gamma(3, 300, WEEKS), rng.normal(10, 1, WEEKS)
    revenue = 20_000 + 2 * tv + 3 * search - 300 * price + rng.normal(0, 600, WEEKS)
    dates = pd.date_range("2022-01-03", periods=WEEKS, freq="7D")
    numbers = pd.DataFrame({"revenue": revenue, "tv_spend": tv, "search_spend": search, "price": price}).round(2)
    table = numbers.assign(date=dates)
    table.to_csv(made / "weekly.csv", index=False)
    (made / "spec.yaml").write_text(SPEC)
    # So many draws that nobody has to be asked about a longer fit.
    (made / "quick.yaml").write_text(SPEC.replace("draws: 60, tune: 100", "draws: 400, tune: 300"))
    (made / "gone.yaml").write_text(SPEC.replace("search_spend", "radio_spend"))
    return made


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    # A socket's path must be short.
    folder = Path(tempfile.mkdtemp(prefix="co-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def mmm(home: Path, folder: Path, *arguments: str, answers: str = "") -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "REDIS_URL")}
    return subprocess.run(
        [sys.executable, "-m", "server.cli", *arguments],
        input=answers, capture_output=True, text=True, check=False, cwd=folder, timeout=300,
        env=environment | {"CARRYOVER_HOME": str(home), "PYTHONPATH": str(ROOT)},
    )  # fmt: skip


def test_changes_are_asked_for_and_what_is_no_answer_is_asked_again(home: Path, folder: Path) -> None:
    # The first of the folder: with earlier models in it the plan would also ask which to take over from.
    # The baseline and the budget are rejected: the model is fitted and the report written without them.
    plan, fit = "e\n\n\ntv, search\n-\n", "e\n450\n2\n\n\n\n"
    answers = f"maybe\n{plan}" + "n\nno\n" * 3 + fit + "n\nno plan\ny\n"
    done = mmm(home, folder, "run", "weekly.csv", "--spec", "quick.yaml", "--out", "changed", answers=answers)
    assert done.returncode == 0, done.stderr
    assert "Answer y or n." in done.stderr
    assert "Write the report? [y/n]" in done.stderr
    assert "the model is fitted without" in done.stderr.lower()
    assert yaml.safe_load((folder / "changed" / "spec.yaml").read_text())["sampling"]["draws"] == 450
    assert list(pd.read_csv(folder / "changed" / "plan.csv").columns) == ["channel", "periods", "current"]
    assert "the base plan is" not in (folder / "changed" / "report.md").read_text()


def test_every_file_of_the_contract_is_written(home: Path, folder: Path) -> None:
    done = mmm(home, folder, "run", "weekly.csv", "--spec", "spec.yaml", "--auto-approve", "--out", "out", "--json")
    assert done.returncode == 0, done.stderr
    out = folder / "out"
    summary = json.loads((out / "summary.json").read_text())
    assert json.loads(done.stdout) == summary
    check_summary(summary)
    check_tables(out, summary)
    insights = json.loads((out / "insights.json").read_text())
    assert insights
    assert yaml.safe_load((out / "spec.yaml").read_text())["sampling"]["draws"] == 60
    yaml.safe_load((out / "recipe.yaml").read_text())
    assert (out / "report.html").read_text().lstrip().lower().startswith("<!doctype html>")
    assert "Search" in (out / "report.md").read_text()
    assert len(pd.ExcelFile(out / "report.xlsx").sheet_names) > 1
    for chart in ("contributions", "allocation", "curves", "scenarios"):
        assert (out / "charts" / f"{chart}.png").read_bytes().startswith(b"\x89PNG"), chart
    import arviz

    posterior = arviz.from_netcdf(out / "posterior.nc")
    assert posterior["posterior"].sizes["chain"] == 2
    assert posterior["posterior"].sizes["draw"] == 60


def check_summary(summary: dict) -> None:
    assert set(summary) == SUMMARY
    assert (summary["kpi"], summary["periods"], summary["geos"]) == ("revenue", WEEKS, 1)
    assert [c["channel"] for c in summary["channels"]] == ["tv", "search"]
    for channel in summary["channels"]:
        assert set(channel) == CHANNEL
        assert channel["evidence"] in ("tested", "data", "prior")
        for name in ("contribution", "contribution_share", "roi", "marginal_roi"):
            assert set(channel[name]) == INTERVAL
            assert channel[name]["p5"] <= channel[name]["p50"] <= channel[name]["p95"]
        assert channel["roi"]["mean"] == pytest.approx(channel["contribution"]["mean"] / channel["spend"], rel=1e-6)
    assert set(summary["baseline_share"]) == INTERVAL
    assert set(summary["fit"]) == FIT
    assert summary["fit"]["chains"] == 2
    assert all(set(c) == {"id", "status", "value", "message"} for c in summary["checks"])
    assert all(c["status"] in ("PASS", "REVIEW", "FAIL") for c in summary["checks"])
    assert summary["versions"]


def check_tables(out: Path, summary: dict) -> None:
    with (out / "contributions.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["date", "geo", "channel", "mean", "p5", "p50", "p95"]
    assert {r["channel"] for r in rows} == {"tv", "search", "baseline", "controls", "seasonality"}
    assert len(rows) == 5 * WEEKS
    assert {r["geo"] for r in rows} == {""}
    for channel in summary["channels"]:
        total = sum(float(r["mean"]) for r in rows if r["channel"] == channel["channel"])
        assert total == pytest.approx(channel["contribution"]["mean"], rel=1e-4)
    curves = pd.read_csv(out / "response_curves.csv")
    assert set(curves["channel"]) == {"tv", "search"}
    plan = pd.read_csv(out / "plan.csv")
    assert {"tv", "search"} <= set(plan.astype(str).to_numpy().ravel()) | set(plan.columns)
    assert any("current" in str(v) for v in [*plan.columns, *plan.astype(str).to_numpy().ravel()])


QUESTIONS = (
    "Approve this plan?",
    "Agree on this baseline?",
    "Fit 2 channels with 2 chains of 400 draws?",
    "by the base plan?",
    "Write the report?",
)
ENDING = (0, 2, 4)
"""Questions whose rejection ends the analysis; without a baseline or a plan for the money it goes on."""


@pytest.mark.parametrize("number", ENDING)
def test_without_auto_approve_it_asks_at_each_checkpoint(home: Path, folder: Path, number: int) -> None:
    arguments = ("run", "weekly.csv", "--spec", "quick.yaml", "--out", f"asked{number}")
    done = mmm(home, folder, *arguments, answers="y\n" * number + "n\nnot today\n")
    assert done.returncode == 1, done.stderr
    assert all(q in done.stderr for q in QUESTIONS[: number + 1])
    assert not any(q in done.stderr for q in QUESTIONS[number + 1 :])
    assert done.stderr.strip().splitlines()[-1].endswith("checkpoint: not today.")
    assert "Traceback" not in done.stderr
    assert not (folder / f"asked{number}" / "summary.json").exists()


def test_nobody_at_the_checkpoint_is_one_sentence(home: Path, folder: Path) -> None:
    done = mmm(home, folder, "run", "weekly.csv", "--spec", "spec.yaml", "--out", "nobody")
    assert done.returncode == 2
    assert done.stderr.strip().splitlines()[-1].endswith("pass --auto-approve.")


def test_a_specification_that_names_a_column_that_is_gone(home: Path, folder: Path) -> None:
    done = mmm(home, folder, "run", "weekly.csv", "--spec", "gone.yaml", "--auto-approve", "--out", "gone")
    assert done.returncode == 2
    assert "radio_spend, which the data does not have" in done.stderr.strip().splitlines()[-1]
    assert "Traceback" not in done.stderr


def test_data_add_keeps_versions_of_one_project(home: Path, folder: Path) -> None:
    for number in (1, 2):
        done = mmm(home, folder, "data", "add", "weekly.csv", "--project", "Spring", "--json")
        assert done.returncode == 0, done.stderr
        kept = json.loads(done.stdout)
        assert (kept["project"], kept["version"], kept["periods"]) == ("Spring", number, WEEKS)
        assert kept["status"] == "PASS"
    (folder / "empty.csv").write_bytes(b"")
    done = mmm(home, folder, "data", "add", "empty.csv", "--project", "Spring")
    assert (done.returncode, done.stderr) == (2, "mmm: empty.csv is empty (0 bytes): export it again.\n")
    assert mmm(home, folder, "data", "add", "weekly.csv", "--project", "spring").stdout.startswith(
        "Added to Spring as data version 3."
    )


def test_the_ladder_is_climbed_first_and_written(home: Path, folder: Path) -> None:
    done = mmm(
        home,
        folder,
        "run",
        "weekly.csv",
        "--spec",
        "spec.yaml",
        "--auto-approve",
        "--out",
        "up",
        "--ladder",
        "--hand-over",
    )
    assert done.returncode == 0, done.stderr
    found = json.loads((folder / "up" / "ladder.json").read_text())
    assert [s["step"] for s in found["steps"]] == ["0", "1", "2", "3", "5"]
    best = next(s for s in found["steps"] if s["advice"] == "recommended")
    assert found["recommended"] == f"Step {best['step']}: {best['adds']}"
    assert best["elpd_difference"] == 0
    assert all(s["holdout_mape"] > 0 for s in found["steps"])
    assert found["steps"][3]["specification"]["controls"] == ["price"]
    assert found["returns"]["channels"].keys() == found["returns_handed_over"]["channels"].keys()
    handed = found["returns_handed_over"]
    assert all(set(row) == {"1", "2", "3", "5"} for row in handed["channels"].values())
    assert "twice" in handed["note"]
    assert "returns with the step before as prior" in done.stdout
    assert "against the best" in done.stdout
    assert found["verdict"] in done.stdout
    assert done.stdout.index("against the best") < done.stdout.index("share of KPI")
    assert (folder / "up" / "summary.json").exists()
