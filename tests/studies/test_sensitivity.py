"""How firm a decision is: which settings are tried, what turns it, how strong a hidden driver must be."""

from dataclasses import asdict, replace
from typing import Any

import numpy as np
import pytest

from mmm_core.analysis.intervals import interval
from mmm_core.analysis.response import ResponseModel
from mmm_core.domain.checks import Status
from mmm_core.domain.errors import BadInput
from mmm_core.domain.planning import SpendPlan
from mmm_core.domain.study import ModelInput, StudyOutcome
from mmm_core.modeling import artifact
from mmm_core.modeling.priors import resolve
from mmm_core.modeling.spec import MediaPrior, ModelSpec
from mmm_core.modeling.transforms import EFFECT
from mmm_core.studies import registry, sensitivity
from mmm_core.studies.kind import Inputs
from mmm_core.studies.sensitivity_settings import settings
from tests.model import company
from tests.studies.cases import carried_out, concluded, drawn, inputs, planned

FRAME = company.table()
SPEC = company.specification(sampling={"draws": 300, "tune": 300, "chains": 2})
PLAN: dict[str, Any] = {"name": "More TV", "periods": 8, "spend": {"tv": 40_000.0, "search": 8_000.0}}


def model(spec: ModelSpec = SPEC) -> Inputs:
    found = inputs(FRAME, spec)
    draws = artifact.dump(drawn(spec, found.model.data))
    return registry.inputs(replace(found.model.source, draws=draws))


def said(now: tuple[float, float], others: dict[str, tuple[float, float]]) -> StudyOutcome:
    """Outcome where each setting answers with a gain and a chance."""

    def answer(gain: float, chance: float) -> dict[str, Any]:
        return {"gain": asdict(interval(np.array([0.8, 1.0, 1.2]) * gain)), "chance": chance}

    given = model()
    known = {s.key: answer(*now) for s in settings(given.model)} | {"now": answer(*now)}
    return concluded("sensitivity", given, known | {key: answer(*a) for key, a in others.items()}, **PLAN)


def test_each_setting_changes_the_specification_and_nothing_else_is_tried() -> None:
    found = {s.key: s for s in settings(model().model)}
    assert set(found) == {
        *("half", "double", "library", "saturation", "adstock", "bends", "straight", "season"),
        *("without season", "without price", "without sale"),
    } - ({"bends"} if SPEC.trend.kind == "piecewise" else {"straight"})
    for setting in found.values():
        assert setting.change(SPEC) != SPEC
    believed = SPEC.model_copy(
        update={
            "channels": (
                SPEC.channels[0].model_validate(
                    {**SPEC.channels[0].model_dump(), "belief": {"kind": "roi", "low": 0.5, "high": 2.0}}
                ),
                *SPEC.channels[1:],
            )
        }
    )
    assert "no_beliefs" in {s.key for s in settings(model(believed).model)}


def believing(kind: str = "roi", **more: Any) -> ModelSpec:
    """A belief about every channel."""
    given = [
        {"kind": "contribution_share" if c.spend is None else kind, "low": 0.1, "high": 0.6} for c in SPEC.channels
    ]
    channels = [{**c.model_dump(), "belief": b} for c, b in zip(SPEC.channels, given, strict=True)]
    return ModelSpec.model_validate({**SPEC.model_dump(), "channels": channels, **more})


@pytest.mark.parametrize("kind", ["roi", "marginal_roi", "cost_per_target", "contribution_share"])
def test_whoever_doubts_media_doubts_every_belief_and_each_setting_is_another_prior(kind: str) -> None:
    given = model(believing(kind)).model
    found = {s.key: s for s in settings(given) if s.group == "priors"}
    assert set(found) == {"half", "double", "library", "no_beliefs"}
    middle = {
        key: resolve(setting.change(given.spec), given.data).media[EFFECT].quantile(0.5)
        for key, setting in found.items()
    }
    own = resolve(given.spec, given.data).media[EFFECT].quantile(0.5)
    assert middle["half"] == pytest.approx(own / 2, rel=0.02)
    assert (middle["double"] > 1.5 * own).all()
    assert "without the beliefs" in found["library"].label


def test_what_changes_no_number_is_no_setting() -> None:
    """That library's own priors know no media range, so half and twice of it are the same model."""
    theirs = SPEC.model_copy(update={"media_prior": MediaPrior(style="pymc_marketing")})
    assert [s.key for s in settings(model(theirs).model) if s.group == "priors"] == []


