"""Dates as people write them: each value by its own format, and day and month told apart by evidence or not at all."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import pandas as pd

from mmm_core.data.roles_words import plain
from mmm_core.domain.errors import DataError

FIRST_YEAR, LAST_YEAR = 1900, 2100

_CLOCK = re.compile(
    r"(?<=\d)(?:T|\s+)\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?\s*(?:[AaPp]\.?[Mm]\.?)?\s*(?:Z|UTC|GMT|[+-]\d{2}:?\d{2})?$"
)
_WEEKDAY = re.compile(
    r"^(?:mon|tue|wed|thu|fri|sat|sun|mo|di|mi|do|fr|sa|so|lun|mar|mer|jeu|ven|sam|dim)[a-z]*\.?,?\s+(?=\d)", re.I
)
_ISO = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})")
_RANGE = re.compile(r"(\d{4}-\d{1,2}-\d{1,2})\s*(?:-|–|to|bis|à)\s*\d{4}-\d{1,2}-\d{1,2}")
_NUMERIC = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2(\d{4}|\d{2})")
_YEAR_MONTH = re.compile(r"(\d{4})[-/.](\d{1,2})")
_MONTH_YEAR = re.compile(r"(\d{1,2})[-/](\d{4})")
_WEEK = re.compile(r"(\d{4})[-\s/]*(?:w|kw|week|s)[-\s]*(\d{1,2})(?:-([1-7]))?", re.I)
_WEEK_FIRST = re.compile(r"(?:w|kw|week|woche|s|semaine)\s*(\d{1,2})\s*[-/,.\s]\s*(\d{4})", re.I)
_DAY_NAME = re.compile(r"(\d{1,2})(?:st|nd|rd|th|er)?\.?[\s-]*([A-Za-z]{3,})\.?[\s,-]*(\d{4}|\d{2})")
_NAME_DAY = re.compile(r"([A-Za-z]{3,})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})")
_NAME_YEAR = re.compile(r"([A-Za-z]{3,})\.?[\s,'-]+(\d{4}|\d{2})")
_MONTHS = {
    name: number
    for number, names in enumerate(
        [
            "jan janv jaen janner",
            "feb febr fev fevr",
            "mar mrz maer march marz",
            "apr avr",
            "may mai",
            "jun juin juni",
            "jul juil juli",
            "aug aou aout",
            "sep sept",
            "oct okt",
            "nov",
            "dec dez",
        ],
        start=1,
    )
    for name in names.split()
}


@dataclass(frozen=True)
class Parsed:
    """A column of dates: values in the input's order, and what a person should know about how they were read."""

    values: pd.Series
    notes: tuple[str, ...]
    unread: tuple[str, ...]
    """Texts that are no date; they are empty in ``values``."""


@dataclass(frozen=True)
class _Reading:
    """One text: its date, or the two dates that day-first and month-first give (None where that is no date)."""

    kind: str
    sure: date | None = None
    day_first: date | None = None
    month_first: date | None = None

    @property
    def open(self) -> bool:
        return self.sure is None


