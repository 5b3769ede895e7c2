"""What a new version of a table changed in the periods that the last one already had."""

from datetime import datetime

import numpy as np
import pandas as pd

from mmm_core.domain.dataset import Recognition, Restatement, Role

MOST = 200
TOLERANCE = 1e-9
"""Relative change under which two numbers are the same: files written by other programs round in the last digit."""


def compare(old_frame: pd.DataFrame, new_frame: pd.DataFrame, recognition: Recognition) -> Restatement | None:
    """Periods added and removed, and every past number that was revised; None where the tables share no date column.

    Cells are matched by date (and geography) and column. A cell that was empty before or is now counts as revised, but
    only changes from number to number are listed. In a panel, the listed column carries its geography in brackets.
    """
    date, geo = recognition.one(Role.DATE), recognition.one(Role.GEO)
    if date is None or not all(_dated(f, date) for f in (old_frame, new_frame)):
        return None
    keys = [date, *([geo] if geo and geo in old_frame.columns and geo in new_frame.columns else [])]
    old, new = (f[f[date].notna()].drop_duplicates(subset=keys).set_index(keys) for f in (old_frame, new_frame))
    before, after = set(old_frame[date].dropna()), set(new_frame[date].dropna())
    both = old.index.intersection(new.index)
    old, new = old.loc[both], new.loc[both]
    periods = pd.DatetimeIndex(both.get_level_values(0)).to_pydatetime()
    places = both.get_level_values(1).tolist() if len(keys) > 1 else None
    revised: list[tuple[float, str, datetime, float, float]] = []
    cells = 0
    for column in old.columns:
        if column not in new.columns or not all(pd.api.types.is_numeric_dtype(f[column]) for f in (old, new)):
            continue
        a, b = old[column].to_numpy(float, na_value=np.nan), new[column].to_numpy(float, na_value=np.nan)
        size = np.maximum(np.abs(a), np.abs(b))
        with np.errstate(invalid="ignore", divide="ignore"):
            change = np.abs(b - a) / np.where(size > 0, size, 1.0)
        changed = np.where(np.isnan(a) | np.isnan(b), np.isnan(a) != np.isnan(b), change > TOLERANCE)
        cells += int(changed.sum())
        for i in np.flatnonzero(changed & np.isfinite(change)):
            name = str(column) if places is None else f"{column} ({places[i]})"
            relative = float(abs(b[i] - a[i]) / abs(a[i])) if a[i] else float("inf")
            revised.append((relative, name, periods[i], float(a[i]), float(b[i])))
    revised.sort(key=lambda r: (-r[0], r[1], r[2]))
    listed = tuple((name, period.date(), x, y) for _, name, period, x, y in revised[:MOST])
    return Restatement(len(after - before), len(before - after), listed, cells)


def _dated(frame: pd.DataFrame, date: str) -> bool:
    return date in frame.columns and bool(pd.api.types.is_datetime64_any_dtype(frame[date]))
