"""Ridge regression with searched adstock and saturation: the arithmetic behind the first look.

Given its carry-over and saturation, a channel's effect is linear. Media effects are non-negative and shrunk by a ridge;
intercepts, controls, trend and season are projected out once (with a slight ridge of their own, so that many controls
on few rows stay solvable). What is left per trial is a non-negative least squares of C channels.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt
import scipy

from mmm_core.domain.fit import ModelData
from mmm_core.modeling.spec import ModelSpec
from mmm_core.modeling.transforms import (
    ADSTOCK_PARAMETERS,
    SATURATION_PARAMETERS,
    adstock_weights,
    saturate,
)

Array = npt.NDArray[np.float64]

GRID: dict[str, tuple[float, ...]] = {
    "adstock_alpha": (0.05, 0.3, 0.5, 0.7, 0.85),
    "adstock_theta": (0.0, 1.0, 2.0),
    "saturation_lam": (0.5, 1.5, 3.0, 6.0),
    "saturation_slope": (1.0, 2.0),
    "saturation_kappa": (0.2, 0.5, 1.0),
    "saturation_r": (0.3, 0.7, 0.95),
    "adstock_lam": (1.0, 2.5, 5.0),
    "adstock_k": (1.0, 2.0),
}
RANGE: dict[str, tuple[float, float]] = {
    "adstock_alpha": (0.01, 0.95),
    "saturation_lam": (0.2, 15.0),
    "saturation_slope": (0.5, 4.0),
    "saturation_kappa": (0.05, 1.5),
    "saturation_r": (0.05, 0.995),
    "adstock_lam": (0.3, 12.0),
    "adstock_k": (0.5, 4.0),
}
USUAL: dict[str, tuple[float, float]] = {
    "adstock_alpha": (0.4, 0.25),
    "adstock_theta": (0.5, 1.0),
    "saturation_lam": (2.0, 1.2),
    "saturation_slope": (1.1, 0.3),
    "saturation_kappa": (0.5, 0.25),
    "saturation_r": (0.6, 0.2),
    "adstock_lam": (2.0, 1.0),
    "adstock_k": (1.3, 0.5),
}
"""Ordinary value and its spread: a mild pull, without which a channel that does nothing may take a shape that hardly
moves and so passes for a part of the baseline."""
NUISANCE_RIDGE = 1.0
SWEEPS = 4
"""Most rounds of choosing each channel's grid point with the others held."""


@dataclass(frozen=True)
class Shape:
    """Carry-over and saturation of every channel: P parameters each."""

    names: tuple[str, ...]
    values: Array
    """(C, P)"""


