"""Recipe steps that change columns: drop, fill, clip, compute, roles."""

import numpy as np
import pandas as pd

from mmm_core.data import expressions, mff
from mmm_core.data.recognise import recognise, with_roles
from mmm_core.data.steps import MEDIA, Arguments, Table, listed
from mmm_core.domain.dataset import ColumnRole, Role
from mmm_core.domain.errors import DataError

TIME_FEATURES = ("trend", "year", "quarter", "month", "week_of_year")


def drop_columns(table: Table, a: Arguments) -> Table:
    """Leave columns out."""
    names = a.columns(table.frame)
    for role, what in ((Role.DATE, "the date"), (Role.KPI, "the KPI")):
        if table.recognition.one(role) in names:
            raise DataError(f"Column {table.recognition.one(role)} is {what} and cannot be dropped.")
    return table.with_frame(table.frame.drop(columns=names))


def fill_nulls(table: Table, a: Arguments) -> Table:
    """Fill empty cells: by role (media and holidays 0, controls between neighbours) or by the method asked for.

    The KPI is filled only where it is named among the columns.
    """
    frame = table.frame
    roles = (*MEDIA, Role.HOLIDAY, Role.CONTROL, Role.TREATMENT, Role.VALUE_PER_UNIT, Role.POPULATION)
    fillable = [c for c in table.of(*roles) if pd.api.types.is_numeric_dtype(frame[c])]
    names = a.numbers(frame, fillable)
    method = a.choice("method", ("auto", "zero", "interpolate", "mean", "previous"), "auto")
    out = frame.copy()
    for name in names:
        chosen = method
        if chosen == "auto":
            chosen = "zero" if table.role_of(name) in (*MEDIA, Role.HOLIDAY) else "interpolate"
        out[name] = _filled(table, out[name], chosen)
    return table.with_frame(out)


def _filled(table: Table, values: pd.Series, method: str) -> pd.Series:
    if method == "zero":
        return values.fillna(0)
    if method == "mean":
        return values.fillna(values.mean())
    ordered = values.astype(float).iloc[_order(table)]
    keys = table.keys
    groups = ordered.groupby(table.frame[keys[1]], observed=True) if len(keys) > 1 else None
    if method == "previous":
        done = groups.ffill() if groups is not None else ordered.ffill()
    else:
        done = groups.transform(_between) if groups is not None else _between(ordered)
    return done.reindex(values.index)


def _between(values: pd.Series) -> pd.Series:
    return values.interpolate(limit_direction="both")


def _order(table: Table) -> np.ndarray:
    """Positions of the rows by geography and date."""
    keys = table.keys
    return np.asarray(table.frame.reset_index(drop=True).sort_values(keys[::-1], kind="stable").index)


def clip_outliers(table: Table, a: Arguments) -> Table:
    """Pull values beyond ``factor`` interquartile ranges back to that limit; zeros of flighted media do not count."""
    factor = a.number("factor", 3.0, 0.5, 20.0)
    out = table.frame.copy()
    for name in a.numbers(table.frame):
        values = out[name].astype(float)
        base = values[values != 0] if table.role_of(name) in MEDIA else values
        low, high = float(base.quantile(0.25)), float(base.quantile(0.75))
        reach = factor * (high - low)
        if not np.isfinite(reach) or reach <= 0:
            continue
        floor = min(low - reach, 0.0) if table.role_of(name) in MEDIA else low - reach
        out[name] = values.clip(floor, high + reach)
    return table.with_frame(out)


def absolute_spend(table: Table, a: Arguments) -> Table:
    """Turn negative values into positive ones, for spend that was booked with a minus."""
    names = a.numbers(table.frame, table.of(Role.SPEND))
    return table.with_frame(table.frame.assign(**{n: table.frame[n].abs() for n in names}))


