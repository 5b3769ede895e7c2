"""From a wide table and a specification to the numbers that a model sees (NumPy and pandas only)."""

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy

from mmm_core.domain.errors import SpecError
from mmm_core.domain.fit import Array, ModelData
from mmm_core.modeling import layout
from mmm_core.modeling.spec import ChannelSpec, ModelSpec
from mmm_core.modeling.transforms import media_parameters

DAYS_IN_YEAR = 365.25
DAYS_IN_FEBRUARY = 28
LAST_DAYS = {"ending", "ended", "end", "ends"}
"""Words by which a column of dates says that they are the last days of their periods."""
Days = npt.NDArray[np.datetime64]
MOST_LEVELS = 20
"""A text column with more distinct values than this is no control."""


def prepare(frame: pd.DataFrame, spec: ModelSpec) -> ModelData:
    """Prepare national data (one row per period) or a panel (one row per period and geo).

    Parameters
    ----------
    frame
        Wide table after the recipe, any row order.
    spec
        Names the columns.

    Returns
    -------
    ModelData
        Periods ascending, geos by name; one geo (G = 1) for national data.

    Raises
    ------
    SpecError
        When a column is gone, or its values cannot be modelled; the sentence names the column.
    """
    all_there(frame, spec)
    table, geos = layout.in_order(frame, spec)
    shape = (len(geos), len(table) // len(geos))
    dates = table[spec.date].to_numpy(dtype="datetime64[ns]")[: shape[1]]
    target = _numbers(table, spec.kpi.column, "KPI").reshape(shape)
    for geo, values in zip(geos, target, strict=True):
        if np.ptp(values) == 0:
            where = f" of {geo}" if len(geos) > 1 else ""
            raise SpecError(
                f"The KPI {spec.kpi.column}{where} is the same in every period, so there is nothing to explain."
            )
    media = np.column_stack([_exposure(table, channel) for channel in spec.channels]).reshape(*shape, -1)
    spend = np.column_stack([_spend(table, channel) for channel in spec.channels]).reshape(*shape, -1)
    frequency = np.column_stack([_frequency(table, channel) for channel in spec.channels]).reshape(*shape, -1)
    often = [c.frequency is not None for c in spec.channels]
    linear = _linear(table, spec, shape)
    _enough_rows(spec, target.size, linear)
    return ModelData(
        dates=dates,
        geos=geos,
        channels=tuple(channel.name for channel in spec.channels),
        target=target,
        media=media,
        spend=spend,
        value_per_unit=_value(table, spec).reshape(shape),
        linear=linear.values,
        linear_names=linear.names,
        linear_groups=linear.groups,
        fourier=fourier_terms(dates, spec.season.yearly_terms),
        media_scale=layout.media_scale(media, layout.sizes(table, spec, target)),
        target_scale=np.abs(target).max(axis=1),
        reference=linear.reference if spec.treatments else None,
        frequency=frequency if any(often) else None,
        frequency_scale=np.where(often, frequency.max(axis=(0, 1)), np.nan) if any(often) else None,
    )


def fourier_terms(dates: npt.NDArray[np.datetime64], terms: int) -> Array:
    """Yearly Fourier terms by day of year, (T, 2 * terms): all sines, then all cosines.

    PyMC-Marketing's ``YearlyFourier``: ``sin(2 pi n dayofyear / 365.25)`` and the same with ``cos``, n = 1..terms.
    """
    day = pd.DatetimeIndex(dates).day_of_year.to_numpy(dtype=float)
    angle = 2 * np.pi * day[:, None] / DAYS_IN_YEAR * np.arange(1, terms + 1)
    return np.concatenate([np.sin(angle), np.cos(angle)], axis=1)


def period_days(data: ModelData) -> float:
    """Days between two periods (the median gap)."""
    gaps = np.diff(data.dates).astype("timedelta64[D]").astype(float)
    return float(np.median(gaps)) if gaps.size else 7.0


def period_spans(dates: npt.NDArray[np.datetime64], column: str = "") -> tuple[Days, Days]:
    """First day of each period and the first day after it (T,), from the days that name them.

    Data name a period by its first day, but months also by their last, and so do weeks where the ``column`` of the
    dates says it (week_ending). Months are as long as they are; a gap belongs to no period, and a period at the edge is
    as long as the calendar makes it, else as the usual one.
    """
    named: Days = dates.astype("datetime64[D]")
    usual = int(np.median(np.diff(named).astype(int))) if named.size > 1 else 7
    if usual < DAYS_IN_FEBRUARY and LAST_DAYS & set(re.split(r"[^a-z]+", column.lower())):
        return named - np.timedelta64(max(1, usual) - 1, "D"), named + np.timedelta64(1, "D")
    if usual < DAYS_IN_FEBRUARY:
        ends = named + np.timedelta64(max(1, usual), "D")
        ends[:-1] = np.minimum(ends[:-1], named[1:])
        return named, ends
    months = round(usual / DAYS_IN_YEAR * 12)
    month = named.astype("datetime64[M]")
    last = (month + 1).astype("datetime64[D]") - np.timedelta64(1, "D")
    if (named == last).all():
        return (month - months + 1).astype("datetime64[D]"), named + np.timedelta64(1, "D")
    ends = (month + months).astype("datetime64[D]") + (named - month.astype("datetime64[D]"))
    ends[:-1] = np.minimum(ends[:-1], named[1:])
    return named, ends


@dataclass(frozen=True)
class _Linear:
    values: Array
    """(G, T, K) standardised."""
    reference: Array
    """(G, K) standardised level that contributions count from."""
    names: tuple[str, ...]
    groups: tuple[str, ...]


def all_there(frame: pd.DataFrame, spec: ModelSpec) -> None:
    gone = [column for column in spec.columns if column not in frame.columns]
    if gone:
        named = ", ".join(gone[:3]) + (f" and {len(gone) - 3} more" if len(gone) > 3 else "")
        raise SpecError(
            f"The specification names {named}, which the data does not have; "
            "take it out of the specification, or add data with that column."
        )
    doubled = [column for column in spec.columns if frame.columns.tolist().count(column) > 1]
    if doubled:
        raise SpecError(f"The data has two columns called {doubled[0]}; rename one of them.")


def _enough_rows(spec: ModelSpec, rows: int, linear: "_Linear") -> None:
    """Refuse what no data could settle: more numbers to learn than rows."""
    each = len(media_parameters(spec.adstock, spec.saturation))
    others = 2 + 2 * spec.season.yearly_terms + len(linear.names)
    wanted = each * len(spec.channels) + others
    if wanted <= rows:
        return
    fits = max(0, (rows - others) // each)
    advice = f"keep at most {fits} channels" if fits else "leave out controls, season or trend"
    raise SpecError(
        f"{len(spec.channels)} channels x {each} numbers + {others} for baseline, season, trend and controls = "
        f"{wanted} numbers to learn from {rows} rows: {advice}, or bring more periods."
    )


def _numbers(table: pd.DataFrame, column: str, what: str) -> Array:
    values = pd.to_numeric(table[column], errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    bad = ~np.isfinite(values)
    if bad.any():
        raise SpecError(
            f"The {what} column {column} has no number in {int(bad.sum())} of {bad.size} rows, first in row "
            f"{int(np.argmax(bad)) + 1} by date; fill the empty cells on the Data page first."
        )
    return values


def _exposure(table: pd.DataFrame, channel: ChannelSpec) -> Array:
    column = channel.acting
    assert column is not None
    values = _numbers(table, column, "media")
    if values.min() < 0:
        raise SpecError(f"The media column {column} has negative values; mend them on the Data page first.")
    if values.max() == 0:
        raise SpecError(f"Channel {channel.name} is zero in every period; leave it out of the model.")
    return values


def _frequency(table: pd.DataFrame, channel: ChannelSpec) -> Array:
    """Contacts per person reached, 0 where nobody was; NaN throughout for a channel without."""
    if channel.reach is None or channel.frequency is None:
        return np.full(len(table), np.nan)
    reached = _numbers(table, channel.reach, "reach") > 0
    values = pd.to_numeric(table[channel.frequency], errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    bad = reached & ~(np.isfinite(values) & (values > 0))
    if bad.any():
        raise SpecError(
            f"{channel.name} reached people in {int(bad.sum())} rows without a frequency above 0 in "
            f"{channel.frequency}, first in row {int(np.argmax(bad)) + 1} by date; mend them on the Data page first."
        )
    return np.where(reached, values, 0.0)


def _spend(table: pd.DataFrame, channel: ChannelSpec) -> Array:
    if channel.spend is None:
        return np.full(len(table), np.nan)
    values = _numbers(table, channel.spend, "spend")
    if values.min() < 0:
        raise SpecError(f"The spend column {channel.spend} has negative values; mend them on the Data page first.")
    return values


def _value(table: pd.DataFrame, spec: ModelSpec) -> Array:
    if spec.kpi.unit == "revenue":
        return np.ones(len(table))
    value = spec.kpi.value_per_unit
    if isinstance(value, str):
        found = _numbers(table, value, "value per unit")
        if found.min() < 0 or found.max() == 0:
            odd = "has negative values" if found.min() < 0 else "is zero in every row"
            raise SpecError(f"The value per unit column {value} {odd}; mend it on the Data page first.")
        return found
    return np.full(len(table), np.nan if value is None else float(value))


def _linear(table: pd.DataFrame, spec: ModelSpec, shape: tuple[int, int]) -> _Linear:
    columns: list[tuple[str, str, Array]] = []
    for group, names in (("control", spec.controls), ("holiday", spec.holidays)):
        for name in names:
            columns += [(label, group, values) for label, values in _encoded(table, name, group)]
    for treatment in spec.treatments:
        columns.append((treatment.column, "treatment", _numbers(table, treatment.column, "treatment")))
    columns += [(label, group, np.tile(values, shape[0])) for label, group, values in _trend(shape[1], spec)]
    values = [_standardised(c[2].reshape(shape)) for c in columns]
    levels = {t.column: t.reference for t in spec.treatments}
    base = [
        _reference(raw.reshape(shape), scaled, levels[name]) if group == "treatment" else np.zeros(shape[0])
        for (name, group, raw), scaled in zip(columns, values, strict=True)
    ]
    return _Linear(
        np.stack(values, axis=-1) if values else np.zeros((*shape, 0)),
        np.stack(base, axis=-1) if base else np.zeros((shape[0], 0)),
        tuple(c[0] for c in columns),
        tuple(c[1] for c in columns),
    )


def _reference(raw: Array, scaled: Array, level: str | float) -> Array:
    """Standardised reference level (G,) of a treatment (G, T): its mean, an extreme, or a number in its own unit."""
    if level == "mean":
        return np.zeros(len(raw))
    if level == "lowest":
        return np.asarray(scaled.min(axis=1))
    if level == "highest":
        return np.asarray(scaled.max(axis=1))
    deviation = _deviation(raw)
    return (float(level) - raw.mean(axis=1)) / deviation if deviation else np.zeros(len(raw))


def _encoded(table: pd.DataFrame, column: str, group: str) -> list[tuple[str, Array]]:
    """A number column as it is; a text column as one indicator per value other than its most frequent one."""
    series = table[column]
    if pd.api.types.is_bool_dtype(series):
        return [(column, series.to_numpy(dtype=float))]
    numeric = pd.to_numeric(series, errors="coerce")
    if numeric.notna().any() or series.isna().all():
        return [(column, _numbers(table, column, group))]
    text = series.astype("string").fillna("")
    levels = text.value_counts().index.tolist()
    if len(levels) > MOST_LEVELS:
        raise SpecError(f"The {group} column {column} is text with {len(levels)} different values; leave it out.")
    return [(f"{column}: {level}", (text == level).to_numpy(dtype=float)) for level in sorted(levels[1:])]


def _trend(periods: int, spec: ModelSpec) -> list[tuple[str, str, Array]]:
    """A straight line, with changes of slope at equally spaced inner knots ('piecewise') or bends of a B-spline."""
    if spec.trend.kind == "none":
        return []
    time = np.arange(periods, dtype=float)
    out = [("trend", "trend", time)]
    if spec.trend.kind == "piecewise":
        knots = np.linspace(0, periods - 1, spec.trend.knots + 2)[1:-1]
        out += [
            (f"trend after knot {n}", "trend", np.maximum(time - knot, 0.0)) for n, knot in enumerate(knots, start=1)
        ]
    if spec.trend.kind == "spline":
        bends = enumerate(_spline(time, spec.trend.knots), start=1)
        out += [(f"baseline bend {n}", "bend", column) for n, column in bends]
    return out


def _spline(time: Array, knots: int) -> Array:
    """Cubic B-splines with equally spaced inner knots, (knots + 4, T); level and straight line taken out.

    The line has a column of its own, and the intercept is the level: what is left is how the baseline bends.
    """
    inner = np.linspace(time[0], time[-1], knots + 2)[1:-1]
    edges = np.r_[[time[0]] * 4, inner, [time[-1]] * 4]
    bumps = scipy.interpolate.BSpline.design_matrix(time, edges, 3).toarray()
    line = np.column_stack([np.ones_like(time), time])
    bends: Array = (bumps - line @ np.linalg.lstsq(line, bumps, rcond=None)[0]).T
    return bends


def _standardised(values: Array) -> Array:
    """Values (G, T) with mean 0 in each geo and one standard deviation 1; what never changes becomes zeros."""
    centred = values - values.mean(axis=1, keepdims=True)
    deviation = _deviation(values)
    return centred / deviation if deviation else np.zeros_like(centred)


def _deviation(values: Array) -> float:
    """Standard deviation of (G, T) within geos; 0 for what never changes."""
    deviation = float((values - values.mean(axis=1, keepdims=True)).std())
    return deviation if deviation > 1e-12 * max(1.0, float(np.abs(values).max())) else 0.0
