"""Several files as one table: joined on date and geography, since most teams have one file per channel."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from mmm_core.data.recognise import recognise
from mmm_core.data.roles_words import words
from mmm_core.data.steps import Arguments, Table
from mmm_core.data.steps_rows import aggregate_weeks, combine
from mmm_core.data.steps_spread import channel_column, spread_channels
from mmm_core.domain.dataset import Role, Shape
from mmm_core.domain.errors import DataError


@dataclass(frozen=True)
class _Part:
    name: str
    frame: pd.DataFrame
    date: str
    geo: str | None
    days: int | None


def join_tables(
    frames: Mapping[str, pd.DataFrame] | Sequence[pd.DataFrame], on: Sequence[str] | None = None
) -> pd.DataFrame:
    """One table with the columns of all, a row for each date (and geography) that any of them has.

    The numbers of a national table are repeated in every geography of the others, until a recipe step splits them.

    Parameters
    ----------
    frames : mapping of file name to table, or tables
        Date and geography are recognised in each unless ``on`` names them. Daily tables become weeks where another is
        weekly. Rows of one date and geography are joined first. A column name that several tables have is
        preceded by the file's name.
    on : names of the date and, optionally, the geography column in every table

    Raises
    ------
    DataError
        When a table has no date, or their dates do not meet.
    """
    named = dict(frames) if isinstance(frames, Mapping) else {f"table {n}": f for n, f in enumerate(frames, start=1)}
    if not named:
        raise DataError("There is no table to join.")
    parts = [_part(name, frame, on) for name, frame in named.items()]
    if len(parts) == 1:
        return parts[0].frame
    parts = _same_rhythm(parts)
    keys = [parts[0].date]
    geo = next((p.geo for p in parts if p.geo), None)
    if geo:
        keys.append(geo)
    out = _keyed(parts[0], keys, geo)
    taken = _shared_names(parts)
    out = _renamed(out, parts[0], keys, taken)
    for part in parts[1:]:
        right = _renamed(_keyed(part, keys, geo), part, keys, taken)
        common = [k for k in keys if k in out.columns and k in right.columns]
        if not out[common].merge(right[common], on=common).shape[0]:
            what = "dates and geographies" if len(common) > 1 else "dates"
            raise DataError(
                f"{part.name} and {parts[0].name} have no {what} in common: check that they cover the same time."
            )
        out = out.merge(right, on=common, how=_side(geo, out, right))
    return out.sort_values([k for k in keys if k in out.columns], ignore_index=True)


def _side(geo: str | None, left: pd.DataFrame, right: pd.DataFrame) -> Literal["outer", "left", "right"]:
    """A national table adds its numbers to the geographies of another, but no rows of no geography."""
    if geo is None or (geo in left.columns) == (geo in right.columns):
        return "outer"
    return "left" if geo in left.columns else "right"


def _part(name: str, frame: pd.DataFrame, on: Sequence[str] | None) -> _Part:
    if on:
        gone = [c for c in on[:1] if c not in frame.columns]
        if gone:
            raise DataError(f"{name} has no column {gone[0]} to join on.")
    found = recognise(frame)
    if found.shape is Shape.MFF:
        raise DataError(f"{name} is a long MFF file: it already holds all its series and is read alone.")
    channel = channel_column(frame, found)
    if channel:
        frame = spread_channels(Table(frame, found), Arguments("spread_channels", {"column": channel})).frame
        found = recognise(frame)
    date = on[0] if on else found.one(Role.DATE)
    if date is None or not pd.api.types.is_datetime64_any_dtype(frame[date]):
        raise DataError(f"{name} has no column of dates, so it cannot be joined with the other files.")
    geo = (on[1] if on[1] in frame.columns else None) if on and len(on) > 1 else None if on else found.one(Role.GEO)
    dated = frame[frame[date].notna()]
    keys = [date, *([geo] if geo else [])]
    if dated.duplicated(subset=keys).any():
        dated = combine(Table(dated.drop_duplicates(), found), keys)
    return _Part(name, dated, date, geo, found.frequency_days)


def _same_rhythm(parts: Sequence[_Part]) -> list[_Part]:
    """Daily tables as weeks where another table is weekly."""
    weekly = next((p for p in parts if p.days == 7), None)
    rhythms = {p.days for p in parts if p.days}
    if weekly is None or rhythms <= {7}:
        if len(rhythms) > 1:
            raise DataError("The files have different rhythms (days, weeks, months): bring them to one before joining.")
        return list(parts)
    if not rhythms <= {1, 7}:
        raise DataError("The files have different rhythms (days, weeks, months): bring them to one before joining.")
    start = int(weekly.frame[weekly.date].dt.day_of_week.mode().iloc[0])
    out = []
    for part in parts:
        frame = part.frame
        if part.days == 1:
            table = Table(frame, recognise(frame))
            frame = aggregate_weeks(table, Arguments("aggregate_weeks", {"week_start": start})).frame
        out.append(_Part(part.name, frame, part.date, part.geo, 7))
    return out


def _shared_names(parts: Sequence[_Part]) -> set[str]:
    seen: set[str] = set()
    twice: set[str] = set()
    for part in parts:
        own = {str(c) for c in part.frame.columns if c not in (part.date, part.geo)}
        twice |= seen & own
        seen |= own
    return twice


def _keyed(part: _Part, keys: Sequence[str], geo: str | None) -> pd.DataFrame:
    names = {part.date: keys[0]}
    if part.geo and geo:
        names[part.geo] = geo
    return part.frame.rename(columns=names)


def _renamed(frame: pd.DataFrame, part: _Part, keys: Sequence[str], shared: set[str]) -> pd.DataFrame:
    """Column names that several tables have, preceded by the file's name; also bare words such as spend."""
    stem = part.name.replace("\\", "/").rsplit("/", 1)[-1].rsplit(".", 1)[0].strip().replace(" ", "_")
    return frame.rename(
        columns={c: f"{stem}_{c}" for c in frame.columns if c not in keys and c in shared and words(stem)}
    )
