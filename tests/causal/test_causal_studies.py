"""Causal checks and the structural counterfactual as studies: planned, computed step by step, said in words."""

from dataclasses import replace
from typing import Any

import pytest

from mmm_core.causal.findings import ChannelCheck, Refutation, Tipping
from mmm_core.data import read
from mmm_core.domain.checks import Check, Status
from mmm_core.domain.errors import BadInput, PlanError
from mmm_core.domain.results import Interval
from mmm_core.domain.study import ModelInput, StepState, StepStatus, StudyOutcome
from mmm_core.modeling import artifact
from mmm_core.studies import causal_words, registry
from mmm_core.studies.causal_options import Drawn
from mmm_core.studies.kind import Inputs, Tools
from mmm_core.studies.process import plain
from tests.causal.company import Company, confounded
from tests.causal.diagrams import diagram


def inputs(company: Company) -> Inputs:
    draws = artifact.dump(company.response.posterior)
    return registry.inputs(ModelInput(company.spec.to_yaml(), read.to_parquet(company.frame), "Model 1", None, draws))


def planned(kind: str, company: Company, **given: Any) -> list[str]:
    found = registry.find(kind)
    options = registry.read_options(found, {"diagram": Drawn.of(company.diagram).model_dump(mode="json"), **given})
    return [step.name for step in found.plan(inputs(company), options)]


def concluded(kind: str, company: Company, **given: Any) -> StudyOutcome:
    found, seen = registry.find(kind), inputs(company)
    options = registry.read_options(found, {"diagram": Drawn.of(company.diagram).model_dump(mode="json"), **given})
    states = [
        StepState(n, step, StepStatus.DONE, plain(found.run_step(step, seen, options, {}, Tools())))
        for n, step in enumerate(found.plan(seen, options))
    ]
    return found.conclude(seen, options, states)


ASKED = {"channel": "tv", "first": "2023-03-01", "last": "2023-04-15"}


def test_each_channel_is_a_step() -> None:
    assert planned("causal", confounded()) == ["channel tv", "channel radio"]
    assert planned("counterfactual", confounded(), **ASKED, factor=0.5) == ["past"]


@pytest.mark.parametrize(
    ("drawn", "words"),
    [
        (diagram("billboards > sales", channels="billboards"), "No channel of the diagram is in this model"),
        (diagram("sales > tv, radio > price", channels="tv radio"), "no path from any channel of the model to sales"),
        (diagram("tv > sales, sales > budget, budget > tv"), r"circle \(tv → sales → budget → tv\)"),
    ],
)
def test_a_diagram_that_cannot_be_asked_is_refused_before_it_waits(drawn: Any, words: str) -> None:
    with pytest.raises((BadInput, PlanError), match=words):
        planned("causal", replace(confounded(), diagram=drawn))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (ASKED | {"channel": "billboards", "factor": 1.0}, "no channel called billboards"),
        (ASKED | {"first": "2013-03-01", "factor": 1.0}, "The data run from"),
        (ASKED, "Say either how many times"),
        (ASKED | {"factor": -1.0}, "factor"),
    ],
)
def test_a_question_that_cannot_be_asked_is_refused_before_it_waits(given: dict[str, Any], words: str) -> None:
    with pytest.raises(BadInput, match=words):
        planned("counterfactual", confounded(), **given)


def by(outcome: StudyOutcome, channel: str) -> dict[str, Check]:
    return {c.id: c for c in outcome.checks if c.columns == (channel,)}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::Warning:dowhy")
def test_the_checks_of_a_sound_model_pass_and_say_so_in_money() -> None:
    outcome = concluded("causal", confounded(pull=0.4, noise=1_000.0), repetitions=12)
    assert outcome.verdict.startswith("For 2 of 2 channels the back-door estimate lies within the model's interval.")
    tv = by(outcome, "tv")
    assert tv["agreement"].status is Status.PASS
    assert {tv[k].status for k in ("placebo", "timing", "random_cause", "subset")} == {Status.PASS}
    assert "as strong as price, the strongest one measured" in tv["hidden_cause"].message
    assert "€" in tv["hidden_cause"].message
    assert [t.title for t in outcome.tables] == ["The model and the diagram", "Attempts to refute"]
    assert len(outcome.tables[0].rows[0]) == len(outcome.tables[0].columns)
    assert outcome.pictures[0].x == ("tv", "radio")


@pytest.mark.parametrize(
    ("unit", "worth", "said"),
    [
        ("revenue", None, "(€4k less)"),
        ("count", 25.0, "(4k orders less, worth €100k)"),
        ("count", None, "(4k orders less)"),
    ],
)
def test_the_tipping_point_is_money_wherever_a_kpi_unit_has_a_value(unit: str, worth: float | None, said: str) -> None:
    tip = Tipping("price", 0.0, 3.0, 0.6, undecided=False, robustness=0.2)
    brought = Interval(10_000.0, 9_000.0, 10_000.0, 11_000.0)
    one = ChannelCheck(
        "mail", True, ("price",), 1.0, 0.8, 1.2, 1.3, None, None, brought, Status.PASS,
        (Refutation("hidden_cause", Status.PASS, 0.6, 0.0),), tip,
    )  # fmt: skip
    spec = confounded().spec
    spec = spec.model_copy(update={"kpi": spec.kpi.model_copy(update={"column": "orders", "unit": unit})})
    hidden = next(c for c in causal_words.checks(one, spec, 10, worth) if c.id == "hidden_cause")
    assert said in hidden.message


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::Warning:dowhy")
def test_a_model_that_the_diagram_contradicts_is_told_so() -> None:
    outcome = concluded("causal", confounded(believed=(90_000.0, 12_000.0), noise=1_000.0), repetitions=8)
    assert by(outcome, "tv")["agreement"].status is Status.FAIL
    assert "do not even meet" in by(outcome, "tv")["agreement"].message
    assert "tv differs" in outcome.verdict


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::Warning:dowhy")
def test_what_would_have_been_is_told_twice() -> None:
    outcome = concluded("counterfactual", confounded(), **ASKED, factor=0.0, repetitions=15)
    assert outcome.checks[0].status is Status.PASS
    assert [row[0] for row in outcome.tables[0].rows] == ["Response model", "Structural model"]
    assert all(row[1] < 0 for row in outcome.tables[0].rows)
    assert "1 Mar 2023" in outcome.verdict
