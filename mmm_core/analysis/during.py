"""What channels brought and returned in some periods of the past, in all geos or in one (NumPy only)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from mmm_core.analysis.calendar import days
from mmm_core.analysis.intervals import interval
from mmm_core.analysis.response import ResponseModel
from mmm_core.domain.errors import BadInput, NotFound
from mmm_core.domain.results import Interval


@dataclass(frozen=True)
class Brought:
    channel: str
    spend: float | None
    """Money in these periods; None for organic media."""
    contribution: Interval
    """KPI units that came in these periods, also of spend before them."""
    roi: Interval | None
    """None where nothing was spent, or KPI units have no value in money."""


@dataclass(frozen=True)
class During:
    first: date
    last: date
    """First days of the first and the last period that count."""
    periods: int
    geo: str
    """Empty for all together."""
    channels: tuple[Brought, ...]


def during(
    model: ResponseModel, first: date | None, last: date | None, geo: str = "", channels: Sequence[str] = ()
) -> During:
    """Periods that begin from ``first`` through ``last``; None stands for the data's own end.

    Raises
    ------
    BadInput
        Where no period of the data begins there.
    NotFound
        Where the model has no such geo or channel.
    """
    known = days(model.data.dates)
    start, end = first or known[0], last or known[-1]
    rows = np.array([n for n, day in enumerate(known) if start <= day <= end], dtype=np.intp)
    if not rows.size:
        raise BadInput(f"The data run from {known[0]} to {known[-1]}; none of it is from {start} to {end}.")
    if geo and geo not in model.data.geos:
        raise NotFound(f"The model knows no geo called {geo}.")
    unknown = [name for name in channels if name not in model.channels]
    if unknown:
        raise NotFound(f"The model has no channel called {unknown[0]}.")
    places = [model.data.geos.index(geo)] if geo else list(range(len(model.data.geos)))
    found = tuple(_brought(model, name, rows, places) for name in channels or model.channels)
    return During(known[rows[0]], known[rows[-1]], len(rows), geo, found)


def _brought(model: ResponseModel, name: str, rows: "np.typing.NDArray[np.intp]", places: Sequence[int]) -> Brought:
    data, channel = model.data, model.channels.index(name)
    units, money = np.zeros(model.draws), np.zeros(model.draws)
    for geo in places:
        came = model.channel_contribution(channel, geo)[rows]  # (R, S)
        units += came.sum(axis=0)
        money += data.value_per_unit[geo, rows] @ came
    spent = float(data.spend[places][:, rows, channel].sum())
    paid = np.isfinite(spent)
    returned = paid and spent > 0 and bool(np.isfinite(money).all())
    roi = interval(money, 1 / spent) if returned else None
    return Brought(name, spent if paid else None, interval(units), roi)
