"""A specification to start from, and its reasons."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mmm_core.domain.dataset import ColumnRole, Recognition, Role, Shape
from mmm_core.domain.errors import SpecError
from mmm_core.modeling.prepare import prepare
from mmm_core.modeling.priors import resolve
from mmm_core.modeling.spec import ChannelSpec
from mmm_core.modeling.suggest import suggest_spec
from tests.model.company import panel_table, table, with_reach

DATA = Path(__file__).parents[3] / "shared" / "data"
ROLES: dict[str, tuple[Role, str | None]] = {
    "week": (Role.DATE, None),
    "sales": (Role.KPI, None),
    "tv": (Role.SPEND, "TV"),
    "search": (Role.SPEND, "Search"),
    "clicks": (Role.EXPOSURE, "Search"),
    "mail": (Role.ORGANIC, "Mail"),
    "price": (Role.CONTROL, None),
    "sale": (Role.HOLIDAY, None),
}


def _recognition(roles: Mapping[str, tuple[Role, str | None]], days: int = 7) -> Recognition:
    found = tuple(ColumnRole(c, role, 0.9, "test", channel) for c, (role, channel) in roles.items())
    return Recognition(Shape.NATIONAL, "plain", days, found)


def test_channels_controls_and_holidays_come_from_the_roles() -> None:
    spec, notes = suggest_spec(table(), _recognition(ROLES), currency="USD")
    assert spec.channels == (
        ChannelSpec(name="TV", spend="tv"),
        ChannelSpec(name="Search", spend="search", exposure="clicks"),
        ChannelSpec(name="Mail", exposure="mail"),
    )
    assert spec.controls == ("price",)
    assert spec.holidays == ("sale",)
    assert (spec.date, spec.kpi.column, spec.kpi.unit, spec.currency) == ("week", "sales", "revenue", "USD")
    assert (spec.adstock.value, spec.saturation.value, spec.max_lag) == ("geometric", "hill", 8)
    assert spec.season.yearly_terms == 2
    assert any("Mail" in note and "no spend" in note for note in notes)
    resolve(spec, prepare(table(), spec))


def test_the_plans_choice_wins_where_it_names_columns() -> None:
    recognition = _recognition(ROLES)
    spec, notes = suggest_spec(table(), recognition, channels=["tv", "Mail"], controls=["price"])
    assert [c.name for c in spec.channels] == ["TV", "Mail"]
    assert (spec.controls, spec.holidays) == (("price",), ())
    assert any("Search" in note and "plan" in note for note in notes)
    unknown, _ = suggest_spec(table(), recognition, channels=["radio"])
    assert len(unknown.channels) == 3


def test_too_many_controls_are_cut_to_what_the_rows_carry() -> None:
    rng = np.random.default_rng(0)
    frame = table()
    extra = {f"noise {n}": rng.standard_normal(len(frame)) for n in range(40)}
    frame = frame.assign(**extra)
    roles = {**ROLES, **dict.fromkeys(extra, (Role.CONTROL, None))}
    spec, notes = suggest_spec(frame, _recognition(roles))
    assert 5 <= len(spec.controls) + len(spec.holidays) <= len(frame) // 10
    assert "sale" in spec.holidays
    assert any("left out" in note for note in notes)


def test_constant_and_doubled_controls_go() -> None:
    frame = table().assign(same=7.0)
    frame["price again"] = frame["price"] * 2
    roles = {**ROLES, "same": (Role.CONTROL, None), "price again": (Role.CONTROL, None)}
    spec, _ = suggest_spec(frame, _recognition(roles))
    assert spec.controls == ("price",)


def test_controls_with_gaps_and_silent_channels_are_left_out_with_a_word() -> None:
    frame = table().assign(radio=0.0)
    frame["gappy"] = frame["price"].where(frame.index > 5)
    roles = {**ROLES, "radio": (Role.SPEND, "Radio"), "gappy": (Role.CONTROL, None)}
    spec, notes = suggest_spec(frame, _recognition(roles))
    assert "Radio" not in [c.name for c in spec.channels]
    assert "gappy" not in spec.controls
    assert any("Radio" in note for note in notes)
    assert any("gappy" in note and "empty" in note for note in notes)


def test_text_events_are_kept_as_holidays() -> None:
    frame = table()
    frame["events"] = ["na"] * 100 + ["launch"] * 10
    spec, _ = suggest_spec(frame, _recognition({**ROLES, "events": (Role.HOLIDAY, None)}))
    assert "events" in spec.holidays
    assert "events: launch" in prepare(frame, spec).linear_names


def test_value_per_unit_makes_the_kpi_a_count() -> None:
    frame = table().assign(margin=3.0 + np.arange(110) / 100)
    spec, notes = suggest_spec(frame, _recognition({**ROLES, "margin": (Role.VALUE_PER_UNIT, None)}))
    assert (spec.kpi.unit, spec.kpi.value_per_unit) == ("count", "margin")
    assert any("margin" in note for note in notes)
    fixed, _ = suggest_spec(table(), _recognition(ROLES), kpi_unit="count", value_per_unit=12.0)
    assert (fixed.kpi.unit, fixed.kpi.value_per_unit) == ("count", 12.0)
    nobody, words = suggest_spec(table(), _recognition(ROLES), kpi_unit="count")
    assert nobody.kpi.value_per_unit is None
    assert any("no ROI" in note for note in words)


@pytest.mark.parametrize(("days", "lag", "terms"), [(1, 28, 0), (7, 8, 2), (30, 3, 3)])
def test_memory_and_season_follow_the_calendar(days: int, lag: int, terms: int) -> None:
    frame = table()
    frame["week"] = pd.date_range("2020-01-01", periods=len(frame), freq=f"{days}D")
    spec, _ = suggest_spec(frame, _recognition(ROLES, days))
    assert (spec.max_lag, spec.season.yearly_terms) == (lag, terms)


def test_trend_bends_only_where_the_kpi_does() -> None:
    straight, _ = suggest_spec(table(), _recognition(ROLES))
    assert straight.trend.kind == "linear"
    frame = table()
    frame["sales"] += 40_000 * np.abs(np.linspace(-1, 1, len(frame)))
    bent, notes = suggest_spec(frame, _recognition(ROLES))
    assert bent.trend.kind == "piecewise"
    assert any("bend" in note for note in notes)


@pytest.mark.parametrize(("missing", "words"), [("week", "date"), ("sales", "KPI"), ("media", "media")])
def test_what_is_missing_is_said(missing: str, words: str) -> None:
    media = {"tv", "search", "clicks", "mail"}
    roles = {c: r for c, r in ROLES.items() if c != missing and not (missing == "media" and c in media)}
    with pytest.raises(SpecError, match=words):
        suggest_spec(table(), _recognition(roles))


def test_the_retailer_gets_a_usable_model() -> None:
    path = DATA / "retailer_weekly.csv"
    if not path.exists():
        pytest.skip("the real retailer table is not on this machine")
    frame = pd.read_csv(path)

    def role(column: str) -> tuple[Role, str | None]:
        kind, _, rest = column.partition("_")
        paid = f"mdsp_{rest}" in frame
        known = {"wk_strt_dt": Role.DATE, "sales": Role.KPI}.get(column)
        by_kind = {
            "mdsp": Role.SPEND,
            "mdip": Role.EXPOSURE if paid else Role.ORGANIC,
            "hldy": Role.HOLIDAY,
            "me": Role.CONTROL,
            "st": Role.CONTROL,
            "mrkdn": Role.CONTROL,
            "va": Role.CONTROL,
        }
        return known or by_kind.get(kind, Role.TIME), rest if kind in ("mdsp", "mdip") else None

    spec, notes = suggest_spec(frame, _recognition({c: role(c) for c in frame.columns}))
    assert len(spec.channels) == 13
    assert sum(c.spend is None for c in spec.channels) == 3
    assert 5 <= len(spec.controls) + len(spec.holidays) <= 20
    assert any("left out" in note for note in notes)
    data = prepare(frame, spec)
    unknowns = 3 * 13 + 2 + data.linear.shape[-1] + data.fourier.shape[-1]
    assert unknowns * 3 <= data.target.size
    resolve(spec, data)


def test_geos_treatments_and_reach_are_taken_over_with_a_word() -> None:
    roles = {
        **ROLES,
        "region": (Role.GEO, None),
        "heads": (Role.POPULATION, None),
        "clicks": (Role.REACH, "Search"),
        "price": (Role.TREATMENT, None),
    }
    frame = panel_table(60, 3)
    spec, notes = suggest_spec(frame, _recognition(roles))
    assert (spec.geo, spec.population) == ("region", "heads")
    assert spec.channels[1].exposure == "clicks"
    assert [(t.column, t.reference) for t in spec.treatments] == [("price", "mean")]
    assert any("Search: modelled by the people reached" in note for note in notes)
    assert len(prepare(frame, spec).geos) == 3
    national, _ = suggest_spec(table(), _recognition({k: v for k, v in roles.items() if k not in ("region", "heads")}))
    assert national.geo is None


def test_reach_and_frequency_go_together_where_there_is_no_exposure() -> None:
    roles = {**ROLES, "people": (Role.REACH, "TV"), "contacts": (Role.FREQUENCY, "TV")}
    frame = with_reach(table())
    spec, notes = suggest_spec(frame, _recognition(roles))
    tv = next(c for c in spec.channels if c.name == "TV")
    assert (tv.reach, tv.frequency, tv.exposure) == ("people", "contacts", None)
    assert any("TV: modelled by the people reached and by how often each of them was" in note for note in notes)
    assert prepare(frame, spec).by_frequency == (spec.channels.index(tv),)
    seen = {**roles, "clicks": (Role.EXPOSURE, "TV")}
    spec, notes = suggest_spec(frame, _recognition({k: v for k, v in seen.items() if v[1] != "Search"}))
    tv = next(c for c in spec.channels if c.name == "TV")
    assert (tv.exposure, tv.reach) == ("clicks", None)
    assert any("reach and frequency could take its place" in note for note in notes)
