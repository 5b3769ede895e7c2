"""What a table is, without being told: its shape, its convention, its rhythm and the role of every column."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from mmm_core.data import roles_words as w
from mmm_core.data.roles import ROBYN, Guess, guess
from mmm_core.data.roles_pairs import tie
from mmm_core.domain.dataset import ColumnRole, Recognition, Role, Shape
from mmm_core.domain.errors import DataError

MFF_COLUMNS = ("Period", "Geography", "Product", "Campaign", "Outlet", "Creative", "VariableName", "VariableValue")
SINGLE = {
    Role.DATE: "date",
    Role.GEO: "geography",
    Role.KPI: "KPI",
    Role.POPULATION: "population",
    Role.VALUE_PER_UNIT: "value per KPI unit",
    Role.PRODUCT: "product",
}
MEDIA = (Role.SPEND, Role.EXPOSURE, Role.ORGANIC, Role.REACH, Role.FREQUENCY)
SIDES = {Role.SPEND: "spend", Role.REACH: "reach", Role.FREQUENCY: "frequency"}
"""What a channel can have one column of each; every other medium is its exposure."""


def recognise(frame: pd.DataFrame, *, kpi: str | None = None) -> Recognition:
    """Shape, convention, frequency and roles of a table; ``kpi`` names the KPI where a person said which it is.

    Raises
    ------
    DataError
        When ``kpi`` names no column of numbers.
    """
    mff = mff_names(frame)
    if mff is not None:
        return _recognise_mff(frame, mff)
    if kpi is not None:
        _check_kpi(frame, kpi)
    convention = _convention([str(c) for c in frame.columns])
    notes: list[str] = []
    date = _date_column(frame)
    geo = _geo_column(frame, date)
    product = _product_column(frame, date, geo)
    guesses: dict[str, Guess] = {}
    for column in frame.columns:
        if column == date:
            guesses[column] = Guess(Role.DATE, 0.97, "it holds the dates")
        elif column == geo:
            guesses[column] = Guess(Role.GEO, _geo_confidence(column), "it repeats the same names for every date")
        elif column == product:
            guesses[column] = Guess(Role.PRODUCT, 0.9, "it names what was sold, and a date has a row for each")
        elif pd.api.types.is_numeric_dtype(frame[column]):
            guesses[column] = guess(column, frame[column], convention)
        else:
            guesses[column] = _text_column(frame, column, notes)
    guesses = tie(_settle_kpi(guesses, frame, kpi, notes))
    if date is None:
        notes.append("No column of dates was found: a model needs one date per row.")
    if not any(g.role is Role.SPEND for g in guesses.values()):
        notes.append("No column of spend was found: returns on spend need one for each channel.")
    days = _frequency(frame[date]) if date else None
    shape = _shape(frame, date, geo)
    roles = tuple(g.made(c) for c, g in guesses.items())
    return Recognition(shape, convention, days, roles, tuple(notes))


def mff_names(frame: pd.DataFrame) -> dict[str, str] | None:
    """The frame's names for MFF's columns, None where it is no MFF table."""
    have = {str(c).strip().lower(): str(c) for c in frame.columns}
    needed = ("period", "variablename", "variablevalue")
    if not all(n in have for n in needed):
        return None
    return {name: have[name.lower()] for name in MFF_COLUMNS if name.lower() in have}


def _recognise_mff(frame: pd.DataFrame, names: dict[str, str]) -> Recognition:
    period, geo = names["Period"], names.get("Geography")
    roles = []
    for column in frame.columns:
        if column == period:
            roles.append(ColumnRole(column, Role.DATE, 0.99, "MFF's Period"))
        elif column == geo:
            roles.append(ColumnRole(column, Role.GEO, 0.99, "MFF's Geography"))
        else:
            roles.append(ColumnRole(column, Role.IGNORE, 0.99, "part of the long MFF rows, which become columns"))
    dates = frame[period]
    days = _frequency(dates) if pd.api.types.is_datetime64_any_dtype(dates) else None
    count = frame[names["VariableName"]].nunique()
    return Recognition(Shape.MFF, "mff", days, tuple(roles), (f"Long MFF rows with {count} variables.",))


def _check_kpi(frame: pd.DataFrame, kpi: str) -> None:
    if kpi not in frame.columns:
        names = ", ".join(str(c) for c in list(frame.columns)[:8])
        raise DataError(
            f"There is no column {kpi} to be the KPI; the data has {names}{', ...' if frame.shape[1] > 8 else ''}."
        )
    if not pd.api.types.is_numeric_dtype(frame[kpi]):
        raise DataError(f"Column {kpi} cannot be the KPI because it does not hold numbers.")


def _convention(columns: Sequence[str]) -> str:
    robyn = [m["kind"] for m in map(ROBYN.match, columns) if m]
    if robyn.count("S") >= 2 or ("S" in robyn and set(robyn) & {"I", "P", "B", "O"}):
        return "robyn"
    lower = [c.lower() for c in columns]
    if "y" in lower and any(re.fullmatch(r"x\d+", c) for c in lower):
        return "pymc-marketing"
    ends = [c.rsplit("_", 1)[-1] for c in lower if "_" in c]
    if "spend" in ends and ({"impression", "impressions", "control", "clicks"} & set(ends)):
        return "meridian"
    starts = [c.split("_", 1)[0] for c in lower if "_" in c]
    media = [s for s in starts if s in w.SPEND or s in w.EXPOSURE]
    return "prefix" if len(media) >= 2 else "plain"


def _date_column(frame: pd.DataFrame) -> str | None:
    """The column of dates: by type, then by name, then by how many rows it dates."""
    found = [c for c in frame.columns if pd.api.types.is_datetime64_any_dtype(frame[c])]

    def likeness(column: str) -> tuple[int, float]:
        return len({x.text for x in w.words(column)} & w.DATE), float(frame[column].notna().mean())

    return max(found, key=likeness) if found else None


def _geo_column(frame: pd.DataFrame, date: str | None) -> str | None:
    """The column of geographies: named so, or texts that repeat for every date."""
    if date is None or not frame[date].duplicated().any():
        return None
    best: tuple[float, str] | None = None
    for column in frame.columns:
        values = frame[column]
        levels = values.nunique()
        if column == date or levels < 2 or levels > max(len(frame) / 2, 2):
            continue
        named = bool({x.text for x in w.words(column)} & w.GEO)
        text = not pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_datetime64_any_dtype(values)
        other = {x.text for x in w.words(column)} & (w.CHANNEL_COLUMNS | w.DIMENSIONS)
        if not named and (not text or other):
            continue
        apart = 1 - float(frame.duplicated(subset=[date, column]).mean())
        if named or (apart > 0.99 and values.notna().all() and _balanced(frame, date, column)):
            score = apart + (1.0 if named else 0.0)
            best = max(best, (score, column)) if best else (score, column)
    return best[1] if best else None


def _product_column(frame: pd.DataFrame, date: str | None, geo: str | None) -> str | None:
    """The text column that names what was sold, where a date (and geography) has rows for several."""
    if date is None or not frame.duplicated(subset=[date, *([geo] if geo else [])]).any():
        return None
    for known in w.PRODUCTS:
        for column in frame.columns:
            values = frame[column]
            found = w.words(str(column))
            if column in (date, geo) or not ({x.text for x in found} | w.pairs(found)) & known:
                continue
            text = not pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_datetime64_any_dtype(values)
            if text and 2 <= values.nunique() <= len(frame) / 2:
                return str(column)
    return None


def _balanced(frame: pd.DataFrame, date: str, column: str) -> bool:
    """Whether nearly every level appears at nearly every date."""
    return len(frame) >= 0.8 * frame[date].nunique() * frame[column].nunique()


def _geo_confidence(column: str) -> float:
    return 0.97 if {x.text for x in w.words(column)} & w.GEO else 0.6


def _text_column(frame: pd.DataFrame, column: str, notes: list[str]) -> Guess:
    values = frame[column]
    if pd.api.types.is_datetime64_any_dtype(values):
        return Guess(Role.IGNORE, 0.8, "another column already holds the dates")
    levels = values.nunique()
    if levels == 1 and {x.text for x in w.words(column)} & w.GEO:
        return Guess(Role.IGNORE, 0.9, "it names one geography only")
    if 1 <= levels <= 10 and values.notna().mean() <= 0.3:
        rows = int(values.notna().sum())
        notes.append(f"Column {column} holds a text in {rows} rows: split it into 0/1 columns to use it as events.")
        return Guess(Role.IGNORE, 0.8, "it holds texts; split into 0/1 columns it can be an event")
    return Guess(Role.IGNORE, 0.8, "it holds texts, which a model cannot use as they are")


def _settle_kpi(guesses: dict[str, Guess], frame: pd.DataFrame, kpi: str | None, notes: list[str]) -> dict[str, Guess]:
    """Choose one KPI and say what the other outcomes become."""
    out = dict(guesses)
    chosen = kpi
    if chosen is None:
        outcomes = {c: g.kpi for c, g in guesses.items() if g.role is None and g.kpi > 0}
        chosen = max(outcomes, key=lambda c: outcomes[c]) if outcomes else _fallback_kpi(guesses, frame, notes)
    for column, found in guesses.items():
        if column == chosen:
            sure = 1.0 if kpi else max(found.kpi, 0.3) if found.kpi else 0.3
            reason = "named as the KPI" if kpi else found.reason
            out[column] = Guess(Role.KPI, sure, reason)
        elif found.role is None and found.kpi > 0:
            out[column] = Guess(
                Role.IGNORE, 0.6, "another outcome beside the KPI; as a control it would take the media's effect"
            )
        elif found.role is None:
            out[column] = replace(found, role=Role.CONTROL)
    others = [c for c, g in out.items() if g.role is Role.IGNORE and guesses[c].kpi > 0.5]
    if chosen and others:
        notes.append(f"{chosen} is taken as the KPI; {', '.join(others[:5])} could be it as well.")
    if chosen is None:
        notes.append("No column looks like a KPI: choose which one media should explain.")
    return _settle_value(out, chosen)


def _fallback_kpi(guesses: dict[str, Guess], frame: pd.DataFrame, notes: list[str]) -> str | None:
    """The first column of which nothing is known and that varies without going under zero."""
    for column, found in guesses.items():
        if found.role is None and (frame[column].dropna() >= 0).all() and frame[column].nunique() > 10:
            notes.append(f"No column is named like a KPI; {column} is taken for it: please confirm or choose another.")
            return column
    return None


def _settle_value(guesses: dict[str, Guess], kpi: str | None) -> dict[str, Guess]:
    """A value per unit belongs to a count; beside revenue it says nothing new. One column of each single kind stays."""
    out = dict(guesses)
    words = {x.text for x in w.words(kpi)} if kpi else set()
    revenue = bool(words & {*w.MONEY, "sales"}) and not words & w.COUNTS
    for role in (Role.VALUE_PER_UNIT, Role.POPULATION):
        columns = [c for c, g in out.items() if g.role is role]
        for column in columns[1:] if not (revenue and role is Role.VALUE_PER_UNIT) else columns:
            out[column] = Guess(Role.IGNORE, 0.6, f"{SINGLE[role]} is not needed here or is already given")
    return out


def counts(column: str) -> bool:
    """Whether a KPI's name says that it counts things (orders, sign-ups) and is no money."""
    words = {x.text for name in (column, column.replace("-", "")) for x in w.words(name)}
    return bool(words & w.COUNTS) and not words & w.MONEY


