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
WRONG = [(t["say"], t["wrong"]) for t in TEXTS if "wrong" in t]
UNMET = {"fresh": load("fresh")["texts"], "unmet": load("unmet")["texts"], "German, French": load("unmet")["foreign"]}


def checked(text: str, is_revenue: bool = True, asked: str = "") -> Checked:
    return check(text, FACTS, FILE["channels"], FILE["currency"], is_revenue, asked)


def is_silent(found: Checked) -> bool:
    return found.holds and not any(found.names)


@pytest.mark.parametrize("text", RIGHT)
def test_right_figures_pass(text: str) -> None:
    assert checked(text).findings == ()


@pytest.mark.parametrize(("text", "fault"), WRONG)
def test_planted_figures_are_refused_or_named(text: str, fault: str) -> None:
    found = checked(text)
    assert any(found.names) if found.holds else Fault(fault) in {f.fault for f in found.findings}


def test_what_is_recognised_is_refused_and_what_is_right_often_stays_as_it_is() -> None:
    refused = sum(not checked(text).holds for text, _ in WRONG)
    assert refused >= 0.95 * len(WRONG)
    assert sum(is_silent(checked(text)) for text in RIGHT) >= 0.4 * len(RIGHT)


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


@pytest.mark.parametrize("name", UNMET)
def test_wordings_that_nothing_was_mended_for(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = [(checked(t["say"]), "wrong" in t) for t in UNMET[name]]
    wrong, right = [f for f, is_wrong in found if is_wrong], [f for f, is_wrong in found if not is_wrong]
    with capsys.disabled():
        sys.stdout.write(f"\n{name}: {_told('wrong', wrong)}; {_told('right', right)}\n")
    assert not any(map(is_silent, wrong))
    assert all(f.holds for f in right)


def _told(what: str, found: list[Checked]) -> str:
    refused, silent = sum(not f.holds for f in found), sum(map(is_silent, found))
    return f"{len(found)} {what}: {refused} refused, {len(found) - refused - silent} named, {silent} as they are"


def test_the_name_says_whose_which_metric_over_what_and_which_end() -> None:
    assert checked("Before Easter TV returned [[2.43×|channel.tv.roi.p50]].").text == (
        "Before Easter TV returned 2.43× [TV: return on spend, whole period, middle estimate]."
    )


@pytest.mark.parametrize(
    "text",
    [
        "TV returned [[2.43×|channel.tv.roi.p50]].",
        "At worst TV returned [[1.82×|channel.tv.roi.p5]].",
        "We spent [[€1.2m|channel.tv.spend]] on TV and [[€988k|channel.search.spend]] on search.",
        "In the north TV returned [[3.11×|geo.north.channel.tv.roi.p50]].",
        "There are [[156 weeks|periods]] of data.",
    ],
)
def test_what_the_words_say_stays_as_it_is(text: str) -> None:
    assert is_silent(checked(text))


@pytest.mark.parametrize(
    "text",
    [
        "TV is strong. Overall we spent [[€1.2m|channel.tv.spend]].",
        "TV is strong and we spent [[€1.2m|channel.tv.spend]].",
        "TV is strong. In total we spent [[€1.2m|channel.tv.spend]].",
        "TV and search returned [[2.43×|channel.tv.roi.p50]].",
        "Our channels returned [[2.43×|channel.tv.roi.p50]].",
        "TV returned at least [[2.43×|channel.tv.roi.p50]], at worst [[1.82×|channel.tv.roi.p5]].",
        "TV brought [[28.8%|media_share.mean]] of revenue.",
        "The plan brings [[€84.2k|plan.base.against_current.p50]] more.",
        "Those who have seen TV brought [[€2.93m|channel.tv.contribution.p50]].",
        "TV did not return [[2.43×|channel.tv.roi.p50]].",
        "TV will return [[2.43×|channel.tv.roi.p50]].",
        "TV would return [[2.43×|channel.tv.roi.p50]].",
        "If it was on, TV returned [[2.43×|channel.tv.roi.p50]].",
        "TV just returned [[2.43×|channel.tv.roi.p50]].",
        "TV returned [[2.43×|channel.tv.roi.p50]] more.",
        "TV returned less than [[2.43×|channel.tv.roi.p50]].",
        "TV still returned [[2.43×|channel.tv.roi.p50]].",
    ],
)
def test_plain_words_can_mislead_too(text: str) -> None:
    assert not is_silent(checked(text))


TV, SEARCH = "TV returned [[2.43×|channel.tv.roi.p50]].", "Search returned [[1.18×|channel.search.roi.p50]]."


@pytest.mark.parametrize(
    ("text", "asked", "named"),
    [
        (TV, "How much did TV return at Easter?", [True]),
        (TV, "How much did TV return?", [False]),
        (f"Think of the launch. {TV}", "", [True]),
        (f"Think of the launch.\n\n{TV}", "", [False]),
        (f"The launch:\n\n- {TV}\n- {SEARCH}", "", [True, True]),
        (f"## Easter\n\n{TV}\n\n{SEARCH}", "", [True, True]),
        (f"- The launch was loud. {TV}\n- {SEARCH}", "", [True, False]),
        ("| Easter | |\n|---|---|\n| TV | [[2.43×|channel.tv.roi.p50]] |", "", [True]),
    ],
)
def test_a_scene_set_before_a_figure_counts(text: str, asked: str, named: list[bool]) -> None:
    assert [bool(n) for n in checked(text, asked=asked).names] == named


@pytest.mark.parametrize(
    "text", ["Damit verdoppelt sich das.", "Un tiers des ventes.", "Zwanzig Prozent mehr.", "la moitié"]
)
def test_sizes_in_german_and_french_words_have_nothing_behind_them(text: str) -> None:
    assert Fault.UNREFERENCED in {f.fault for f in checked(text).findings}


@pytest.mark.parametrize(
    "text",
    ["[[0.914×|channel.tv.marginal_roi.p50]]", "| TV | [[2.43×|channel.tv.roi.p50]] | [[3.07×|channel.tv.roi.p95]] |"],
)
def test_a_figure_alone_and_a_table_row_need_no_words(text: str) -> None:
    assert checked(text).holds
