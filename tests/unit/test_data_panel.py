"""Panels: recognised in the shapes that tools write, split, mended, checked geo by geo."""

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mmm_core.data import (
    explore,
    mff,
    panel,
    quality,
    quality_panel,
    quality_reach,
    quality_series,
    quality_shape,
    read,
    recipe,
    simulate,
)
from mmm_core.data.quality_view import look
from mmm_core.data.recognise import recognise, with_roles
from mmm_core.domain.checks import Check, Status
from mmm_core.domain.dataset import ColumnRole, Recognition, Role, Shape
from mmm_core.domain.errors import DataError

REAL = Path(__file__).resolve().parents[3] / "shared" / "data" / "meridian_geo.csv"
ASKED = {
    "gaps": quality_shape.gaps,
    "outliers": quality_series.outliers,
    "level_shift": quality_series.level_shifts,
    "geo_rows": quality_panel.geo_rows,
    "geo_ranges": quality_panel.geo_ranges,
    "geo_kpi": quality_panel.geo_kpi,
    "geo_channels": quality_panel.geo_channels,
    "geo_scale": quality_panel.geo_scale,
    "national_numbers": quality_panel.national_media,
    "population": quality_panel.population,
    "reach_frequency": quality_reach.reach_and_frequency,
}
GEOS = ("North", "South", "East")


@pytest.fixture
def table() -> pd.DataFrame:
    """Three regions, three clean years each."""
    return simulate.company("geo", 4, geos=3, channels=3).frame.replace(
        {"region": dict(zip(("North", "South", "East"), GEOS, strict=True))}
    )


def found(frame: pd.DataFrame, check: str) -> Check:
    roles = recognise(frame)
    view = look(frame, roles, quality.Thresholds(), date(2026, 6, 1))
    return next(one for one in (ASKED[check](view),) if one.id == check)


def mended(frame: pd.DataFrame, check: str, fix: int = 0) -> pd.DataFrame:
    """The table after one fix of one check."""
    mend = found(frame, check).fixes[fix]
    step = recipe.step(mend.step, label=mend.label, **mend.arguments)
    return recipe.preview(frame, recognise(frame), step).after


def national_tv(table: pd.DataFrame) -> pd.DataFrame:
    """The same panel with TV known for the whole country only, repeated in every region."""
    whole = table.groupby("week")[["tv_spend", "tv_impressions"]].transform("sum")
    return table.assign(tv_spend=whole["tv_spend"], tv_impressions=whole["tv_impressions"])


# ---- shapes ---------------------------------------------------------------------------------------------------------


def test_pymc_marketings_dimensions_are_a_panel() -> None:
    dates = pd.date_range("2023-01-02", periods=60, freq="7D")
    rng = np.random.default_rng(1)
    rows = [(d, g, *rng.uniform(1, 9, 3)) for g in ("geo_a", "geo_b") for d in dates]
    roles = recognise(pd.DataFrame(rows, columns=["date", "geo", "y", "x1", "x2"]))
    assert (roles.shape, roles.convention) == (Shape.PANEL, "pymc-marketing")
    assert (roles.one(Role.GEO), roles.one(Role.KPI)) == ("geo", "y")
    assert roles.columns(Role.SPEND) == ("x1", "x2")


def test_meridians_file_has_a_role_for_every_column() -> None:
    if not REAL.exists():
        pytest.skip(f"{REAL.name} is not here")
    frame = read.read_table(REAL.read_bytes(), REAL.name).frame
    roles = recognise(frame)
    assert (roles.shape, roles.convention) == (Shape.PANEL, "meridian")
    assert [roles.one(r) for r in (Role.GEO, Role.DATE, Role.KPI)] == ["geo", "time", "conversions"]
    assert (roles.one(Role.POPULATION), roles.one(Role.VALUE_PER_UNIT)) == ("population", "revenue_per_conversion")
    tied = {r.channel for r in roles.roles if r.role is Role.SPEND}
    assert tied == {r.channel for r in roles.roles if r.role is Role.EXPOSURE}
    report = quality.check(frame, roles)
    assert report.status is Status.PASS, [c.message for c in report.checks if c.status is not Status.PASS]
    spans = panel.geo_table(frame, roles)
    assert set(spans["periods"]) == {156}
    assert spans["kpi_share"].sum() == pytest.approx(1.0)


