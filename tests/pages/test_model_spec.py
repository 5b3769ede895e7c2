"""The specification's form: what a person types becomes the specification, or one sentence."""

from typing import Any

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from mmm_core.modeling.spec import Belief, ChannelSpec, KpiSpec, LiftTest, ModelSpec, Treatment
from pages.ui import charts_spec, model_results_geo
from pages.ui import model_spec_around as around
from pages.ui import model_spec_channels as channels
from pages.ui.palette import DARK, LIGHT
from tests.fakes.some_results import some_panel, some_results

SPEC = ModelSpec(
    kpi=KpiSpec(column="orders", unit="count"),
    date="week",
    channels=(
        ChannelSpec(name="tv", spend="tv_eur", belief=Belief(kind="roi", low=0.5, high=2, source="Ann")),
        ChannelSpec(name="search", exposure="clicks"),
    ),
    treatments=(Treatment(column="price", reference="lowest"), Treatment(column="promo", reference=0.5)),
)


def beliefs(*rows: tuple[Any, ...]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=channels.BELIEFS)


def test_the_tables_give_back_the_specification_that_they_show() -> None:
    found, problems = channels.read(channels.start(SPEC), SPEC)
    stated, more = channels.read_beliefs(channels.start_beliefs(SPEC), [c["name"] for c in found])
    levers, last = around.read(around.start(SPEC))
    assert [*problems, *more, *last] == []
    for channel in found:
        channel["belief"] = stated.get(channel["name"])
    raw = SPEC.model_dump(mode="json") | {"channels": found, "treatments": levers}
    assert ModelSpec.model_validate(raw) == SPEC


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (("tv", "roi", 3.0, 1.0, ""), "TV: the low end (3) must lie under the high end (1)."),
        (("tv", "roi", 0.0, 1.0, ""), "TV: the low end of a belief must be above zero, and is 0."),
        (("tv", "roi", None, 1.0, ""), "TV: a belief is a range; give its low end too."),
        (("tv", None, 1.0, 2.0, ""), "TV: say what the range from 1 to 2 is about."),
        (("radio", "roi", 1.0, 2.0, ""), "radio is no channel of this model; it has tv, search."),
        ((None, "roi", 1.0, 2.0, ""), "Say which channel the belief from 1 to 2 is about."),
        (("tv", "contribution_share", 0.1, 20.0, ""), "TV: a share lies under 1 (0.1 = 10%), and the high end is 20."),
    ],
)
def test_a_belief_that_cannot_be_is_one_sentence(row: tuple[Any, ...], says: str) -> None:
    found, problems = channels.read_beliefs(beliefs(("search", "roi", 1.0, 2.0, ""), row), ["tv", "search"])
    assert problems == [says]
    assert list(found) == ["search"]


def test_a_channel_row_without_columns_is_told_and_one_that_is_off_is_not() -> None:
    table = channels.start(SPEC)
    table.loc[len(table)] = [True, "radio", None, None, None, None]
    table.loc[len(table)] = [False, "mail", None, None, None, None]
    table.loc[len(table)] = [True, "video", None, None, "people", None]
    table.loc[len(table)] = [True, "ctv", None, "views", "people", "contacts"]
    found, problems = channels.read(table, SPEC)
    assert [c["name"] for c in found] == ["tv", "search"]
    assert problems == [
        "Radio needs a spend column, an exposure column or both.",
        "Video needs a reach and a frequency; a reach alone goes into its exposure column.",
        "CTV acts on its exposure or on reach and frequency; empty one of them.",
    ]


def test_reach_and_frequency_go_through_the_table() -> None:
    video = ChannelSpec(name="video", spend="video_eur", reach="people", frequency="contacts")
    spec = SPEC.model_copy(update={"channels": (*SPEC.channels, video)})
    found, problems = channels.read(channels.start(spec), spec)
    assert problems == []
    assert ChannelSpec.model_validate(found[-1]) == video


def test_a_misspelt_channel_among_the_beliefs_is_told_and_an_empty_row_is_not() -> None:
    rows = beliefs(
        ("tvv", None, None, None, None), ("TV ", "roi", 1.0, 2.0, ""), ("search", None, None, None, None),
        ("mail", None, None, None, None),
    )  # fmt: skip
    found, problems = channels.read_beliefs(rows, ["tv", "search"], ["tv", "search", "mail"])
    assert problems == ["tvv is no channel of this model; it has tv, search."]
    assert list(found) == ["tv"]


def test_a_lever_that_counts_from_a_number_needs_that_number() -> None:
    table = pd.DataFrame([("price", "number", None), ("promo", None, None)], columns=around.COLUMNS)
    levers, problems = around.read(table)
    assert levers == [{"column": "promo", "reference": "mean"}]
    assert problems == ["Price: give the number that its effect counts from."]


def test_a_cost_is_called_by_what_is_counted() -> None:
    assert channels.kinds("orders", False, "EUR")["cost_per_target"] == "Cost per order (EUR)"
    assert channels.kinds("revenue", True, "EUR")["cost_per_target"] == "Cost per 1 EUR of revenue"


