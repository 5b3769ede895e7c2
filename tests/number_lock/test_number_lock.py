"""Planted wrong figures are caught, and as many right ones pass."""

import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from mmm_core.domain.report import Fact
from mmm_core.reports.number_lock import Checked, Fault, check

HERE = Path(__file__).parent


def load(name: str) -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((HERE / f"{name}.yaml").read_text(encoding="utf-8"))
    return read


FILE, SUBJECTS = load("narratives"), load("subjects")
TEXTS = [*FILE["texts"], *SUBJECTS["texts"], *load("subjects_more")["texts"]]
FACTS = {key: Fact(key, float(value), unit) for key, (value, unit) in {**FILE["facts"], **SUBJECTS["facts"]}.items()}
RIGHT = [t["say"] for t in TEXTS if "wrong" not in t]
WRONG = [(t["say"], t["wrong"]) for t in TEXTS if "wrong" in t and "passes" not in t]


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
    assert len(RIGHT) >= 100
    assert len(WRONG) >= 100
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


def test_wordings_that_nothing_was_mended_for(capsys: pytest.CaptureFixture[str]) -> None:
    texts = load("fresh")["texts"]
    wrong = [t for t in texts if "wrong" in t]
    right = [t for t in texts if "wrong" not in t]
    caught = sum(not checked(t["say"]).holds for t in wrong)
    refused = sum(not checked(t["say"]).holds for t in right)
    with capsys.disabled():
        sys.stdout.write(
            f"\nsaid of the wrong thing in unmet words: {caught} of {len(wrong)} caught, "
            f"{refused} of {len(right)} right ones refused\n"
        )
    assert caught >= 0.45 * len(wrong)
    assert refused <= 0.1 * len(right)


@pytest.mark.parametrize(
    "text",
    ["[[0.914×|channel.tv.marginal_roi.p50]]", "| TV | [[2.43×|channel.tv.roi.p50]] | [[3.07×|channel.tv.roi.p95]] |"],
)
def test_a_figure_alone_and_a_table_row_need_no_words(text: str) -> None:
    assert checked(text).holds
