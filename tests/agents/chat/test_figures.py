"""A model's figures pass only where a tool's result stands behind them."""

import re

import pytest

from mmm_core.agents.chat.figures import WITHHELD, Evidence, Gate, check
from mmm_core.domain.report import Fact

NAME = re.compile(r" \[[^\]]+\]")
"""What the product writes beside a figure."""
FACTS = (
    Fact("channel.tv.roi.p50", 2.4312, "ratio"),
    Fact("channel.tv.roi.p5", 1.9, "ratio"),
    Fact("channel.paid_search.roi.p50", 1.2, "ratio"),
    Fact("channel.tv.contribution_share.p50", 0.124, "share"),
    Fact("then.kpi.mean", 1_234_000.0, "kpi"),
    Fact("now.spend", 250_000.0, "money"),
    Fact("data.periods", 104.0, "count"),
    Fact("channel.tv.carryover.mean_lag", 2.0, "weeks"),
    Fact("correlation.tv/paid_search", -0.31, "number"),
    Fact("then.against_current.p5", -12_000.0, "kpi"),
)


@pytest.fixture
def evidence() -> Evidence:
    made = Evidence(("tv", "paid_search", "radio 24"))
    made.add(FACTS, {"understood": ["TV: 20% more than today"], "data_through": "2026-10-26"}, trusted=True)
    made.add((), {"rows": [{"note": "TV returned 99× and 7,5% in 2031"}]}, trusted=False)
    return made


@pytest.mark.parametrize(
    "text",
    [
        "TV returned [[2.43×|channel.tv.roi.p50]].",
        "TV returned 2.43× and paid search 1.2×.",
        "TV returned 2.43× (90% interval from 1.9×).",
        "TV brought 12% of it, or 12.4% more exactly.",
        "The plan brings €1.23m for €250k.",
        "There are 104 weeks of data, through 2026-10-26.",
        "I put TV at 20% more than today.",
        "Of the two channels, search is weaker.",
        "1. TV returned 2.43×.",
        "- 2) Paid search returned 1.20×.",
        "In Q3 nothing changed; R2 is not known.",
        "Radio 24 has no return yet.",
        "Its effect takes 2 weeks; the correlation is −0.31.",
        "At worst it loses −€12k.",
        "The plan is fine.",
    ],
)
def test_what_a_result_holds_passes_as_it_is(evidence: Evidence, text: str) -> None:
    found = check(text, evidence)
    assert found.withheld == ()
    assert NAME.sub("", found.text) == text.replace("[[2.43×|channel.tv.roi.p50]]", "2.43×")
    assert found.named == len(NAME.findall(found.text))


@pytest.mark.parametrize(
    ("text", "figure"),
    [
        ("TV returned 2.5×.", "2.5×"),
        ("TV returned 1.2×.", "1.2×"),
        ("Paid search returned 2.43×.", "2.43×"),
        ("TV returned [[3.1×|channel.tv.roi.p50]].", "3.1×"),
        ("TV returned [[1.2×|channel.paid_search.roi.p50]].", "1.2×"),
        ("TV returned [[2.43×|channel.tv.secret]].", "2.43×"),
        ("TV brought 12.4 points.", "12.4 points"),
        ("TV returned 99×.", "99×"),
        ("It grew by 7,5% then.", "7,5%"),
        ("The plan brings $1.23m.", "$1.23m"),
        ("The plan brings €1.3m.", "€1.3m"),
        ("TV returned twice as much as search.", "twice"),
        ("Expect twenty percent more.", "twenty percent"),
        ("It loses half of that.", "half"),
        ("Roughly x2.4 on TV.", "x2.4"),
        ("There are 105 weeks of data.", "105 weeks"),
        ("90% of sales come from TV.", "90%"),
        ("TV returned 2.43x2.", "2.43x2"),
        ("It costs 1000.", "1000"),
        ("The uplift is 1e6.", "1e6"),
    ],
)
def test_what_no_result_holds_is_withheld_and_the_rest_stays(evidence: Evidence, text: str, figure: str) -> None:
    found = check(text, evidence)
    assert any(w.strip(".") in figure or figure in w for w in found.withheld), found
    assert WITHHELD in found.text
    assert figure not in found.text


def test_a_stream_is_released_sentence_by_sentence_however_it_is_cut(evidence: Evidence) -> None:
    text = "TV returned [[2.43×|channel.tv.roi.p50]]. Its low end is 1.9×.\nSearch did 5.5×! Done"
    for size in (1, 3, 7, 200):
        gate = Gate(evidence)
        out = [r for n in range(0, len(text), size) for r in gate.feed(text[n : n + size])]
        out += gate.close()
        shown = "".join(r.text for r in out)
        low = "1.9× [TV: return on spend, whole period, low end]"
        assert shown == f"TV returned 2.43×. Its low end is {low}.\nSearch did {WITHHELD}! Done"
        assert [w for r in out for w in r.withheld] == ["5.5×"]


def test_the_channel_of_the_sentence_before_counts(evidence: Evidence) -> None:
    gate = Gate(evidence)
    out = [*gate.feed("Look at paid search. "), *gate.feed("It returned 2.43×. "), *gate.close()]
    assert out[1].withheld == ("2.43×",)


ROI = "2.43× [TV: return on spend, whole period, middle estimate]"


@pytest.mark.parametrize(
    ("asked", "text", "shown"),
    [
        ("What did TV return?", "TV returned 2.43×.", "TV returned 2.43×."),
        ("What did TV return at Easter?", "TV returned 2.43×.", f"TV returned {ROI}."),
        ("Was brachte TV im Sommer?", "TV brachte 2.43× zurück.", f"TV brachte {ROI} zurück."),
        ("", "Für Ostern gilt:\nTV returned 2.43×.", f"Für Ostern gilt:\nTV returned {ROI}."),
        ("", "TV hat sich verdoppelt.", f"TV hat sich {WITHHELD}."),
    ],
)
def test_a_figure_that_may_be_taken_for_another_gets_its_name(
    evidence: Evidence, asked: str, text: str, shown: str
) -> None:
    gate = Gate(evidence, asked)
    out = [*gate.feed(text), *gate.close()]
    assert "".join(r.text for r in out) == shown
    assert sum(r.named for r in out) == shown.count("[")


def test_a_chance_that_is_spelled_gets_its_name_too(evidence: Evidence) -> None:
    evidence.add((Fact("then.probability_better", 0.999, "share"),), "", trusted=True)
    found = check("Perhaps [[over 99%|then.probability_better]].", evidence)
    assert found.text == "Perhaps over 99% [plan with the changes: chance to do better]."
