"""Cells before they have a type: which are empty, which hold values, and which rows name the columns."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from mmm_core.data import read_dates, read_numbers
from mmm_core.domain.errors import DataError

MAX_COLUMNS = 500
MISSING = frozenset(
    [
        "na",
        "n/a",
        "nan",
        "null",
        "none",
        "nil",
        "-",
        "--",
        "---",
        "–",
        "—",
        ".",
        "?",
        "#n/a",
        "#na",
        "#nv",
        "#ref!",
        "#div/0!",
        "#value!",
        "#wert!",
        "#name?",
        "#num!",
        "#null!",
        "missing",
        "k.a.",
        "n.a.",
        "n/d",
        "nd",
        "<na>",
        "nat",
    ]
) | {""}
"""Texts that mean an empty cell, in lower case."""
UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufeff\ud800-\udfff]")


@dataclass
class Notes:
    """What a person should know about how a file was read, in order."""

    sentences: list[str] = field(default_factory=list)

    def add(self, sentence: str) -> None:
        if sentence not in self.sentences:
            self.sentences.append(sentence)


def missing(cell: Any) -> bool:
    if cell is None:
        return True
    if isinstance(cell, str):
        return cell.strip().lower() in MISSING
    return bool(isinstance(cell, float) and not np.isfinite(cell)) or cell is pd.NaT or cell is pd.NA


def is_value(cell: Any) -> bool:
    """Whether a cell holds a number or a date rather than words."""
    if isinstance(cell, str):
        text = cell.strip()
        if not text or not any(c.isdigit() for c in text[:40]):
            return False
        return read_numbers.is_number(text) or read_dates.read(text) is not None
    return isinstance(cell, int | float | Decimal | datetime | date) and not missing(cell)


def clean_name(cell: Any) -> str:
    """A column's name as written, without surrounding space and characters that cannot be printed or stored."""
    if missing(cell) and not isinstance(cell, str):
        return ""
    if isinstance(cell, datetime):
        cell = cell.date()
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return re.sub(r"\s*[\r\n\t]+\s*", " ", UNPRINTABLE.sub("", str(cell)[:1000])).strip()[:200]


def find_header(head: Sequence[Sequence[Any]], filename: str, notes: Notes) -> tuple[list[str], int]:
    """Column names and the position of the first row of values."""
    filled = [sum(not missing(c) for c in row) for row in head]
    usual = Counter(n for n in filled if n).most_common(1)
    if not usual:
        raise DataError(f"{filename} is empty: none of its cells holds anything.")
    wide = max(n for n, _ in Counter(filled).items()) if len(head) < 4 else usual[0][0]
    at = next((i for i, n in enumerate(filled) if n >= max(2, 0.6 * wide)), None)
    if at is None:
        raise DataError(f"{filename} holds no table: no row has column names with values under them.")
    top = list(head[at])
    _check_header(top, head[at + 1 :], filename)
    names = [clean_name(c) for c in top]
    above = head[at - 1] if at else []
    if at and sum(not missing(c) for c in above) >= 2 and len(set(filter(None, names))) < len([n for n in names if n]):
        notes.add("The file has two header rows; their names were joined.")
        return _joined(above, top), at + 1
    if at:
        notes.add(f"The first {at} rows stand above the column names and were left out.")
    if _second_header(head[at + 1 :]):
        notes.add("The file has two header rows; their names were joined.")
        return _joined(top, head[at + 1]), at + 2
    return names, at + 1


def _check_header(top: Sequence[Any], below: Sequence[Sequence[Any]], filename: str) -> None:
    given = [c for c in top if not missing(c)]
    numeric = [c for c in given if is_value(c)]
    if len(numeric) < max(2, 0.5 * len(given)):
        return
    dates = [c for c in numeric if isinstance(c, date) or (isinstance(c, str) and read_dates.read(c.strip()))]
    if len(dates) >= 0.8 * len(numeric) and len(dates) > 2:
        raise DataError(f"{filename} has its periods across the columns: turn it so that each period is a row.")
    raise DataError(
        f"The first row of {filename} holds values, not column names: add a row with a name for each column."
    )


def _second_header(below: Sequence[Sequence[Any]]) -> bool:
    """Whether the row under the names is words where all further rows hold values."""
    if len(below) < 2:
        return False
    second, body = below[0], below[1:]
    numeric = [i for i in range(len(second)) if _mostly_values([r[i] for r in body])]
    words_there = [i for i in numeric if not missing(second[i]) and not is_value(second[i])]
    values_there = [i for i in numeric if is_value(second[i])]
    return bool(numeric) and not values_there and len(words_there) >= max(1, 0.5 * len(numeric))


def _mostly_values(cells: Sequence[Any]) -> bool:
    given = [c for c in cells if not missing(c)]
    return bool(given) and sum(is_value(c) for c in given) >= 0.8 * len(given)


def _joined(top: Sequence[Any], bottom: Sequence[Any]) -> list[str]:
    out, last = [], ""
    for upper, lower in zip(top, bottom, strict=True):
        a, b = clean_name(upper), clean_name(lower) if not missing(lower) else ""
        last = a or last
        out.append(b if not last or last == b else f"{last}_{b}" if b else a)
    return out


def unique_names(names: Sequence[str], body: pd.DataFrame, notes: Notes) -> list[str]:
    out: list[str] = []
    taken = set(names)
    for position, name in enumerate(names):
        wanted = name or f"column_{position + 1}"
        final = wanted
        number = 2
        while final in out or (final != wanted and final in taken):
            final, number = f"{wanted}_{number}", number + 1
        if not name:
            notes.add(f"Column {position + 1} has no name and is called {final}.")
        elif final != name:
            notes.add(f"Two columns are called {name}; the later one is now {final}.")
        out.append(final)
    return out
