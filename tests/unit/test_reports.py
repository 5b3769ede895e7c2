"""The story, the page, the workbook and the charts, from stored results alone."""

import io
import re
from datetime import UTC, datetime

import openpyxl
import pytest

from mmm_core.analysis import results as metrics
from mmm_core.domain.report import Fact
from mmm_core.reports import charts, excel, html, story
from tests.fakes.some_results import some_plan, some_project, some_results

STYLES = ("base", "aggressive", "conservative")
TODAY = some_plan("base").outcome.plan


@pytest.fixture(scope="module")
def written() -> story.Story:
    results = some_results()
    return story.write(results, some_project(), metrics.facts(results), [some_plan(s) for s in STYLES])


def test_every_number_in_the_story_is_a_reference(written: story.Story) -> None:
    assert "channel.tv.roi.p50" in written.references
    assert "plan.base.against_current.p50" in written.references
    assert "€1k" in written.markdown


def test_a_number_typed_into_a_text_is_refused() -> None:
    with pytest.raises(story.UnreferencedNumber, match="42"):
        story.lock("TV returned 42 times its cost.", {}, "EUR", True)


def test_a_reference_to_an_unknown_metric_is_refused() -> None:
    with pytest.raises(story.UnreferencedNumber, match=r"channel\.tv\.roi"):
        story.lock("TV returned \x02n:channel.tv.roi\x03.", {}, "EUR", True)


@pytest.mark.parametrize(
    ("unit", "value", "shown"),
    [("money", 1234.0, "€1.23k"), ("share", 0.314, "31%"), ("ratio", 2.5, "2.50×"), ("count", 13.0, "13")],
)
def test_a_metric_is_written_by_its_unit(unit: str, value: float, shown: str) -> None:
    assert story.spell(Fact("k", value, unit), "EUR", True) == shown


def test_names_from_files_cannot_act_in_the_page() -> None:
    evil = "<script>alert(1)</script>"
    results = some_results((evil, "search"))
    plans = [some_plan(s, (evil, "search")) for s in STYLES]
    text = story.write(results, some_project(), metrics.facts(results), plans)
    page = html.render(evil, text, results, plans, TODAY, created=datetime(2024, 5, 1, tzinfo=UTC))
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_the_page_needs_nothing_from_elsewhere(written: story.Story) -> None:
    page = html.render(
        "T", written, some_results(), [some_plan(s) for s in STYLES], TODAY, created=datetime(2024, 5, 1, tzinfo=UTC)
    )
    assert not re.search(r'(src|href)="(?!data:)', page)
    assert page.count("data:image/svg+xml") == 6


def test_the_workbook_holds_numbers_and_no_formula() -> None:
    results = some_results(("=1+1", "search"))
    book = openpyxl.load_workbook(io.BytesIO(excel.workbook(results, [some_plan(s) for s in STYLES], "text")))
    assert book.sheetnames == ["Summary", "Contributions", "Curves", "Plan", "Checks", "Story"]
    first = book["Summary"]["A2"]
    assert (first.value, first.data_type) == ("=1+1", "s")
    assert book["Summary"]["E2"].value == 1000.0


def test_sentences_keep_their_punctuation_and_names_stay_inert() -> None:
    text = story.lock("\x02w:So it is: (a) [b](c) | *d*\x03", {}, "EUR", True)
    assert text.markdown == "So it is: (a) \\[b\\](c) \\| \\*d\\*"


def test_charts_are_pictures() -> None:
    pictures = charts.pngs(some_results(), [some_plan(s) for s in STYLES], TODAY)
    assert {"contributions", "allocation", "curves", "scenarios"} <= set(pictures)
    assert all(p.startswith(b"\x89PNG") for p in pictures.values())
