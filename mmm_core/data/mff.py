"""The long MFF format, ``Period,Geography,...,VariableName,VariableValue``, and back to a wide table."""

import pandas as pd

from mmm_core.data.recognise import MFF_COLUMNS, mff_names
from mmm_core.domain.dataset import Recognition, Role
from mmm_core.domain.errors import DataError

DIMENSIONS = ("Product", "Campaign", "Outlet", "Creative")
NATIONAL = "National"
NATIONWIDE = frozenset(("", "national", "nationwide", "total", "all", "overall", "country"))
"""Names, in lower case, that stand for no single geography."""


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
    """The wide table alone of :func:`widen`, with a column for each product."""
    return widen(frame, products_as_rows=False)[0]


def widen(frame: pd.DataFrame, *, products_as_rows: bool = True) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """The wide table of MFF rows: ``Period``, ``Geography`` (where there are several) and a column per variable.

    A variable that is split by campaign, outlet or creative gives one column for each combination. One that is split by
    product gives a row for each, unless asked otherwise; variables of no product then have a row of their own. A
    variable that is only known for the whole country beside others by geography is repeated in each of them.

    Returns
    -------
    table, notes
        One sentence for each thing that a person should know.

    Raises
    ------
    DataError
        When a needed column is missing or a period, geography and variable appears twice.
    """
    names = mff_names(frame)
    if names is None:
        raise DataError("MFF needs the columns Period, VariableName and VariableValue.")
    rows = frame.rename(columns={have: name for name, have in names.items()})[list(names)]
    rows = rows[rows["Period"].notna() & rows["VariableName"].notna()].reset_index(drop=True)
    if rows.empty:
        raise DataError("The MFF table has no row with both a Period and a VariableName.")
    if not pd.api.types.is_numeric_dtype(rows["VariableValue"]):
        raise DataError("MFF's column VariableValue has to hold numbers.")
    keys = ["Period"]
    rows, by_product = _with_products(rows) if products_as_rows else (rows, False)
    rows = rows.assign(_column=_column_names(rows, without="Product" if by_product else None))
    notes: list[str] = []
    whole = pd.Series(False, index=rows.index)
    if "Geography" in rows:
        geo = rows["Geography"].astype(object).fillna(NATIONAL).astype(str).str.strip()
        rows = rows.assign(Geography=geo.where(geo != "", NATIONAL))
        rows, whole = _nationwide(rows, notes)
        if rows.loc[~whole, "Geography"].nunique() > 1:
            keys.append("Geography")
    if by_product:
        keys.append("Product")
    _no_repeats(rows, keys)
    order = list(dict.fromkeys(rows["_column"]))
    if clash := set(order) & {"Period", "Geography", "Product"} & set(keys):
        raise DataError(f"An MFF variable cannot be called {clash.pop()}, which is the name of a key column.")
    wide = _unstacked(rows[~whole], keys)
    if whole.any():
        wide = wide.merge(_unstacked(rows[whole], [k for k in keys if k != "Geography"]), how="left")
    wide = wide[[*keys, *order]]
    if by_product:
        wide["Product"] = wide["Product"].replace({"": None})
    return wide, tuple(notes)


def _with_products(rows: pd.DataFrame) -> tuple[pd.DataFrame, bool]:
    """The rows with a clean product, and whether one variable has several of them."""
    if "Product" not in rows:
        return rows, False
    product = rows["Product"].astype(object).fillna("").astype(str).str.strip()
    rows = rows.assign(Product=product)
    sold = rows[product != ""]
    return rows, bool(len(sold)) and int(sold.groupby("VariableName")["Product"].nunique().max()) > 1


def _nationwide(rows: pd.DataFrame, notes: list[str]) -> tuple[pd.DataFrame, "pd.Series[bool]"]:
    """Which rows hold for every geography; a national total beside its own geographies is left out."""
    whole = rows["Geography"].str.lower().isin(NATIONWIDE)
    if not whole.any() or whole.all():
        return rows, pd.Series(False, index=rows.index)
    local = set(rows.loc[~whole, "_column"])
    both = sorted(set(rows.loc[whole, "_column"]) & local)
    if both:
        notes.append(f"National rows of {', '.join(both[:3])} were left out, since their geographies are there.")
        rows = rows[~(whole & rows["_column"].isin(local))]
        whole = whole.loc[rows.index]
    if whole.any():
        names = list(dict.fromkeys(rows.loc[whole, "_column"]))
        shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
        notes.append(f"{shown} {'is' if len(names) == 1 else 'are'} known for the whole country only.")
    return rows, whole


def _no_repeats(rows: pd.DataFrame, keys: list[str]) -> None:
    twice = rows.duplicated(subset=[*keys, "_column"])
    if twice.any():
        row = rows[twice].iloc[0]
        when = row["Period"].date() if isinstance(row["Period"], pd.Timestamp) else row["Period"]
        raise DataError(f"The MFF table has two values of {row['_column']} for {when}: keep one of them.")


def _unstacked(rows: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    wide = rows.set_index([*keys, "_column"])["VariableValue"].unstack("_column")
    wide.columns.name = None
    return wide.reset_index()


def _column_names(rows: pd.DataFrame, without: str | None = None) -> pd.Series:
    """Variable names, with those dimensions (but ``without``) appended that split a variable."""
    name = rows["VariableName"].astype(str)
    out = name
    for dimension in DIMENSIONS:
        if dimension not in rows or dimension == without:
            continue
        part = rows[dimension].astype(object).fillna("").astype(str).str.strip()
        levels = part.groupby(name).nunique()
        split = name.map(levels).gt(1) & part.ne("")
        out = out.where(~split, out + "_" + part)
    return out


__all__ = ["DIMENSIONS", "MFF_COLUMNS", "from_mff", "to_mff", "widen"]
