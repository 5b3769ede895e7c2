"""From cells to a typed table: where the header is, what each column holds, and what could not be read."""

from collections.abc import Hashable
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from mmm_core.data import read_dates, read_numbers, read_places
from mmm_core.data.read_header import MISSING, UNPRINTABLE, Notes, find_header, missing, unique_names
from mmm_core.data.roles_words import DATE, GEO, words
from mmm_core.domain.errors import DataError

_TOTALS = frozenset(
    ["total", "totals", "sum", "summe", "gesamt", "gesamtergebnis", "somme", "grand", "ensemble", "insgesamt"]
)
_NUMBER_SHARE = 0.6
COUNTED_AS_EMPTY = "counted as empty"
"""What a note says of cells whose text is no number or date; the quality report looks for it."""


def shaped(
    raw: pd.DataFrame, filename: str, notes: Notes, *, decimal_hint: str = ".", delimiter: str | None = None
) -> pd.DataFrame:
    """A typed table from raw cells with the header among its first rows.

    Raises
    ------
    DataError
        When there is no header, no row under it, or nothing but empty cells.
    """
    if raw.empty:
        raise DataError(f"{filename} is empty: it has no rows.")
    head = [list(row) for row in raw.head(60).itertuples(index=False, name=None)]
    names, first = find_header(head, filename, notes)
    body = raw.iloc[first:].copy()
    body.columns = pd.Index(range(raw.shape[1]))
    keep = [i for i, name in enumerate(names) if name or _needed(body, i, filename, notes, delimiter)]
    body = body[keep]
    body.columns = pd.Index(unique_names([names[i] for i in keep], body, notes))
    return typed(body, filename, notes, offset=1, decimal_hint=decimal_hint)


def typed(body: pd.DataFrame, filename: str, notes: Notes, *, offset: int = 1, decimal_hint: str = ".") -> pd.DataFrame:
    """A table with typed columns; ``offset`` is what makes row numbers of the index."""
    frame = body
    empty = pd.DataFrame({c: _missing_mask(frame[c]) for c in frame.columns}, index=frame.index)
    frame, empty = frame[~empty.all(axis=1)], empty[~empty.all(axis=1)]
    if len(frame) == 0:
        raise DataError(f"{filename} has column names but no rows with values under them.")
    if frame.shape[1] < 2:
        raise DataError(f"{filename} has one column only: a model needs at least dates and a KPI.")
    frame, empty = _without_totals(frame, empty, notes)
    out = _Columns(frame, empty, offset, decimal_hint, notes).read()
    if out.drop(columns=[c for c in out if pd.api.types.is_datetime64_any_dtype(out[c])]).isna().all(axis=None):
        raise DataError(f"{filename} holds no values besides dates: every other cell is empty.")
    return out.reset_index(drop=True)


def _needed(body: pd.DataFrame, position: int, filename: str, notes: Notes, delimiter: str | None) -> bool:
    """Whether a column without a name belongs to the table; a stray cell in delimited text is refused."""
    filled = body[position][~_missing_mask(body[position])]
    if filled.empty:
        return False
    if len(filled) <= 0.5 * len(body):
        row = int(filled.index[0]) + 1
        if delimiter is not None and position >= 1:
            raise DataError(
                f"Row {row} of {filename} has a cell beyond its named columns (“{str(filled.iloc[0])[:30]}”): check it"
                f" for a stray “{delimiter}”, or give the column a name."
            )
        notes.add(f"Cells beside the table (row {row}: “{str(filled.iloc[0])[:30]}”) were left out.")
        return False
    if position == 0 and filled.astype("str").str.fullmatch(r"[0-9]+(\.0)?").all():
        counted = filled.astype(float)
        if len(counted) == len(body) and bool((counted.diff().dropna() == 1).all()) and counted.iloc[0] in (0, 1):
            notes.add("A first column without a name that only counts the rows was left out.")
            return False
    return True


def _missing_mask(column: pd.Series) -> pd.Series:
    if pd.api.types.is_numeric_dtype(column):
        return pd.Series(~np.isfinite(column.to_numpy(float, na_value=np.nan)), index=column.index)
    if pd.api.types.is_datetime64_any_dtype(column):
        return column.isna()
    if isinstance(column.dtype, pd.StringDtype):
        return column.isna() | column.str.strip().str.lower().isin(MISSING)
    return column.map(missing).astype(bool)


