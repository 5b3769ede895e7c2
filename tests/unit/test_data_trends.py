"""The trend scanner: growth, season, odd periods and events whose truth is known."""

import numpy as np
import pandas as pd
import pytest

from mmm_core.data import simulate, trends
from mmm_core.data.recognise import recognise
from mmm_core.domain.dataset import ColumnRole, Recognition, Role, Shape
from mmm_core.domain.errors import DataError

WEEKS = 156
ROLES = Recognition(
    Shape.NATIONAL,
    "plain",
    7,
    (
        ColumnRole("week", Role.DATE, 1.0, ""),
        ColumnRole("sales", Role.KPI, 1.0, ""),
        ColumnRole("tv_spend", Role.SPEND, 1.0, "", "tv"),
        ColumnRole("sale_event", Role.HOLIDAY, 1.0, ""),
    ),
)
EFFECT = 150.0


def table(seed: int = 1, growth: float = 0.0, rho: float = 0.3) -> pd.DataFrame:
    """Three years with a yearly wave, growth by the year, TV, an event of known effect and autocorrelated noise."""
    rng = np.random.default_rng(seed)
    t = np.arange(WEEKS)
    noise = np.zeros(WEEKS)
    for i in range(1, WEEKS):
        noise[i] = rho * noise[i - 1] + rng.normal(0, 20)
    tv = np.where(rng.random(WEEKS) < 0.3, rng.uniform(50, 150, WEEKS), 0.0)
    event = np.isin(t % 52, (10, 30)).astype(float)
    sales = (
        1000 * (1 + growth) ** (t / 52) + 120 * np.sin(2 * np.pi * t / 52) + 6 * np.sqrt(tv) + EFFECT * event + noise
    )
    return pd.DataFrame(
        {
            "week": pd.date_range("2023-01-02", periods=WEEKS, freq="7D"),
            "sales": sales,
            "tv_spend": tv,
            "sale_event": event,
        }
    )


def test_growth_is_the_last_year_against_the_one_before() -> None:
    found = trends.scan(table(growth=0.10), ROLES)
    assert found.growth is not None
    assert found.growth.periods == 52
    assert found.growth.change == pytest.approx(0.10, abs=0.02)
    year = found.table["value"].to_numpy()
    assert found.growth.now == pytest.approx(year[-52:].sum())
    assert found.growth.before == pytest.approx(year[-104:-52].sum())
    assert found.table["change"].iloc[:52].isna().all()


def test_the_parts_add_up_and_the_season_is_the_wave() -> None:
    frame = table()
    found = trends.scan(frame, ROLES)
    parts = found.table[["trend", "season", "rest"]].sum(axis=1)
    assert parts.to_numpy() == pytest.approx(frame["sales"].to_numpy())
    wave = 120 * np.sin(2 * np.pi * np.arange(WEEKS) / 52)
    assert np.corrcoef(found.table["season"], wave)[0, 1] > 0.85
    assert found.season_strength is not None
    assert found.season_strength > 0.7


@pytest.mark.parametrize("lacking", [[70], [70, 71, 72, 110]])
def test_a_missing_week_moves_no_other_week_to_another_year(lacking: list[int]) -> None:
    t = np.arange(WEEKS)
    frame = table().assign(sales=1000 * 1.1 ** (t / 52) * (1 + 0.4 * np.sin(2 * np.pi * t / 52)))
    found = trends.scan(frame.drop(index=lacking).reset_index(drop=True), ROLES)
    assert found.table["change"].dropna().to_numpy() == pytest.approx(0.1)
    assert len(found.table) == WEEKS - len(lacking)
    assert found.odd == ()
    assert found.growth is not None
    assert found.growth.change == pytest.approx(0.1)
    # A week that one of the years lacks counts in neither.
    assert found.growth.periods == 52 - sum(week >= 52 for week in lacking)


def test_a_geo_that_joined_is_no_growth() -> None:
    company = simulate.company("geo", 5, geos=3)
    roles = recognise(company.frame)
    weeks = sorted(company.frame["week"].unique())
    late = company.frame[(company.frame["region"] != "South") | (company.frame["week"] >= weeks[130])]
    assert set(late["region"]) > {"South"}
    found = trends.scan(late.reset_index(drop=True), roles)
    others = trends.scan(late[late["region"] != "South"].reset_index(drop=True), roles)
    assert found.growth is not None
    assert others.growth is not None
    assert found.growth.change == pytest.approx(others.growth.change)
    change = found.table["change"].to_numpy()[52:]
    assert change == pytest.approx(others.table["change"].to_numpy()[52:])
    assert found.table["value"].iloc[-1] > others.table["value"].iloc[-1]