def add_time_features(table: Table, a: Arguments) -> Table:
    """Add calendar columns for a look at the data; the model builds its own season and trend."""
    wanted = a.values.get("features") or list(TIME_FEATURES)
    if not isinstance(wanted, list | tuple) or not set(wanted) <= set(TIME_FEATURES):
        raise DataError(f"Time features can be {listed(TIME_FEATURES, 9)}.")
    dates = table.frame[table.keys[0]]
    made = {
        "trend": dates.rank(method="dense") - 1,
        "year": dates.dt.year.astype(float),
        "quarter": dates.dt.quarter.astype(float),
        "month": dates.dt.month.astype(float),
        "week_of_year": dates.dt.isocalendar().week.astype(float),
    }
    for name in wanted:
        if name in table.frame.columns and table.role_of(name) is not Role.TIME:
            raise DataError(f"The data already has a column {name}: rename it before adding that time feature.")
    out = Table(table.frame.assign(**{n: made[n] for n in wanted}), table.recognition)
    for name in wanted:
        out = out.with_role(ColumnRole(name, Role.TIME, 1.0, "added from the date"))
    return out


def compute(table: Table, a: Arguments) -> Table:
    """Add a column from a formula; lags and running means stay inside a geography."""
    name, text = a.text("name").strip(), a.text("expression")
    role = _role(a.text("role", "control"))
    if name in table.keys:
        raise DataError(f"A formula cannot replace {name}, which tells the rows apart.")
    order = _order(table)
    rows = table.frame.iloc[order]
    keys = table.keys
    groups = rows[keys[1]] if len(keys) > 1 else None
    values = expressions.evaluate(text, rows, groups=groups).reindex(table.frame.index)
    out = Table(table.frame.assign(**{name: values}), table.recognition)
    had = next((r for r in table.recognition.roles if r.column == name), None)
    if had is not None and "role" not in a.values:
        return out
    channel = a.values.get("channel") or (name if role in MEDIA else None)
    return out.with_role(ColumnRole(name, role, 1.0, f"computed as {text}", channel))


def set_role(table: Table, a: Arguments) -> Table:
    """Say what columns are, over what was recognised."""
    names = a.columns(table.frame)
    role = _role(a.text("role"))
    given = a.values.get("channel")
    channel = given if isinstance(given, str) else None
    changed = [
        ColumnRole(n, role, 1.0, "set by a person", channel if isinstance(channel, str) else None) for n in names
    ]
    return Table(table.frame, with_roles(table.recognition, changed))


def _role(text: str) -> Role:
    try:
        return Role(text)
    except ValueError:
        raise DataError(f"{text} is not a role: choose one of {', '.join(r.value for r in Role)}.") from None


def one_hot(table: Table, a: Arguments) -> Table:
    """A column of 0 and 1 for each text that a factor column holds, such as one for each event."""
    role = _role(a.text("role", "holiday"))
    out = table
    for name in a.columns(table.frame):
        texts = table.frame[name]
        levels = sorted({str(v) for v in texts.dropna().unique()})
        if not levels or len(levels) > 30:
            raise DataError(
                f"Column {name} holds {len(levels)} different texts; 1 to 30 can become columns of their own."
            )
        as_text = texts.astype(object).where(texts.notna(), None).map(lambda v: None if v is None else str(v))
        for level in levels:
            made = f"{name}_{level}"
            if made in out.frame.columns:
                raise DataError(f"Column {name} cannot be split because the data already has a column {made}.")
            out = Table(out.frame.assign(**{made: (as_text == level).astype(float)}), out.recognition)
            out = out.with_role(ColumnRole(made, role, 1.0, f"1 where {name} is {level}"))
        out = out.with_frame(out.frame.drop(columns=[name]))
    return out


def widen_mff(table: Table, a: Arguments) -> Table:
    """The wide table of a long MFF file, recognised afresh."""
    wide = mff.from_mff(table.frame)
    kpi = a.values.get("kpi")
    found = recognise(wide, kpi=kpi if isinstance(kpi, str) else None)
    return Table(wide, found)