def _without_totals(frame: pd.DataFrame, empty: pd.DataFrame, notes: Notes) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Leave out rows of totals at the end, known by a word such as Total in their first cell."""
    end = len(frame)
    while end > 1:
        row = [c for c in frame.iloc[end - 1].tolist() if not missing(c)]
        first = str(row[0]).strip(" :").lower() if row else ""
        if not first.split() or first.split()[0] not in _TOTALS:
            break
        end -= 1
    if end < len(frame):
        notes.add(
            "A row of totals at the end was left out." if end == len(frame) - 1 else "Rows of totals were left out."
        )
    return frame.iloc[:end], empty.iloc[:end]


@dataclass
class _Columns:
    """Types the columns of one table together, since the decimal sign of one tells about the others."""

    frame: pd.DataFrame
    empty: pd.DataFrame
    offset: int
    decimal_hint: str
    notes: Notes
    places: "tuple[str, pd.Series[str]] | None" = None
    """The column of places and each row's decimal sign, where places differ in it."""

    def read(self) -> pd.DataFrame:
        texts = {c: t for c in self.frame.columns if (t := self._texts(c)) is not None}
        votes = {c: read_numbers.votes(t[~self.empty[c]]) for c, t in texts.items()}
        if any(v.comma and v.point for v in votes.values()):
            self.places = read_places.decimals(self.frame, texts, self.empty)
        comma = sum(v.comma > v.point for v in votes.values())
        point = sum(v.point > v.comma for v in votes.values())
        usual = "," if comma > point else "." if point > comma else self.decimal_hint
        out: dict[Hashable, pd.Series] = {}
        unclear: list[DataError] = []
        for column in self.frame.columns:
            if column not in texts:
                out[column] = self._native(column)
                continue
            try:
                out[column] = self._column(str(column), texts[column], votes[column], usual)
            except DataError as error:
                unclear.append(error)
                out[column] = texts[column].where(~self.empty[column])
        frame = self._dated(pd.DataFrame(out, index=self.frame.index))
        dated = any(pd.api.types.is_datetime64_any_dtype(frame[c]) for c in frame)
        if unclear and not dated:
            raise unclear[0]
        for reason in unclear:
            self.notes.add(f"A column was kept as text: {reason}")
        return frame

    def _texts(self, column: Hashable) -> pd.Series | None:
        """The column as texts where any of its cells is one; None where its cells are typed already."""
        values = self.frame[column]
        if pd.api.types.is_numeric_dtype(values) or pd.api.types.is_datetime64_any_dtype(values):
            return None
        if isinstance(values.dtype, pd.StringDtype):
            return values.fillna("").str.strip()
        given = values[~self.empty[column]]
        if given.map(lambda v: isinstance(v, int | float | Decimal)).all():
            return None
        if given.map(lambda v: isinstance(v, datetime | date)).all():
            return None
        texts: pd.Series = values.map(_as_text).astype("str")
        return texts

    def _native(self, column: Hashable) -> pd.Series:
        values = self.frame[column].where(~self.empty[column])
        if pd.api.types.is_datetime64_any_dtype(values):
            return _days(values)
        given = values.dropna()
        if len(given) and given.map(lambda v: isinstance(v, datetime | date)).all() and not _numeric(values):
            return _days(pd.to_datetime(values.map(_plain_day), errors="coerce"))
        return _compact(pd.to_numeric(values.map(_as_float) if values.dtype == object else values, errors="coerce"))

    def _column(self, column: str, texts: pd.Series, votes: read_numbers.Votes, usual: str) -> pd.Series:
        given = texts.where(~self.empty[column])
        if votes.total == 0:
            return pd.Series(np.nan, index=texts.index)
        if votes.numbers < votes.total:
            found = read_dates.parse(given, column)
            if found is not None:
                for note in found.notes:
                    self.notes.add(note)
                self._name_cells(column, given, found.values, "a date")
                return found.values
            truth = read_numbers.truths(given)
            if truth is not None:
                return truth
        if votes.numbers < _NUMBER_SHARE * votes.total:
            return self._text(column, texts, given)
        if self.places is not None:
            return self._by_place(column, given, *self.places)
        decimal = "," if votes.comma > votes.point else "." if votes.point else usual
        if votes.both and not votes.comma and not votes.point:
            example = given[given.str.contains(r"[.,]", na=False)].iloc[0]
            what = "decimal" if (decimal in example) else "thousands"
            self.notes.add(f"In column {column}, {example} was read with its separator as the {what} sign.")
        values = read_numbers.values(given, decimal)
        self._name_cells(column, given, values, "a number")
        if given.str.endswith("%", na=False).mean() > 0.5:
            self.notes.add(f"Column {column} holds percentages; 12% is kept as 12.")
        return _compact(values)

    def _by_place(self, column: str, given: pd.Series, place: str, signs: "pd.Series[str]") -> pd.Series:
        values = read_places.values(given, signs)
        self._name_cells(column, given, values, "a number")
        self.notes.add(f"Numbers were read with the decimal sign that each {place} uses.")
        return _compact(values)

    def _text(self, column: str, texts: pd.Series, given: pd.Series) -> pd.Series:
        if {w.text for w in words(column)} & GEO:
            # Here NA is North America or Namibia, not an empty cell.
            given = texts.where(~self.empty[column] | (texts == "NA"))
        return given.map(lambda t: UNPRINTABLE.sub("", t), na_action="ignore").astype("str")

    def _name_cells(self, column: str, given: pd.Series, values: pd.Series, what: str) -> None:
        bad = given[values.isna() & given.notna()]
        if bad.empty:
            return
        shown = ", ".join(
            f"row {i + self.offset}: “{str(t)[:30]}”" for i, t in zip(bad.index[:3].tolist(), bad, strict=False)
        )
        more = f" and {len(bad) - 3} more" if len(bad) > 3 else ""
        what = f"cells are not {what.split()[1]}s" if len(bad) > 1 else f"cell is not {what}"
        self.notes.add(f"Column {column}: {len(bad)} {what} and {COUNTED_AS_EMPTY} ({shown}{more}).")

    def _dated(self, frame: pd.DataFrame) -> pd.DataFrame:
        """Find dates in columns of whole numbers where no column holds written dates."""
        if any(pd.api.types.is_datetime64_any_dtype(frame[c]) for c in frame):
            return frame
        for column in frame.columns:
            known = frozenset(w.text for w in words(str(column)))
            if known & DATE and _numeric(frame[column]):
                found = read_dates.from_numbers(frame[column].astype(float), known)
                if found is not None:
                    self.notes.add(f"The numbers in column {column} were read as dates.")
                    return frame.assign(**{str(column): found})
        return self._from_parts(frame)

    def _from_parts(self, frame: pd.DataFrame) -> pd.DataFrame:
        """A date column from a column of years with one of weeks or months."""

        def named(wanted: set[str], low: int, high: int) -> str | None:
            for column in frame.columns:
                values = frame[column]
                if (
                    {w.text for w in words(str(column))} & wanted
                    and _numeric(values)
                    and values.between(low, high).all()
                ):
                    return str(column)
            return None

        year = named({"year", "yr", "jahr", "annee"}, 1990, 2100)
        week = named({"week", "wk", "kw", "woche", "semaine", "weeknum"}, 1, 53)
        month = named({"month", "monat", "mois"}, 1, 12)
        part = week or month
        if year is None or part is None or "date" in frame.columns:
            return frame
        pairs = zip(frame[year].astype(int), frame[part].astype(int), strict=True)
        made = [read_dates.iso_week(y, p) if week else date(y, p, 1) for y, p in pairs]
        if any(d is None for d in made):
            return frame
        self.notes.add(f"A date was made from the columns {year} and {part}.")
        frame = frame.copy()
        frame.insert(0, "date", pd.Series(np.array(made, dtype="datetime64[us]"), index=frame.index))
        return frame