def test_the_gain_is_money_after_the_spend_draw_by_draw() -> None:
    given = model().model
    response = ResponseModel(given.data, given.posterior, np.float64)
    plan = SpendPlan(PLAN["periods"], PLAN["spend"])
    today = response.current_plan(plan.periods)
    spent = sum(plan.spend.values()) - sum(today.spend.values())
    outcome = response.outcome(plan)
    found = sensitivity.gain(response, plan)
    assert found.mean() == pytest.approx(outcome.against_current.mean - spent)
    unvalued = replace(given.data, value_per_unit=np.full_like(given.data.value_per_unit, np.nan))
    units = sensitivity.gain(ResponseModel(unvalued, given.posterior, np.float64), plan)
    assert units.mean() == pytest.approx(outcome.against_current.mean)


def test_a_decision_that_every_setting_shares_passes() -> None:
    found = said((1000.0, 0.95), {})
    assert "every other prior and model tried agrees" in found.verdict
    assert [c.status for c in found.checks] == [Status.PASS] * 3
    assert len(found.tables[0].rows) == len(settings(model().model)) + 1


def test_what_turns_the_decision_is_named() -> None:
    found = said((1000.0, 0.95), {"library": (-300.0, 0.2), "adstock": (-10.0, 0.49)})
    checks = {c.id: c for c in found.checks}
    assert checks["priors"].status is checks["model"].status is Status.REVIEW
    assert "PyMC-Marketing's default priors" in checks["priors"].message
    assert "weibull adstock" in checks["model"].message
    assert "it turns with PyMC-Marketing's default priors and weibull adstock" in found.verdict


def test_a_decision_not_to_act_is_judged_by_its_own_side() -> None:
    found = said((-1000.0, 0.1), {"library": (300.0, 0.8)})
    assert "leaves €1k less than today's spend" in found.verdict.replace("1.0k", "1k")
    assert next(c for c in found.checks if c.id == "model").status is Status.PASS
    assert next(c for c in found.checks if c.id == "priors").status is Status.REVIEW


@pytest.mark.parametrize(
    ("without", "status", "words"),
    [
        (990.0, Status.PASS, "hardly moves the gain"),
        (600.0, Status.PASS, "2.5 times as strong as price"),
        (200.0, Status.REVIEW, "1.2 times as strong as price"),
        (-500.0, Status.FAIL, "0.7 times as strong as price"),
    ],
)
def test_a_hidden_driver_is_held_against_the_measured_one(without: float, status: Status, words: str) -> None:
    check = next(c for c in said((1000.0, 0.9), {"without price": (without, 0.9)}).checks if c.id == "hidden")
    assert check.status is status
    assert words in check.message


def test_a_fit_that_fails_is_told_and_the_rest_counts() -> None:
    given = model()
    gain = asdict(interval(np.array([1.0, 2.0])))
    results = {s.key: {"gain": gain, "chance": 0.9} for s in settings(given.model) if s.key != "library"}
    found = concluded("sensitivity", given, results | {"now": {"gain": gain, "chance": 0.9}}, **PLAN)
    assert "PyMC-Marketing's default priors" in next(c for c in found.checks if c.id == "failed").message


def test_plans_that_ask_nothing_are_refused() -> None:
    given = model()
    today = ResponseModel(given.model.data, given.model.posterior).current_plan(8).spend
    with pytest.raises(BadInput, match="spends what is spent today"):
        planned("sensitivity", given, **{**PLAN, "spend": today})
    with pytest.raises(BadInput, match="must be at least 0"):
        planned("sensitivity", given, **{**PLAN, "spend": {"tv": -1.0}})
    assert isinstance(given.model.source, ModelInput)


@pytest.mark.slow
def test_a_plan_is_asked_again_by_fits(compiled: str) -> None:
    """Moving money out of a channel that works into one that does little is worse in every model."""
    given = model()
    today = ResponseModel(given.model.data, given.model.posterior).current_plan(8).spend
    spend = {"tv": 0.0, "search": today["search"]}
    found = carried_out("sensitivity", given, compiled, name="No TV", periods=8, spend=spend)
    rows = {row[0]: row for row in found.tables[0].rows}
    assert len(rows) == len(settings(given.model)) + 1
    assert all(np.isfinite(row[1]) and row[2] <= row[3] for row in rows.values())