def test_a_panel_goes_to_mff_and_back(table: pd.DataFrame) -> None:
    wide, notes = mff.widen(mff.to_mff(table, recognise(table)))
    assert notes == ()
    back = wide.rename(columns={"Period": "week", "Geography": "region"})[list(table.columns)]
    pd.testing.assert_frame_equal(
        back.sort_values(["region", "week"], ignore_index=True),
        table.sort_values(["region", "week"], ignore_index=True),
        check_dtype=False,
    )


def test_national_media_of_an_mff_file_are_repeated_and_then_split(table: pd.DataFrame) -> None:
    local = mff.to_mff(table[["week", "region", "population", "revenue"]], recognise(table))
    media = table.groupby("week", as_index=False)[["tv_spend", "search_spend"]].sum()
    national = mff.to_mff(media, recognise(media)).assign(Geography="")
    wide, notes = mff.widen(pd.concat([local, national]))
    assert any("whole country" in n for n in notes)
    assert set(wide["Geography"]) == set(GEOS)
    assert set(panel.national_columns(wide, recognise(wide))) == {"tv_spend", "search_spend"}
    after = mended(wide, "national_numbers")
    assert after["tv_spend"].sum() == pytest.approx(media["tv_spend"].sum())
    assert found(after, "national_numbers").status is Status.PASS


def test_a_national_total_beside_its_regions_is_left_out(table: pd.DataFrame) -> None:
    long = mff.to_mff(table[["week", "region", "revenue"]], recognise(table))
    total = long.groupby(["Period", "VariableName"], as_index=False)["VariableValue"].sum().assign(Geography="Total")
    wide, notes = mff.widen(pd.concat([long, total]))
    assert set(wide["Geography"]) == set(GEOS)
    assert wide["revenue"].sum() == pytest.approx(table["revenue"].sum())
    assert "left out" in notes[0]


def test_a_national_file_joins_a_regional_one_on_the_date(table: pd.DataFrame) -> None:
    media = table.groupby("week", as_index=False)["tv_spend"].sum()
    later = pd.concat([media, pd.DataFrame({"week": [media["week"].max() + pd.Timedelta(days=7)], "tv_spend": [9.0]})])
    for order in (1, -1):
        files = {"sales.csv": table[["week", "region", "revenue"]], "tv.csv": later}
        out = read.join_tables(dict(list(files.items())[::order]))
        assert len(out) == len(table)
        assert out["region"].notna().all()
        assert panel.national_columns(out, recognise(out)) == ["tv_spend"]


def test_reach_and_frequency_are_a_pair_of_their_channel(table: pd.DataFrame) -> None:
    frame = table.assign(tv_reach=table["tv_impressions"] / 50, tv_frequency=2.5, purchase_frequency=1.3)
    roles = {r.column: r for r in recognise(frame).roles}
    assert (roles["tv_reach"].role, roles["tv_frequency"].role) == (Role.REACH, Role.FREQUENCY)
    assert roles["tv_reach"].channel == roles["tv_frequency"].channel == roles["tv_spend"].channel == "tv"
    assert roles["tv_impressions"].role is Role.IGNORE
    assert roles["purchase_frequency"].role is Role.IGNORE
    assert found(frame, "reach_frequency").status is Status.PASS
    odd = found(frame.assign(tv_frequency=0.4), "reach_frequency")
    assert odd.status is Status.REVIEW
    assert odd.value == float((frame["tv_reach"] > 0).sum())


