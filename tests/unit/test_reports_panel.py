"""Reports of a panel: geo by geo, levers as a part of their own, costs in the KPI's unit."""

import io
from dataclasses import replace
from datetime import UTC, datetime

import openpyxl
import pytest

from mmm_core.analysis import parts
from mmm_core.analysis import results as metrics
from mmm_core.domain.results import Evidence, Interval, Results
from mmm_core.reports import charts, excel, html, story
from mmm_core.reports import wording as f
from tests.fakes.some_results import some_panel, some_plan, some_project, some_results

STYLES = ("base", "aggressive", "conservative")


def written(results: Results) -> story.Story:
    return story.write(results, some_project(), metrics.facts(results), [some_plan(s) for s in STYLES])


def apart() -> Results:
    """A panel where TV returns clearly more in the South."""
    panel = some_panel()
    roi = {"North": Interval(1.0, 0.8, 1.0, 1.2), "South": Interval(3.0, 2.5, 3.0, 3.6)}
    found = tuple(replace(g, roi=roi[g.geo]) if g.channel == "tv" else g for g in panel.by_geo)
    return replace(panel, by_geo=found)


def test_the_story_of_a_panel_names_its_geos_and_national_data_none() -> None:
    text = written(some_panel())
    assert "## Geo by geo" in text.markdown
    assert "2 geos" in text.markdown
    assert {"geo.North.spend", "geo.South.roi.mean"} <= set(text.references)
    assert "No channel's return differs between geos by more than its uncertainty." in text.markdown
    assert "geo" not in written(some_results()).markdown.lower()


def test_a_difference_between_geos_is_told_where_their_intervals_do_not_touch() -> None:
    assert "**TV** clearly returned more in South (2.50× to 3.60×) than in North" in written(apart()).markdown


def test_levers_are_told_apart_from_media() -> None:
    text = written(some_panel()).markdown
    told = text.split("## What your own levers did")[1].split("##")[0]
    assert "**Price** brought −2.6% of revenue (−5.0% to −1.0%) against its reference level" in told
    assert "Price" not in text.split("## What each channel brought")[1].split("##")[0]


def test_a_lever_that_counts_from_its_mean_says_what_it_moves() -> None:
    panel = some_panel()
    line = (-1.0, 1.0, 2.0, -2.0)
    swing = [replace(s, mean=line) if s.group == "treatment" else s for s in panel.series]
    text = written(replace(panel, series=tuple(swing), treatments=())).markdown
    assert "**Price** moved revenue by −17% to 17% in single weeks" in text


def test_an_experiment_is_not_called_what_the_data_taught() -> None:
    whole = some_results()
    tested = tuple(replace(c, evidence=Evidence.TESTED) if c.channel == "tv" else c for c in whole.channels)
    text = written(replace(whole, channels=tested)).markdown
    assert "An experiment told what TV brings." in text
    assert "The data narrowed what was believed beforehand about Search." in text


def test_a_count_is_told_in_its_own_unit_with_its_cost() -> None:
    counted = replace(some_results(), kpi="conversions", is_revenue=False)
    text = written(counted)
    assert "1k conversions" in text.markdown
    assert "€0.5 per conversion" in text.markdown
    assert "channel.tv.cost.p50" in text.references
    assert "per conversion" not in written(some_results()).markdown


def test_costs_are_the_spend_over_what_was_brought() -> None:
    tv = some_results().channels[0]
    each = parts.cost(tv)
    assert each == parts.Cost(p5=pytest.approx(500 / 1200), p50=pytest.approx(0.5), p95=pytest.approx(500 / 800))
    assert parts.cost(replace(tv, contribution=Interval(1.0, -1.0, 1.0, 3.0))) is None
    assert parts.cost(some_results().channels[-1]) is None


def test_totals_of_geos_add_up_to_what_their_channels_spent_and_brought() -> None:
    north, south = parts.geo_totals(some_panel())
    assert (north.spend, south.spend) == (500.0, 500.0)
    assert (north.brought, south.brought) == (300.0, 600.0)
    assert north.roi == pytest.approx(3.0)


def test_the_files_of_a_panel_have_a_sheet_a_section_and_a_chart_by_geo() -> None:
    panel = apart()
    book = openpyxl.load_workbook(io.BytesIO(excel.workbook(panel, (), "text")))
    sheet = book["Geos"]
    assert [c.value for c in sheet[2]][:3] == ["North", "tv", 250.0]
    assert sheet.max_row == 1 + len(panel.by_geo)
    assert charts.pngs(panel, (), None)["geos"].startswith(b"\x89PNG")
    page = html.render("T", written(panel), panel, (), None, created=datetime(2024, 5, 1, tzinfo=UTC))
    assert "Geo by geo" in page
    assert "in 2 geos" in page


@pytest.mark.parametrize(
    ("kpi", "one"),
    [("conversions", "conversion"), ("new_enquiries", "new enquiry"), ("boxes", "box"), ("KPI", "KPI"), ("gas", "gas")],
)
def test_one_unit_of_a_count(kpi: str, one: str) -> None:
    assert f.one_of(kpi) == one


def test_a_price_keeps_its_cents() -> None:
    assert [f.price(v, "EUR") for v in (12.4, 0.031, 1500.0, None)] == ["€12.40", "€0.031", "€1.5k", "–"]
