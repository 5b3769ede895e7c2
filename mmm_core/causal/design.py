"""The table behind a back-door estimate: a channel's exposure as the model sees it, and what is held still."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from mmm_core.analysis.intervals import interval
from mmm_core.analysis.response import ResponseModel
from mmm_core.causal.holdings import Holdings
from mmm_core.causal.identify import Identification
from mmm_core.domain.errors import SpecError
from mmm_core.domain.fit import Array, ModelData
from mmm_core.domain.results import Interval
from mmm_core.modeling.prepare import prepare
from mmm_core.modeling.spec import ModelSpec

LEAST_FREE = 10
"""Fewest rows beyond the columns that an estimate is made from."""
SEASON, TREND = "season", "trend"
TREATMENT, OUTCOME = "exposure", "kpi"


@dataclass(frozen=True)
class Exposures:
    """G geos, T periods, C channels, all of a fitted model."""

    channels: tuple[str, ...]
    shape: Array
    """(G, T, C) mean contribution in KPI units: adstocked and saturated exposure, scaled so that a coefficient of 1
    says what the model says."""
    value: Array
    """(C,) money that the mean contribution is worth; NaN where KPI units have no value."""
    spend: Array
    """(C,) money; NaN for organic media."""
    roi: dict[str, Interval | None]
    """The model's own return by channel."""
    contribution: dict[str, Interval]
    """KPI units."""


@dataclass(frozen=True)
class Design:
    """One row per geo and period, geo outermost; every column centred within its geo where there are several.

    KPI and exposures are then over the geo's size, as in the model: season, trend and controls move a large geo by
    more, and a coefficient that all geos share would leave the large one's season to its media.
    """

    frame: pd.DataFrame
    """Columns ``exposure``, ``kpi``, and one for each of ``groups``' names."""
    groups: dict[str, tuple[str, ...]]
    """Columns of each variable that is held still; ``season`` and ``trend`` are the model's own."""
    geos: int

    @property
    def held(self) -> list[str]:
        return [column for columns in self.groups.values() for column in columns]


def exposures(model: ResponseModel) -> Exposures:
    """What the posterior says each channel brought, per period and in total."""
    data = model.data
    geos, periods = data.target.shape
    shape = np.zeros((geos, periods, len(model.channels)))
    roi: dict[str, Interval | None] = {}
    totals: dict[str, Interval] = {}
    worth = np.full(len(model.channels), np.nan)
    valued = bool(np.isfinite(data.value_per_unit).all())
    spend = data.spend.sum(axis=(0, 1))
    for c, name in enumerate(model.channels):
        total, money = np.zeros(model.draws), np.zeros(model.draws)
        for g in range(geos):
            draws = np.asarray(model.channel_contribution(c, g), dtype=np.float64)  # (T, S)
            shape[g, :, c] = draws.mean(axis=1)
            total += draws.sum(axis=0)
            money += np.nan_to_num(data.value_per_unit[g]) @ draws
        totals[name] = interval(total)
        worth[c] = money.mean() if valued else np.nan
        roi[name] = interval(money / spend[c]) if valued and spend[c] > 0 else None
    return Exposures(model.channels, shape, worth, np.asarray(spend), roi, totals)


def design(
    model: ResponseModel, seen: Exposures, frame: pd.DataFrame, spec: ModelSpec, one: Identification, holdings: Holdings
) -> Design:
    """The table for one channel: its adjustment set, what makes the estimate sharper, and the model's trend and season.

    Parameters
    ----------
    frame
        The data that the model was fitted on; variables of the adjustment set may be in it without being controls.

    Raises
    ------
    SpecError
        Where the channel is not in the model, or there are too few rows for so many columns.
    """
    channel = holdings.columns.get(one.channel, one.channel)
    if channel not in seen.channels:
        raise SpecError(
            f"{one.channel} is a channel of the diagram but not of the model, so there is nothing to estimate."
        )
    held = [name for name in (*one.adjust, *one.also) if name in holdings.data]
    kept = blocks(seen, frame, spec, held, holdings, sizes(model.data))
    kept |= {n: v for n, v in time_columns(model, spec).items() if v.shape[-1]}
    size = sizes(model.data)
    columns = {TREATMENT: seen.shape[:, :, seen.channels.index(channel)] / size, OUTCOME: model.data.target / size}
    groups: dict[str, tuple[str, ...]] = {}
    for name, block in kept.items():
        varied = [k for k in range(block.shape[-1]) if np.ptp(block[:, :, k]) > 0]
        groups[name] = tuple(f"w{len(columns) + n}" for n in range(len(varied)))
        columns |= dict(zip(groups[name], (block[:, :, k] for k in varied), strict=True))
    geos = len(model.data.geos)
    table = pd.DataFrame({n: _within(v).ravel() for n, v in columns.items()})
    free = len(table) - (geos - 1) - len(columns)
    if free < LEAST_FREE:
        raise SpecError(
            f"{len(table)} rows are too few to hold {len(columns) - 2} columns still beside {one.channel}; "
            "leave controls out or use a longer history."
        )
    return Design(table, groups, geos)


def sizes(data: ModelData) -> Array:
    """Size of each geo (G, 1), mean 1, by the scale of its KPI."""
    size: Array = (data.target_scale / data.target_scale.mean())[:, None]
    return size


def _within(values: Array) -> Array:
    """(G, T) less each geo's mean, where there are several."""
    return values - values.mean(axis=1, keepdims=True) if len(values) > 1 else values


def blocks(
    seen: Exposures, frame: pd.DataFrame, spec: ModelSpec, held: list[str], holdings: Holdings, size: Array
) -> dict[str, Array]:
    """Each held variable as (G, T, k): a channel's exposure over geo size, or the model's columns of a control."""
    out: dict[str, Array] = {}
    others = [holdings.columns[n] for n in held if holdings.columns[n] and holdings.columns[n] not in seen.channels]
    known = (*spec.controls, *spec.holidays, *(t.column for t in spec.treatments))
    missing = [c for c in others if c not in known]
    data = prepare(frame, spec.model_copy(update={"controls": (*spec.controls, *missing)})) if others else None
    for name in held:
        column = holdings.columns[name]
        if column in seen.channels:
            out[name] = seen.shape[:, :, [seen.channels.index(column)]] / size[:, :, None]
        elif column and data is not None:
            mine = [k for k, n in enumerate(data.linear_names) if n == column or n.startswith(f"{column}: ")]
            out[name] = data.linear[:, :, mine]
    return out


def time_columns(model: ResponseModel, spec: ModelSpec) -> dict[str, Array]:
    """Trend and season of the model, (G, T, k) each; a baseline that drifts stands in for the trend as it was found."""
    data, geos = model.data, len(model.data.geos)
    own = [k for k, group in enumerate(data.linear_groups) if group in ("trend", "bend")]
    trend = data.linear[:, :, own]
    if spec.time_varying.baseline:
        found = [model.baseline(g).mean(axis=1, dtype=np.float64) for g in range(geos)]
        trend = np.array(found)[:, :, None] / sizes(data)[:, :, None]
    return {TREND: trend, SEASON: np.repeat(data.fourier[None], geos, axis=0)}