def test_contacts_add_up_when_reach_is_aggregated(table: pd.DataFrame) -> None:
    rng = np.random.default_rng(2)
    frame = table.assign(tv_reach=table["tv_impressions"] * 10, tv_frequency=rng.uniform(1, 4, len(table)))
    nation = recipe.preview(frame, recognise(frame), recipe.step("aggregate_national")).after
    contacts = (frame["tv_reach"] * frame["tv_frequency"]).groupby(frame["week"]).sum()
    assert (nation["tv_reach"] * nation["tv_frequency"]).to_numpy() == pytest.approx(contacts.to_numpy())


def test_an_own_price_is_a_control_that_may_become_a_treatment(table: pd.DataFrame) -> None:
    roles = recognise(table)
    assert "price_index" in roles.columns(Role.CONTROL)
    chosen = with_roles(roles, [ColumnRole("price_index", Role.TREATMENT, 1.0, "asked for")])
    assert chosen.columns(Role.TREATMENT) == ("price_index",)
    report = quality.check(table, chosen)
    assert report.status is not Status.FAIL
    assert not any("price_index" in f.arguments.get("columns", []) for c in report.checks for f in c.fixes)


# ---- steps ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("by", ["population", "sales", "equal"])
def test_splitting_keeps_the_total_of_every_week(table: pd.DataFrame, by: str) -> None:
    frame = national_tv(table)
    seen = recipe.preview(frame, recognise(frame), recipe.step("split_national", weight=by))
    for column in ("tv_spend", "tv_impressions"):
        whole = table.groupby("week")[column].sum().to_numpy()
        assert seen.after.groupby("week")[column].sum().to_numpy() == pytest.approx(whole)
    running = seen.after[seen.after["tv_spend"] > 0]
    shares = running.groupby("region")["tv_spend"].sum() / running["tv_spend"].sum()
    weight = {
        "population": table.groupby("region")["population"].first(),
        "sales": table.groupby("region")["revenue"].sum(),
        "equal": pd.Series(1.0, index=list(GEOS)),
    }[by]
    assert shares.sort_index().to_numpy() == pytest.approx((weight / weight.sum()).sort_index().to_numpy())


def test_a_region_without_a_row_in_a_week_gets_no_share_of_it(table: pd.DataFrame) -> None:
    frame = national_tv(table)
    week = frame.loc[frame["tv_spend"] > 0, "week"].iloc[0]
    frame = frame[~((frame["week"] == week) & (frame["region"] == "North"))].reset_index(drop=True)
    after = recipe.preview(frame, recognise(frame), recipe.step("split_national", weight="population")).after
    total = table.loc[table["week"] == week, "tv_spend"].sum()
    assert after.loc[after["week"] == week, "tv_spend"].sum() == pytest.approx(total)


def test_what_differs_between_regions_is_not_split(table: pd.DataFrame) -> None:
    with pytest.raises(DataError, match="already differs"):
        recipe.preview(table, recognise(table), recipe.step("split_national", columns=["tv_spend"], weight="equal"))
    bare = national_tv(table).drop(columns="population")
    with pytest.raises(DataError, match="no column holds it"):
        recipe.preview(bare, recognise(bare), recipe.step("split_national", weight="population"))


def test_a_national_number_counts_once_in_the_national_series(table: pd.DataFrame) -> None:
    frame = national_tv(table)
    nation = recipe.preview(frame, recognise(frame), recipe.step("aggregate_national")).after
    assert nation["tv_spend"].sum() == pytest.approx(table["tv_spend"].sum())
    assert nation["search_spend"].sum() == pytest.approx(table["search_spend"].sum())


