"""Each quality check on a table made to trip it, and on one that does not."""

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from mmm_core.data import quality
from mmm_core.domain.checks import Check, CheckReport, Status
from mmm_core.domain.dataset import ColumnRole, Recognition, Role, Shape

TODAY = date(2026, 1, 1)
ROLES = {
    "week": (Role.DATE, None),
    "sales": (Role.KPI, None),
    "tv_spend": (Role.SPEND, "tv"),
    "tv_impressions": (Role.EXPOSURE, "tv"),
    "search_spend": (Role.SPEND, "search"),
    "price": (Role.CONTROL, None),
    "easter": (Role.HOLIDAY, None),
}


def recognition(extra: dict[str, tuple[Role, str | None]] | None = None, without: tuple[str, ...] = ()) -> Recognition:
    roles = {**ROLES, **(extra or {})}
    return Recognition(
        Shape.NATIONAL,
        "plain",
        7,
        tuple(ColumnRole(c, role, 1.0, "", channel) for c, (role, channel) in roles.items() if c not in without),
    )


@pytest.fixture
def table() -> pd.DataFrame:
    """Three clean years: nothing to find."""
    rng = np.random.default_rng(3)
    n = 156
    dates = pd.date_range("2022-01-03", periods=n, freq="7D")
    tv = np.where(rng.random(n) < 0.5, rng.lognormal(9, 0.4, n), 0.0)
    season = np.sin(2 * np.pi * np.arange(n) / 52.18)
    search = rng.lognormal(8, 0.3, n)
    price = 10 + rng.normal(0, 0.3, n)
    sales = 1e6 * (1 + 0.1 * season + 0.03 * rng.normal(size=n)) + 8 * tv + 10 * search - 1e4 * price
    easter = (pd.DatetimeIndex(dates).isocalendar().week.to_numpy() == 15).astype(float)
    return pd.DataFrame(
        {
            "week": dates,
            "sales": sales,
            "tv_spend": tv,
            "tv_impressions": np.round(tv * 100 * rng.lognormal(0, 0.05, n)),
            "search_spend": search,
            "price": price,
            "easter": easter,
        }
    )


def run(
    frame: pd.DataFrame, extra: dict[str, tuple[Role, str | None]] | None = None, without: tuple[str, ...] = ()
) -> CheckReport:
    return quality.check(frame, recognition(extra, without), today=TODAY)


def one(report: CheckReport, id: str) -> Check:
    return next(c for c in report.checks if c.id == id)


def test_a_clean_table_passes_every_check(table: pd.DataFrame) -> None:
    report = run(table)
    assert [c.id for c in report.checks if c.status is not Status.PASS] == []
    assert len({c.id for c in report.checks}) == len(report.checks) == len(quality.CHECKS)
    assert all(c.message.endswith(".") for c in report.checks)


def test_missing_roles_and_columns_are_named(table: pd.DataFrame) -> None:
    no_kpi = one(run(table, without=("sales",)), "schema")
    assert no_kpi.status is Status.FAIL
    assert "KPI" in no_kpi.message
    gone = one(run(table.drop(columns="price")), "schema")
    assert gone.status is Status.FAIL
    assert gone.columns == ("price",)


def test_text_in_a_number_column(table: pd.DataFrame) -> None:
    frame = table.astype({"tv_spend": object})
    frame.loc[4, "tv_spend"] = "n.a."
    found = one(run(frame), "text_in_numbers")
    assert (found.status, found.value, found.columns) == (Status.FAIL, 1.0, ("tv_spend",))
    assert "n.a." in found.message


def test_text_that_became_an_empty_cell_when_the_file_was_read_is_named(table: pd.DataFrame) -> None:
    note = "Column tv_spend: 1 cell is not a number and counted as empty (row 6: “about 5”)."
    elsewhere = "Column remarks: 3 cells are not numbers and counted as empty (row 2: “none”)."
    report = quality.check(table, replace(recognition(), notes=(elsewhere, note)), today=TODAY)
    found = one(report, "text_in_numbers")
    assert (found.status, found.message, found.columns) == (Status.REVIEW, note, ("tv_spend",))


def test_unreadable_dates(table: pd.DataFrame) -> None:
    frame = table.assign(week=table["week"].astype(str))
    frame.loc[3, "week"] = "sometime"
    found = one(run(frame), "dates")
    assert (found.status, found.value) == (Status.FAIL, 1.0)


