"""``mmm tune`` from beginning to end with real fits and no language model, as another program calls it."""

import json
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mmm_core.modeling.spec import ModelSpec
from mmm_core.studies.tuning import settings
from mmm_core.use_cases import tuning_history
from tests.jobs.test_run_command import SPEC, mmm

WEEKS = 130
CONTEXT = """\
channels:
  tv: {roi: [1.0, 4.0], judged_by: the agency}
success: {holdout_error_at_most: 0.2, failed_checks_at_most: 2}
"""
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    # A socket's path must be short.
    made = Path(tempfile.mkdtemp(prefix="co-"))
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sales with a strong season, and a specification that has none and a straight trend."""
    made = tmp_path_factory.mktemp("tune")
    rng = np.random.default_rng(11)
    tv = rng.gamma(2, 500, WEEKS) * (rng.random(WEEKS) > 0.4)
    search, price = rng.gamma(3, 300, WEEKS), rng.normal(10, 1, WEEKS)
    season = 3000 * np.sin(2 * np.pi * np.arange(WEEKS) / 52.18)
    revenue = 20_000 + season + 2 * tv + 3 * search - 300 * price + rng.normal(0, 500, WEEKS)
    dates = pd.date_range("2022-01-03", periods=WEEKS, freq="7D")
    numbers = pd.DataFrame({"revenue": revenue, "tv_spend": tv, "search_spend": search, "price": price}).round(2)
    numbers.assign(date=dates).to_csv(made / "weekly.csv", index=False)
    (made / "spec.yaml").write_text(
        SPEC.replace("yearly_terms: 1", "yearly_terms: 0").replace("draws: 60", "draws: 400")
    )
    (made / "context.yaml").write_text(CONTEXT)
    (made / "wrong.yaml").write_text("adstock: weibull\n")
    return made


def read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def test_what_is_missing_is_found_by_rules_and_real_fits(home: Path, folder: Path) -> None:
    done = mmm(
        home, folder, "tune", "weekly.csv", "--spec", "spec.yaml", "--context", "context.yaml", "--iterations", "2",
        "--threshold", "0.99", "--draws", "100", "--out", "out", "--unattended", "--json",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    results, history = read(folder / "out" / "results.json"), read(folder / "out" / "history.json")
    assert json.loads(done.stdout) == results
    begun, tuned = (ModelSpec.from_yaml((folder / p).read_text()) for p in ("spec.yaml", "out/spec.yaml"))
    assert (tuned.season, tuned.trend) != (begun.season, begun.trend), "a season that is missing shows in the baseline"
    assert settings.frozen(tuned) == settings.frozen(begun)
    assert results["best"]["score"]["total"] > results["baseline"]["score"]["total"]
    assert results["best"]["holdout_error"] < 0.5 * results["baseline"]["holdout_error"]
    assert all(c["from"] == settings.current(begun, path) for path, c in results["changes"].items())
    assert (results["cost"]["model_calls"], results["cost"]["trials"]) == (0, results["iterations"] + 1)
    assert tuning_history.replay(history) == ()
    assert {e["what"] for e in history["events"] if "what" in e} >= {
        "trial",
        "proposal",
        "verdict",
        "criteria",
        "result",
    }
    assert "Rules propose and decide." in done.stderr
    tampered = {**history, "result": {**history["result"], "spec": begun.to_yaml()}}
    assert tuning_history.replay(tampered) != ()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("weekly.csv", "--context", "wrong.yaml"), "knows nothing called adstock"),
        (("Nobody's project",), "There is no project called Nobody's project"),
    ],
)
def test_what_cannot_be_used_is_one_sentence_and_exit_code_2(
    home: Path, folder: Path, arguments: tuple[str, ...], says: str
) -> None:
    done = mmm(home, folder, "tune", *arguments, "--out", "wrong")
    assert done.returncode == 2, done.stderr
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("mmm: ")
    assert says in last
    assert "Traceback" not in done.stderr


def test_the_example_is_of_the_files_own_channels(home: Path, folder: Path) -> None:
    done = mmm(home, folder, "tune", "weekly.csv", "--spec", "spec.yaml", "--example-context")
    assert done.returncode == 0, done.stderr
    assert "tv:" in done.stdout
    assert "judged_by" in done.stdout
