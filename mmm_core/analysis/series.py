"""Every component over time and in total, one channel and geo at a time so that memory stays small."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mmm_core.analysis.intervals import bands, interval
from mmm_core.analysis.response import ResponseModel
from mmm_core.domain.results import GeoResult, Series
from mmm_core.modeling.predict import shock_scale
from mmm_core.modeling.unit_effect import MORE

Array = npt.NDArray[np.float64]
Values = npt.NDArray[np.floating[Any]]


@dataclass(frozen=True)
class Totals:
    """Sums over the data per draw (S draws, C channels, G geos), and the series behind them."""

    series: tuple[Series, ...]
    """Of the total, and in a panel of every geo."""
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
    treatments: dict[str, Array]
    """(S,) KPI units by treatment, against its reference level."""
    kpi: float
    """Observed KPI, summed."""
    actual: Array
    """(G, T) observed."""
    expected: Array
    """(G, T) posterior mean of the expected KPI."""
    by_geo: tuple[GeoResult, ...]
    """Empty for national data."""


class _Tally:
    """Running sums over geos."""

    def __init__(self, model: ResponseModel) -> None:
        self.model, self.data = model, model.data
        self.has_value = bool(np.isfinite(self.data.value_per_unit).all())
        shape = (len(model.channels), model.draws)
        self.channels, self.value, self.more, self.more_value = (np.zeros(shape) for _ in range(4))
        self.baseline = np.zeros(model.draws)
        self.treatments = {name: np.zeros(model.draws) for _, name in model.treatments}
        self.expected = np.empty(self.data.target.shape)
        self.series: list[Series] = []
        self.by_geo: list[GeoResult] = []
        self.whole: dict[tuple[str, str], Values] = {}
        self.noise = np.random.default_rng(0)
        self.sigma = model.posterior.by_geo("y_sigma") * self.data.target_scale
        self.panel = len(self.data.geos) > 1
        shape = (len(self.data.dates), model.draws)
        self.shock = shock_scale(model.posterior) * self.noise.standard_normal(shape) if self.panel else np.zeros(shape)

    def walk(self) -> None:
        for g, geo in enumerate(self.data.geos):
            parts = [*self._media(g, geo), *self._rest(g)]
            mu = np.zeros((len(self.data.dates), self.model.draws))
            for _, _, draws in parts:
                mu += draws
            self.expected[g] = mu.mean(axis=1)
            mu += self.sigma[:, g] * self.noise.standard_normal(mu.shape)
            mu += self.shock * self.data.target_scale[g]
            parts.append(("predicted", "predicted", mu))
            if self.panel:
                self._keep(parts, geo, self.expected[g], self.data.target[g])
            for name, group, draws in parts:
                before = self.whole.get((name, group))
                self.whole[name, group] = draws if before is None else before + draws
        whole = [(name, group, draws) for (name, group), draws in self.whole.items()]
        kept, self.series = self.series, []
        self._keep(whole, "", self.expected.sum(axis=0), self.data.target.sum(axis=0))
        self.series += kept

    def _media(self, g: int, geo: str) -> list[tuple[str, str, Values]]:
        out = []
        for c, name in enumerate(self.model.channels):
            now = self.model.channel_contribution(c, g)
            added = self.model.channel_contribution(c, g, MORE) - now
            brought = now.sum(axis=0)
            worth = self.data.value_per_unit[g] @ now if self.has_value else np.zeros_like(brought)
            self.channels[c] += brought
            self.value[c] += worth
            self.more[c] += added.sum(axis=0)
            if self.has_value:
                self.more_value[c] += self.data.value_per_unit[g] @ added
            if self.panel:
                self.by_geo.append(self._geo_result(g, c, geo, name, brought, worth))
            out.append((name, "channel", now))
        return out

    def _geo_result(self, g: int, c: int, geo: str, name: str, brought: Values, worth: Values) -> GeoResult:
        spent = float(self.data.spend[g, :, c].sum())
        paid = bool(np.isfinite(spent))
        roi = interval(worth / spent) if paid and spent > 0 and self.has_value else None
        return GeoResult(geo, name, spent if paid else None, interval(brought), roi)

    def _rest(self, g: int) -> list[tuple[str, str, Values]]:
        data, model = self.data, self.model
        base = model.baseline(g)
        self.baseline += base.sum(axis=0)
        parts: list[tuple[str, str, Values]] = [("baseline", "baseline", base)]
        for k, name in model.treatments:
            moved = model.treatment(k, g)
            self.treatments[name] += moved.sum(axis=0)
            parts.append((name, "treatment", moved))
        if set(data.linear_groups) & {"control", "holiday"}:
            parts.append(("controls", "controls", model.controls(g)))
        if data.fourier.shape[1]:
            parts.append(("seasonality", "seasonality", model.seasonality(g)))
        return parts

    def _keep(self, parts: list[tuple[str, str, Values]], geo: str, mean: Array, seen: Array) -> None:
        for name, group, draws in parts:
            found = bands(draws)
            middle = mean if group == "predicted" else found.mean
            lines = (tuple(part.tolist()) for part in (middle, found.p5, found.p50, found.p95))
            self.series.append(Series(name, group, geo, *lines))
        line = tuple(seen.tolist())
        self.series.append(Series("actual", "actual", geo, line, line, line, line))


def tally(model: ResponseModel) -> Totals:
    """Walk through all components once.

    The ``predicted`` series is the posterior predictive: the mean of the expected KPI with an interval that holds the
    noise of single periods too.
    """
    sums = _Tally(model)
    sums.walk()
    return Totals(
        series=tuple(sums.series),
        channels=sums.channels,
        value=sums.value if sums.has_value else None,
        more=sums.more,
        more_value=sums.more_value if sums.has_value else None,
        baseline=sums.baseline,
        treatments=sums.treatments,
        kpi=float(model.data.target.sum()),
        actual=model.data.target,
        expected=sums.expected,
        by_geo=tuple(sums.by_geo),
    )