def test_media_repeated_for_every_product_count_once() -> None:
    dates = pd.date_range("2024-01-01", periods=30, freq="7D")
    rng = np.random.default_rng(3)
    tv = dict(zip(dates, rng.uniform(1, 9, 30), strict=True))
    rows = [(d, p, float(rng.uniform(50, 90)), tv[d]) for d in dates for p in ("bread", "milk", "eggs")]
    frame = pd.DataFrame(rows, columns=["week", "sub_category", "sales", "tv_spend"])
    roles = recognise(frame)
    assert roles.one(Role.PRODUCT) == "sub_category"
    weekly, after = recipe.apply(frame, roles, recipe.opening(frame, roles))
    assert (len(weekly), "sub_category" in weekly) == (30, False)
    assert weekly["tv_spend"].to_numpy() == pytest.approx(np.array(list(tv.values())))
    assert weekly["sales"].sum() == pytest.approx(frame["sales"].sum())
    assert any("count once" in n or "counts once" in n or "count once" in n for n in after.notes)


# ---- checks ---------------------------------------------------------------------------------------------------------


def test_a_clean_panel_passes_what_only_panels_are_asked(table: pd.DataFrame) -> None:
    ids = [c.__name__ for c in quality.applying(table, recognise(table))]
    report = quality.check(table, recognise(table))
    assert len(ids) == len(report.checks)
    asked = {"geo_rows", "geo_ranges", "geo_kpi", "geo_channels", "national_numbers", "population", "geo_scale"}
    assert {c.id for c in report.checks if c.status is Status.PASS} >= asked | {"duplicate_periods", "gaps", "outliers"}


def test_regions_of_different_dates_keep_what_they_share(table: pd.DataFrame) -> None:
    late = table[~((table["region"] == "East") & (table["week"] < table["week"].min() + pd.Timedelta(weeks=9)))]
    one = found(late, "geo_ranges")
    assert (one.status, one.value) == (Status.FAIL, 1.0)
    assert [f.step for f in one.fixes if f.recommended] == ["shared_periods"]
    after = mended(late, "geo_ranges")
    assert len(after) == 3 * (156 - 9)
    assert found(after, "geo_ranges").status is Status.PASS
    assert found(late, "gaps").status is Status.PASS


def test_a_region_with_one_row_is_left_out(table: pd.DataFrame) -> None:
    stub = pd.concat([table[table["region"] != "East"], table[table["region"] == "East"].iloc[[10]]])
    one = found(stub, "geo_rows")
    assert (one.status, one.value) == (Status.FAIL, 1.0)
    assert "East (1 row)" in one.message
    assert set(mended(stub, "geo_rows")["region"]) == {"North", "South"}
    assert found(stub, "geo_ranges").status is Status.PASS


def test_missing_weeks_inside_a_region_are_filled_there_alone(table: pd.DataFrame) -> None:
    start = table["week"].min() + pd.Timedelta(weeks=30)
    late = table[~((table["region"] == "East") & (table["week"] < start))]
    holed = late.drop(index=late.index[(late["region"] == "East")][40:43]).reset_index(drop=True)
    one = found(holed, "gaps")
    assert (one.status, one.value) == (Status.FAIL, 3.0)
    assert [f.step for f in one.fixes if f.recommended] == ["fill_gaps"]
    filled = mended(holed, "gaps")
    assert len(filled) == len(late)
    assert filled.loc[filled["region"] == "East", "week"].min() == start


def test_a_dead_region_is_found_and_left_out(table: pd.DataFrame) -> None:
    dead = table.assign(revenue=table["revenue"].where(table["region"] != "South", 0.0))
    one = found(dead, "geo_kpi")
    assert one.status is Status.FAIL
    assert "South" in one.message
    assert set(mended(dead, "geo_kpi")["region"]) == {"North", "East"}


def test_a_channel_of_one_region_is_named(table: pd.DataFrame) -> None:
    only = table.assign(tv_spend=table["tv_spend"].where(table["region"] == "North", 0.0),
                        tv_impressions=table["tv_impressions"].where(table["region"] == "North", 0.0))  # fmt: skip
    one = found(only, "geo_channels")
    assert one.status is Status.REVIEW
    assert "tv (North)" in one.message
    assert not {"tv_spend", "tv_impressions"} & set(mended(only, "geo_channels").columns)


