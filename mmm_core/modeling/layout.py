"""Rows of a table as geos by periods, and how large each geo is (NumPy and pandas only)."""

import numpy as np
import pandas as pd

from mmm_core.domain.errors import SpecError
from mmm_core.domain.fit import Array
from mmm_core.modeling.spec import ModelSpec

NATIONAL = "national"
FEWEST_PERIODS = 2


def in_order(frame: pd.DataFrame, spec: ModelSpec) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """The table by geo and date, and the names of its geos; every geo has the same periods.

    Raises
    ------
    SpecError
        When dates or geos cannot be read, rows are doubled, or geos cover different periods.
    """
    dates = pd.to_datetime(frame[spec.date], errors="coerce")
    if dates.isna().any():
        raise SpecError(f"The date column {spec.date} has {int(dates.isna().sum())} values that are not dates.")
    table = frame.assign(**{spec.date: dates})
    if spec.geo is None:
        if dates.duplicated().any():
            first = dates[dates.duplicated()].iloc[0].date()
            raise SpecError(
                f"Several rows share the date {first}; aggregate the data to national (one row per period) first, "
                "or name the column that holds the geo."
            )
        if len(dates) < FEWEST_PERIODS:
            raise SpecError("A model needs more than one period of data.")
        return table.sort_values(spec.date, ignore_index=True), (NATIONAL,)
    if table[spec.geo].isna().any():
        raise SpecError(f"The geo column {spec.geo} is empty in {int(table[spec.geo].isna().sum())} rows.")
    table[spec.geo] = table[spec.geo].astype(str)
    table = table.sort_values([spec.geo, spec.date], ignore_index=True)
    _rectangle(table, spec.geo, spec.date)
    return table, tuple(table[spec.geo].unique().tolist())


def _rectangle(table: pd.DataFrame, geo: str, date: str) -> None:
    doubled = table.duplicated([geo, date])
    if doubled.any():
        row = table[doubled].iloc[0]
        raise SpecError(f"{row[geo]} has several rows for {row[date].date()}; sum or drop the doubled rows first.")
    counts = table.groupby(geo)[date].count()
    most = int(counts.max())
    if most < FEWEST_PERIODS:
        raise SpecError("A model needs more than one period of data in each geo.")
    if counts.min() < most:
        short = counts.idxmin()
        raise SpecError(
            f"{short} has {int(counts.min())} periods where other geos have {most}; keep the periods that all geos "
            "share, or drop the short geos, on the Data page."
        )
    odd = table.groupby(date)[geo].count()
    if (odd < len(counts)).any():
        first = odd.index[odd < len(counts)][0].date()
        raise SpecError(f"Not every geo has a row for {first}; keep the periods that all geos share, on the Data page.")


def sizes(table: pd.DataFrame, spec: ModelSpec, target: Array) -> Array:
    """Size of each geo (G,), mean 1: by head count where there is one, else by its mean KPI.

    Raises
    ------
    SpecError
        When a geo has no head count above 0.
    """
    geos = len(target)
    if geos == 1:
        return np.ones(1)
    if spec.population is None:
        found = np.abs(target).mean(axis=1)
    else:
        heads = pd.to_numeric(table[spec.population], errors="coerce").to_numpy(dtype=float).reshape(geos, -1)
        found = heads.mean(axis=1)
        bad = ~(np.isfinite(found) & (found > 0))
        if bad.any() and spec.geo is not None:
            name = table[spec.geo].unique()[int(np.argmax(bad))]
            raise SpecError(f"The population column {spec.population} has no number above 0 for {name}.")
    relative: Array = found / found.mean()
    return relative


def media_scale(media: Array, size: Array) -> Array:
    """Scale (G, C) of media (G, T, C): the channel's largest exposure per head anywhere, times the geo's size."""
    highest = (media / size[:, None, None]).max(axis=(0, 1))
    scale: Array = highest * size[:, None]
    return scale
