"""What a project might do to see its returns better, as tables: more weeks, pulses, experiments, regions."""

import datetime
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import pandas as pd

from mmm_core.domain.errors import BadInput
from mmm_core.domain.fit import ModelData
from mmm_core.modeling.prepare import DAYS_IN_YEAR, period_days, prepare
from mmm_core.modeling.spec import LiftTest, ModelSpec
from mmm_core.studies import frames, windows

REGION = "region of the simulation"
SIMULATED = "simulation"
MONTH = 28
"""Days from which on a period is one month, or some."""


class Scenario(StrEnum):
    TODAY = "today"
    WEEKS = "weeks"
    PULSES = "pulses"
    EXPERIMENT = "experiment"
    GEOS = "geos"


@dataclass(frozen=True)
class Assumed:
    """What the scenarios assume; G regions."""

    added: int
    """Further periods."""
    pulse: int
    """Periods that a channel is on, or off, at a time."""
    tested: int
    """Periods that an experiment lasts."""
    regions: int
    apart: float
    """Standard deviation of the logarithm by which a region's spend differs from its part of the national one."""


@dataclass(frozen=True)
class Setting:
    """A scenario's table and specification; the first ``history`` periods are the project's own."""

    spec: ModelSpec
    data: ModelData
    history: int


def setting(frame: pd.DataFrame, spec: ModelSpec, scenario: Scenario, assumed: Assumed, seed: int) -> Setting:
    """Table and specification of a scenario; BadInput where the data cannot be carried on so."""
    history = len(windows.dates_of(frame, spec))
    rng = np.random.default_rng([seed, 31])
    match scenario:
        case Scenario.WEEKS:
            frame = longer(frame, spec, assumed.added)
        case Scenario.PULSES:
            frame = pulsed(longer(frame, spec, assumed.added), spec, history, assumed.pulse, rng)
        case Scenario.EXPERIMENT:
            spec = spec.model_copy(update={"lift_tests": (*spec.lift_tests, *tests(frame, spec, assumed.tested))})
        case Scenario.GEOS:
            frame, spec = regions(frame, spec, assumed, rng)
        case Scenario.TODAY:
            pass
    return Setting(spec, prepare(frame, spec), history)


def longer(frame: pd.DataFrame, spec: ModelSpec, added: int) -> pd.DataFrame:
    """The table with its last year (or all of a shorter one) run again as often as it takes."""
    dates = windows.dates_of(frame, spec)
    days = float(np.median(np.diff(dates).astype("timedelta64[D]").astype(float)))
    year = min(len(dates), _a_year(days))
    source = dates[len(dates) - year :]
    parts = [frame.assign(**{spec.date: pd.to_datetime(frame[spec.date])})]
    for n in range(added):
        rows = parts[0][parts[0][spec.date] == source[n % year]]
        parts.append(rows.assign(**{spec.date: _after(pd.Timestamp(dates[-1]), n + 1, days)}))
    return pd.concat(parts, ignore_index=True)


def _after(last: pd.Timestamp, periods: int, days: float) -> pd.Timestamp:
    if days < MONTH:
        return last + pd.Timedelta(days=round(days * periods))
    ahead = last + pd.DateOffset(months=periods * 12 // _a_year(days))
    # Months that are named by their last day are so in those to come.
    return ahead + pd.offsets.MonthEnd(0) if last.is_month_end else ahead


def _a_year(days: float) -> int:
    """Periods in a year: whole weeks of days, months, quarters."""
    return round(364 / days) if days < MONTH else max(1, round(DAYS_IN_YEAR / days))


def pulsed(frame: pd.DataFrame, spec: ModelSpec, first: int, block: int, rng: np.random.Generator) -> pd.DataFrame:
    """From a period on, paid channels are on with twice their spend for a while, then off, each at its own times."""
    dates = windows.dates_of(frame, spec)
    out = frame.copy()
    places = [out.index] if spec.geo is None else list(out.groupby(spec.geo, observed=True).groups.values())
    blocks = -(-(len(dates) - first) // block)
    for channel in (c for c in spec.channels if c.spend):
        for rows in places:
            on = rng.permutation(np.arange(blocks) % 2).repeat(block)[: len(dates) - first]
            factor = dict(zip(dates[first:], 2.0 * on, strict=True))
            by_row = pd.to_datetime(out.loc[rows, spec.date]).map(factor).fillna(1.0)
            for column in frames.columns_of(channel).values():
                out[column] = pd.to_numeric(out[column], errors="coerce").astype(float)
                out.loc[rows, column] *= by_row
    return out


def tests(frame: pd.DataFrame, spec: ModelSpec, periods: int) -> tuple[LiftTest, ...]:
    """One experiment for each paid channel, up to the last period in which it was on; results are filled in later."""
    data = prepare(frame, spec)
    days = data.dates.astype("datetime64[D]").astype(datetime.date)
    out = []
    for c, channel in enumerate(spec.channels):
        seen = data.media[..., c].sum(axis=0)
        if channel.spend is None or not seen.any():
            continue
        last = int(np.flatnonzero(seen)[-1])
        first = max(0, last - periods + 1)
        out.append(
            LiftTest(
                channel=channel.name, start=days[first], end=days[last], lift=1.0, standard_error=1.0, source=SIMULATED
            )
        )
    if not out:
        raise BadInput("No channel has spend, so none can be put to an experiment.")
    return tuple(out)


def regions(
    frame: pd.DataFrame, spec: ModelSpec, assumed: Assumed, rng: np.random.Generator
) -> tuple[pd.DataFrame, ModelSpec]:
    """The national table cut into equal regions, whose media go their own ways."""
    if spec.geo is not None:
        raise BadInput("These data have geos already.")
    parts = []
    for n in range(assumed.regions):
        part = frame.assign(**{REGION: f"region {n + 1:02d}"})
        part[spec.kpi.column] = pd.to_numeric(frame[spec.kpi.column]) / assumed.regions
        for channel in spec.channels:
            own = np.exp(assumed.apart * rng.standard_normal(len(frame)) - 0.5 * assumed.apart**2)
            for column in frames.columns_of(channel).values():
                part[column] = pd.to_numeric(frame[column]) / assumed.regions * own
        parts.append(part)
    return pd.concat(parts, ignore_index=True), spec.model_copy(update={"geo": REGION, "population": None})


def assumed_of(data: ModelData, years: float, count: int, apart: float) -> Assumed:
    """The scenarios' lengths in the data's own periods."""
    days = period_days(data)
    month = max(1, round(28 / days))
    return Assumed(max(1, round(years * _a_year(days))), month, 2 * month, count, apart)
