"""Lift tests from a table that a person typed, pasted or uploaded: each bad row gets one sentence (pandas only)."""

import math
import re
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from mmm_core.domain.errors import DataError, SpecError
from mmm_core.domain.fit import ModelData
from mmm_core.modeling.lift import lift_data
from mmm_core.modeling.lift_conflicts import contradictions
from mmm_core.modeling.spec import LiftTest, ModelSpec

COLUMNS = ("channel", "start", "end", "geos", "lift", "standard_error", "share", "measured_until", "source")
NEEDED = ("channel", "start", "end", "lift", "standard_error")
OTHER_NAMES = {
    "geo": "geos", "region": "geos", "regions": "geos", "start_date": "start", "from": "start", "end_date": "end",
    "to": "end", "until": "end", "incremental": "lift", "se": "standard_error", "sd": "standard_error",
    "std_error": "standard_error", "stderr": "standard_error", "sigma": "standard_error", "test": "source",
}  # fmt: skip
SEPARATORS = re.compile(r"[;,|]")


@dataclass(frozen=True)
class ReadTests:
    tests: tuple[LiftTest, ...]
    """The rows that can be used, in order."""
    problems: tuple[str, ...]
    """One sentence for each row that cannot."""


class _Bad(Exception):
    """What is wrong with a row, as the rest of a sentence."""


def from_file(frame: pd.DataFrame) -> pd.DataFrame:
    """An uploaded table as text cells in our columns, whatever the headers' spelling.

    Raises
    ------
    DataError
        When a column that every test needs is not there.
    """
    named: dict[Hashable, str] = {}
    for column in frame.columns:
        plain = re.sub(r"[^a-z]+", "_", str(column).strip().lower()).strip("_")
        name = OTHER_NAMES.get(plain, plain)
        if name in COLUMNS and name not in named.values():
            named[column] = name
    missing = [c for c in NEEDED if c not in named.values()]
    if missing:
        raise DataError(
            f"A file of lift tests needs the columns {', '.join(NEEDED)}; this one has no {' and no '.join(missing)}."
        )
    table = frame[list(named)].rename(columns=named).reindex(columns=list(COLUMNS))
    return table.map(_text).astype(object)


def to_table(tests: Sequence[LiftTest]) -> pd.DataFrame:
    """Tests as the text cells that a person edits."""
    rows = [
        (t.channel, str(t.start), str(t.end), ", ".join(t.geos), f"{t.lift:.12g}", f"{t.standard_error:.12g}",
         "" if t.share == 1 else f"{t.share:g}", str(t.measured_until or ""), t.source)
        for t in tests
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=list(COLUMNS), dtype=object)


def read_tests(table: pd.DataFrame, channels: Sequence[str]) -> ReadTests:
    """Every row as a test, or as a sentence that says what is wrong with it; empty rows are passed over."""
    tests, problems = [], []
    for number, row in enumerate(table.to_dict("records"), start=1):
        cells = {str(name): _text(value) for name, value in row.items()}
        if not any(cells.values()):
            continue
        try:
            tests.append(_test(cells, channels))
        except _Bad as problem:
            problems.append(f"Lift test {number}: {problem}.")
    return ReadTests(tuple(tests), tuple(problems))


@dataclass(frozen=True)
class Review:
    """How tests stand to the data, and to one another."""

    tests: tuple[LiftTest, ...]
    """Those that the data can hold."""
    problems: tuple[str, ...]
    contradictions: tuple[str, ...]


def review(spec: ModelSpec, data: ModelData) -> Review:
    """One sentence for each test that does not fit the data, and for each like pair that cannot both be right."""
    good, problems = [], []
    for test in spec.lift_tests:
        try:
            lift_data(spec.model_copy(update={"lift_tests": (test,)}), data)
            good.append(test)
        except SpecError as error:
            problems.append(str(error))
    usable = spec.model_copy(update={"lift_tests": tuple(good)})
    found = lift_data(usable, data)
    if found is None:
        return Review((), tuple(problems), ())
    return Review(tuple(good), tuple(problems), contradictions(usable, found))


def _test(cells: Mapping[str, str], channels: Sequence[str]) -> LiftTest:
    channel = _channel(cells.get("channel", ""), channels)
    start, end = _day(cells, "start", "start"), _day(cells, "end", "end")
    if start is None or end is None:
        raise _Bad(f"give {channel} both a first and a last day")
    if end < start:
        raise _Bad(f"the test of {channel} ends ({end}) before it starts ({start})")
    error = _number(cells, "standard_error", "standard error")
    if error <= 0:
        raise _Bad(f"the standard error of {channel} must be above zero, and is {error:g}")
    share = _number(cells, "share", "part that was switched", 1.0)
    if not 0 < share <= 1:
        raise _Bad(f"the part of {channel} that was switched lies between 0 and 1, and is {share:g}")
    until = _day(cells, "measured_until", "last measured day")
    if until is not None and until < end:
        raise _Bad(f"the test of {channel} was measured until {until}, before its window ends ({end})")
    return LiftTest(
        channel=channel,
        start=start,
        end=end,
        geos=tuple(g.strip() for g in SEPARATORS.split(cells.get("geos", "")) if g.strip()),
        lift=_number(cells, "lift", "lift"),
        standard_error=error,
        share=share,
        measured_until=until,
        source=cells.get("source", ""),
    )


def _channel(name: str, channels: Sequence[str]) -> str:
    if not name:
        raise _Bad("say which channel was tested")
    same = [c for c in channels if c == name] or [c for c in channels if _loose(c) == _loose(name)]
    if not same:
        raise _Bad(f"{name} is no channel of this model; it has {', '.join(channels)}")
    return same[0]


def _loose(name: str) -> str:
    """Paid social is paid_social."""
    return name.casefold().replace("_", " ")


def _day(cells: Mapping[str, str], column: str, what: str) -> date | None:
    text = cells.get(column, "")
    if not text:
        return None
    found = pd.to_datetime(text, errors="coerce", dayfirst=not re.match(r"\d{4}", text))
    if pd.isna(found):
        raise _Bad(f"“{text}” is no date for its {what}; write it as 2025-03-31")
    day: date = found.date()
    return day


def _number(cells: Mapping[str, str], column: str, what: str, default: float | None = None) -> float:
    text = cells.get(column, "").replace("\u2212", "-").replace(" ", "").replace("\u00a0", "")
    if not text:
        if default is not None:
            return default
        raise _Bad(f"give its {what}")
    percent = text.endswith("%")
    bare = text.removesuffix("%")
    # 12,000 groups thousands; 0,35 has a decimal comma.
    bare = bare.replace(",", "") if re.fullmatch(r"-?\d{1,3}(,\d{3})+(\.\d+)?", bare) else bare.replace(",", ".")
    try:
        value = float(bare)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise _Bad(f"“{text}” is no number for its {what}")
    return value / 100 if percent else value


def _text(value: Any) -> str:
    if value is None or (not isinstance(value, str) and pd.isna(value)):
        return ""
    if isinstance(value, float):
        return f"{value:.12g}"
    if isinstance(value, pd.Timestamp):
        return str(value.date())
    return str(value).strip()
