"""Parts of a column in another unit, and steps of the KPI: found where they are, and only there."""

import numpy as np
import pandas as pd
import pytest

from mmm_core.data import quality, recipe, recognise
from mmm_core.domain.checks import Check, Status
from mmm_core.domain.dataset import RecipeStep, Role
from mmm_core.domain.errors import DataError


def company(seed: int = 4, periods: int = 130) -> pd.DataFrame:
    """Three channels, one with impressions, one in campaigns; sales with a season, runs in the noise and an outlier."""
    rng = np.random.default_rng(seed)
    week = np.arange(periods)
    tv = np.where(week // 5 % 2 == 0, rng.lognormal(10, 0.5, periods), 0.0)
    search, radio = rng.lognormal(9, 0.2, periods), rng.lognormal(8, 0.6, periods)
    noise = rng.standard_normal(periods)
    for t in range(1, periods):
        noise[t] += 0.5 * noise[t - 1]
    sales = 1e6 * (1 + 0.15 * np.sin(2 * np.pi * week / 52.18) + 0.002 * week + 0.03 * noise)
    sales += 3 * tv + 4 * search + 2 * radio
    sales[100] *= 1.5
    return pd.DataFrame(
        {
            "week": pd.date_range("2022-01-03", periods=periods, freq="7D"),
            "sales": sales,
            "tv_spend": tv,
            "search_spend": search,
            "search_impressions": np.round(search * 120 * rng.lognormal(0, 0.08, periods)),
            "radio_spend": radio,
        }
    )


def check(frame: pd.DataFrame, name: str) -> Check:
    return next(c for c in quality.check(frame, recognise.recognise(frame)).checks if c.id == name)


def spoiled(frame: pd.DataFrame, rows: slice, factor: float, *columns: str) -> pd.DataFrame:
    out = frame.copy()
    for column in columns:
        out.loc[rows, column] = out.loc[rows, column] * factor
    return out


@pytest.mark.parametrize("seed", range(8))
def test_campaigns_bursts_and_growth_are_no_other_unit_and_no_step(seed: int) -> None:
    frame = company(seed)
    grown = spoiled(frame, slice(60, None), 4.0, "radio_spend")
    for table in (frame, grown):
        assert check(table, "unit_change").status is Status.PASS
    assert "sales" not in check(frame, "level_shift").columns


@pytest.mark.parametrize(
    ("rows", "factor", "columns"),
    [
        (slice(80, None), 1e-3, ("tv_spend",)),
        (slice(None, 39), 1e3, ("search_spend", "search_impressions")),
        (slice(50, 69), 100.0, ("radio_spend",)),
        (slice(90, None), 1e-3, ("sales",)),
        (slice(90, None), 10.0, ("search_spend", "search_impressions")),
    ],
)
def test_a_part_in_another_unit_is_found_and_mended(rows: slice, factor: float, columns: tuple[str, ...]) -> None:
    before = company()
    frame = spoiled(before, rows, factor, *columns)
    found = check(frame, "unit_change")
    assert (found.status, found.columns) == (Status.REVIEW, columns)
    assert not any(fix.recommended for fix in found.fixes)
    steps = [RecipeStep(fix.step, dict(fix.arguments), fix.label) for fix in found.fixes]
    assert len(steps) == 1
    mended, recognition = recipe.apply(frame, recognise.recognise(frame), steps)
    again = next(c for c in quality.check(mended, recognition).checks if c.id == "unit_change")
    assert again.status is Status.PASS
    for column in columns:
        ratio = mended[column] / before[column].where(before[column] > 0)
        assert ratio.max() == pytest.approx(ratio.min())


def test_spend_that_jumps_without_its_impressions_is_certain() -> None:
    found = check(spoiled(company(), slice(80, None), 1e-3, "search_spend"), "unit_change")
    assert (found.status, found.columns) == (Status.FAIL, ("search_spend",))
    assert "must be another unit" in found.message
    assert "a 1,000th of its usual level from 2023-07-17 on" in found.message


def test_a_geo_in_thousands_is_mended_alone() -> None:
    parts = [company(seed).assign(region=name) for seed, name in enumerate(("north", "south", "west"))]
    parts[1] = spoiled(parts[1], slice(70, None), 1e-3, "radio_spend")
    frame = pd.concat(parts, ignore_index=True)
    found = check(frame, "unit_change")
    assert found.status is Status.REVIEW
    assert found.fixes[0].arguments["geos"] == ["south"]
    assert "in 1 geo" in found.message


def test_a_part_is_multiplied_between_its_dates() -> None:
    frame = company()
    known = recognise.recognise(frame)
    arguments = {"columns": ["tv_spend"], "factor": 2, "start": "2022-02-07", "end": "2022-02-21"}
    after, _ = recipe.apply(frame, known, [RecipeStep("multiply_part", arguments, "")])
    changed = frame.index[~np.isclose(after["tv_spend"], frame["tv_spend"])]
    assert set(changed) <= {5, 6, 7}
    assert after["tv_spend"].iloc[:5].tolist() == frame["tv_spend"].iloc[:5].tolist()
    for wrong, words in (({"geos": ["east"]}, "geography"), ({"start": "2031-01-01"}, "No row")):
        with pytest.raises(DataError, match=words):
            recipe.apply(frame, known, [RecipeStep("multiply_part", {**arguments, **wrong}, "")])


@pytest.mark.parametrize("place", [35, 65, 95])
@pytest.mark.parametrize("share", [0.35, -0.3])
def test_a_third_more_or_less_from_some_week_on_is_a_step(place: int, share: float) -> None:
    frame = company()
    frame.loc[place:, "sales"] += share * frame["sales"].mean()
    found = check(frame, "level_shift")
    assert "sales" in found.columns
    start = pd.Timestamp(found.fixes[0].arguments["start"])
    assert abs((start - frame["week"][place]).days) <= 14


def test_slow_growth_and_runs_are_no_step() -> None:
    frame = company(11)
    frame["sales"] *= np.linspace(1.0, 1.9, len(frame)) ** 1.5
    assert check(frame, "level_shift").status is Status.PASS


def test_a_mark_of_peak_weeks_is_no_channel() -> None:
    frame = company()
    peak = (frame["week"].dt.isocalendar().week.isin([47, 48])).astype(int)
    found = recognise.recognise(frame.assign(shopping_peak=peak, tv_on=(frame["tv_spend"] > 0).astype(float)))
    assert found.columns(Role.HOLIDAY) == ("shopping_peak",)
    assert found.columns(Role.SPEND) == ("tv_spend", "search_spend", "radio_spend")
    assert found.columns(Role.CONTROL) == ("tv_on",)