def test_duplicate_periods_offer_both_ways_out(table: pd.DataFrame) -> None:
    found = one(run(pd.concat([table, table.iloc[[5, 9]]])), "duplicate_periods")
    assert (found.status, found.value) == (Status.FAIL, 2.0)
    assert {f.step: f.recommended for f in found.fixes} == {
        "drop_duplicate_periods": True, "sum_duplicate_periods": False
    }  # fmt: skip
    assert "exact copies" in found.message
    other = table.iloc[[5]].assign(sales=1.0)
    found = one(run(pd.concat([table, other])), "duplicate_periods")
    assert not any(f.recommended for f in found.fixes), "which of two rows is right is not for a rule to say"
    assert found.message.startswith("1 row repeats")
    assert not found.waivable


def test_gaps_are_counted(table: pd.DataFrame) -> None:
    few = one(run(table.drop(index=[40, 41])), "gaps")
    assert (few.status, few.value) == (Status.REVIEW, 2.0)
    many = one(run(table.drop(index=range(40, 70))), "gaps")
    assert (many.status, many.value) == (Status.FAIL, 30.0)


def test_a_panel_that_lacks_rows_of_one_geo(table: pd.DataFrame) -> None:
    south = table.assign(region="south")
    panel = pd.concat([table.assign(region="north"), south.drop(index=south.index[50:55])])
    found = one(run(panel, {"region": (Role.GEO, None)}), "gaps")
    assert (found.status, found.value) == (Status.FAIL, 5.0)
    assert "most in south (5)" in found.message
    assert one(run(panel, {"region": (Role.GEO, None)}), "duplicate_periods").status is Status.PASS


@pytest.mark.parametrize(("rule", "name"), [("D", "daily"), ("MS", "monthly")])
def test_other_frequencies_are_named(table: pd.DataFrame, rule: str, name: str) -> None:
    found = one(run(table.assign(week=pd.date_range("2012-01-01", periods=156, freq=rule))), "frequency")
    assert found.status is Status.REVIEW
    assert name in found.message


@pytest.mark.parametrize(("rows", "status"), [(20, Status.FAIL), (51, Status.FAIL), (52, Status.REVIEW),
                                              (103, Status.REVIEW), (104, Status.PASS)])  # fmt: skip
def test_coverage_limits(table: pd.DataFrame, rows: int, status: Status) -> None:
    found = one(run(table.head(rows)), "coverage")
    assert (found.status, found.value) == (status, float(rows))


def test_coverage_of_months_says_how_many_weeks(table: pd.DataFrame) -> None:
    found = one(run(table.head(36).assign(week=pd.date_range("2020-01-01", periods=36, freq="MS"))), "coverage")
    assert found.status is Status.PASS
    assert "36 monthly" in found.message
    assert "weeks" in found.message


def test_missing_cells(table: pd.DataFrame) -> None:
    frame = table.copy()
    frame.loc[3:5, "price"] = np.nan
    found = one(run(frame), "nulls")
    assert (found.status, found.columns) == (Status.REVIEW, ("price",))
    assert found.fixes[0].arguments == {"columns": ["price"]}
    frame.loc[:60, "price"] = np.nan
    assert [f.step for f in one(run(frame), "nulls").fixes if f.recommended] == ["drop_columns"]


@pytest.mark.parametrize("column", ["sales", "tv_spend", "tv_impressions"])
def test_missing_cells_that_a_model_cannot_do_without(table: pd.DataFrame, column: str) -> None:
    frame = table.copy()
    frame.loc[7, column] = np.nan
    found = one(run(frame), "nulls")
    assert (found.status, found.columns) == (Status.FAIL, (column,))
    assert not any(f.recommended for f in found.fixes)


def test_future_dates(table: pd.DataFrame) -> None:
    late = table.assign(week=pd.date_range(end="2026-01-19", periods=156, freq="7D"))
    found = one(run(late), "future_dates")
    assert (found.status, found.value) == (Status.FAIL, 3.0)
    assert found.fixes[0].arguments == {"end": "2026-01-01"}


def test_a_constant_kpi_fails(table: pd.DataFrame) -> None:
    assert one(run(table.assign(sales=5.0)), "kpi_constant").status is Status.FAIL


def test_negative_spend(table: pd.DataFrame) -> None:
    frame = table.copy()
    frame.loc[2, "search_spend"] = -100.0
    found = one(run(frame), "negative_spend")
    assert (found.status, found.value, found.columns) == (Status.FAIL, 1.0, ("search_spend",))