@pytest.mark.parametrize("spoil", ["moves", "missing"])
def test_population_becomes_one_number_for_each_region(table: pd.DataFrame, spoil: str) -> None:
    if spoil == "moves":
        frame = table.assign(population=table["population"] * (1 + 0.02 * (table["week"].dt.year - 2023)))
    else:
        frame = table.assign(population=table["population"].where(table.index != 7))
    one = found(frame, "population")
    assert one.status is (Status.REVIEW if spoil == "moves" else Status.FAIL)
    after = mended(frame, "population")
    assert (after.groupby("region")["population"].nunique() == 1).all()
    assert found(after, "population").status is Status.PASS


def test_a_region_that_counts_in_thousands_is_suspected(table: pd.DataFrame) -> None:
    frame = table.assign(revenue=table["revenue"] / np.where(table["region"] == "East", 1000.0, 1.0))
    one = found(frame, "geo_scale")
    assert one.status is Status.REVIEW
    assert "East" in one.message
    after = mended(frame, "geo_scale")
    assert after["revenue"].sum() == pytest.approx(table["revenue"].sum())


def test_a_shift_or_an_outlier_names_its_region(table: pd.DataFrame) -> None:
    south = table["region"] == "South"
    late = table["week"] >= table["week"].min() + pd.Timedelta(weeks=110)
    shifted = found(table.assign(revenue=table["revenue"] * np.where(south & late, 2.0, 1.0)), "level_shift")
    assert shifted.status is Status.REVIEW
    assert "in South" in shifted.message
    assert [f.step for f in shifted.fixes] == ["drop_geos"]
    spikes = south & table["week"].isin(table["week"].iloc[[20, 60]])
    far = found(table.assign(revenue=table["revenue"] * np.where(spikes, 3.0, 1.0)), "outliers")
    assert far.status is Status.REVIEW
    assert "in South" in far.message


def test_a_kpi_that_is_national_sends_the_panel_to_one_series(table: pd.DataFrame) -> None:
    frame = table.assign(revenue=table.groupby("week")["revenue"].transform("sum"))
    one = found(frame, "national_numbers")
    assert one.status is Status.FAIL
    after = mended(frame, "national_numbers")
    assert len(after) == 156
    assert after["revenue"].sum() == pytest.approx(table["revenue"].sum())


# ---- looking at one region ------------------------------------------------------------------------------------------


def test_the_charts_of_the_regions_add_up_to_the_total(table: pd.DataFrame) -> None:
    roles: Recognition = recognise(table)
    whole = explore.spend_and_kpi(table, roles)
    parts = [explore.spend_and_kpi(panel.of_geo(table, roles, g), roles) for g in panel.geo_names(table, roles)]
    assert sum(p["kpi"].to_numpy() for p in parts) == pytest.approx(whole["kpi"].to_numpy())
    with pytest.raises(DataError, match="called Atlantis"):
        panel.of_geo(table, roles, "Atlantis")


def test_recommended_fixes_alone_make_an_odd_panel_a_rectangle(table: pd.DataFrame) -> None:
    frame = national_tv(table)
    stub = frame[frame["region"] == "South"].iloc[[3]].assign(region="Atlantis")
    holes = frame.index[frame["region"] == "North"][50:52]
    late = frame[(frame["region"] == "East") & (frame["week"] < frame["week"].min() + pd.Timedelta(weeks=9))].index
    odd = pd.concat([frame.drop(index=[*holes, *late]), stub], ignore_index=True)
    roles = recognise(odd)
    for _ in range(3):
        report = quality.check(odd, roles)
        odd, roles = recipe.apply(odd, roles, recipe.recommend(roles, report))
    assert quality.check(odd, roles).status is not Status.FAIL
    assert odd.groupby("region")["week"].nunique().to_dict() == dict.fromkeys(GEOS, 156 - 9)
    kept = odd["week"].unique()
    whole = table[table["week"].isin(kept)].groupby("week")["tv_spend"].sum()
    assert odd.groupby("week")["tv_spend"].sum().to_numpy() == pytest.approx(whole.to_numpy())