class RidgeProblem:
    """Rows are geo by period (geo outermost), scaled KPI on the left.

    Parameters
    ----------
    data, spec
        Data and the families of adstock and saturation.
    periods
        Only the first ``periods`` of each geo are fitted; features exist for all.
    """

    def __init__(self, data: ModelData, spec: ModelSpec, periods: int) -> None:
        self.adstock, self.saturation, self.max_lag = spec.adstock.value, spec.saturation.value, spec.max_lag
        self.names = (*ADSTOCK_PARAMETERS[self.adstock], *SATURATION_PARAMETERS[self.saturation])
        geos, self.total_periods, self.channels = data.media.shape
        self.fitted = np.tile(np.arange(self.total_periods) < periods, geos)
        self._lagged = self._lags(data.scaled_media)
        often = data.scaled_frequency
        self._often = None if often is None else self._lags(often)
        self._by_frequency = data.by_frequency
        self.nuisance = np.column_stack(
            [
                np.repeat(np.eye(geos), self.total_periods, axis=0),
                data.linear.reshape(geos * self.total_periods, -1),
                np.tile(data.fourier, (geos, 1)),
            ]
        )
        target = data.scaled_target.reshape(-1)
        spread = float(target[self.fitted].std()) or 1.0
        self.scale: Array = np.repeat(data.target_scale, self.total_periods) * spread
        """(rows,) KPI units of one scaled unit."""
        self.target = target / spread
        penalty = np.diag(np.r_[np.zeros(geos), np.full(self.nuisance.shape[1] - geos, np.sqrt(NUISANCE_RIDGE))])
        self._extended = np.concatenate([self.nuisance[self.fitted], penalty])
        self._basis = np.linalg.svd(self._extended, full_matrices=False)[0]
        self._left = self._projected(self.target[self.fitted])

    def _lags(self, media: Array) -> Array:
        """(C, G * T, L) exposure by lag."""
        geos, periods, channels = media.shape
        out = np.zeros((channels, geos, periods, self.max_lag))
        for lag in range(min(self.max_lag, periods)):
            out[:, :, lag:, lag] = np.moveaxis(media, -1, 0)[:, :, : periods - lag]
        return out.reshape(channels, geos * periods, self.max_lag)

    def feature(self, channel: int, values: Array) -> Array:
        """Saturated exposure of a channel, (rows, Q), at Q settings of its parameters (Q, P)."""
        parameters = {name: values[:, p] for p, name in enumerate(self.names)}
        weights = adstock_weights(self.adstock, self.max_lag, parameters, shape=(len(values),))
        lagged = self._lagged[channel]
        if self._often is None or channel not in self._by_frequency:
            return np.asarray(saturate(self.saturation, lagged @ weights.T, parameters))
        out = np.zeros((len(lagged), len(values)))
        for k in range(self.max_lag):
            out += (
                lagged[:, k, None]
                * saturate(self.saturation, self._often[channel][:, k, None], parameters)
                * weights[:, k]
            )
        return out

    def features(self, shape: Shape) -> Array:
        """(rows, C)"""
        return np.column_stack([self.feature(c, shape.values[c : c + 1]) for c in range(self.channels)])

    def _projected(self, columns: Array) -> Array:
        """What nuisance terms leave of columns over the fitted rows; the ridge rows are part of it."""
        extra = np.zeros((self._extended.shape[0] - columns.shape[0], *columns.shape[1:]))
        extended = np.concatenate([columns, extra])
        return np.asarray(extended - self._basis @ (self._basis.T @ extended))

    def effects(self, shape: Shape, ridge: float) -> Array:
        """Non-negative effects (C,) in scaled KPI."""
        return self.solver(shape, ridge)(self.target)

    def solver(self, shape: Shape, ridge: float) -> Callable[[Array], Array]:
        """Function from a scaled KPI (rows,) to its effects (C,), for one shape."""
        x = self._projected(self.features(shape)[self.fitted])
        root = _root(x.T @ x, ridge)

        def solve(target: Array) -> Array:
            # x is free of nuisance terms already, so the target need not be projected.
            moment = x[: int(self.fitted.sum())].T @ target[self.fitted]
            return _non_negative(root, moment)

        return solve

    def nuisance_effects(self, shape: Shape, effects: Array) -> Array:
        left = self.target[self.fitted] - self.features(shape)[self.fitted] @ effects
        extra = np.zeros(self._extended.shape[0] - left.size)
        return np.asarray(np.linalg.lstsq(self._extended, np.concatenate([left, extra]), rcond=None)[0])

    def search(self, ridge: float) -> tuple[Shape, float]:
        """Best shape and its penalised loss: coordinate search over a grid, then L-BFGS-B between the points."""
        grid = np.array(list(product(*(self._points(name) for name in self.names))))
        size = len(grid)
        x = np.concatenate([self._projected(self.feature(c, grid)[self.fitted]) for c in range(self.channels)], axis=1)
        gram, moment = x.T @ x, x.T @ self._left
        chosen = np.arange(self.channels) * size + size // 2
        whole = float(self._left @ self._left)
        best = whole + self._loss(gram[np.ix_(chosen, chosen)], moment[chosen], ridge)
        noise = best / int(self.fitted.sum())
        pull = noise * self._unusual(grid).sum(axis=1)
        best = np.inf
        for _ in range(SWEEPS):
            before = best
            for c in range(self.channels):
                trials = [np.r_[chosen[:c], c * size + q, chosen[c + 1 :]] for q in range(size)]
                losses = [self._loss(gram[np.ix_(t, t)], moment[t], ridge) + pull[t % size].sum() for t in trials]
                chosen, best = trials[int(np.argmin(losses))], min(losses)
            if best > before - 1e-9:
                break
        start = grid[chosen - np.arange(self.channels) * size]
        return self._refined(start, ridge, noise)

    def _unusual(self, values: Array) -> Array:
        """Squared distance of each parameter from its ordinary value, in spreads, (..., P)."""
        centre, spread = np.array([USUAL[name] for name in self.names]).reshape(-1, 2).T
        return np.asarray(((values - centre) / spread) ** 2)

    def _points(self, name: str) -> tuple[float, ...]:
        return tuple(v for v in GRID[name] if name != "adstock_theta" or v <= self.max_lag - 1)

    def _loss(self, gram: Array, moment: Array, ridge: float) -> float:
        effects = _solve(gram, moment, ridge)
        return float(effects @ gram @ effects - 2 * moment @ effects + ridge * effects @ effects)

    def _refined(self, start: Array, ridge: float, noise: float) -> tuple[Shape, float]:
        if not self.names:
            return Shape((), start), 0.0
        limits = [(0.0, min(4.0, self.max_lag - 0.999)) if n == "adstock_theta" else RANGE[n] for n in self.names]
        low, high = np.array(limits).T

        def loss(flat: Array) -> tuple[float, Array]:
            values = flat.reshape(start.shape)
            x = self.features(Shape(self.names, values))[self.fitted]
            projected = self._projected(x)
            effects = _solve(projected.T @ projected, projected.T @ self._left, ridge)
            residual = self._left - projected @ effects
            # The effects are at their optimum, so only the features' own change counts (envelope theorem); the
            # residual is already free of nuisance terms, so the raw change may stand for the projected one.
            centre, spread = np.array([USUAL[name] for name in self.names]).reshape(-1, 2).T
            slope = 2.0 * noise * (values - centre) / spread**2
            for c in np.flatnonzero(effects > 0).tolist():
                step = 1e-5 * (high - low)
                moved = np.concatenate([values[c] + np.diag(step), values[c] - np.diag(step)])
                found = self.feature(c, np.maximum(moved, 1e-9))[self.fitted]
                change = (found[:, : len(step)] - found[:, len(step) :]) / (2 * step)
                slope[c] -= 2.0 * effects[c] * (residual[: change.shape[0]] @ change)
            total = residual @ residual + ridge * effects @ effects + noise * self._unusual(values).sum()
            return float(total), slope.reshape(-1)

        bounds = limits * len(start)
        found = scipy.optimize.minimize(
            loss, start.reshape(-1), jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 40}
        )
        return Shape(self.names, found.x.reshape(start.shape)), float(found.fun)

    def predicted(self, shape: Shape, effects: Array) -> Array:
        """Expected scaled KPI for every row, also those not fitted."""
        return self.nuisance @ self.nuisance_effects(shape, effects) + self.features(shape) @ effects

    def gcv(self, shape: Shape, effects: Array, ridge: float) -> float:
        """Generalised cross-validation score of a fit."""
        x = self._projected(self.features(shape)[self.fitted][:, effects > 0])
        gram = x.T @ x
        used = float(np.trace(np.linalg.solve(gram + ridge * np.eye(len(gram)), gram))) if len(gram) else 0.0
        rows = int(self.fitted.sum())
        used += float((self._basis[:rows] ** 2).sum()) + self.channels * len(self.names) / 2
        error = self.target[self.fitted] - self.predicted(shape, effects)[self.fitted]
        return float(error @ error / max(rows - used, 1.0) ** 2)


def _solve(gram: Array, moment: Array, ridge: float) -> Array:
    """Non-negative minimum of ``b'(G + ridge I)b - 2 m'b``."""
    return _non_negative(_root(gram, ridge), moment)


def _root(gram: Array, ridge: float) -> Array:
    return np.asarray(scipy.linalg.cholesky(gram + (ridge + 1e-10) * np.eye(len(gram)), check_finite=False))


def _non_negative(root: Array, moment: Array) -> Array:
    return np.asarray(
        scipy.optimize.nnls(root, scipy.linalg.solve_triangular(root, moment, trans="T", check_finite=False))[0]
    )