def _frequency(dates: pd.Series) -> int | None:
    """Days between periods: 1, 7, 14, 30 (months), 91 (quarters) or the commonest distance; None without a rhythm."""
    unique = np.unique(dates.dropna().to_numpy().astype("datetime64[D]"))
    if len(unique) < 3:
        return None
    gaps = np.diff(unique).astype(int)
    values, counts = np.unique(gaps, return_counts=True)
    for low, high, days in ((28, 31, 30), (90, 92, 91), (365, 366, 365)):
        if ((gaps >= low) & (gaps <= high)).mean() > 0.6 and len(values) > 1 and values.max() > low:
            inside = values[(values >= low) & (values <= high)]
            if len(inside) > 1:
                return days
    return int(values[counts.argmax()]) if counts.max() / counts.sum() > 0.5 else None


def _shape(frame: pd.DataFrame, date: str | None, geo: str | None) -> Shape:
    if date is None:
        return Shape.NATIONAL
    keys = [date, *([geo] if geo else [])]
    unique = len(frame[keys].drop_duplicates())
    if unique and len(frame) / unique >= 1.5:
        return Shape.TRANSACTIONS
    return Shape.PANEL if geo else Shape.NATIONAL


def with_roles(recognition: Recognition, roles: Sequence[ColumnRole] | Mapping[str, Role]) -> Recognition:
    """The recognition with a person's corrections.

    A new date, geography, KPI, population or value per unit takes the place of the old one, which is then ignored.

    Raises
    ------
    DataError
        When a column is unknown, two columns are given a role that only one can have, or no date or KPI is left.
    """
    given = _as_roles(roles)
    known = {r.column: r for r in recognition.roles}
    for change in given:
        if change.column not in known:
            raise DataError(f"There is no column {change.column} whose role could be set.")
    for role, what in SINGLE.items():
        both = [c.column for c in given if c.role is role]
        if len(both) > 1:
            raise DataError(f"Only one column can be the {what}: choose between {both[0]} and {both[1]}.")
    changed = {c.column: _named(c, known[c.column]) for c in given}
    out = []
    for old in recognition.roles:
        new = changed.get(old.column, old)
        replaced = [c for c in given if c.role is old.role and c.column != old.column and old.role in SINGLE]
        if old.column not in changed and replaced:
            new = ColumnRole(
                old.column, Role.IGNORE, 1.0, f"{replaced[0].column} took its place as the {SINGLE[old.role]}"
            )
        out.append(new)
    _check_roles(out, recognition)
    shape = recognition.shape
    if shape in (Shape.NATIONAL, Shape.PANEL):
        shape = Shape.PANEL if any(r.role is Role.GEO for r in out) else Shape.NATIONAL
    return replace(recognition, roles=tuple(out), shape=shape)


