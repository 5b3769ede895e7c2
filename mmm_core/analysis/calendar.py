"""Dates of the periods that follow history."""

from datetime import date

import numpy as np

from mmm_core.domain.fit import ModelData


def period_days(data: ModelData) -> int:
    """Days from one period to the next (the median gap), 7 for a single period."""
    gaps = np.diff(data.dates.astype("datetime64[D]")).astype(int)
    return int(np.median(gaps)) if gaps.size else 7


def days(values: "np.typing.NDArray[np.datetime64]") -> tuple[date, ...]:
    return tuple(values.astype("datetime64[D]").astype(object).tolist())


def following(data: ModelData, periods: int) -> tuple[date, ...]:
    """Days that name the next ``periods`` periods; months keep their day of the month, or their last one."""
    step = period_days(data)
    last = data.dates[-1].astype("datetime64[D]")
    ahead = np.arange(1, periods + 1)
    if 28 <= step <= 31:
        month = last.astype("datetime64[M]")
        ends = (month + ahead + 1).astype("datetime64[D]") - 1
        if last == (month + 1).astype("datetime64[D]") - 1:
            return days(ends)
        return days(np.minimum(month + ahead + (last - month.astype("datetime64[D]")), ends))
    return days(last + ahead * step)
