"""The long MFF format, ``Period,Geography,...,VariableName,VariableValue``, and back to a wide table."""

import pandas as pd

from mmm_core.data.recognise import MFF_COLUMNS, mff_names
from mmm_core.domain.dataset import Recognition, Role
from mmm_core.domain.errors import DataError

DIMENSIONS = ("Product", "Campaign", "Outlet", "Creative")
NATIONAL = "National"


def to_mff(frame: pd.DataFrame, recognition: Recognition) -> pd.DataFrame:
    """Any wide table as MFF: one row per period, geography and column of numbers.

    Empty cells give no row; columns of texts are left out, since a VariableValue is a number. ``from_mff`` gives the
    same wide table back, except for rows and columns that hold nothing at all.
    """
    date = recognition.one(Role.DATE)
    if date is None or date not in frame.columns:
        raise DataError("A table without a date column cannot be written as MFF: mark the date column first.")
    geo = recognition.one(Role.GEO)
    keys = [date, *([geo] if geo and geo in frame.columns else [])]
    if frame.duplicated(subset=keys).any():
        raise DataError("A table with duplicate periods cannot be written as MFF: drop or sum the duplicates first.")
    numbers = [c for c in frame.columns if c not in keys and pd.api.types.is_numeric_dtype(frame[c])]
    rows = frame[frame[date].notna()]
    parts = []
    for column in numbers:
        part = pd.DataFrame({"Period": rows[date].to_numpy()})
        part["Geography"] = rows[geo].astype(str).to_numpy() if len(keys) > 1 and geo else NATIONAL
        for name in DIMENSIONS:
            part[name] = ""
        part["VariableName"] = column
        part["VariableValue"] = rows[column].astype(float).to_numpy()
        parts.append(part[part["VariableValue"].notna()])
    if not parts:
        raise DataError("A table without a column of numbers cannot be written as MFF.")
    return pd.concat(parts, ignore_index=True)


def from_mff(frame: pd.DataFrame) -> pd.DataFrame:
    """The wide table of MFF rows: ``Period``, ``Geography`` (where there are several) and a column per variable.

    A variable that is split by product, campaign, outlet or creative gives one column for each combination.

    Raises
    ------
    DataError
        When a needed column is missing or a period, geography and variable appears twice.
    """
    names = mff_names(frame)
    if names is None:
        raise DataError("MFF needs the columns Period, VariableName and VariableValue.")
    rows = frame.rename(columns={have: name for name, have in names.items()})[list(names)]
    rows = rows[rows["Period"].notna() & rows["VariableName"].notna()]
    if rows.empty:
        raise DataError("The MFF table has no row with both a Period and a VariableName.")
    if not pd.api.types.is_numeric_dtype(rows["VariableValue"]):
        raise DataError("MFF's column VariableValue has to hold numbers.")
    rows = rows.assign(_column=_column_names(rows))
    geo = rows["Geography"].astype(object).fillna(NATIONAL).astype(str) if "Geography" in rows else None
    keys = ["Period"]
    if geo is not None and geo.nunique() > 1:
        rows, keys = rows.assign(Geography=geo), ["Period", "Geography"]
    twice = rows.duplicated(subset=[*keys, "_column"])
    if twice.any():
        row = rows[twice].iloc[0]
        when = row["Period"].date() if isinstance(row["Period"], pd.Timestamp) else row["Period"]
        raise DataError(f"The MFF table has two values of {row['_column']} for {when}: keep one of them.")
    order = list(dict.fromkeys(rows["_column"]))
    if clash := set(order) & set(keys):
        raise DataError(f"An MFF variable cannot be called {clash.pop()}, which is the name of a key column.")
    wide = rows.set_index([*keys, "_column"])["VariableValue"].unstack("_column")[order]
    wide.columns.name = None
    return wide.reset_index()


def _column_names(rows: pd.DataFrame) -> pd.Series:
    """Variable names, with those dimensions appended that split a variable."""
    name = rows["VariableName"].astype(str)
    out = name
    for dimension in DIMENSIONS:
        if dimension not in rows:
            continue
        part = rows[dimension].astype(object).fillna("").astype(str).str.strip()
        levels = part.groupby(name).nunique()
        split = name.map(levels).gt(1) & part.ne("")
        out = out.where(~split, out + "_" + part)
    return out


__all__ = ["DIMENSIONS", "MFF_COLUMNS", "from_mff", "to_mff"]
