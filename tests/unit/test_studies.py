"""What studies conclude from their steps, on numbers whose answer is known."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from jobs.worker import NEVER_IMPORTED
from mmm_core.analysis import results
from mmm_core.data import read
from mmm_core.domain.checks import Status
from mmm_core.domain.results import Results
from mmm_core.domain.study import ModelInput, Step, StepState, StepStatus, StudyOutcome
from mmm_core.modeling import priors
from mmm_core.modeling.spec import Belief, ChannelSpec, KpiSpec, LiftTest, ModelSpec, Season, Treatment
from mmm_core.studies import (
    differences,
    frames,
    grading,
    imagined,
    process,
    registry,
    sbc,
    small_fit,
    stability,
    worlds,
)
from mmm_core.studies.kind import Inputs
from tests.unit.analysis_company import company, posterior, specification

ROOT = Path(__file__).resolve().parents[2]


def spec(**more: Any) -> ModelSpec:
    document = {
        "kpi": KpiSpec(column="sales"),
        "date": "week",
        "channels": (
            ChannelSpec(name="tv", spend="tv_spend", exposure="tv_views"),
            ChannelSpec(name="search", spend="search_spend"),
        ),
        "controls": ("price",),
        **more,
    }
    return ModelSpec.model_validate(document)


def frame(weeks: int = 60, seed: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    tv = rng.gamma(2.0, 50.0, weeks)
    return pd.DataFrame(
        {
            "week": pd.date_range("2024-01-01", periods=weeks, freq="7D"),
            "sales": rng.uniform(500, 700, weeks),
            "tv_spend": tv,
            "tv_views": 20 * tv,
            "search_spend": rng.gamma(2.0, 30.0, weeks),
            "price": rng.normal(10, 1, weeks),
        }
    )


def inputs() -> Inputs:
    return registry.inputs(ModelInput(spec().to_yaml(), read.to_parquet(frame()), "Model 1"))


def concluded(kind: str, results: dict[str, dict[str, Any]], given: Inputs | None = None) -> StudyOutcome:
    found = registry.find(kind)
    states = [
        StepState(n, Step(name, name), StepStatus.DONE, process.plain(result))
        for n, (name, result) in enumerate(results.items())
    ]
    outcome: StudyOutcome = found.conclude(given or inputs(), found.options(), states)
    return outcome


def status(outcome: StudyOutcome) -> dict[str, Status]:
    return {c.id: c.status for c in outcome.checks}


# ---- the registry ---------------------------------------------------------------------------------------------------


def test_every_kind_is_known_by_its_name_and_asks_a_question() -> None:
    for name in registry.KINDS:
        kind = registry.find(name)
        assert kind.name == name
        assert kind.question.endswith("?")
        assert kind.title


def test_no_kind_brings_what_must_not_be_forked() -> None:
    find_all = "[registry.find(k) for k in registry.KINDS]"
    code = f"import sys; from mmm_core.studies import registry; {find_all}; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120, check=True
    )
    assert not NEVER_IMPORTED & set(done.stdout.split())
    assert "mmm_core.studies.sbc" in done.stdout.split()


def test_results_are_what_json_would_bring_back() -> None:
    given = {"a": np.arange(2), "b": (np.float64(1.5), None), "c": {1: np.int64(2)}}
    assert process.plain(given) == {"a": [0, 1], "b": [1.5, None], "c": {"1": 2}}


# ---- measures -------------------------------------------------------------------------------------------------------


def test_accuracy_is_computed_as_the_suite_defines_it() -> None:
    found = grading.accuracy(np.array([100.0, 200.0, 0.0]), np.array([110.0, 180.0, 10.0]))
    assert found.mape == pytest.approx((0.1 + 0.1) / 2)
    assert found.smape == pytest.approx((20 / 210 + 40 / 380 + 2.0) / 3)
    assert found.r2 == pytest.approx(1 - (100 + 400 + 100) / 20_000)


def test_a_limit_passes_at_itself_and_fails_at_half_again() -> None:
    assert [grading.most(v, 0.15) for v in (0.15, 0.2, 0.23, float("nan"))] == [
        Status.PASS, Status.REVIEW, Status.FAIL, Status.FAIL,
    ]  # fmt: skip
    assert [grading.least(v, 0.8, 0.6) for v in (0.8, 0.7, 0.5)] == [Status.PASS, Status.REVIEW, Status.FAIL]


def test_intervals_that_miss_more_than_chance_are_too_narrow() -> None:
    assert grading.coverage(11, 13, 0.9).status is Status.PASS, "two misses of thirteen are no surprise"
    assert grading.coverage(9, 13, 0.9).status is Status.REVIEW
    assert grading.coverage(6, 13, 0.9).status is Status.FAIL
    assert grading.coverage(13, 13, 0.9).status is Status.PASS


# ---- validation -----------------------------------------------------------------------------------------------------


def forecast(error: float, n: int = 13) -> dict[str, Any]:
    actual = 100 + 20 * np.sin(np.arange(n))
    mean = actual * (1 + error)
    days = pd.date_range("2025-01-06", periods=n, freq="7D").strftime("%Y-%m-%d").tolist()
    bands = {"low": mean - 5, "low50": mean - 2, "high50": mean + 2, "high": mean + 5}
    rest = {"naive": None, "geos": ["national"], "geo_mape": [error], "left_out": ["radio"], "trained_on": 90}
    return {"dates": days, "actual": actual, "mean": mean, **bands, **rest}


def test_a_holdout_is_judged_by_error_and_intervals() -> None:
    good, bad = concluded("holdout", {"holdout": forecast(0.01)}), concluded("holdout", {"holdout": forecast(0.3)})
    assert good.status is Status.PASS
    assert status(bad) == {"mape": Status.FAIL, "smape": Status.FAIL, "r2": Status.FAIL, "coverage": Status.FAIL}
    assert bad.checks[0].value == pytest.approx(0.3)
    assert "radio began after the cut" in good.tables[0].note


def test_expanding_windows_are_judged_by_mean_and_spread() -> None:
    errors = (0.02, 0.02, 0.30)
    found = concluded("expanding", {f"window {n}": forecast(e, 8) for n, e in enumerate(errors, start=1)})
    values = {c.id: c.value for c in found.checks}
    assert values["mean_mape"] == pytest.approx(np.mean(errors))
    assert values["spread_mape"] == pytest.approx(np.std(errors, ddof=1))
    assert status(found)["mean_mape"] is Status.PASS
    assert status(found)["spread_mape"] is Status.FAIL


def test_a_refresh_compares_the_same_past() -> None:
    fits = {
        "fit 0": {"own": {"tv": 2.0, "search": 1.0}, "common": {}},
        "fit 1": {"own": {"tv": 9.0, "search": 5.0}, "common": {"tv": 2.2, "search": 1.5}},
        "fit 2": {"own": {}, "common": {"tv": 9.9, "search": 5.0}},
    }
    found = concluded("refresh", fits)
    assert found.tables[0].rows[0][:3] == ("search", pytest.approx(0.25), pytest.approx(0.5))
    assert found.tables[0].rows[1][:3] == ("tv", pytest.approx(0.1), pytest.approx(0.1))
    assert status(found) == {"refresh": Status.FAIL, "refresh_spread": Status.FAIL}
    assert found.checks[0].columns == ("search",)


def test_noise_is_judged_by_the_channel_that_moved_most() -> None:
    fits = {
        "as it is": {"returns": {"tv": 2.0, "search": 1.0}},
        "noise 1": {"returns": {"tv": 2.1, "search": 1.0}},
        "noise 2": {"returns": {"tv": 1.86, "search": 1.02}},
    }
    found = concluded("perturbation", fits)
    assert found.checks[0].value == pytest.approx(0.06)
    assert found.status is Status.PASS
    fits["noise 3"] = {"returns": {"tv": 2.6, "search": 1.0}}
    assert concluded("perturbation", fits).status is Status.FAIL


def test_a_placebo_that_earns_is_a_failure_and_says_what_it_was_given() -> None:
    copy = {"channel": "tv", "paid": True, "low": 0.0, "high": 1.0, "itself": 2.0, "prior": 1.1}
    assert concluded("placebo", {"tv 1": {**copy, "placebo": 0.2}}).status is Status.PASS
    bad = concluded("placebo", {"tv 1": {**copy, "placebo": 0.9}})
    assert bad.status is Status.FAIL
    assert "it was given 1.10" in bad.checks[0].message
    unpaid = {**copy, "paid": False, "prior": None, "placebo": 0.8}
    assert concluded("placebo", {"tv 1": unpaid}).checks[0].value == pytest.approx(0.4)


def test_a_channel_known_to_one_fit_alone_is_not_compared() -> None:
    found = stability.moved(
        [({"tv": 1.0}, {"tv": 1.1, "radio": 5.0}), ({"tv": 1.0, "radio": 5.0}, {"tv": 1.0, "radio": 5.5})]
    )
    assert {m.channel: m.mean for m in found} == {"tv": pytest.approx(0.05), "radio": pytest.approx(0.1)}


# ---- changed tables -------------------------------------------------------------------------------------------------


def test_noise_keeps_what_was_bought_tied_to_what_it_cost() -> None:
    before = frame()
    after = frames.with_noise(before, spec(), 0.05, 1)
    np.testing.assert_allclose(after["tv_views"] / after["tv_spend"], before["tv_views"] / before["tv_spend"])
    moved = after["tv_spend"] / before["tv_spend"] - 1
    assert 0.03 < moved.std() < 0.07
    assert abs(np.corrcoef(moved, after["search_spend"] / before["search_spend"])[0, 1]) < 0.5
    assert after[["sales", "price"]].equals(before[["sales", "price"]])


def test_a_twin_has_the_same_weeks_in_another_order_alike_in_every_geo() -> None:
    panel = pd.concat([frame(seed=s).assign(place=g) for s, g in ((1, "north"), (2, "south"))], ignore_index=True)
    believed = spec(geo="place").model_copy(
        update={"channels": (spec().channels[0].model_copy(update={"belief": Belief(kind="roi", low=1, high=2)}),)}
    )
    after, wanted, twin = frames.with_twin(panel.sample(frac=1.0, random_state=1), believed, "tv", 4)
    assert [c.name for c in wanted.channels] == ["tv", twin]
    assert wanted.channels[1].belief is None
    ordered = after.sort_values(["place", "week"])
    for _, geo in ordered.groupby("place"):
        assert sorted(geo["tv_spend"]) == sorted(geo[wanted.channels[1].spend])
        assert not geo["tv_spend"].equals(geo[wanted.channels[1].spend])
    north, south = (g.reset_index(drop=True) for _, g in ordered.groupby("place"))
    places = [north["tv_views"].tolist().index(v) for v in north[wanted.channels[1].exposure]]
    assert south["tv_views"].iloc[places].tolist() == south[wanted.channels[1].exposure].tolist()


# ---- what changed ---------------------------------------------------------------------------------------------------


def world(*names: str) -> worlds.World:
    return frozenset(names)


def test_parts_of_a_change_add_up_and_share_what_two_do_together() -> None:
    values = {world(): 1.0, world("weeks"): 1.5, world("spec"): 2.0, world("weeks", "spec"): 3.0}
    parts = worlds.shares(values, ("weeks", "spec"))
    assert parts == {"weeks": pytest.approx(0.75), "spec": pytest.approx(1.25)}
    del values[world("spec")]
    assert worlds.shares(values, ("weeks", "spec")) == {"weeks": pytest.approx(0.5), "spec": pytest.approx(1.5)}
    del values[world("weeks")]
    assert worlds.shares(values, ("weeks", "spec")) is None
    assert worlds.shares({world(): 1.0}, ()) == {}


def test_old_and_new_rows_make_four_tables() -> None:
    old, new = frame(50), frame(60)
    new.loc[3, "sales"] = 1.0
    pair = [ModelInput(spec().to_yaml(), read.to_parquet(t)) for t in (new, old)]
    given = registry.inputs(*pair)
    found = worlds.tables(given)
    assert worlds.what_differs(given, found, True) == ("history", "weeks")
    four = (world(), world("weeks"), world("history"), world("weeks", "history"))
    assert [len(found.of(w)) for w in four] == [50, 60, 50, 60]
    assert found.of(world("weeks"))["sales"].iloc[3] == old["sales"].iloc[3]
    assert found.of(world("history"))["sales"].iloc[3] == 1.0
    same = registry.inputs(pair[0], pair[0])
    assert worlds.what_differs(same, worlds.tables(same), False) == ("spec",)


def test_a_specification_whose_columns_one_table_lacks_is_not_crossed_with_it() -> None:
    old, new = frame(50).drop(columns="price"), frame(60)
    plain = spec(controls=())
    given = registry.inputs(
        ModelInput(spec().to_yaml(), read.to_parquet(new)), ModelInput(plain.to_yaml(), read.to_parquet(old))
    )
    found = worlds.tables(given)
    every = [world(), world("weeks"), world("spec"), world("weeks", "spec"), world("history", "weeks", "spec")]
    assert worlds.possible(every, found, plain, spec()) == [world(), world("weeks"), world("weeks", "spec"), every[-1]]


def paid_results() -> Results:
    """Of some model with the channels tv and search, both with spend."""
    data = company(channels=2, periods=30)
    return results.summarise(data, posterior(data), specification(data))


def test_a_geo_that_joined_comes_with_the_history_and_leaves_the_new_weeks_to_be_told_apart() -> None:
    geos = [frame(64, n).assign(place=g) for n, g in enumerate(("north", "south", "west"))]
    new = pd.concat(geos, ignore_index=True)
    old = pd.concat([g.head(60) for g in geos[:2]], ignore_index=True)
    panel = spec(geo="place")
    pair = [ModelInput(panel.to_yaml(), read.to_parquet(t), results=paid_results()) for t in (new, old)]
    given = registry.inputs(*pair)
    found = worlds.tables(given)
    assert worlds.moved_geos(given) == ("west is in the new data alone, which counts as restated history.",)
    assert worlds.what_differs(given, found, True) == ("history", "weeks")
    assert found.of(world("weeks")).groupby("place")["week"].nunique().to_dict() == {"north": 64, "south": 64}
    assert found.of(world("history")).groupby("place")["week"].nunique().eq(60).all()
    assert {s.name for s in registry.find("changes").plan(given, registry.find("changes").options())} == {
        "old", "weeks", "history", "history + weeks", "second seed",
    }  # fmt: skip


def test_rows_that_no_specification_holds_are_not_crossed() -> None:
    geos = [frame(64, n).assign(place=g) for n, g in enumerate(("north", "south", "west"))]
    old = pd.concat([g.head(60) for g in geos], ignore_index=True)
    new = pd.concat(geos[:2], ignore_index=True)  # west is gone: with the old history it has no new weeks
    pair = [ModelInput(spec(geo="place").to_yaml(), read.to_parquet(t), results=paid_results()) for t in (new, old)]
    planned = registry.find("changes").plan(registry.inputs(*pair), registry.find("changes").options())
    assert {s.name for s in planned} == {"old", "history", "history + weeks", "second seed"}


def test_differences_are_said_in_words() -> None:
    old = spec()
    new = spec(
        channels=(
            ChannelSpec(name="tv", spend="tv_spend", belief=Belief(kind="roi", low=0.5, high=2.0)),
            ChannelSpec(name="radio", spend="radio_spend"),
        ),
        controls=("price", "promo"),
        season=Season(yearly_terms=4),
    )
    assert differences.in_words(old, new) == (
        "Channel radio is new",
        "Channel search is gone",
        "Channel tv, exposure: tv views → none",
        "Channel tv, belief: none → a return on spend of 0.5 to 2",
        "Controls: with promo",
        "Waves of the yearly season: 2 → 4",
    )
    test = {"channel": "tv", "start": "2024-03-04", "end": "2024-04-07", "lift": 2e6, "standard_error": 6e5}
    more = old.model_copy(
        update={"treatments": (Treatment(column="price"),), "lift_tests": (LiftTest.model_validate(test),)}
    )
    assert differences.in_words(old, more) == (
        "Levers: with price against its usual level",
        "Lift tests: with tv from 4 Mar 2024 to 7 Apr 2024 (2,000,000 ± 600,000)",
    )
    longer = old.model_copy(update={"sampling": old.sampling.model_copy(update={"draws": 2000})})
    assert differences.in_words(old, longer) == ("Draws per chain: 1,000 → 2,000",)
    assert differences.same_model(old, longer)


# ---- calibration ----------------------------------------------------------------------------------------------------


def ranks(draw: Any, fits: int = 200) -> dict[str, dict[str, Any]]:
    """Steps of a study whose refits draw ``draw(rng, truth)`` where a standard normal posterior is right."""
    rng, out = np.random.default_rng(3), {}
    for n in range(fits):
        observed = rng.standard_normal()
        truth = observed + rng.standard_normal()
        out[f"fit {n}"] = {
            "ranks": {
                "right": sbc.rank(observed + rng.standard_normal(600), truth),
                "tested": sbc.rank(draw(rng, observed), truth),
            }
        }
    return out


def test_a_right_sampler_has_even_ranks_and_a_wrong_one_is_named() -> None:
    right = concluded("sbc", ranks(lambda rng, x: x + rng.standard_normal(600)))
    assert right.status is Status.PASS
    narrow = concluded("sbc", ranks(lambda rng, x: x + 0.5 * rng.standard_normal(600)))
    assert narrow.status is Status.FAIL
    assert narrow.checks[0].columns == ("tested",)
    assert "too sure" in narrow.checks[0].message
    shifted = concluded("sbc", ranks(lambda rng, x: x - 1 + rng.standard_normal(600)))
    assert "guessed too low" in shifted.checks[0].message
    assert sum(shifted.pictures[0].lines[0].values) == 200


def test_an_imagined_company_follows_from_its_parameters() -> None:
    for geos in (1, 3):
        data = company(geos=geos)
        model = spec(channels=tuple(ChannelSpec(name=n, spend=n) for n in data.channels), controls=())
        resolved = priors.resolve(model, data)
        rng = np.random.default_rng(2)
        truth = imagined.parameters(resolved, data, rng)
        scales = {name: v for name, v in truth.draws.items() if name in ("y_sigma", "shocks_sigma")}
        still = truth.draws | {name: np.zeros_like(v) for name, v in scales.items()}
        quiet = type(truth)(truth.adstock, truth.saturation, truth.max_lag, still)
        made = imagined.company(data, quiet, rng)
        np.testing.assert_allclose(made.target.sum(axis=0), small_fit.predict(data, quiet).expected[0])
        assert truth.panel == (geos > 1)
        fitted = posterior(data, max_lag=truth.max_lag)
        assert set(fitted.draws) <= set(truth.draws)
        assert all(fitted.draws[n].shape[2:] == truth.draws[n].shape[2:] for n in fitted.draws)
        names = sbc.numbers(data, truth)
        assert all(len(v) == 1 for v in names.values())
        assert ("saturation_beta (geo 1, search)" in names) == (geos > 1)
        assert ("gamma_control (price)" in names) == (geos == 1)


def test_prior_draws_have_the_priors_spread() -> None:
    data = company()
    model = spec(channels=tuple(ChannelSpec(name=n, spend=n) for n in data.channels), controls=())
    resolved = priors.resolve(model, data)
    rng = np.random.default_rng(1)
    drawn = np.array([imagined.parameters(resolved, data, rng).flat("intercept_contribution")[0] for _ in range(200)])
    wanted = resolved.intercept.parameters
    assert drawn.mean() == pytest.approx(float(wanted["mu"]), abs=4 * float(wanted["sigma"]) / np.sqrt(200))
    assert drawn.std() == pytest.approx(float(wanted["sigma"]), rel=0.2)


def test_a_channel_without_spend_is_said_to_be_one() -> None:
    assert stability.unpaid(company()) == ""
    assert stability.unpaid(company(organic=3)) == "email: the change of what it brought, as nothing is spent on it."