def _as_roles(roles: Sequence[ColumnRole] | Mapping[str, Role]) -> list[ColumnRole]:
    if isinstance(roles, Mapping):
        return [ColumnRole(c, Role(r), 1.0, "set by a person") for c, r in roles.items()]
    return list(roles)


def _named(new: ColumnRole, old: ColumnRole) -> ColumnRole:
    """The new role with a channel where media need one: the one given, the old one, or one from the name."""
    if new.role not in MEDIA:
        return replace(new, channel=None)
    if new.channel:
        return new
    if old.channel:
        return replace(new, channel=old.channel)
    found = w.words(new.column)
    mark = w.marker(found, w.SPEND) or w.marker(found, frozenset(w.EXPOSURE)) or w.marker(found, w.FREQUENCY)
    return replace(new, channel=w.channel_name(new.column, (mark,)) if mark else new.column)


def _check_roles(roles: Sequence[ColumnRole], before: Recognition) -> None:
    for role in (Role.DATE, Role.KPI):
        if before.one(role) and not any(r.role is role for r in roles):
            raise DataError(f"One column has to be the {SINGLE[role]}: choose another before {before.one(role)}.")
    seen: dict[tuple[str, str], str] = {}
    for entry in roles:
        if entry.role not in MEDIA or not entry.channel:
            continue
        key = (entry.channel.lower(), SIDES.get(entry.role, "exposure"))
        if key in seen:
            raise DataError(
                f"Channel {entry.channel} has two {key[1]} columns, {seen[key]} and {entry.column}:"
                " rename the channel of one."
            )
        seen[key] = entry.column
