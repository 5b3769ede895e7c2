"""The frames behind the explore charts."""

import numpy as np
import pandas as pd
import pytest

from mmm_core.data import explore
from mmm_core.domain.dataset import ColumnRole, Recognition, Role, Shape
from mmm_core.domain.errors import DataError

N = 104
FOUND = Recognition(
    Shape.NATIONAL,
    "plain",
    7,
    (
        ColumnRole("week", Role.DATE, 1.0, ""),
        ColumnRole("sales", Role.KPI, 1.0, ""),
        ColumnRole("tv_spend", Role.SPEND, 1.0, "", "tv"),
        ColumnRole("tv_impressions", Role.EXPOSURE, 1.0, "", "tv"),
        ColumnRole("search_spend", Role.SPEND, 1.0, "", "search"),
    ),
)


@pytest.fixture
def table() -> pd.DataFrame:
    rng = np.random.default_rng(2)
    tv = np.where(np.arange(N) % 4 == 0, 300.0, 0.0)
    search = rng.uniform(50, 150, N)
    return pd.DataFrame(
        {
            "week": pd.date_range("2023-01-02", periods=N, freq="7D"),
            "sales": 1000 + 200 * np.sin(2 * np.pi * np.arange(N) / 52) + 2 * search,
            "tv_spend": tv,
            "tv_impressions": tv * 50,
            "search_spend": search,
        }
    )


def test_distribution_counts_every_number(table: pd.DataFrame) -> None:
    bins = explore.distribution(table, "search_spend", bins=10)
    assert bins["count"].sum() == N
    assert bins["low"].iloc[0] == table["search_spend"].min()
    with pytest.raises(DataError, match="no column radio"):
        explore.distribution(table, "radio")


def test_correlations_match_numpy(table: pd.DataFrame) -> None:
    square = explore.correlations(table, FOUND)
    assert square.loc["sales", "search_spend"] == pytest.approx(
        np.corrcoef(table["sales"], table["search_spend"])[0, 1]
    )
    assert (np.diag(square) == 1).all()


def test_spend_and_kpi_adds_up_geos(table: pd.DataFrame) -> None:
    panel = pd.concat([table.assign(geo="a"), table.assign(geo="b")])
    found = Recognition(Shape.PANEL, "plain", 7, (*FOUND.roles, ColumnRole("geo", Role.GEO, 1.0, "")))
    series = explore.spend_and_kpi(panel, found)
    assert len(series) == N
    assert series["kpi"].to_numpy() == pytest.approx(2 * table["sales"].to_numpy())
    assert series["spend"].to_numpy() == pytest.approx(series["tv"].to_numpy() + series["search"].to_numpy())


def test_seasonality_peaks_where_the_wave_does(table: pd.DataFrame) -> None:
    profile = explore.seasonality(table, FOUND)
    assert set(profile.columns) == {"week", "mean", "low", "high", "years"}
    assert abs(int(profile.loc[profile["mean"].idxmax(), "week"]) - 14) <= 4


@pytest.mark.parametrize("rule", ["MS", "ME"])
def test_a_months_season_is_that_month_in_every_year(rule: str) -> None:
    months = pd.date_range("2018-01-01", periods=60, freq=rule)
    wave = 1000 + 200 * np.cos(2 * np.pi * (months.month - 7) / 12)
    profile = explore.seasonality(pd.DataFrame({"week": months, "sales": wave, "tv_spend": 1.0}), FOUND)
    assert len(profile) == 12
    assert profile["years"].min() >= 4
    assert profile.loc[profile["mean"].idxmax(), "week"] == 27, "July begins in the 27th week"


def test_shares_and_statistics(table: pd.DataFrame) -> None:
    share = explore.spend_share(table, FOUND)
    assert share["share"].sum() == pytest.approx(1.0)
    assert list(share["channel"]) == ["search", "tv"]
    rows = explore.channel_statistics(table, FOUND).set_index("channel")
    assert rows.loc["tv", "active_share"] == 0.25
    assert rows.loc["tv", "mean_active"] == 300.0
    assert rows.loc["tv", "cost_per_thousand"] == pytest.approx(20.0)
    assert np.isnan(rows.loc["search", "cost_per_thousand"])
    columns = explore.column_statistics(table, FOUND).set_index("column")
    assert columns.loc["tv_spend", "zero"] == 0.75


def test_top_values_and_random_rows(table: pd.DataFrame) -> None:
    top = explore.top_values(table.assign(note=["sale"] * 3 + [None] * (N - 3)), "note")
    assert list(zip(top["value"], top["count"], strict=True)) == [("(missing)", N - 3), ("sale", 3)]
    rows = explore.random_rows(table, 5, seed=3)
    assert len(rows) == 5
    assert rows.index.is_monotonic_increasing
    pd.testing.assert_frame_equal(rows, explore.random_rows(table, 5, seed=3))
