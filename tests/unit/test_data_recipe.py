"""Recipe steps: what they do, that they replay, and what they say when they cannot."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from mmm_core.data import recipe
from mmm_core.data.mff import to_mff
from mmm_core.data.recognise import recognise, with_roles
from mmm_core.domain.checks import Check, CheckReport, Fix, Status
from mmm_core.domain.dataset import RecipeStep, Recognition, Role, Shape
from mmm_core.domain.errors import DataError

WEEKS = pd.date_range("2021-01-04", periods=20, freq="7D")
WEEKLY = pd.DataFrame(
    {
        "date": WEEKS,
        "sales": np.arange(20) + 100.0,
        "tv_spend": [0.0, 10.0] * 10,
        "tv_impressions": [0.0, 1000.0] * 10,
        "temperature": np.linspace(-5, 5, 20),
        "christmas": [0.0] * 19 + [1.0],
    }
)
DAYS = pd.date_range("2021-01-06", "2021-03-03")
DAILY = pd.DataFrame(
    {
        "day": DAYS,
        "orders": 10.0,
        "revenue_per_order": np.where(DAYS.day_of_week < 5, 20.0, 30.0),
        "tv_spend": 1.0,
        "temperature": DAYS.day_of_week.astype(float),
        "easter": (DAYS.day == 14).astype(float),
    }
)
PANEL = pd.concat([WEEKLY.assign(geo="north", population=3.0), WEEKLY.assign(geo="south", population=1.0)]).reset_index(
    drop=True
)
PANEL.loc[PANEL["geo"] == "south", "temperature"] += 4


def run(frame: pd.DataFrame, step: str, **arguments: object) -> tuple[pd.DataFrame, Recognition]:
    return recipe.apply(frame, recognise(frame), [recipe.step(step, **arguments)])


def test_nothing_changes_its_input() -> None:
    frame = WEEKLY.copy()
    steps = [
        recipe.step("absolute_spend", columns=["tv_spend"]),
        recipe.step("compute", name="x", expression="tv_spend * 2"),
        recipe.step("drop_columns", columns=["temperature"]),
    ]
    recipe.apply(frame, recognise(frame), steps)
    pd.testing.assert_frame_equal(frame, WEEKLY)


def test_weeks_from_days_by_role() -> None:
    frame, found = run(DAILY, "aggregate_weeks", week_start=0)
    assert (found.frequency_days, found.shape) == (7, Shape.NATIONAL)
    assert frame["day"].iloc[0] == pd.Timestamp("2021-01-11")
    assert frame["day"].iloc[-1] == pd.Timestamp("2021-02-22")
    assert frame["orders"].tolist() == [70.0] * 7
    assert frame["tv_spend"].tolist() == [7.0] * 7
    assert frame["temperature"].tolist() == [3.0] * 7
    assert frame["revenue_per_order"].iloc[0] == pytest.approx((5 * 20 + 2 * 30) / 7)
    assert frame["easter"].tolist() == [1.0, 0, 0, 0, 1.0, 0, 0]
    assert any("2 incomplete weeks" in n and "Monday" in n for n in found.notes)


@pytest.mark.parametrize("start", range(7))
def test_a_week_starts_on_the_day_chosen(start: int) -> None:
    frame, _ = run(DAILY, "aggregate_weeks", week_start=start)
    assert set(frame["day"].dt.day_of_week) == {start}
    assert set(frame["orders"]) == {70.0}


def test_values_per_unit_are_weighted_by_the_kpi() -> None:
    frame = DAILY.assign(orders=np.where(DAYS.day_of_week < 5, 10.0, 0.0))
    out, _ = run(frame, "aggregate_weeks")
    assert out["revenue_per_order"].tolist() == [20.0] * 7


def test_months_cannot_become_weeks() -> None:
    monthly = pd.DataFrame({"date": pd.date_range("2020-01-01", periods=12, freq="MS"), "sales": 1.0})
    with pytest.raises(DataError, match="cannot be split into weeks"):
        run(monthly, "aggregate_weeks")


def test_transactions_become_weeks() -> None:
    days = DAYS.repeat(3)
    frame = pd.DataFrame({"order_date": days, "order_id": range(len(days)), "amount": 2.0})
    found = recognise(frame)
    steps = recipe.opening(frame, found, week_start=6)
    out, roles = recipe.apply(frame, found, steps)
    assert [s.step for s in steps] == ["aggregate_weeks"]
    assert set(out["amount"]) == {42.0}
    assert roles.shape is Shape.NATIONAL


def test_bare_measures_belong_together_and_add_up() -> None:
    frame = pd.DataFrame({"Day": DAYS, "Cost": 1.0, "Impr.": 10.0, "Clicks": 2.0})
    found = recognise(frame)
    out, roles = recipe.apply(frame, found, recipe.opening(frame, found))
    assert roles.one(Role.EXPOSURE) == "Impr."
    assert out[["Cost", "Impr.", "Clicks"]].iloc[0].tolist() == [7.0, 70.0, 14.0]


def test_rows_per_channel_become_columns() -> None:
    frame = pd.DataFrame({"Day": DAYS.repeat(2), "Channel": ["TV", "Radio"] * len(DAYS), "Campaign": "x"}).assign(
        Cost=[3.0, 1.0] * len(DAYS), Impressions=[30.0, 10.0] * len(DAYS), Clicks=1.0
    )
    found = recognise(frame)
    out, roles = recipe.apply(frame, found, recipe.opening(frame, found))
    assert set(out["TV_Cost"]) == {21.0}
    assert set(out["Radio_Impressions"]) == {70.0}
    assert {"TV_Clicks", "Radio_Clicks"} <= set(out.columns)
    assert roles.columns(Role.SPEND) == ("TV_Cost", "Radio_Cost")


def test_mff_becomes_wide_with_roles() -> None:
    long = to_mff(PANEL, recognise(PANEL))
    found = recognise(long)
    out, roles = recipe.apply(long, found, recipe.opening(long, found))
    assert roles.shape is Shape.PANEL
    assert roles.one(Role.KPI) == "sales"
    assert roles.one(Role.POPULATION) == "population"
    assert len(out) == 40


def test_national_from_a_panel() -> None:
    out, found = run(PANEL, "aggregate_national")
    assert found.shape is Shape.NATIONAL
    assert found.one(Role.GEO) is None
    assert out["sales"].tolist() == (2 * WEEKLY["sales"]).tolist()
    np.testing.assert_allclose(out["temperature"], WEEKLY["temperature"] + 1)
    assert out["population"].tolist() == [4.0] * 20
    assert out["christmas"].max() == 1


def test_duplicate_periods() -> None:
    twice = pd.concat([WEEKLY, WEEKLY.iloc[[3]].assign(sales=1.0)], ignore_index=True)
    assert run(twice, "drop_duplicate_periods")[0]["sales"].iloc[3] == 103
    assert run(twice, "drop_duplicate_periods", keep="last")[0]["sales"].iloc[3] == 1
    summed = run(twice, "sum_duplicate_periods")[0]
    assert len(summed) == 20
    assert summed["sales"].iloc[3] == 104
    assert summed["temperature"].iloc[3] == pytest.approx(WEEKLY["temperature"].iloc[3])


def test_gaps_are_filled_and_said() -> None:
    out, found = run(WEEKLY.drop(index=[4, 5, 11]), "fill_gaps")
    assert out["date"].tolist() == list(WEEKS)
    assert out["sales"].tolist() == WEEKLY["sales"].tolist()
    assert out["tv_spend"].iloc[5] == 0
    assert any("3 missing periods" in n for n in found.notes)
    panel, _ = run(PANEL.drop(index=[4, 25]), "fill_gaps")
    assert panel.groupby("geo").size().tolist() == [20, 20]


def test_months_with_a_gap() -> None:
    months = pd.DataFrame({"date": pd.date_range("2020-01-01", periods=24, freq="MS"), "sales": np.arange(24.0)})
    out, _ = run(months.drop(index=[7]), "fill_gaps")
    assert out["date"].tolist() == months["date"].tolist()
    ends = months.assign(date=pd.date_range("2020-01-31", periods=24, freq="ME"))
    assert run(ends.drop(index=[7]), "fill_gaps")[0]["date"].tolist() == ends["date"].tolist()


def test_empty_cells_by_role() -> None:
    frame = WEEKLY.copy()
    frame.loc[3, ["sales", "tv_spend", "temperature", "christmas"]] = np.nan
    out, _ = run(frame, "fill_nulls")
    assert np.isnan(out["sales"].iloc[3])
    assert (out["tv_spend"].iloc[3], out["christmas"].iloc[3]) == (0, 0)
    assert out["temperature"].iloc[3] == pytest.approx(WEEKLY["temperature"].iloc[3])
    assert run(frame, "fill_nulls", columns=["sales"], method="interpolate")[0]["sales"].iloc[3] == 103
    assert run(frame, "fill_nulls", columns=["sales"], method="previous")[0]["sales"].iloc[3] == 102
    assert run(frame, "fill_nulls", columns=["sales"], method="mean")[0]["sales"].notna().all()


def test_filling_stays_inside_a_geography() -> None:
    frame = PANEL.copy()
    frame.loc[20, "temperature"] = np.nan
    out, _ = run(frame, "fill_nulls")
    assert out.loc[out["geo"] == "south", "temperature"].iloc[0] == pytest.approx(frame["temperature"].iloc[21])


def test_outliers_negative_spend_dates_and_time() -> None:
    frame = WEEKLY.copy()
    frame.loc[2, "sales"] = 1e6
    assert run(frame, "clip_outliers", columns=["sales"], factor=3)[0]["sales"].max() < 200
    frame["tv_spend"] *= -1
    assert run(frame, "absolute_spend")[0]["tv_spend"].tolist() == WEEKLY["tv_spend"].tolist()
    kept, _ = run(WEEKLY, "filter_dates", start=date(2021, 2, 1), end="2021-03-01")
    assert (kept["date"].min(), kept["date"].max()) == (pd.Timestamp("2021-02-01"), pd.Timestamp("2021-03-01"))
    timed, found = run(WEEKLY, "add_time_features")
    assert timed["trend"].tolist() == list(range(20))
    assert set(found.columns(Role.TIME)) == {"trend", "year", "quarter", "month", "week_of_year"}


def test_computed_columns_have_roles_and_lags_stay_in_a_geography() -> None:
    out, found = run(PANEL, "compute", name="tv lag", expression="lag(tv_spend)", role="spend", channel="tv late")
    assert out.groupby("geo")["tv lag"].first().tolist() == [0.0, 0.0]
    assert out["tv lag"].isna().sum() == 2
    entry = next(r for r in found.roles if r.column == "tv lag")
    assert (entry.role, entry.channel) == (Role.SPEND, "tv late")


def test_factor_columns_become_events() -> None:
    frame = WEEKLY.assign(events=[None] * 18 + ["launch", "sale"])
    found = recognise(frame)
    steps = recipe.opening(frame, found)
    out, roles = recipe.apply(frame, found, steps)
    assert [s.step for s in steps] == ["one_hot"]
    assert out["events_launch"].tolist() == [0.0] * 18 + [1.0, 0.0]
    assert set(roles.columns(Role.HOLIDAY)) == {"christmas", "events_launch", "events_sale"}
    assert "events" not in out.columns


def test_set_role_replays() -> None:
    _, found = run(WEEKLY, "set_role", columns=["temperature", "christmas"], role="ignore")
    assert set(found.columns(Role.IGNORE)) == {"temperature", "christmas"}


def test_undated_rows_are_left_out_first() -> None:
    frame = WEEKLY.copy()
    frame.loc[5, "date"] = pd.NaT
    found = recognise(frame)
    steps = recipe.opening(frame, found)
    assert [s.step for s in steps] == ["drop_undated_rows"]
    assert len(recipe.apply(frame, found, steps)[0]) == 19


def test_replay_on_new_data_and_undo() -> None:
    steps = (
        recipe.step("drop_columns", columns=["temperature"]),
        recipe.step("compute", name="double", expression="tv_spend * 2"),
    )
    later = pd.concat([WEEKLY, WEEKLY.assign(date=WEEKS + pd.Timedelta(days=140))], ignore_index=True)
    out, _ = recipe.apply(later, recognise(later), steps)
    assert len(out) == 40
    assert "temperature" not in out.columns
    assert recipe.without(steps, 0) == steps[1:]
    with pytest.raises(DataError, match="no longer there"):
        recipe.without(steps, 2)


@pytest.mark.parametrize(
    ("step", "says"),
    [
        (
            RecipeStep("drop_columns", {"columns": ["gone"]}, "Leave out gone"),
            r"step 1 \(Leave out gone\).*column gone",
        ),
        (RecipeStep("drop_columns", {"columns": ["sales"]}, ""), "is the KPI and cannot be dropped"),
        (RecipeStep("drop_columns", {}, ""), "list of column names"),
        (RecipeStep("explode", {}, ""), "not a known recipe step"),
        (RecipeStep("aggregate_weeks", {"week_start": 9}, ""), "week_start to be a number from 0 to 6"),
        (RecipeStep("fill_nulls", {"method": "magic"}, ""), "one of auto"),
        (RecipeStep("filter_dates", {"start": "soon"}, ""), "a date such as"),
        (RecipeStep("filter_dates", {"start": "2031-01-01"}, ""), "No period lies"),
        (RecipeStep("compute", {"name": "x", "expression": "__import__('os')"}, ""), "formula"),
        (RecipeStep("compute", {"name": "date", "expression": "sales"}, ""), "cannot replace date"),
        (RecipeStep("set_role", {"column": "sales", "role": "boss"}, ""), "boss is not a role"),
        (RecipeStep("clip_outliers", {"columns": ["date"]}, ""), "holds text or dates"),
        (RecipeStep("one_hot", {"columns": ["sales"]}, ""), None),
    ],
)
def test_what_cannot_be_done_is_said(step: RecipeStep, says: str | None) -> None:
    if says is None:
        assert recipe.apply(WEEKLY.head(5), recognise(WEEKLY.head(5)), [step])[0].shape[1] > WEEKLY.shape[1]
        return
    with pytest.raises(DataError, match=says):
        recipe.apply(WEEKLY, recognise(WEEKLY), [step])


def test_a_preview_says_what_changes() -> None:
    found = recognise(WEEKLY)
    drop = recipe.preview(WEEKLY, found, recipe.step("drop_columns", columns=["temperature"]))
    assert drop.sentence == "1 column left out (temperature)."
    assert (drop.before.shape[1], drop.after.shape[1]) == (6, 5)
    clip = recipe.preview(
        WEEKLY.assign(sales=[1e6] + [5.0, 6.0] * 9 + [7.0]), found, recipe.step("clip_outliers", column="sales")
    )
    assert clip.sentence == "1 cell changed in sales."
    nothing = recipe.preview(WEEKLY, found, recipe.step("absolute_spend"))
    assert nothing.sentence == "No value in the table changes."
    weeks = recipe.preview(DAILY, recognise(DAILY), recipe.step("aggregate_weeks"))
    assert weeks.sentence == f"{len(DAILY)} rows become 7."


def _report(*fixes: Fix, status: Status = Status.FAIL, waived_by: str | None = None) -> CheckReport:
    checks = [Check(f"c{i}", "", status, f"reason {i}.", fixes=(f,), waived_by=waived_by) for i, f in enumerate(fixes)]
    return CheckReport(tuple(checks))


def test_recommended_fixes_are_joined_and_ordered() -> None:
    found = recognise(WEEKLY)
    report = _report(
        Fix("fill_nulls", {"columns": ["temperature", "tv_spend"]}, "fill", recommended=True),
        Fix("set_role", {"columns": ["christmas"], "role": "ignore"}, "ignore", recommended=True),
        Fix("drop_columns", {"columns": ["temperature"]}, "drop", recommended=True),
        Fix("drop_columns", {"columns": ["temperature", "sales"]}, "drop", recommended=True),
        Fix("clip_outliers", {"columns": ["sales"]}, "clip", recommended=False),
        Fix("drop_duplicate_periods", {}, "dup", recommended=True),
    )
    steps = recipe.recommend(found, report)
    assert [s.step for s in steps] == ["drop_columns", "drop_duplicate_periods", "fill_nulls", "set_role"]
    assert steps[0].arguments == {"columns": ["temperature"]}
    assert steps[0].reason == "reason 2."
    assert steps[2].arguments["columns"] == ["tv_spend"]
    recipe.apply(WEEKLY, found, steps)


def test_passes_and_waived_checks_recommend_nothing() -> None:
    fix = Fix("drop_columns", {"columns": ["temperature"]}, "drop", recommended=True)
    found = recognise(WEEKLY)
    assert recipe.recommend(found, _report(fix, status=Status.PASS)) == ()
    assert recipe.recommend(found, _report(fix, waived_by="someone")) == ()


def test_every_step_has_words_for_its_button() -> None:
    assert all(kind.label and kind.name == name for name, kind in recipe.STEPS.items())


def test_a_correction_survives_the_recipe() -> None:
    found = with_roles(recognise(WEEKLY), {"temperature": Role.IGNORE})
    _, out = recipe.apply(WEEKLY, found, [recipe.step("absolute_spend")])
    assert out.columns(Role.IGNORE) == ("temperature",)
