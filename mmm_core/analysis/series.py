"""Every component over time and in total, one channel and geo at a time so that memory stays small."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mmm_core.analysis.intervals import bands
from mmm_core.analysis.response import ResponseModel
from mmm_core.domain.results import Series

Array = npt.NDArray[np.float64]
Values = npt.NDArray[np.floating[Any]]
MORE = 1.01
"""Marginal returns are those of 1% more."""


@dataclass(frozen=True)
class Totals:
    """Sums over the data per draw (S draws, C channels), and the series behind them."""

    series: tuple[Series, ...]
    channels: Array
    """(C, S) KPI units."""
    value: Array | None
    """(C, S) money; None where KPI units have no value."""
    more: Array
    """(C, S) KPI units that 1% more exposure in every period adds."""
    more_value: Array | None
    """(C, S) the same in money."""
    baseline: Array
    """(S,) KPI units."""
    kpi: float
    """Observed KPI, summed."""
    actual: Array
    """(G, T) observed."""
    expected: Array
    """(G, T) posterior mean of the expected KPI."""


def tally(model: ResponseModel) -> Totals:
    """Walk through all components once.

    The ``predicted`` series is the posterior predictive: the mean of the expected KPI with an interval that holds the
    noise of single periods too.
    """
    data, shape = model.data, (len(model.channels), model.draws)
    has_value = bool(np.isfinite(data.value_per_unit).all())
    channels, value, more, more_value = (np.zeros(shape) for _ in range(4))
    baseline = np.zeros(model.draws)
    expected = np.empty(data.target.shape)
    series: list[Series] = []
    noise = np.random.default_rng(0)
    sigma = model.posterior.by_geo("y_sigma") * data.target_scale
    for g, geo in enumerate(_geo_names(model)):
        mu = np.zeros((len(data.dates), model.draws))
        for c, name in enumerate(model.channels):
            now = model.channel_contribution(c, g)
            added = model.channel_contribution(c, g, MORE) - now
            channels[c] += now.sum(axis=0)
            more[c] += added.sum(axis=0)
            if has_value:
                value[c] += data.value_per_unit[g] @ now
                more_value[c] += data.value_per_unit[g] @ added
            series.append(_series(name, "channel", geo, now))
            mu += now
        base = model.baseline(g)
        baseline += base.sum(axis=0)
        parts = [("baseline", base)]
        if set(data.linear_groups) & {"control", "holiday"}:
            parts.append(("controls", model.controls(g)))
        if data.fourier.shape[1]:
            parts.append(("seasonality", model.seasonality(g)))
        for name, part in parts:
            series.append(_series(name, name, geo, part))
            mu += part
        expected[g] = mu.mean(axis=1)
        mu += sigma[:, g] * noise.standard_normal(mu.shape)
        series.append(_predicted(geo, expected[g], mu))
        seen = tuple(data.target[g].tolist())
        series.append(Series("actual", "actual", geo, seen, seen, seen, seen))
    return Totals(
        series=tuple(series),
        channels=channels,
        value=value if has_value else None,
        more=more,
        more_value=more_value if has_value else None,
        baseline=baseline,
        kpi=float(data.target.sum()),
        actual=data.target,
        expected=expected,
    )


def _geo_names(model: ResponseModel) -> tuple[str, ...]:
    """Empty for national data, as the files want it."""
    return model.data.geos if len(model.data.geos) > 1 else ("",)


def _series(name: str, group: str, geo: str, draws: Values) -> Series:
    found = bands(draws)
    return Series(name, group, geo, *(tuple(part.tolist()) for part in found))


def _predicted(geo: str, mean: Array, draws: Values) -> Series:
    found = bands(draws)
    parts = (mean, found.p5, found.p50, found.p95)
    return Series("predicted", "predicted", geo, *(tuple(part.tolist()) for part in parts))