def test_a_channel_that_never_ran_is_dropped_by_recommendation(table: pd.DataFrame) -> None:
    found = one(run(table.assign(radio=0.0), {"radio": (Role.SPEND, "radio")}), "zero_channel")
    assert (found.status, found.columns) == (Status.FAIL, ("radio",))
    assert [f.arguments["columns"] for f in found.fixes if f.recommended] == [["radio"]]


def test_constant_and_near_constant_columns(table: pd.DataFrame) -> None:
    rng = np.random.default_rng(1)
    frame = table.assign(stores=40.0, index=100 + rng.normal(0, 0.1, len(table)))
    found = one(run(frame, {"stores": (Role.CONTROL, None), "index": (Role.CONTROL, None)}), "near_constant")
    assert (found.status, found.columns) == (Status.REVIEW, ("stores", "index"))
    assert [f.arguments["columns"] for f in found.fixes if f.recommended] == [["stores"]]


def test_an_outlier_is_found_unless_a_holiday_explains_it(table: pd.DataFrame) -> None:
    frame = table.copy()
    frame.loc[60, "sales"] = 4e6
    found = one(run(frame), "outliers")
    assert (found.status, found.columns) == (Status.REVIEW, ("sales",))
    frame.loc[60, "easter"] = 1.0
    assert one(run(frame), "outliers").status is Status.PASS


def test_a_slipped_decimal_in_spend_is_an_outlier_and_bursts_are_not(table: pd.DataFrame) -> None:
    frame = table.copy()
    frame.loc[60, "search_spend"] *= 100
    found = one(run(frame), "outliers")
    assert found.columns == ("search_spend",)
    assert "times its median" in found.message


def test_a_lasting_step_in_the_kpi(table: pd.DataFrame) -> None:
    frame = table.copy()
    frame.loc[90:, "sales"] += 5e5
    found = one(run(frame), "level_shift")
    assert (found.status, found.columns) == (Status.REVIEW, ("sales",))
    start = pd.Timestamp(found.fixes[0].arguments["start"])
    assert abs((start - table["week"][90]).days) <= 14


def test_spend_without_exposure_and_the_reverse(table: pd.DataFrame) -> None:
    frame = table.copy()
    on = frame.index[frame["tv_spend"] > 0]
    frame.loc[on[:12], "tv_impressions"] = 0.0
    frame.loc[on[20:30], "tv_spend"] = 0.0
    found = one(run(frame), "spend_exposure")
    assert found.status is Status.REVIEW
    assert "12 periods without exposure" in found.message
    assert "10 periods without spend" in found.message


def test_spend_of_a_channel_without_any_exposure_fails(table: pd.DataFrame) -> None:
    found = one(run(table.assign(tv_impressions=0.0)), "spend_exposure")
    assert found.status is Status.FAIL
    assert found.fixes[0].arguments == {"columns": ["tv_impressions"], "role": "ignore"}


@pytest.mark.parametrize("kind", ["monthly budget", "smooth wave"])
def test_spend_that_looks_like_a_plan(table: pd.DataFrame, kind: str) -> None:
    week = np.arange(len(table))
    planned = np.repeat(np.random.default_rng(2).uniform(1e3, 5e3, 40), 4)[: len(table)]
    frame = table.assign(search_spend=planned if kind == "monthly budget" else 3e3 + 1e3 * np.sin(week / 10))
    found = one(run(frame), "plan_like_spend")
    assert (found.status, found.columns) == (Status.REVIEW, ("search_spend",))


def test_a_duplicate_channel_fails_and_a_redundant_holiday_is_reviewed(table: pd.DataFrame) -> None:
    copied = one(run(table.assign(tv2=2 * table["search_spend"]), {"tv2": (Role.SPEND, "tv2")}), "rank")
    assert (copied.status, copied.columns) == (Status.FAIL, ("tv2",))
    assert copied.fixes[0].recommended
    holiday = one(run(table.assign(spring=table["easter"]), {"spring": (Role.HOLIDAY, None)}), "rank")
    assert (holiday.status, holiday.columns) == (Status.REVIEW, ("spring",))


def test_columns_that_add_up_to_another(table: pd.DataFrame) -> None:
    frame = table.assign(a=np.random.default_rng(4).normal(size=len(table)))
    frame["b"] = frame["price"] - 3 * frame["a"]
    found = one(run(frame, {"a": (Role.CONTROL, None), "b": (Role.CONTROL, None)}), "rank")
    assert found.columns == ("b",)


