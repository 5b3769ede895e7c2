"""Panels: a row per period and geography, and what can be said of each geography."""

import numpy as np
import pandas as pd

from mmm_core.data.steps import ADDITIVE
from mmm_core.domain.dataset import Recognition, Role
from mmm_core.domain.errors import DataError

ALIKE = 1e-9
"""Relative difference under which two geographies hold the same number."""


def geo_column(frame: pd.DataFrame, recognition: Recognition) -> str | None:
    """The column of geographies where the table has one that is used."""
    found = recognition.one(Role.GEO)
    return found if found is not None and found in frame.columns else None


def geo_names(frame: pd.DataFrame, recognition: Recognition) -> tuple[str, ...]:
    """Geographies in the order of the alphabet; empty for national data."""
    column = geo_column(frame, recognition)
    return tuple(sorted({str(v) for v in frame[column].dropna().unique()})) if column else ()


def of_geo(frame: pd.DataFrame, recognition: Recognition, geo: str | None) -> pd.DataFrame:
    """The rows of one geography; all of them where None.

    Raises
    ------
    DataError
        When the data have no such geography.
    """
    if geo is None:
        return frame
    column = geo_column(frame, recognition)
    if column is None:
        raise DataError("The data have no column of geographies.")
    rows = frame[frame[column].astype(str) == geo]
    if rows.empty:
        raise DataError(f"The data have no geography called {geo}.")
    return rows.reset_index(drop=True)


def geo_table(frame: pd.DataFrame, recognition: Recognition) -> pd.DataFrame:
    """One row per geography, the largest KPI first.

    ``geo``, ``periods``, ``first``, ``last``, ``kpi`` (added up), ``kpi_share``, ``spend`` and ``population`` (the last
    two NaN where the data do not say).
    """
    column, date, kpi = geo_column(frame, recognition), recognition.one(Role.DATE), recognition.one(Role.KPI)
    names = ["geo", "periods", "first", "last", "kpi", "kpi_share", "spend", "population"]
    if column is None or date is None or date not in frame.columns:
        return pd.DataFrame(columns=names)
    grouped = frame.groupby(frame[column].astype(str), sort=True)
    out = grouped[date].agg(["nunique", "min", "max"]).reset_index()
    out.columns = pd.Index(["geo", "periods", "first", "last"])
    out["kpi"] = grouped[kpi].sum().to_numpy(dtype=float) if kpi in frame.columns and kpi else np.nan
    whole = float(out["kpi"].sum())
    out["kpi_share"] = out["kpi"] / whole if whole else np.nan
    spends = [c for c in recognition.columns(Role.SPEND) if c in frame.columns]
    out["spend"] = grouped[spends].sum().sum(axis=1).to_numpy(dtype=float) if spends else np.nan
    people = recognition.one(Role.POPULATION)
    out["population"] = grouped[people].median().to_numpy(dtype=float) if people in frame.columns and people else np.nan
    return out.sort_values("kpi", ascending=False, kind="stable", ignore_index=True)


def national_columns(frame: pd.DataFrame, recognition: Recognition) -> list[str]:
    """Columns that add up and yet hold one and the same number in every geography: a national figure, repeated.

    Where nothing at all differs between geographies, they are copies of each other and no column is called national.
    """
    geo, date = geo_column(frame, recognition), recognition.one(Role.DATE)
    if geo is None or date is None or date not in frame.columns or frame[geo].nunique() < 2:
        return []
    out = repeated_columns(frame, recognition, [date], (*ADDITIVE, Role.FREQUENCY))
    adding = [r.column for r in recognition.roles if r.role in ADDITIVE and r.column in frame.columns]
    return out if any(c not in out for c in adding) else []


def repeated_columns(
    frame: pd.DataFrame, recognition: Recognition, keys: list[str], roles: tuple[Role, ...]
) -> list[str]:
    """Columns of these roles whose rows of one key all hold the same number.

    A column that is nearly always 0 could be alike by chance, so only keys with a number other than 0 are looked at,
    and there must be at least four with more than one row that holds a number.
    """
    out = []
    for role in recognition.roles:
        values = frame[role.column] if role.column in frame.columns else None
        if role.role not in roles or values is None or not pd.api.types.is_numeric_dtype(values):
            continue
        grouped = values.astype(float).groupby([frame[k] for k in keys])
        low, high = grouped.min(), grouped.max()
        running = (np.maximum(high.abs(), low.abs()) > 0) & (grouped.count() > 1)
        if running.sum() >= 4 and bool(((high - low) <= ALIKE * high.abs())[running].all()):
            out.append(role.column)
    return out
