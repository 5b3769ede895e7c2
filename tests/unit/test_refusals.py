"""What is refused of a specification, and in which words."""

import copy
from typing import Any

import pytest
import yaml

from mmm_core.domain.errors import BadInput, SpecError
from mmm_core.modeling.lift import lift_data
from mmm_core.modeling.prepare import prepare
from mmm_core.modeling.spec import ModelSpec
from mmm_core.studies import registry
from tests.model.company import specification, table

PLAIN: dict[str, Any] = {
    "kpi": {"column": "sales"}, "date": "week", "channels": [{"name": "tv", "spend": "tv"}],
}  # fmt: skip
BELIEF = {"kind": "roi", "low": 1, "high": 3}
TEST = {"channel": "tv", "start": "2024-01-01", "end": "2024-02-01", "lift": 1, "standard_error": 1}


def _believed(**changes: Any) -> dict[str, Any]:
    return {"channels": [{"name": "tv", "spend": "tv", "belief": {**BELIEF, **changes}}]}


def _tested(**changes: Any) -> dict[str, Any]:
    return {"lift_tests": [{**TEST, **changes}]}


def _counted(value: Any) -> dict[str, Any]:
    return {"kpi": {"column": "sales", "unit": "count", "value_per_unit": value}}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (_believed(low=-1), "channel tv, belief, low: must be above 0."),
        (_believed(high=float("inf")), "channel tv, belief, high: must be a finite number."),
        (_believed(high="three"), "channel tv, belief, high: must be a number."),
        (_believed(low=3), "channel tv, belief: a belief needs its low end (3) under its high end (3)."),
        (_believed(kind="contribution_share", low=0.5, high=20), "a share of the KPI lies under 1"),
        (_counted(-3), "kpi, value_per_unit: must be above 0."),
        (_counted(float("nan")), "kpi, value_per_unit: must be a finite number."),
        (_counted([1]), "kpi, value_per_unit: must be a number, or text."),
        ({"treatments": [{"column": "price", "reference": "x"}]}, "treatment price, reference: must be 'mean'"),
        ({"treatments": ["price"]}, "treatment 1: must be a group of fields."),
        ({"channels": [{"spend": "tv"}]}, "channel 1, name: is missing."),
        ({"channels": []}, "channels: needs at least 1 entry."),
        ({"channels": [{"name": "tv"}]}, "cannot be used: channel tv needs a spend column"),
        (_tested(lift=float("inf")), "lift test of tv, lift: must be a finite number."),
        (_tested(start="soon"), "lift test of tv, start: must be a date such as"),
        (_tested(measured_until="2024-01-10"), "cannot be used: the lift test of tv was measured until 2024-01-10"),
        ({"season": {"yearly_terms": 50}}, "season, yearly_terms: must be at most 20."),
        ({"sampling": {"draws": 100.5}}, "sampling, draws: must be a whole number."),
        ({"holdout": 3}, "holdout: is no field that is known here."),
        ({"date": None}, "date: must be text."),
    ],
)  # fmt: skip
def test_the_sentence_names_the_place_and_what_is_wanted(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(SpecError) as refused:
        ModelSpec.from_yaml(yaml.safe_dump({**copy.deepcopy(PLAIN), **changes}))
    said = str(refused.value)
    assert words in said
    assert "Input" not in said
    assert ".0" not in said


def test_a_measure_may_end_with_the_window() -> None:
    read = ModelSpec.from_yaml(yaml.safe_dump({**PLAIN, **_tested(measured_until="2024-02-01")}))
    assert read.lift_tests[0].measured_until == read.lift_tests[0].end


@pytest.mark.parametrize(
    ("given", "words"),
    [({"period": 3}, "Holdout: period: is no field"), ({"periods": 0}, "Holdout: periods: must be at least 1.")],
)
def test_options_of_a_study_are_refused_likewise(given: dict[str, Any], words: str) -> None:
    with pytest.raises(BadInput, match=words):
        registry.read_options(registry.find("holdout"), given)


@pytest.mark.parametrize(("value", "words"), [(-2.0, "negative values"), (0.0, "zero in every row")])
def test_units_that_are_worth_nothing_are_refused(value: float, words: str) -> None:
    spec = specification(kpi={"column": "sales", "unit": "count", "value_per_unit": "margin"})
    with pytest.raises(SpecError, match=words):
        prepare(table().assign(margin=value), spec)


def test_a_lever_that_was_never_there_is_not_said_to_be_gone() -> None:
    with pytest.raises(SpecError, match="names discount, which the data does not have"):
        prepare(table(), specification(treatments=({"column": "discount"},)))


def test_a_lift_test_outside_the_data_is_refused_with_both_windows() -> None:
    spec = specification(lift_tests=(TEST | {"start": "2031-01-06", "end": "2031-02-03"},))
    with pytest.raises(SpecError, match="2031-01-06 to 2031-02-03 lies outside the data"):
        lift_data(spec, prepare(table(), spec))
