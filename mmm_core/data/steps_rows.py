"""Recipe steps that change rows: duplicates, gaps, dates, aggregation."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from mmm_core.data.panel import national_columns, repeated_columns
from mmm_core.data.roles_words import adds_up
from mmm_core.data.steps import ADDITIVE, MEDIA, Arguments, Table, listed
from mmm_core.domain.dataset import Recognition, Role, Shape
from mmm_core.domain.errors import DataError
from mmm_core.domain.words import counted

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def combine(table: Table, keys: list[str], weight: str | None = None, once: Sequence[str] = ()) -> pd.DataFrame:
    """One row per value of ``keys``: sums where values add up, means elsewhere, the highest for holidays.

    A value per KPI unit is weighted by the KPI, a control by ``weight`` where given. Columns named by ``once`` hold the
    same number in each row and count a single time.
    """
    frame = table.frame
    parts: dict[str, pd.Series] = {}
    grouped = frame.groupby(keys, sort=True, observed=True)
    kpi = table.recognition.one(Role.KPI)
    for column in frame.columns:
        if column in keys:
            continue
        role = table.role_of(column)
        if role is Role.PRODUCT:
            # One row now stands for many products.
            continue
        if not pd.api.types.is_numeric_dtype(frame[column]) or column in once:
            parts[column] = grouped[column].first()
        elif role in ADDITIVE or (role is Role.IGNORE and adds_up(str(column))):
            parts[column] = grouped[column].sum(min_count=1)
        elif role is Role.HOLIDAY:
            parts[column] = grouped[column].max()
        elif role is Role.VALUE_PER_UNIT and kpi in frame.columns and kpi:
            parts[column] = _weighted(frame, column, kpi, keys)
        elif role is Role.FREQUENCY and (reach := reach_of(table, column)):
            parts[column] = _weighted(frame, column, reach, keys)
        elif role in (Role.CONTROL, Role.TREATMENT) and weight:
            parts[column] = _weighted(frame, column, weight, keys)
        elif role is Role.TIME:
            parts[column] = grouped[column].first()
        elif role is Role.POPULATION and weight == column:
            parts[column] = grouped[column].sum(min_count=1)
        else:
            parts[column] = grouped[column].mean()
    index = grouped.size().index
    out = pd.DataFrame(parts, index=index).reset_index()
    return out[[c for c in frame.columns if c in out.columns]]


def reach_of(table: Table, frequency: str) -> str | None:
    """The reach that a frequency belongs to; weighted by it, contacts add up."""
    channel = next((r.channel for r in table.recognition.roles if r.column == frequency), None)
    found = (r.column for r in table.recognition.roles if r.role is Role.REACH and r.channel == channel)
    return next((c for c in found if c in table.frame.columns), None)


def _weighted(frame: pd.DataFrame, column: str, weight: str, keys: list[str]) -> pd.Series:
    value = frame[column].astype(float)
    share = frame[weight].astype(float).where(value.notna())
    by = [frame[k] for k in keys]
    top = (value * share).groupby(by, observed=True).sum(min_count=1)
    bottom = share.groupby(by, observed=True).sum(min_count=1)
    plain = value.groupby(by, observed=True).mean()
    return (top / bottom.where(bottom > 0)).fillna(plain)


def drop_duplicate_periods(table: Table, a: Arguments) -> Table:
    """Keep the first (or last) row of each period and geography."""
    keep = a.choice("keep", ("first", "last"), "first")
    frame = table.frame
    dated = frame[table.keys[0]].notna()
    twice = frame.duplicated(subset=table.keys, keep="last" if keep == "last" else "first") & dated
    return table.with_frame(frame[~twice].reset_index(drop=True))


def sum_duplicate_periods(table: Table, a: Arguments) -> Table:
    """Join rows of one period and geography into one row."""
    return table.with_frame(combine(table, table.keys))


def drop_undated_rows(table: Table, a: Arguments) -> Table:
    """Leave out rows without a date."""
    return table.with_frame(table.frame[table.frame[table.keys[0]].notna()].reset_index(drop=True))


def filter_dates(table: Table, a: Arguments) -> Table:
    """Keep periods from ``start`` to ``end``, both included."""
    start, end = a.day("start"), a.day("end")
    if start is None and end is None:
        raise DataError("The step filter_dates needs a start, an end or both.")
    dates = table.frame[table.keys[0]]
    keep = dates.notna()
    if start is not None:
        keep &= dates >= start
    if end is not None:
        keep &= dates <= end
    if not keep.any():
        raise DataError("No period lies between the start and the end of the date filter: choose other dates.")
    return table.with_frame(table.frame[keep].reset_index(drop=True))


def fill_gaps(table: Table, a: Arguments) -> Table:
    """Add the periods that are missing; media become 0 there, all else is drawn straight between its neighbours.

    A geography is filled between its own first and last period: nothing is made up before or after them.
    """
    key, *geo = table.keys
    days = table.recognition.frequency_days
    if days is None:
        raise DataError("Gaps cannot be filled because the periods follow no regular rhythm.")
    dates = table.frame[key].dropna()
    if dates.empty:
        raise DataError("Gaps cannot be filled because no row has a date.")
    if (dates.max() - dates.min()).days / days > 20_000:
        raise DataError("Gaps cannot be filled because the first and the last date lie too far apart: check the dates.")
    if table.frame.duplicated(subset=table.keys).any():
        raise DataError("Gaps cannot be filled while periods appear twice: drop or sum the duplicate periods first.")
    groups = table.frame.groupby(geo[0], observed=True, sort=False) if geo else [(None, table.frame)]
    parts, added = [], 0
    for name, rows in groups:
        known = pd.DatetimeIndex(rows[key].dropna())
        if known.empty:
            continue
        every = calendar(known.min(), known.max(), days)
        full = rows.set_index(key).reindex(known.union(absent(every, known, days)).sort_values())
        full.index.name = key
        new = ~full.index.isin(known)
        added += int(new.sum())
        parts.append(_fill_new(table, full, new, geo[0] if geo else None, name).reset_index())
    frame = pd.concat(parts, ignore_index=True)[list(table.frame.columns)]
    if geo:
        # What is national is known in a period that one geography lacks: the others hold it.
        for column in national_columns(table.frame, table.recognition):
            frame[column] = frame[key].map(table.frame.groupby(key)[column].first()).fillna(frame[column])
    sentence = (
        f"{counted(added, 'missing period')} added: media are 0 there and the KPI and controls are interpolated,"
        " which is an assumption."
    )
    return table.with_frame(frame).note(sentence) if added else table.with_frame(frame)


def calendar(first: pd.Timestamp, last: pd.Timestamp, days: int) -> pd.DatetimeIndex:
    """First days of the periods between two of them; 30 days are months."""
    if days == 30:
        rule = "ME" if first.is_month_end and first.day > 28 else pd.DateOffset(months=1)
        return pd.date_range(first, last, freq=rule)
    return pd.date_range(first, last, freq=f"{days}D")


def absent(every: pd.DatetimeIndex, known: pd.DatetimeIndex, days: int) -> pd.DatetimeIndex:
    """Calendar days with no known date nearer than half a period, so that a shifted weekday adds no second week."""
    have = np.sort(known.to_numpy().astype("datetime64[D]"))
    want = every.to_numpy().astype("datetime64[D]")
    at = np.clip(np.searchsorted(have, want), 1, max(len(have) - 1, 1))
    left, right = have[np.minimum(at - 1, len(have) - 1)], have[np.minimum(at, len(have) - 1)]
    distance = np.minimum(np.abs(want - left), np.abs(right - want)).astype(int)
    return pd.DatetimeIndex(every[distance * 2 >= max(days - 3 if days == 30 else days, 1)])


def _fill_new(table: Table, full: pd.DataFrame, new: np.ndarray, geo: str | None, name: Any) -> pd.DataFrame:
    out = full.copy()
    for column in out.columns:
        role = table.role_of(column)
        if column == geo:
            out[column] = name
        elif not pd.api.types.is_numeric_dtype(out[column]):
            continue
        elif role in MEDIA or role is Role.HOLIDAY:
            out.loc[new, column] = 0
        else:
            drawn = out[column].astype(float).interpolate(method="index", limit_direction="both")
            out[column] = out[column].astype(float).where(~new, drawn)
    return out


def aggregate_weeks(table: Table, a: Arguments) -> Table:
    """Weeks from daily rows or transactions; weeks cut off at either end of the data are left out."""
    start = int(a.number("week_start", 0, 0, 6))
    key = table.keys[0]
    days = table.recognition.frequency_days
    if days is not None and days > 7:
        raise DataError(f"Data with a row about every {days} days cannot be split into weeks.")
    dates = table.frame[key]
    if not dates.notna().any():
        raise DataError("No row has a date, so there is nothing to aggregate to weeks.")
    day = dates.dt.normalize()
    monday = day - pd.to_timedelta((day.dt.day_of_week - start) % 7, unit="D")
    table, sentence = _products_joined(table)
    if sentence:
        return aggregate_weeks(table, a).note(sentence)
    rows = table.frame.assign(**{key: monday})
    complete = monday.notna()
    sentence = ""
    if days != 7:
        low = monday.min() if day.min() == monday.min() else monday.min() + pd.Timedelta(days=7)
        high = monday.max() if day.max() >= monday.max() + pd.Timedelta(days=6) else monday.max() - pd.Timedelta(days=7)
        complete = (monday >= low) & (monday <= high)
        cut = int(monday[~complete & monday.notna()].nunique())
        if cut:
            sentence = f" {counted(cut, 'incomplete week')} at the edge of the data left out."
    if not complete.any():
        raise DataError("There is no complete week in the data, so it cannot be aggregated to weeks.")
    whole = Table(rows[complete], table.recognition)
    out = table.with_frame(combine(whole, whole.keys))
    shape = Shape.PANEL if len(whole.keys) > 1 else Shape.NATIONAL
    weekly = Table(out.frame, _reshaped(out.recognition, shape, 7))
    return weekly.note(f"Rows were aggregated to weeks that start on {WEEKDAYS[start]}.{sentence}")


def _products_joined(table: Table) -> tuple[Table, str]:
    """One row per date where media are repeated in the row of every product, and the sentence that says so."""
    keys = table.keys
    if not table.of(Role.PRODUCT):
        return table, ""
    media = tuple(r for r in ADDITIVE if r is not Role.KPI)
    once = repeated_columns(table.frame[table.frame[keys[0]].notna()], table.recognition, keys, media)
    if not once:
        return table, ""
    sentence = f"{listed(once)} {'repeats' if len(once) == 1 else 'repeat'} in the row of every product and count once."
    return table.with_frame(combine(table, keys, once=once)), sentence


def aggregate_national(table: Table, a: Arguments) -> Table:
    """One row per period over all geographies; controls are weighted by population where it is known."""
    key, *geo = table.keys
    if not geo:
        return table
    people = next(iter(table.of(Role.POPULATION)), None)
    once = national_columns(table.frame, table.recognition)
    out = combine(table, [key], weight=people, once=once).drop(columns=geo)
    national = table.with_frame(out)
    if once:
        verb = "repeats" if len(once) == 1 else "repeat"
        national = national.note(f"{listed(once)} {verb} the national number in every geography and count once.")
    return Table(national.frame, _reshaped(national.recognition, Shape.NATIONAL, table.recognition.frequency_days))


def _reshaped(recognition: Recognition, shape: Shape, days: int | None) -> Recognition:
    return Recognition(shape, recognition.convention, days, recognition.roles, recognition.notes)
