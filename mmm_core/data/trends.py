"""What a series did by itself before any model: growth on the year, season, odd periods, what events were worth."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from mmm_core.data import panel
from mmm_core.data.quality_maths import Array, dependent_columns, season_and_trend
from mmm_core.data.quality_series import days_of
from mmm_core.data.quality_view import SUMMED, Thresholds, View, look
from mmm_core.data.steps_rows import absent, calendar
from mmm_core.domain.dataset import Recognition, Role
from mmm_core.domain.errors import DataError

DAYS_IN_YEAR = 365.25
ODD_Z = 3.5
"""Modified z-score (by the median absolute deviation) beyond which a period is odd, after Iglewicz and Hoaglin."""
MOST_ROUNDS = 8
LEAST_YEARS = 2.0
"""Cycles that a season needs to be told from chance."""
MONTH = 30
"""Days by which the calendar of a recipe's gaps knows a month."""
MOST_PERIODS = 20_000
"""Of a calendar; dates further apart hold a wrong one, which must not make millions of rows."""
CARRIED = 0.5
"""Share of a period's media that is taken to work on in the next one, so that an event is not paid for its campaign."""


@dataclass(frozen=True)
class Growth:
    """The latest periods against the same ones a year before."""

    periods: int
    now: float
    before: float

    @property
    def change(self) -> float | None:
        return self.now / self.before - 1 if self.before > 0 else None


@dataclass(frozen=True)
class Odd:
    """A period that trend and season do not account for."""

    period: date
    value: float
    expected: float
    z: float
    geo: str = ""


@dataclass(frozen=True)
class EventImpact:
    """What a period of an event brought beyond season, trend and media: mean and 90% interval, in the series' unit."""

    event: str
    times: int
    effect: float
    low: float
    high: float
    share: float
    """Of what those periods would have been without it."""


@dataclass(frozen=True)
class Scan:
    """Everything found in one series of the whole country or one geo."""

    column: str
    geo: str | None
    table: pd.DataFrame
    """``period``, ``value``, ``year_ago``, ``change``, ``trend``, ``season``, ``rest``, ``z``; NaN where unknown."""
    growth: Growth | None
    season_strength: float | None
    """0 to 1: share of what is not trend that repeats every year; None for less than two years."""
    trend_strength: float | None
    odd: tuple[Odd, ...]
    """Farthest first."""
    events: tuple[EventImpact, ...]
    """Largest first."""


def columns(recognition: Recognition) -> tuple[str, ...]:
    """Series that can be scanned: the KPI first, then what was spent, sent or shown."""
    roles = (Role.KPI, Role.SPEND, Role.ORGANIC, Role.EXPOSURE, Role.REACH, Role.TREATMENT, Role.CONTROL)
    return tuple(c for role in roles for c in recognition.columns(role))


def scan(frame: pd.DataFrame, recognition: Recognition, column: str | None = None, geo: str | None = None) -> Scan:
    """Look through one series.

    Parameters
    ----------
    column
        The KPI where None.
    geo
        One geography; all of them added up where None.

    Raises
    ------
    DataError
        When there is no such series, or under eight periods of it.
    """
    view = _view(frame, recognition, geo)
    name = column or view.kpi
    if name is None or name not in view.periods:
        raise DataError(f"The data have no column of numbers called {name}." if name else "No column is the KPI.")
    values, each, cycle = _without_gaps(view, name), _parts(frame, recognition, view, name, geo), _cycle(view)
    parts = decompose(_between(values), view.step_days or 7.0)
    table = _table(values, each, cycle, parts)
    season, trend = _strengths(*parts) if parts else (None, None)
    odd = _odd(table, geo or "")
    return Scan(name, geo, table, growth(each, cycle), season, trend, odd, event_impacts(view, name))


def _parts(frame: pd.DataFrame, recognition: Recognition, view: View, column: str, geo: str | None) -> "pd.DataFrame":
    """The series by geo (T, G) where it is a sum of them, else by itself (T, 1)."""
    if geo is None and view.panel and column in view.role_columns(*SUMMED):
        geos = {g: _view(frame, recognition, g) for g in panel.geo_names(frame, recognition)}
        return pd.DataFrame({g: _without_gaps(v, column) for g, v in geos.items() if len(v.periods)})
    return _without_gaps(view, column).to_frame()


def _year_apart(each: pd.DataFrame, cycle: int) -> "tuple[pd.Series[float], pd.Series[float]]":
    """Each period and the one a year before (T,), summed over the geos that have both: one that joined is no growth."""
    before = each.shift(cycle)
    both = each.notna() & before.notna()
    now, then = (part.where(both).sum(axis=1, min_count=1) for part in (each, before))
    return now, then


