"""Recipe steps of panels: split national media, keep or drop geographies, one population each."""

import numpy as np
import pandas as pd

from mmm_core.data.panel import geo_names, national_columns
from mmm_core.data.steps import Arguments, Table, listed
from mmm_core.domain.dataset import Role
from mmm_core.domain.errors import DataError

SPLITS = ("population", "sales", "equal")
SPLIT_WORDS = {"population": "by population", "sales": "by sales", "equal": "equally"}


def split_national(table: Table, a: Arguments) -> Table:
    """Divide what is known for the whole country among its geographies, so that its total stays.

    ``weight`` says how: by population, by each geography's share of the KPI over the whole time, or equally. In a
    period, only those geographies share that have a row in it. A frequency stays as it is.
    """
    date, geo = _keys(table)
    by = a.choice("weight", SPLITS, "population")
    columns = a.numbers(table.frame, national_columns(table.frame, table.recognition))
    columns = [c for c in columns if table.role_of(c) is not Role.FREQUENCY]
    if not columns:
        raise DataError("No column holds the same number in every geography, so there is nothing national to split.")
    _repeated(table, columns)
    weight = _weights(table, by, geo)
    share = weight / weight.groupby(table.frame[date]).transform("sum")
    out = table.frame.assign(**{c: table.frame[c].astype(float) * share for c in columns})
    return table.with_frame(out).note(
        f"{listed(columns)} {'was' if len(columns) == 1 else 'were'} national and split among the geographies "
        f"{SPLIT_WORDS[by]}."
    )


def _repeated(table: Table, columns: list[str]) -> None:
    """Refuse a column that differs between geographies: dividing it would lose money."""
    known = set(national_columns(table.frame, table.recognition))
    other = [c for c in columns if c not in known and float(table.frame[c].abs().max() or 0) > 0]
    if other:
        raise DataError(
            f"Column {other[0]} already differs between the geographies; only a national number can be split."
        )


def _weights(table: Table, by: str, geo: str) -> "pd.Series[float]":
    """(rows,) weight of each row's geography, above 0."""
    names = table.frame[geo].astype(str)
    if by == "equal":
        return pd.Series(1.0, index=table.frame.index)
    if by == "population":
        column = table.recognition.one(Role.POPULATION)
        if column is None or column not in table.frame.columns:
            raise DataError(
                "National media cannot be split by population, because no column holds it: split by sales or equally."
            )
        each = table.frame.groupby(names)[column].median()
    else:
        column = table.one(Role.KPI, "the KPI")
        if column in national_columns(table.frame, table.recognition):
            raise DataError(
                f"The KPI {column} is itself the same in every geo, so it cannot say how to split: choose another way."
            )
        each = table.frame.groupby(names)[column].mean()
    bad = [str(n) for n in each.index[~(each > 0)]]
    if bad:
        raise DataError(f"National media cannot be split {SPLIT_WORDS[by]}: {listed(bad)} would get no share.")
    return names.map(each).astype(float)


def drop_geos(table: Table, a: Arguments) -> Table:
    """Leave geographies out."""
    _, geo = _keys(table)
    wanted = _geos(table, a, all_there=False)
    left = table.frame[~table.frame[geo].astype(str).isin(wanted)].reset_index(drop=True)
    if left.empty:
        raise DataError("Every geography would be left out: keep at least one.")
    return table.with_frame(left)


def keep_geos(table: Table, a: Arguments) -> Table:
    """Keep these geographies alone."""
    _, geo = _keys(table)
    wanted = _geos(table, a)
    return table.with_frame(table.frame[table.frame[geo].astype(str).isin(wanted)].reset_index(drop=True))


def shared_periods(table: Table, a: Arguments) -> Table:
    """Keep the periods between the latest beginning and the earliest end of all geographies."""
    date, geo = _keys(table)
    spans = table.frame.groupby(geo, observed=True)[date].agg(["min", "max"])
    start, end = spans["min"].max(), spans["max"].min()
    dates = table.frame[date]
    keep = (dates >= start) & (dates <= end)
    if not keep.any():
        raise DataError(
            f"The geos share no period: {spans['max'].idxmin()} ends before {spans['min'].idxmax()} begins."
        )
    return table.with_frame(table.frame[keep].reset_index(drop=True))


def steady_population(table: Table, a: Arguments) -> Table:
    """One population for each geography: the median of its own rows, which also fills its empty ones."""
    _, geo = _keys(table)
    column = table.one(Role.POPULATION, "the population")
    each = table.frame.groupby(geo, observed=True)[column].median()
    return table.with_frame(table.frame.assign(**{column: table.frame[geo].map(each).astype(float)}))


def scale_geo(table: Table, a: Arguments) -> Table:
    """Multiply one geography's numbers, for one that reports in thousands or in cents."""
    _, geo = _keys(table)
    wanted = _geos(table, a)
    factor = a.number("factor", 1.0, 1e-9, 1e9)
    columns = a.numbers(table.frame)
    rows = table.frame[geo].astype(str).isin(wanted).to_numpy()
    factors = np.where(rows, factor, 1.0)
    return table.with_frame(table.frame.assign(**{c: table.frame[c].astype(float) * factors for c in columns}))


def _keys(table: Table) -> tuple[str, str]:
    keys = table.keys
    if len(keys) < 2:
        raise DataError("This step needs a column of geographies, and the data have none.")
    return keys[0], keys[1]


def _geos(table: Table, a: Arguments, *, all_there: bool = True) -> list[str]:
    found = a.values.get("geos")
    names = [found] if isinstance(found, str) else [str(n) for n in found] if isinstance(found, list | tuple) else []
    if not names:
        raise DataError(f"The step {a.step} needs the names of geographies.")
    known = geo_names(table.frame, table.recognition)
    gone = [n for n in names if n not in known]
    if gone and all_there:
        raise DataError(f"The data have no geography called {gone[0]}, but {listed(known)}.")
    return names