def _form() -> None:
    import numpy as np
    import pandas as pd
    import streamlit as st

    from mmm_core.domain.dataset import ColumnRole, Recognition, Role, Shape
    from mmm_core.modeling.spec import ModelSpec
    from mmm_core.use_cases.datasets import Working
    from pages.ui import model_spec_form

    rng = np.random.default_rng(1)
    weeks = pd.date_range("2024-01-01", periods=60, freq="7D").repeat(2)
    frame = pd.DataFrame({"week": weeks, "geo": ["North", "South"] * 60})
    for column in ("orders", "tv_eur", "clicks", "price", "promo"):
        frame[column] = rng.uniform(10, 90, len(frame))
    roles = Recognition(Shape.PANEL, "plain", 7, (ColumnRole("geo", Role.GEO, 1.0, ""),))
    spec = ModelSpec.from_yaml(st.session_state["spec"])
    filled = model_spec_form.draw(spec, Working(None, frame, roles), "form")  # type: ignore[arg-type]
    st.session_state["filled"] = (filled.spec.to_yaml(), filled.problems, filled.warnings)


def drawn(spec: ModelSpec) -> AppTest:
    page = AppTest.from_function(_form, default_timeout=60)
    page.session_state["spec"] = spec.to_yaml()
    return page.run()


def lift(start: str, end: str, value: float) -> LiftTest:
    return LiftTest.model_validate(
        {"channel": "tv", "start": start, "end": end, "lift": value, "standard_error": 5.0, "geos": ("North",)}
    )


def test_an_untouched_form_changes_nothing() -> None:
    spec = SPEC.model_copy(update={"geo": "geo", "lift_tests": (lift("2024-03-04", "2024-03-31", 50.0),)})
    page = drawn(spec)
    assert not page.exception
    text, problems, warnings = page.session_state["filled"]
    assert (ModelSpec.from_yaml(text), problems, warnings) == (spec, (), ())
    assert "2 geos, pooled" in " ".join(c.value for c in page.caption)


def test_families_are_chosen_by_their_sentence() -> None:
    page = drawn(SPEC.model_copy(update={"geo": "geo"}))
    page.radio(key="form_adstock").set_value("weibull_cdf").run()
    page.radio(key="form_saturation").set_value("michaelis_menten").run()
    page.selectbox(key="form_trend").set_value("spline").run()
    page.slider(key="form_knots").set_value(9).run()
    spec = ModelSpec.from_yaml(page.session_state["filled"][0])
    assert (spec.adstock, spec.saturation) == ("weibull_cdf", "michaelis_menten")
    assert (spec.trend.kind, spec.trend.knots) == ("spline", 9)


def test_tests_outside_the_data_and_contradictions_are_told_at_once() -> None:
    tests = (
        lift("2024-03-04", "2024-03-31", 20.0),
        lift("2024-06-03", "2024-06-30", 900.0),
        lift("2031-01-06", "2031-02-02", 20.0),
    )
    page = drawn(SPEC.model_copy(update={"geo": "geo", "lift_tests": tests}))
    text, problems, warnings = page.session_state["filled"]
    assert len(ModelSpec.from_yaml(text).lift_tests) == 2
    assert len(problems) == 1
    assert "lies outside the data" in problems[0]
    assert "contradict each other" in warnings[0]
    assert any("outside the data" in e.value for e in page.error)


def test_every_family_has_a_picture_of_its_own() -> None:
    pictures = [charts_spec.memory_icon(k) for k in charts_spec.TYPICAL_MEMORY]
    pictures += [charts_spec.shape_icon(k) for k in charts_spec.TYPICAL_SHAPE]
    assert len(set(pictures)) == len(pictures) == 10
    assert all(p.startswith("![](data:image/svg+xml;base64,") for p in pictures)


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
def test_geos_are_drawn_with_their_intervals(scheme: Any) -> None:
    from pages.ui import charts, charts_geo

    panel = some_panel()
    marks = charts_geo.channel(panel, "tv", scheme).data[-1]
    assert sorted(marks.y) == ["North", "South"]
    assert len(charts_geo.shares(panel, scheme).data[-1].x) == 2
    one = charts.contributions(panel.of_geo("South"), scheme)
    assert [t.name for t in one.data].count("TV") == 1
    assert "Price" in [t.name for t in charts.contributions(panel, scheme).data]


def test_the_waterfall_ends_at_the_sum_of_its_parts_levers_too() -> None:
    from pages.ui import charts

    bars = charts.waterfall(some_panel(), LIGHT).data[0]
    steps = dict(zip(bars.x, bars.y, strict=True))
    assert steps["Price"] == pytest.approx(-1.2)
    assert steps["Modelled total"] == pytest.approx(sum(v for k, v in steps.items() if k != "Modelled total"))


def test_the_table_of_geos_has_a_row_for_each_and_a_column_for_each_return() -> None:
    table = model_results_geo.table(some_panel())
    assert table["Geo"].tolist() == ["North", "South"]
    assert table.loc[0, "TV"] == pytest.approx(2.0)
    assert model_results_geo.apart(some_panel(), "tv") == "TV differs between geos by no more than its uncertainty."


def test_national_results_have_no_geo_picker() -> None:
    national = some_results()
    assert model_results_geo.picker(national, "key") is national