def _table(
    values: "pd.Series[float]", each: pd.DataFrame, cycle: int, parts: tuple[Array, Array, Array] | None
) -> pd.DataFrame:
    """A row per period that the data have."""
    table = pd.DataFrame({"period": values.index, "value": values.to_numpy(dtype=float)})
    now, before = (part.reindex(values.index).to_numpy(dtype=float) for part in _year_apart(each, cycle))
    table["year_ago"] = before
    table["change"] = now / np.where(before > 0, before, np.nan) - 1
    for number, part in enumerate(("trend", "season", "rest")):
        table[part] = parts[number] if parts else np.nan
    table["z"] = modified_z(table["rest"].to_numpy(dtype=float)) if parts else np.nan
    return table[table["value"].notna()].reset_index(drop=True)


def growth(each: pd.DataFrame, cycle: int) -> Growth | None:
    """Up to a year of the latest periods against the same ones a year before; None under a quarter of overlap.

    ``each`` (T, G) has every period of the calendar; those that the data of a geo lack in either year count in neither.
    """
    count = min(cycle, len(each) - cycle)
    if count < 1:
        return None
    now, before = (part.iloc[-count:].to_numpy(dtype=float) for part in _year_apart(each, cycle))
    known = int(np.isfinite(now).sum())
    if known < max(1, cycle // 4):
        return None
    return Growth(known, float(np.nansum(now)), float(np.nansum(before)))


def growth_by_geo(frame: pd.DataFrame, recognition: Recognition, column: str | None = None) -> pd.DataFrame:
    """``geo``, ``now``, ``before``, ``change`` of each geography that has a year to compare with, fastest first."""
    rows = []
    for geo in panel.geo_names(frame, recognition):
        view = _view(frame, recognition, geo)
        name = column or view.kpi or ""
        enough = name in view.periods and len(view.periods) >= 8
        found = growth(_without_gaps(view, name).to_frame(), _cycle(view)) if enough else None
        if found is not None and found.change is not None:
            rows.append((geo, found.now, found.before, found.change))
    out = pd.DataFrame(rows, columns=["geo", "now", "before", "change"])
    return out.sort_values("change", ascending=False, kind="stable", ignore_index=True)


def odd_by_geo(frame: pd.DataFrame, recognition: Recognition, column: str | None = None) -> tuple[Odd, ...]:
    """Odd periods of every geography by itself, farthest first."""
    out: list[Odd] = []
    for geo in panel.geo_names(frame, recognition):
        view = _view(frame, recognition, geo)
        name = column or view.kpi or ""
        if name not in view.periods or len(view.periods) < 8:
            continue
        values = _without_gaps(view, name)
        parts = decompose(_between(values), view.step_days or 7.0)
        if parts is not None:
            out += _odd(_table(values, values.to_frame(), _cycle(view), parts), geo)
    return tuple(sorted(out, key=lambda o: -abs(o.z)))


def decompose(values: Array, step_days: float) -> tuple[Array, Array, Array] | None:
    """Trend, season and rest (T,) of a series by LOESS (STL; MSTL with weekdays too for daily data).

    The season is the same every year. A year of it rests on few years, so that one odd period would bend it for all of
    them: odd periods are therefore replaced by what is expected of them until they no longer change what is expected.
    None where the series is shorter than two of its cycles.
    """
    cycle = _periods_in_year(step_days)
    if len(values) < LEAST_YEARS * cycle or not np.ptp(values) > 0:
        return None
    values = np.asarray(values, dtype=float)
    clean = values.copy()
    place = np.arange(len(values)) % cycle
    known: set[int] = set()
    for _ in range(MOST_ROUNDS):
        trend, season = _loess(clean, cycle, daily=step_days < 1.5)
        z = np.abs(modified_z(values - trend - season))
        # Of the same week in several years only the farthest can be odd: it drags the others along.
        worst = {int(p): int(i) for p, i in zip(place[np.argsort(z)], np.argsort(z), strict=True)}
        odd = {i for i in worst.values() if z[i] > ODD_Z}
        at = sorted(known | odd)
        moved = np.abs((trend + season)[at] - clean[at]).max(initial=0.0)
        clean[at] = (trend + season)[at]
        if odd <= known and moved < 1e-3 * np.std(values):
            break
        known |= odd
    return trend, season, values - trend - season


def _loess(values: Array, cycle: int, *, daily: bool) -> tuple[Array, Array]:
    from statsmodels.tsa.seasonal import MSTL, STL

    if daily:
        windows = (_window(len(values), 7), _window(len(values), cycle))
        found = MSTL(values, periods=(7, cycle), windows=windows, stl_kwargs={"seasonal_deg": 0}).fit()
        return np.asarray(found.trend, dtype=float), np.asarray(found.seasonal, dtype=float).sum(axis=1)
    found = STL(values, period=cycle, seasonal=_window(len(values), cycle), seasonal_deg=0).fit()
    return np.asarray(found.trend, dtype=float), np.asarray(found.seasonal, dtype=float)


def modified_z(rest: Array) -> Array:
    """Distance from the median in robust standard deviations; 0 throughout where nothing varies."""
    centred = rest - np.median(rest)
    spread = float(np.median(np.abs(centred))) / 0.6745
    return centred / spread if spread > 0 else np.zeros_like(rest)


def event_impacts(view: View, column: str) -> tuple[EventImpact, ...]:
    """Effect of each marked event by regression on season, trend, media and all events together."""
    from statsmodels.regression.linear_model import OLS

    events = {c: (view.periods[c].fillna(0) > 0).to_numpy(dtype=float) for c in view.role_columns(Role.HOLIDAY)}
    events = {c: on for c, on in events.items() if 0 < on.sum() < len(on) / 2}
    base = _nuisance(view, column)
    if not events or len(view.periods) < 26:
        return ()
    design = np.column_stack([base, *events.values()])
    alike = set(dependent_columns(design[:, 1:]))
    keep = [i for i in range(design.shape[1]) if i == 0 or i - 1 not in alike]
    free = len(design) - len(keep)
    if free < 10:
        return ()
    y = _filled(view, column).to_numpy(dtype=float)
    fitted = OLS(y, design[:, keep]).fit()
    ranges = np.asarray(fitted.conf_int(alpha=0.10))
    out = []
    for number, (name, on) in enumerate(events.items(), start=base.shape[1]):
        if number not in keep:
            continue
        at = keep.index(number)
        effect = float(fitted.params[at])
        usual = float((fitted.fittedvalues - effect * on)[on > 0].mean())
        share = effect / usual if usual > 0 else float("nan")
        out.append(EventImpact(name, int(on.sum()), effect, float(ranges[at, 0]), float(ranges[at, 1]), share))
    return tuple(sorted(out, key=lambda e: -abs(e.effect)))


def _nuisance(view: View, column: str) -> Array:
    """(T, K) intercept, trend, season, and for the KPI also media (with some carry-over) and controls."""
    base = season_and_trend(days_of(view), terms=3)
    if column != view.kpi:
        return base
    acting = list(dict.fromkeys(c.acting for c in view.channels))
    media = view.complete(acting).to_numpy(dtype=float)
    kept = media.copy()
    for t in range(1, len(kept)):
        kept[t] += CARRIED * kept[t - 1]
    others = view.complete(view.role_columns(Role.CONTROL, Role.TREATMENT)).to_numpy(dtype=float)
    design = np.column_stack([base, np.sqrt(np.maximum(kept, 0)), others])
    live = [0, *(i for i in range(1, design.shape[1]) if i - 1 not in set(dependent_columns(design[:, 1:])))]
    return np.asarray(design[:, live], dtype=float) if len(live) < len(design) / 3 else base


def _odd(table: pd.DataFrame, geo: str) -> tuple[Odd, ...]:
    far = table[table["z"].abs() > ODD_Z]
    found = [
        Odd(p.date(), float(v), float(v - r), float(z), geo)
        for p, v, r, z in zip(far["period"], far["value"], far["rest"], far["z"], strict=True)
    ]
    return tuple(sorted(found, key=lambda o: -abs(o.z)))


def _strengths(trend: Array, season: Array, rest: Array) -> tuple[float, float]:
    """Share of season-and-rest (of trend-and-rest) that is season (trend), as Wang, Smith and Hyndman measure it."""

    def of(part: Array) -> float:
        whole = float((part + rest).var())
        return max(0.0, 1 - float(rest.var()) / whole) if whole > 0 else 0.0

    return of(season), of(trend)


def _window(length: int, cycle: int) -> int:
    """A LOESS window over years that is wide enough to be the same in all of them; odd, as STL wants it."""
    return 10 * int(np.ceil(length / cycle)) + 1


def _cycle(view: View) -> int:
    """Periods in a year: 52 weeks, so that weekdays match, 12 months, 364 days."""
    return _periods_in_year(view.step_days or 7.0)


def _periods_in_year(step_days: float) -> int:
    return max(2, round((364.0 if step_days <= 7 else DAYS_IN_YEAR) / step_days))


def _filled(view: View, column: str) -> "pd.Series[float]":
    return view.periods[column].interpolate(limit_direction="both").fillna(0.0)


def _without_gaps(view: View, column: str) -> "pd.Series[float]":
    """The series with every period of its calendar, NaN where the data lack one: a year ago is so many rows before."""
    values = _filled(view, column)
    known, step = pd.DatetimeIndex(values.index), view.step_days or 7.0
    days = MONTH if 28 <= step <= 31 else max(1, round(step))
    if len(known) < 2 or (known[-1] - known[0]).days / days > MOST_PERIODS:
        return values
    return values.reindex(known.union(absent(calendar(known[0], known[-1], days), known, days)).sort_values())


def _between(values: "pd.Series[float]") -> Array:
    """Lacking periods drawn straight between their neighbours."""
    return np.asarray(values.interpolate(method="time"), dtype=np.float64)


def _view(frame: pd.DataFrame, recognition: Recognition, geo: str | None) -> View:
    view = look(panel.of_geo(frame, recognition, geo), recognition, Thresholds(), pd.Timestamp.max.date())
    if len(view.periods) < 8 and geo is None:
        raise DataError("Under eight periods there is no trend to look for.")
    return view
