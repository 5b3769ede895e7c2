"""Ways to spoil a good company, each with the checks that ought to notice it.

A spoiling takes the table, a random generator and the company, and returns the table that would be handed in. What is
named in ``SEEN_BY`` is any one of several checks: a spoiling counts as noticed when at least one of them speaks.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd

from benchmarks.companies import wandering
from benchmarks.worlds import World

Spoil = Callable[[pd.DataFrame, np.random.Generator, World], pd.DataFrame]
KPI = "revenue"


def duplicate_periods(frame: pd.DataFrame, rng: np.random.Generator, world: World) -> pd.DataFrame:
    """A stretch of weeks was exported twice."""
    first = int(rng.integers(10, len(frame) - 10))
    return pd.concat([frame, frame.iloc[first : first + 4]], ignore_index=True)


def gap(frame: pd.DataFrame, rng: np.random.Generator, world: World) -> pd.DataFrame:
    """Six weeks are not there."""
    first = int(rng.integers(20, len(frame) - 20))
    return frame.drop(index=range(first, first + 6)).reset_index(drop=True)


def short(frame: pd.DataFrame, rng: np.random.Generator, world: World) -> pd.DataFrame:
    """Ten months only."""
    return frame.iloc[-44:].reset_index(drop=True)


def leak(frame: pd.DataFrame, rng: np.random.Generator, world: World) -> pd.DataFrame:
    """A control that is the KPI in disguise: visitors, counted where they pay."""
    visitors = frame[KPI] / 43.0 * (1 + 0.004 * rng.standard_normal(len(frame)))
    return frame.assign(visitors_index=np.round(visitors))


def level_shift(frame: pd.DataFrame, rng: np.random.Generator, world: World) -> pd.DataFrame:
    """From some week on the KPI counts another shop too."""
    after = np.arange(len(frame)) >= int(rng.integers(40, len(frame) - 40))
    return frame.assign(**{KPI: frame[KPI] + 0.35 * frame[KPI].mean() * after})


def unit_change(frame: pd.DataFrame, rng: np.random.Generator, world: World) -> pd.DataFrame:
    """A channel's columns are in thousands from some week on."""
    after = np.arange(len(frame)) >= int(rng.integers(40, len(frame) - 40))
    columns = _of(frame, _largest(world))
    return frame.assign(**{c: np.where(after, frame[c] / 1000, frame[c]) for c in columns})


def swapped(frame: pd.DataFrame, rng: np.random.Generator, world: World) -> pd.DataFrame:
    """Two channels' spend columns are exchanged from some week on."""
    after = np.arange(len(frame)) >= int(rng.integers(40, len(frame) - 40))
    a, b = (f"{name}_spend" for name in world.channels[:2])
    return frame.assign(**{a: np.where(after, frame[b], frame[a]), b: np.where(after, frame[a], frame[b])})


def constant(frame: pd.DataFrame, rng: np.random.Generator, world: World) -> pd.DataFrame:
    """A channel is booked at the same amount every week."""
    return frame.assign(
        **{c: np.round(frame[c].mean() * (1 + 0.002 * rng.standard_normal(len(frame))), 2) for c in _one(frame, world)}
    )


def collinear(frame: pd.DataFrame, rng: np.random.Generator, world: World) -> pd.DataFrame:
    """Two channels are always bought together."""
    other = f"{world.channels[1]}_{_acting(frame, world.channels[1])}"
    steady = frame[f"{world.channels[0]}_{_acting(frame, world.channels[0])}"]
    together = steady * frame[other].mean() / steady.mean() * np.exp(0.05 * rng.standard_normal(len(frame)))
    return frame.assign(**{other: np.round(together, 2)})


def copied(frame: pd.DataFrame, rng: np.random.Generator, world: World) -> pd.DataFrame:
    """One channel's spend is in the table under a second name."""
    return frame.assign(november_spend=frame[f"{world.channels[0]}_spend"])


def too_smooth(frame: pd.DataFrame, rng: np.random.Generator, world: World) -> pd.DataFrame:
    """A channel's spend is a plan: monthly amounts spread evenly over their weeks."""
    column = f"{_largest(world)}_spend"
    month = np.arange(len(frame)) // 4
    return frame.assign(**{column: np.round(frame.groupby(month)[column].transform("mean"), 2)})


def demand_capture(frame: pd.DataFrame, rng: np.random.Generator, world: World) -> pd.DataFrame:
    """A channel is bought along the season that the KPI follows too."""
    year = frame["week"].dt.day_of_year.to_numpy() / 365.25
    wave = 1 + 0.8 * np.sin(2 * np.pi * (year + rng.random()))
    noise = np.exp(0.12 * rng.standard_normal(len(frame)))
    return frame.assign(**{c: np.round(frame[c].mean() * wave * noise, 2) for c in _one(frame, world)})


