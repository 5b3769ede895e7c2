"""Studies with the engine itself, on companies whose truth is known."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mmm_core.analysis import fit_outcome
from mmm_core.data import read, simulate
from mmm_core.domain.checks import Status
from mmm_core.domain.study import ModelInput, StepEnded, StepState, StepStatus, StudyOutcome, StudyRequest
from mmm_core.modeling import engine
from mmm_core.modeling.prepare import prepare
from mmm_core.modeling.spec import ChannelSpec, KpiSpec, ModelSpec, Sampling
from mmm_core.studies import process, registry
from mmm_core.studies.kind import Tools

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("programs")


def spec(**more: Any) -> ModelSpec:
    document = {
        "kpi": KpiSpec(column="revenue"),
        "date": "week",
        "channels": tuple(ChannelSpec(name=n, spend=f"{n}_spend") for n in ("tv", "search")),
        "controls": ("price_index", "promotion_depth"),
        "holidays": ("holiday_black_friday", "holiday_christmas"),
        "sampling": Sampling(draws=300, tune=300, chains=2),
        **more,
    }
    return ModelSpec.model_validate(document)


def frame(weeks: int = 104) -> pd.DataFrame:
    return simulate.company("national", 3, weeks=weeks, channels=2).frame


def fitted(table: pd.DataFrame, wanted: ModelSpec, programs: Path, name: str) -> ModelInput:
    found = engine.fit(wanted, prepare(table, wanted), lambda _: None, cache_dir=str(programs))
    outcome = fit_outcome.outcome(found)
    return ModelInput(wanted.to_yaml(), read.to_parquet(table), name, outcome.results, outcome.draws)


def carried_out(
    kind: str, model: ModelInput, programs: Path, other: ModelInput | None = None, **options: Any
) -> tuple[StudyOutcome, dict[str, dict[str, Any]]]:
    """The study as its process computes it, in this one."""
    found = registry.find(kind)
    read_options = registry.read_options(found, options)
    inputs = registry.inputs(model, other)
    steps = tuple(found.plan(inputs, read_options))
    results: dict[str, dict[str, Any]] = {}

    def keep(message: object) -> None:
        if isinstance(message, StepEnded) and message.result is not None:
            results[message.name] = message.result

    request = StudyRequest(kind, model, other, read_options.model_dump(mode="json"), steps, {})
    process.carry_out(process.Work(request, str(programs), 2), keep)
    states = [StepState(n, s, StepStatus.DONE, results[s.name]) for n, s in enumerate(steps)]
    outcome: StudyOutcome = found.conclude(inputs, read_options, states)
    return outcome, results


def plain(table: pd.DataFrame, wanted: ModelSpec | None = None) -> ModelInput:
    return ModelInput((wanted or spec()).to_yaml(), read.to_parquet(table), "Model")


def test_a_good_model_forecasts_what_it_was_not_shown(programs: Path) -> None:
    outcome, results = carried_out("holdout", plain(frame()), programs, periods=10)
    assert {c.id: c.status for c in outcome.checks}["mape"] is Status.PASS
    assert results["holdout"]["actual"] == pytest.approx(frame()["revenue"].tail(10).tolist())
    assert results["holdout"]["trained_on"] == 94
    assert all(a < b < c for a, b, c in zip(*(results["holdout"][k] for k in ("low", "mean", "high")), strict=True))


def test_a_level_shift_in_the_held_out_weeks_is_noticed(programs: Path) -> None:
    shifted = frame()
    shifted["revenue"] = shifted["revenue"] * np.where(shifted.index >= 94, 1.5, 1.0)
    outcome, _ = carried_out("holdout", plain(shifted), programs, periods=10)
    assert {c.id: c.status for c in outcome.checks} == dict.fromkeys(("mape", "smape", "r2", "coverage"), Status.FAIL)


def test_a_panel_is_held_out_in_total_and_by_geo(programs: Path) -> None:
    panel = simulate.company("geo", 3, weeks=70, channels=2, geos=2).frame
    outcome, results = carried_out(
        "holdout", plain(panel, spec(geo="region", population="population")), programs, periods=8
    )
    total = panel.groupby("week")["revenue"].sum().tail(8)
    assert results["holdout"]["actual"] == pytest.approx(total.tolist())
    assert outcome.checks[0].status is Status.PASS
    assert [t.title for t in outcome.tables] == ["How far off", "By geo"]


def test_a_shuffled_copy_of_a_strong_channel_earns_little(programs: Path) -> None:
    outcome, results = carried_out("placebo", plain(frame()), programs, channels=("tv",))
    assert outcome.status is Status.PASS
    assert results["tv 1"]["placebo"] < 0.5 * results["tv 1"]["prior"], "the data talked the model out of it"


def test_the_parts_of_a_change_add_up_to_it_and_name_its_cause(programs: Path) -> None:
    new = frame()
    old = new.iloc[:92].assign(tv_spend=lambda t: t["tv_spend"] * np.where(t.index < 92, 2.0, 1.0))
    outcome, _ = carried_out(
        "changes", fitted(new, spec(), programs, "New"), programs, fitted(old, spec(), programs, "Old")
    )
    table = outcome.tables[0]
    assert [c.name for c in table.columns] == [
        "Channel", "Before", "After", "Restated history", "New weeks", "Sampling noise", "Another seed alone",
    ]  # fmt: skip
    rows = {row[0]: row[1:] for row in table.rows}
    for was, now, restated, weeks, noise, _ in rows.values():
        assert now - was == pytest.approx(restated + weeks + noise)
    was, now, restated, weeks, _, _ = rows["tv"]
    assert now > 1.5 * was, "half the spend for the same sales is twice the return"
    assert restated > 5 * abs(weeks)
    assert "tv moved most" in outcome.verdict
    assert "restated history" in outcome.verdict


def test_the_same_model_twice_differs_by_chance_alone(programs: Path) -> None:
    model = fitted(frame(), spec(), programs, "One")
    other = fitted(frame(), spec(sampling=Sampling(draws=300, tune=300, chains=2, seed=9)), programs, "Other")
    outcome, results = carried_out("changes", model, programs, other)
    assert set(results) == {"old", "second seed"}
    assert "chance" in outcome.verdict
    assert outcome.pictures == ()


def test_calibration_finds_no_fault_with_the_engine(programs: Path) -> None:
    model, few = plain(frame(60), spec(holidays=())), {"fits": 20, "draws": 150, "tune": 200}
    outcome, results = carried_out("sbc", model, programs, **few)
    assert len(results) == 20
    assert outcome.checks[0].status is not Status.FAIL
    kind = registry.find("sbc")
    inputs, options = registry.inputs(model), registry.read_options(kind, few)
    again = kind.run_step(kind.plan(inputs, options)[6], inputs, options, {}, Tools(cache_dir=str(programs)))
    assert process.plain(again) == results["fit 7"], "a step is the same whenever it is computed"