def parse(texts: pd.Series, column: str) -> Parsed | None:
    """Dates of a column of texts, None where fewer than four in five look like dates.

    Raises
    ------
    DataError
        When day and month cannot be told apart.
    """
    known = texts.dropna()
    unique = list(dict.fromkeys(known.astype(str)))
    if not unique:
        return None
    probe = unique[:: max(len(unique) // 50, 1)]
    if sum(read(t) is not None for t in probe) < 0.5 * len(probe):
        return None
    readings = {text: read(text) for text in unique}
    found = {text: r for text, r in readings.items() if r is not None}
    if len(found) < 0.8 * len(unique):
        return None
    notes: list[str] = []
    dates = {text: r.sure for text, r in found.items() if not r.open}
    for kind in dict.fromkeys(r.kind for r in found.values() if r.open):
        group = {text: r for text, r in found.items() if r.kind == kind}
        dates |= _settle(group, list(dates.values()), column, notes)
    kinds = {r.kind for r in found.values()}
    if len(kinds) > 1:
        notes.append(f"Column {column} holds dates in {len(kinds)} formats; each was read by its own.")
    mapped = {t: np.datetime64(d, "us") for t, d in dates.items() if d is not None}
    lookup = pd.Series(list(mapped.values()), index=pd.Index(list(mapped), dtype="object"), dtype="datetime64[us]")
    values = pd.Series(lookup.reindex(texts.astype("object").to_numpy()).to_numpy(), index=texts.index)
    return Parsed(values.astype("datetime64[us]"), tuple(notes), tuple(t for t in unique if t not in mapped))


def _date(year: int, month: int, day: int) -> date | None:
    if year < 100:
        year += 2000 if year < 70 else 1900
    if not FIRST_YEAR <= year <= LAST_YEAR:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _sure(kind: str, found: date | None) -> _Reading | None:
    return _Reading(kind, found) if found else None


def read(text: str) -> _Reading | None:
    """One text as a date, None where it is none."""
    if len(text) > 60:
        return None
    short = _CLOCK.sub("", plain(text).strip()).strip()
    # As a whole first: "Mar" is March before it is a French Tuesday.
    return _read(short) or _read(_WEEKDAY.sub("", short))


def _read(short: str) -> _Reading | None:
    if match := _RANGE.fullmatch(short):
        short = match[1]
    if match := _ISO.fullmatch(short):
        return _sure("year first", _date(int(match[1]), int(match[3]), int(match[4])))
    if match := _NUMERIC.fullmatch(short):
        return _numeric(int(match[1]), match[2], int(match[3]), int(match[4]))
    if match := _YEAR_MONTH.fullmatch(short):
        return _sure("year and month", _date(int(match[1]), int(match[2]), 1))
    if match := _MONTH_YEAR.fullmatch(short):
        return _sure("month and year", _date(int(match[2]), int(match[1]), 1))
    if match := _WEEK.fullmatch(short):
        return _sure("week", iso_week(int(match[1]), int(match[2]), int(match[3] or 1)))
    if match := _WEEK_FIRST.fullmatch(short):
        return _sure("week", iso_week(int(match[2]), int(match[1])))
    if match := _DAY_NAME.fullmatch(short):
        return _named(match[2], int(match[3]), int(match[1]))
    if match := _NAME_DAY.fullmatch(short):
        return _named(match[1], int(match[3]), int(match[2]))
    if match := _NAME_YEAR.fullmatch(short):
        return _named(match[1], int(match[2]), 1)
    return None


def iso_week(year: int, week: int, weekday: int = 1) -> date | None:
    """First (or given) day of an ISO week, None where the year has no such week."""
    if not FIRST_YEAR <= year <= LAST_YEAR:
        return None
    try:
        return date.fromisocalendar(year, week, weekday)
    except ValueError:
        return None


def _named(month: str, year: int, day: int) -> _Reading | None:
    lower = month.lower()
    number = _MONTHS.get(lower) or next(
        (n for name, n in _MONTHS.items() if len(lower) > 4 and lower.startswith(name)), None
    )
    return _sure("month by name", _date(year, number, day)) if number else None


def _numeric(first: int, separator: str, second: int, year: int) -> _Reading | None:
    by_day, by_month = _date(year, second, first), _date(year, first, second)
    kind = f"with {separator}"
    if by_day is None and by_month is None:
        return None
    if by_day == by_month:
        return _Reading(kind, by_day)
    return _Reading(kind, None, by_day, by_month)


def _settle(
    group: dict[str, _Reading], sure: Sequence[date | None], column: str, notes: list[str]
) -> dict[str, date | None]:
    """Dates of one format in which day and month have no fixed order."""
    only_day = [t for t, r in group.items() if r.open and r.month_first is None]
    only_month = [t for t, r in group.items() if r.open and r.day_first is None]
    either = [t for t, r in group.items() if r.open and r.day_first and r.month_first]
    out = {t: group[t].sure or group[t].day_first or group[t].month_first for t in group if t not in either}
    if not either:
        return out
    if only_day and only_month:
        raise DataError(
            f"Column {column} mixes dates with the day first ({only_day[0]}) and the month first ({only_month[0]}),"
            f" so {either[0]} can be read both ways: write the dates as 2024-01-29."
        )
    if only_day or only_month or group[either[0]].kind == "with .":
        day_first = not only_month
    else:
        known = [d for d in (*sure, *out.values()) if d]
        day_first = _by_rhythm(group, either, known, column)
        order = "day" if day_first else "month"
        notes.append(
            f"Dates in column {column} such as {either[0]} were read with the {order} first, since only"
            " so are they regular."
        )
    return out | {t: group[t].day_first if day_first else group[t].month_first for t in either}


def _by_rhythm(group: dict[str, _Reading], either: Sequence[str], known: Sequence[date], column: str) -> bool:
    """Whether reading the day first gives the more regular series of dates."""
    by_day = _rhythm([*known, *(d for t in either if (d := group[t].day_first))])
    by_month = _rhythm([*known, *(d for t in either if (d := group[t].month_first))])
    if abs(by_day - by_month) < 0.25:
        raise DataError(
            f"Dates in column {column} such as {either[0]} can be read with the day or the month first:"
            " write them as 2024-01-29."
        )
    return by_day > by_month


def _rhythm(days: Sequence[date]) -> float:
    """How regular and complete a series of dates is, 0 to 1; months count as equal."""
    ordered = sorted(set(days))
    if len(ordered) < 3:
        return 0.0
    gaps = [(b - a) // timedelta(days=1) for a, b in pairwise(ordered)]
    same = [30 if 28 <= g <= 31 else g for g in gaps]
    usual = max(sorted(set(same)), key=same.count)
    return min(same.count(usual) / len(same), usual * len(same) / sum(same))


def from_numbers(values: pd.Series, column_words: frozenset[str]) -> pd.Series | None:
    """Dates of a column of whole numbers: 20240129, 202401 (a month or a week) or a spreadsheet's day numbers."""
    known = values.dropna()
    if known.empty or not bool((known == known.round()).all()):
        return None
    unique = [int(v) for v in known.unique() if abs(v) < 1e14]
    if len(unique) < known.nunique():
        return None
    reader = _number_reader(unique, column_words)
    if reader is None:
        return None
    mapped = {float(n): reader(n) for n in unique}
    if any(d is None for d in mapped.values()):
        return None
    return values.map(
        lambda v: np.datetime64(mapped.get(float(v)), "us") if not pd.isna(v) else np.datetime64("NaT", "us")
    ).astype("datetime64[us]")


def _number_reader(unique: Sequence[int], words: frozenset[str]):  # type: ignore[no-untyped-def]
    low, high = min(unique), max(unique)
    if low >= 19000101 and high <= 21001231:
        return lambda n: _date(n // 10000, n // 100 % 100, n % 100)
    if low >= 190001 and high <= 210053:
        if words & {"week", "wk", "kw", "woche", "semaine", "yearweek", "isoweek"}:
            return lambda n: iso_week(n // 100, n % 100)
        return lambda n: _date(n // 100, n % 100, 1)
    if low >= 25569 and high <= 73050:
        return lambda n: date(1899, 12, 30) + timedelta(days=n)
    if low >= 10**9 and high < 4 * 10**9:
        return lambda n: date(1970, 1, 1) + timedelta(seconds=n)
    return None
