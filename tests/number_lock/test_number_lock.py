"""Planted wrong figures are caught, and as many right ones pass."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from mmm_core.domain.report import Fact
from mmm_core.reports.number_lock import Checked, Fault, check

FILE: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "narratives.yaml").read_text(encoding="utf-8"))
FACTS = {key: Fact(key, float(value), unit) for key, (value, unit) in FILE["facts"].items()}
RIGHT = [t["say"] for t in FILE["texts"] if "wrong" not in t]
WRONG = [(t["say"], t["wrong"]) for t in FILE["texts"] if "wrong" in t]


def checked(text: str, is_revenue: bool = True) -> Checked:
    return check(text, FACTS, FILE["channels"], FILE["currency"], is_revenue)


@pytest.mark.parametrize("text", RIGHT)
def test_right_figures_pass(text: str) -> None:
    assert checked(text).findings == ()


@pytest.mark.parametrize(("text", "fault"), WRONG)
def test_planted_figures_are_caught(text: str, fault: str) -> None:
    found = checked(text)
    assert Fault(fault) in {f.fault for f in found.findings}
    assert not found.holds


def test_there_are_about_as_many_right_texts_as_wrong_ones_and_every_fault_is_planted() -> None:
    assert len(RIGHT) >= 40
    assert len(WRONG) >= 40
    assert {fault for _, fault in WRONG} == {f.value for f in Fault}


def test_the_marks_are_taken_out_and_the_metrics_listed() -> None:
    found = checked("TV returned [[2.4×|channel.tv.roi.p50]], search [[1.2×|channel.search.roi.p50]].")
    assert found.text == "TV returned 2.4×, search 1.2×."
    assert found.references == ("channel.tv.roi.p50", "channel.search.roi.p50")


def test_a_count_is_no_money() -> None:
    text = "TV brought [[€2.93m|channel.tv.contribution.p50]]."
    assert [f.fault for f in checked(text, is_revenue=False).findings] == [Fault.UNIT]
    assert checked("TV brought [[2.93m|channel.tv.contribution.p50]].", is_revenue=False).holds


def test_each_finding_says_what_is_right() -> None:
    (found,) = checked("TV returned [[2.5×|channel.tv.roi.p50]].").findings
    assert "2.43×" in found.sentence