def test_collinear_columns_show_in_vif_and_in_the_pair(table: pd.DataFrame) -> None:
    noise = np.random.default_rng(5).normal(0, 0.05, len(table))
    report = run(table.assign(list_price=table["price"] + noise), {"list_price": (Role.CONTROL, None)})
    assert one(report, "vif").status is Status.REVIEW
    assert set(one(report, "vif").columns) == {"price", "list_price"}
    pair = one(report, "correlation")
    assert pair.status is Status.REVIEW
    assert pair.value == pytest.approx(np.corrcoef(table["price"], table["price"] + noise)[0, 1])


@pytest.mark.parametrize("lag", [0, 1, -2])
def test_the_kpi_in_disguise_is_caught_also_when_shifted(table: pd.DataFrame, lag: int) -> None:
    orders = (table["sales"] / 40).shift(lag).bfill().ffill()
    found = one(run(table.assign(orders=orders), {"orders": (Role.CONTROL, None)}), "leakage")
    assert (found.status, found.columns) == (Status.FAIL, ("orders",))
    assert ("shifted" in found.message) == (lag != 0)


def test_a_formula_of_two_controls_is_caught(table: pd.DataFrame) -> None:
    rng = np.random.default_rng(6)
    basket = rng.uniform(20, 60, len(table))
    frame = table.assign(basket=basket, orders=table["sales"] / basket)
    found = one(run(frame, {"basket": (Role.CONTROL, None), "orders": (Role.CONTROL, None)}), "leakage")
    assert found.status is Status.FAIL
    assert set(found.columns) == {"basket", "orders"}


def test_spend_that_follows_the_season_is_demand_capture(table: pd.DataFrame) -> None:
    rng = np.random.default_rng(7)
    wave = 1 + 0.8 * np.sin(2 * np.pi * np.arange(len(table)) / 52.18)
    found = one(run(table.assign(search_spend=5e3 * wave * rng.lognormal(0, 0.1, len(table)))), "demand_capture")
    assert (found.status, found.columns) == (Status.REVIEW, ("search_spend",))
    assert found.value is not None
    assert 0.8 < found.value < 1


def test_too_many_controls_for_the_rows_keeps_those_that_matter(table: pd.DataFrame) -> None:
    rng = np.random.default_rng(8)
    junk = {f"junk{i}": rng.normal(size=len(table)) for i in range(60)}
    frame = table.assign(**junk)
    frame["sales"] += 3e5 * frame["junk7"]
    found = one(run(frame, dict.fromkeys(junk, (Role.CONTROL, None))), "parameters")
    assert found.status is Status.REVIEW
    (fix,) = found.fixes
    assert fix.recommended
    assert "junk7" not in fix.arguments["columns"]
    roles = {c: (Role.CONTROL, None) for c in junk if c not in fix.arguments["columns"]}
    after = quality.check(
        frame.drop(columns=fix.arguments["columns"]),
        recognition(roles, without=tuple(fix.arguments["columns"])),
        today=TODAY,
    )
    assert one(after, "parameters").status is Status.PASS


def test_of_identical_holidays_one_survives_all_recommended_fixes(table: pd.DataFrame) -> None:
    rng = np.random.default_rng(9)
    copies = {f"copy{i}": table["easter"] for i in range(3)}
    junk = {f"junk{i}": rng.normal(size=len(table)) for i in range(60)}
    roles = dict.fromkeys(copies, (Role.HOLIDAY, None)) | dict.fromkeys(junk, (Role.CONTROL, None))
    frame = table.assign(**copies, **junk)
    frame["sales"] += 1e6 * frame["easter"]
    report = run(frame, roles)
    dropped = {c for check in report.checks for f in check.fixes if f.recommended for c in f.arguments["columns"]}
    assert len({"easter", *copies} - dropped) == 1


def test_thresholds_are_settings(table: pd.DataFrame) -> None:
    strict = quality.check(table, recognition(), quality.Thresholds(coverage_review_weeks=200), today=TODAY)
    assert one(strict, "coverage").status is Status.REVIEW


def test_one_week_is_spoken_of_as_one(table: pd.DataFrame) -> None:
    said = {c.id: c.message for c in quality.check(table.head(1), recognition(), today=TODAY).checks}
    assert said["coverage"].startswith("1 week is too few: under 52 weeks")
    assert said["parameters"].startswith("1 row for ")