def nulls(frame: pd.DataFrame, rng: np.random.Generator, world: World) -> pd.DataFrame:
    """Cells of a spend column are empty."""
    column = f"{world.channels[0]}_spend"
    return frame.assign(**{column: frame[column].mask(rng.random(len(frame)) < 0.08)})


def negative(frame: pd.DataFrame, rng: np.random.Generator, world: World) -> pd.DataFrame:
    """Credit notes were booked as negative spend."""
    column = f"{world.channels[0]}_spend"
    return frame.assign(**{column: np.where(rng.random(len(frame)) < 0.05, -frame[column] - 1, frame[column])})


def untracked(frame: pd.DataFrame, rng: np.random.Generator, world: World) -> pd.DataFrame:
    """Impressions were not recorded for a quarter of a channel's life."""
    name = world.channels[0]
    seen = np.round(frame[f"{name}_spend"] / 0.008 * np.exp(0.05 * rng.standard_normal(len(frame))))
    first = int(rng.integers(0, len(frame) // 2))
    off = (np.arange(len(frame)) >= first) & (np.arange(len(frame)) < first + len(frame) // 3)
    return frame.assign(**{f"{name}_impressions": np.where(off, 0.0, seen)})


def outlier(frame: pd.DataFrame, rng: np.random.Generator, world: World) -> pd.DataFrame:
    """A comma slipped in one week of the KPI."""
    week = int(rng.integers(5, len(frame) - 5))
    return frame.assign(**{KPI: np.where(np.arange(len(frame)) == week, frame[KPI] * 10, frame[KPI])})


def too_many(frame: pd.DataFrame, rng: np.random.Generator, world: World) -> pd.DataFrame:
    """Sixty indicators of the economy came along as controls."""
    extra = {f"economic_index_{n}": np.round(100 + 5 * wandering(rng, len(frame), 0.9), 2) for n in range(60)}
    return frame.assign(**extra)


def missing_driver(frame: pd.DataFrame, rng: np.random.Generator, world: World) -> pd.DataFrame:
    """Something slow that no column holds moves the KPI by a sixth."""
    return frame.assign(**{KPI: frame[KPI] * (1 + 0.16 * wandering(rng, len(frame), 0.97))})


def noise(frame: pd.DataFrame, rng: np.random.Generator, world: World) -> pd.DataFrame:
    """The KPI is mostly chance."""
    return frame.assign(**{KPI: frame[KPI] * np.exp(0.5 * rng.standard_normal(len(frame)))})


def tiny_channel(frame: pd.DataFrame, rng: np.random.Generator, world: World) -> pd.DataFrame:
    """A channel of next to no spend is to be judged too."""
    spend = 0.0004 * frame[KPI].mean() * np.exp(0.5 * rng.standard_normal(len(frame)))
    return frame.assign(november_spend=np.round(spend, 2))


def _largest(world: World) -> str:
    return world.channels[int(np.argmax(world.spend.sum(axis=(1, 2))))]


def _acting(frame: pd.DataFrame, name: str) -> str:
    return "impressions" if f"{name}_impressions" in frame else "spend"


def _of(frame: pd.DataFrame, name: str) -> list[str]:
    return [c for c in (f"{name}_spend", f"{name}_impressions") if c in frame]


def _one(frame: pd.DataFrame, world: World) -> list[str]:
    """Columns of the channel with the most spend."""
    return _of(frame, _largest(world))


SEEN_BY: dict[Spoil, tuple[str, ...]] = {
    duplicate_periods: ("duplicate_periods",),
    gap: ("gaps",),
    short: ("coverage",),
    leak: ("leakage",),
    level_shift: ("level_shift",),
    unit_change: ("unit_change", "level_shift", "outliers", "spend_exposure"),
    swapped: ("level_shift", "outliers", "spend_exposure", "autocorrelation", "fit"),
    constant: ("near_constant",),
    collinear: ("vif", "correlation"),
    copied: ("rank", "vif", "correlation"),
    too_smooth: ("plan_like_spend",),
    demand_capture: ("demand_capture",),
    nulls: ("nulls",),
    negative: ("negative_spend",),
    untracked: ("spend_exposure",),
    outlier: ("outliers",),
    too_many: ("parameters",),
    missing_driver: ("autocorrelation", "level_shift"),
    noise: ("fit", "unidentified"),
    tiny_channel: ("unidentified",),
}