def test_a_missing_month_leaves_the_others_a_year_apart() -> None:
    months = np.arange(40)
    values = 1000 * 1.2 ** (months / 12) * (1 + 0.3 * np.sin(2 * np.pi * months / 12))
    frame = pd.DataFrame({"week": pd.date_range("2021-01-01", periods=40, freq="MS"), "sales": values})
    found = trends.scan(frame.drop(index=[30]).reset_index(drop=True), ROLES)
    assert found.table["change"].dropna().to_numpy() == pytest.approx(0.2)


def test_an_odd_week_is_found_and_a_quiet_series_has_next_to_none() -> None:
    frame = table()
    quiet = trends.scan(frame, ROLES)
    frame.loc[77, "sales"] += 400
    loud = trends.scan(frame, ROLES)
    assert loud.odd[0].period == frame["week"][77].date()
    assert loud.odd[0].value - loud.odd[0].expected == pytest.approx(400, abs=120)
    assert len(quiet.odd) <= 3


@pytest.mark.slow
def test_the_interval_of_an_event_holds_its_truth_as_often_as_it_says() -> None:
    inside, effects = 0, []
    for seed in range(150):
        (found,) = trends.scan(table(seed), ROLES).events if seed == 0 else _events(table(seed))
        inside += found.low <= EFFECT <= found.high
        effects.append(found.effect)
    assert 0.83 <= inside / 150 <= 0.98
    assert np.mean(effects) == pytest.approx(EFFECT, abs=5)


def _events(frame: pd.DataFrame) -> tuple[trends.EventImpact, ...]:
    return trends.event_impacts(trends._view(frame, ROLES, None), "sales")


def test_the_products_sample_company_shows_its_events() -> None:
    company = simulate.company("national", 5)
    found = {e.event: e for e in trends.scan(company.frame, recognise(company.frame)).events}
    assert {"holiday_black_friday", "holiday_christmas"} <= set(found)
    assert all(e.low < e.effect < e.high for e in found.values())
    assert found["holiday_black_friday"].effect > 0
    assert found["holiday_black_friday"].times == 3


def test_each_region_by_itself() -> None:
    company = simulate.company("geo", 5, geos=3)
    frame = company.frame
    roles = recognise(frame)
    south = (frame["region"] == "South") & (frame["week"] == frame["week"].iloc[70])
    frame.loc[south, "revenue"] *= 2
    rising = (frame["region"] == "North") & (frame["week"] > frame["week"].iloc[103])
    frame.loc[rising, "revenue"] *= 1.4
    growth = trends.growth_by_geo(frame, roles)
    assert growth["geo"].iloc[0] == "North"
    whole = trends.scan(frame, roles).growth
    assert whole is not None
    assert growth["now"].sum() == pytest.approx(whole.now)
    odd = trends.odd_by_geo(frame, roles)
    assert (odd[0].geo, odd[0].period) == ("South", frame["week"].iloc[70].date())


@pytest.mark.slow
def test_daily_data_have_weekdays_and_a_year() -> None:
    days = 760
    t = np.arange(days)
    rng = np.random.default_rng(3)
    values = 500 + 80 * np.sin(2 * np.pi * t / 7) + 60 * np.sin(2 * np.pi * t / 364) + rng.normal(0, 5, days)
    parts = trends.decompose(values, 1.0)
    assert parts is not None
    assert parts[0] + parts[1] + parts[2] == pytest.approx(values)
    assert np.std(parts[2]) < 0.2 * np.std(values)


@pytest.mark.parametrize("weeks", [8, 60, 103])
def test_short_series_say_what_they_can(weeks: int) -> None:
    found = trends.scan(table().head(weeks), ROLES)
    assert found.season_strength is None
    assert found.odd == ()
    assert (found.growth is not None) == (weeks >= 65)


def test_what_cannot_be_scanned_is_refused_in_words() -> None:
    with pytest.raises(DataError, match="Under eight periods"):
        trends.scan(table().head(5), ROLES)
    with pytest.raises(DataError, match="called radio"):
        trends.scan(table(), ROLES, "radio")
    flat = trends.scan(table().assign(sales=7.0), ROLES)
    assert flat.odd == ()
    assert flat.season_strength is None
