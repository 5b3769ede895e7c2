"""Which exposure a lift test switched and which periods it measured, whatever the length of a period."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from mmm_core.analysis.calendar import following
from mmm_core.domain.errors import SpecError
from mmm_core.domain.fit import ModelData
from mmm_core.modeling.lift import LiftData, lift_data
from mmm_core.modeling.prepare import period_spans, prepare
from mmm_core.modeling.spec import ChannelSpec, KpiSpec, LiftTest, ModelSpec
from mmm_core.studies import windows
from tests.unit.analysis_company import company as analysis_company

DAYS = pd.date_range("2022-01-03", "2023-12-31", freq="D")


def company(rule: str) -> pd.DataFrame:
    """Daily spend that is even over each week, added up to the periods of a rule, named by their first day or ME."""
    rng = np.random.default_rng(4)
    weekly = np.repeat(rng.uniform(10, 90, len(DAYS) // 7 + 1), 7)[: len(DAYS)]
    daily = pd.DataFrame({"tv": weekly, "sales": rng.normal(1000, 50, len(DAYS))}, index=DAYS)
    side = "right" if rule == "ME" else "left"
    return daily.resample(rule, label=side, closed=side).sum().rename_axis("start").reset_index()


def lift_test(start: str, end: str, until: str | None = None, share: float = 1.0) -> LiftTest:
    return LiftTest.model_validate(
        {
            "channel": "tv", "start": start, "end": end, "lift": 1.0, "standard_error": 1.0,
            "measured_until": until, "share": share,
        }
    )  # fmt: skip


def seen(frame: pd.DataFrame, test: LiftTest, adstock: str = "none", date: str = "start") -> tuple[ModelData, LiftData]:
    spec = ModelSpec.model_validate(
        {
            "kpi": KpiSpec(column="sales"), "date": date, "channels": (ChannelSpec(name="tv", spend="tv"),),
            "adstock": adstock, "saturation": "linear", "max_lag": 4, "lift_tests": (test,),
        }
    )  # fmt: skip
    data = prepare(frame.rename(columns={"start": date}), spec)
    found = lift_data(spec, data)
    assert found is not None
    return data, found


def switched(frame: pd.DataFrame, test: LiftTest, date: str = "start") -> float:
    """Money that the model takes out for the test: with no memory, a straight line and an effect of 1 per money."""
    data, found = seen(frame, test, date=date)
    per_money = (data.media_scale / data.target_scale[:, None])[None]
    return float(found.modelled("none", "linear", 4, {}, per_money)[0, 0])


@pytest.mark.parametrize(
    ("rule", "start", "end"),
    [
        ("MS", "2022-03-01", "2022-03-31"),
        ("MS", "2023-05-01", "2023-06-30"),
        ("MS", "2023-02-01", "2023-02-28"),
        ("ME", "2022-03-01", "2022-03-31"),
        ("ME", "2022-02-01", "2022-03-31"),
        ("W-MON", "2022-03-07", "2022-04-03"),
        ("W-MON", "2022-03-09", "2022-03-22"),
        ("W-MON", "2022-03-10", "2022-03-12"),
        ("D", "2022-03-10", "2022-03-20"),
    ],
)
def test_as_much_is_switched_as_was_spent_in_the_windows_days(rule: str, start: str, end: str) -> None:
    frame = company(rule)
    daily = company("D").set_index("start")["tv"]
    assert switched(frame, lift_test(start, end)) == pytest.approx(daily[start:end].sum())
    assert switched(frame, lift_test(start, end, share=0.3)) == pytest.approx(0.3 * daily[start:end].sum())


def test_a_month_before_the_window_is_not_switched() -> None:
    data, found = seen(company("MS"), lift_test("2022-03-01", "2022-03-31"))
    assert str(data.dates[found.start[0]])[:10] == "2022-03-01"


def test_a_last_day_that_names_a_period_means_all_of_it() -> None:
    weeks = company("W-MON")
    assert switched(weeks, lift_test("2022-03-07", "2022-03-28")) == switched(
        weeks, lift_test("2022-03-07", "2022-04-03")
    )


@pytest.mark.parametrize(("start", "end"), [("2022-03-07", "2022-03-20"), ("2022-03-13", "2022-03-20")])
def test_weeks_named_by_their_last_day_are_so_where_the_column_says_it(start: str, end: str) -> None:
    """Both by days and by the names of the weeks of 7 and 14 March."""
    ending = company("W-MON")
    ending["start"] += pd.Timedelta(days=6)
    spent = company("D").set_index("start")["tv"]["2022-03-07":"2022-03-20"].sum()
    for name in ("week_ending", "Week End Date"):
        assert switched(ending, lift_test(start, end), name) == pytest.approx(spent)


def test_a_period_after_the_window_counts_as_far_as_it_was_measured() -> None:
    _, found = seen(company("W-MON"), lift_test("2022-03-07", "2022-03-20", "2022-03-30"), "geometric")
    unit = found.weight[0, 0]
    assert (found.weight[0] / unit).tolist() == pytest.approx([1, 1, 1, 3 / 7])
    _, whole = seen(company("W-MON"), lift_test("2022-03-07", "2022-03-20", "2022-04-03"), "geometric")
    assert (whole.weight[0] / unit).tolist() == [1, 1, 1, 1]


def test_a_window_beyond_the_last_month_is_refused_and_its_last_day_is_not() -> None:
    frame = company("MS").iloc[:14]  # up to February 2023
    assert switched(frame, lift_test("2023-01-01", "2023-02-28")) > 0
    with pytest.raises(SpecError, match=r"lies outside the data \(2022-01-01 to 2023-02-28\)"):
        seen(frame, lift_test("2023-01-01", "2023-03-01"))


def test_periods_end_where_the_calendar_says() -> None:
    def ends(*days: str) -> list[str]:
        return period_spans(np.array(days, dtype="datetime64[ns]"))[1].astype(str).tolist()

    assert ends("2023-01-01", "2023-02-01", "2023-03-01") == ["2023-02-01", "2023-03-01", "2023-04-01"]
    assert ends("2023-01-01", "2023-04-01", "2023-07-01") == ["2023-04-01", "2023-07-01", "2023-10-01"]
    assert ends("2023-01-31", "2023-02-28", "2023-03-31") == ["2023-02-01", "2023-03-01", "2023-04-01"]
    # A missing week belongs to neither neighbour.
    weeks = ends("2023-01-02", "2023-01-09", "2023-01-23", "2023-01-30")
    assert weeks == ["2023-01-09", "2023-01-16", "2023-01-30", "2023-02-06"]


def test_a_shorter_history_keeps_the_tests_that_were_measured_by_then() -> None:
    frame = company("MS")
    tests = (lift_test("2022-02-01", "2022-03-31"), lift_test("2022-03-01", "2022-03-31", "2022-05-31"))
    spec = ModelSpec(
        kpi=KpiSpec(column="sales"), date="start", channels=(ChannelSpec(name="tv", spend="tv"),), lift_tests=tests
    )
    kept = windows.with_known_tests(spec, frame[frame["start"] < "2022-04-01"]).lift_tests
    assert kept == tests[:1]
    assert windows.with_known_tests(spec, frame[frame["start"] < "2022-03-01"]).lift_tests == ()


@pytest.mark.parametrize("day", ["2024-01-01", "2024-01-15", "2024-01-30", "2024-01-31"])
def test_months_to_come_are_one_a_month(day: str) -> None:
    known = np.array([day.replace("2024-01", "2023-12"), day], dtype="datetime64[ns]")
    data = replace(analysis_company(periods=2), dates=known)
    ahead = following(data, 13)
    assert [(d.year, d.month) for d in ahead] == [(2024 + (m > 11), m % 12 + 1) for m in range(1, 14)]
    assert [d.day for d in ahead][1] == int(day[-2:]), "March is as long as January"
