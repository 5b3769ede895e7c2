"""One sub-category of a data version: its own rows of the file, put through the version's recipe (D8, D9)."""

import numpy as np
import pandas as pd

from mmm_core.data import read, recipe
from mmm_core.domain.dataset import DatasetVersion, Role
from mmm_core.domain.errors import DataError
from mmm_core.domain.identity import Actor
from mmm_core.domain.ports import Services
from mmm_core.use_cases.datasets import Working


def names(services: Services, actor: Actor, version_id: str) -> tuple[str, ...]:
    """Sub-categories of the file as it was read; empty where it has no such column, or just one of them."""
    with services.work(actor) as work:
        version = work.datasets.get(version_id)
        column = version.recognition.one(Role.PRODUCT)
        if column is None:
            return ()
        frame = read.from_parquet(work.blobs.get(version.source_blob))
    found = _named(frame, column).dropna().unique()
    return tuple(sorted(map(str, found))) if len(found) > 1 else ()


def load(services: Services, actor: Actor, version_id: str, name: str) -> Working:
    """The working table of one sub-category; what the file says of all of them together stands beside its own sales."""
    with services.work(actor) as work:
        version = work.datasets.get(version_id)
        frame = read.from_parquet(work.blobs.get(version.source_blob))
    rows = _rows(frame, version, name)
    table, recognition = recipe.apply(rows, version.recognition, version.recipe)
    return Working(version, table, recognition)


def _named(frame: pd.DataFrame, column: str) -> "pd.Series[str]":
    """Sub-category of each row, missing where the row is of none."""
    text = frame[column].astype("string").str.strip()
    return text.mask(text == "")


def _rows(frame: pd.DataFrame, version: DatasetVersion, name: str) -> pd.DataFrame:
    column = version.recognition.one(Role.PRODUCT)
    if column is None:
        raise DataError("These data name no sub-categories.")
    named = _named(frame, column)
    own, shared = (named == name).fillna(value=False), named.isna()
    if not own.any():
        raise DataError(f"These data have no sub-category called {name}.")
    rows = frame[own | shared].copy()
    # Sales without a name are not this one's; media, prices of rivals and events without a name are everybody's.
    rows.loc[shared[own | shared], version.recognition.columns(Role.KPI)] = np.nan
    return rows