def _numeric(values: pd.Series) -> bool:
    return bool(pd.api.types.is_numeric_dtype(values))


def _as_text(cell: Any) -> str:
    if cell is None or (isinstance(cell, float) and np.isnan(cell)):
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    if isinstance(cell, date | time):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    return UNPRINTABLE.sub("", str(cell)).strip()


def _as_float(cell: Any) -> float:
    if cell is None:
        return float("nan")
    try:
        return float(cell)
    except (OverflowError, ValueError, TypeError):
        return float("nan")


def _plain_day(cell: Any) -> Any:
    if isinstance(cell, datetime):
        return cell.replace(tzinfo=None)
    return cell


def _days(values: pd.Series) -> pd.Series:
    """Days without a clock time or time zone; years outside 1900 to 2100 are empty."""
    plain = values.dt.tz_localize(None) if getattr(values.dt, "tz", None) is not None else values
    days = plain.dt.normalize()
    inside = days.dt.year.between(read_dates.FIRST_YEAR, read_dates.LAST_YEAR)
    inside_only: pd.Series = days.where(inside).astype("datetime64[us]")
    return inside_only


def _compact(values: pd.Series) -> pd.Series:
    """Whole numbers as integers where no cell is empty, else floats."""
    floats = values.astype(float)
    floats = floats.where(np.isfinite(floats))
    if floats.notna().all() and (floats == floats.round()).all() and (floats.abs() < 2**53).all():
        return floats.astype("int64")
    return floats
