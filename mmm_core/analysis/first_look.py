"""A first look in seconds: ridge regression, before and beside the Bayesian fit, and marked as such."""

import json
import time
from dataclasses import asdict, dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
from pydantic import TypeAdapter, ValidationError

from mmm_core.analysis.calendar import days
from mmm_core.analysis.intervals import interval
from mmm_core.analysis.ridge_fit import RidgeProblem, Shape
from mmm_core.domain.errors import DataError
from mmm_core.domain.fit import ModelData
from mmm_core.domain.results import Interval
from mmm_core.modeling.spec import ModelSpec
from mmm_core.modeling.transforms import adstock_weights

Array = npt.NDArray[np.float64]

RIDGES = (0.03, 0.3, 3.0)
RESAMPLES = 200
HELD_OUT = 0.15
"""Share of the periods, at the end, that the holdout error is measured on."""
MOST_MEDIA = 0.6
"""Share of the KPI from which media are credited with too much."""
FEWEST = 40
"""Periods from which a holdout is affordable."""


@dataclass(frozen=True)
class FirstLookChannel:
    channel: str
    spend: float | None
    contribution: Interval
    """KPI units over the data; intervals and errors are of a block bootstrap."""
    contribution_share: float
    standard_error: float
    roi: Interval | None
    mean_lag: float
    """Periods until the average effect arrives."""
    saturation_at_mean: float
    """Share of its largest possible effect that the channel reaches at its mean level while on."""


@dataclass(frozen=True)
class FirstLook:
    """Ridge estimates: quick, and too sure of themselves where channels move together."""

    channels: tuple[FirstLookChannel, ...]
    dates: tuple[date, ...]
    actual: tuple[float, ...]
    """KPI per period, geos summed."""
    fitted: tuple[float, ...]
    media_share: float
    r2: float
    mape: float
    holdout_mape: float | None
    """Mean absolute percentage error over the last periods when they are kept from the fit; None on short data."""
    holdout_periods: int
    ridge: float
    seconds: float
    warnings: tuple[str, ...] = ()
    """Sentences on what in these estimates is not to be believed."""
    is_first_look: bool = True
    note: str = (
        "A first look by ridge regression: carry-over and saturation are taken as known once found, so the true "
        "uncertainty is larger. The Bayesian fit replaces it."
    )


def ridge(data: ModelData, spec: ModelSpec) -> FirstLook:
    """Fit, measure and bootstrap.

    The penalty is chosen by generalised cross-validation; the holdout error comes from a separate fit without the
    last 15% of the periods; intervals come from 200 moving-block resamples of the residuals.
    """
    began = time.perf_counter()
    periods = len(data.dates)
    problem = RidgeProblem(data, spec, periods)
    shape, effects, penalty = _best(problem)
    expected = problem.predicted(shape, effects)
    held, error = _holdout(data, spec, penalty)
    resampled = _bootstrap(problem, shape, effects, penalty)
    seen = problem.target
    residual = seen - expected
    known = seen != 0
    by_period = (len(data.geos), periods)
    contributions = problem.features(shape) * effects * problem.scale[:, None]
    return FirstLook(
        channels=_channels(data, problem, shape, effects, resampled),
        dates=days(data.dates),
        actual=tuple(data.target.sum(axis=0).tolist()),
        fitted=tuple((expected * problem.scale).reshape(by_period).sum(axis=0).tolist()),
        media_share=float(contributions.sum() / data.target.sum()),
        r2=float(1.0 - (residual**2).sum() / ((seen - seen.mean()) ** 2).sum()),
        mape=float(np.abs(residual[known] / seen[known]).mean()),
        holdout_mape=error,
        holdout_periods=held,
        ridge=penalty,
        seconds=time.perf_counter() - began,
        warnings=_warnings(data, effects, contributions),
    )


def _warnings(data: ModelData, effects: Array, contributions: Array) -> tuple[str, ...]:
    out = []
    share = float(contributions.sum() / data.target.sum())
    if share > MOST_MEDIA:
        out.append(
            f"It credits media with {share:.0%} of the KPI, which is not plausible: spend follows demand, and this "
            "quick method cannot tell the two apart."
        )
    nothing = [name for name, effect in zip(data.channels, effects, strict=True) if effect == 0]
    if nothing:
        out.append(
            f"It finds nothing for {', '.join(nothing)}: the method sets small or overlapping effects to zero, which "
            "is no proof that there are none."
        )
    return tuple(out)


def _best(problem: RidgeProblem) -> tuple[Shape, Array, float]:
    found = []
    for penalty in RIDGES:
        shape, _ = problem.search(penalty)
        effects = problem.effects(shape, penalty)
        found.append((problem.gcv(shape, effects, penalty), shape, effects, penalty))
    _, shape, effects, penalty = min(found, key=lambda f: f[0])
    return shape, effects, penalty


def _holdout(data: ModelData, spec: ModelSpec, penalty: float) -> tuple[int, float | None]:
    periods = len(data.dates)
    if periods < FEWEST:
        return 0, None
    held = round(HELD_OUT * periods)
    problem = RidgeProblem(data, spec, periods - held)
    shape, _ = problem.search(penalty)
    expected = problem.predicted(shape, problem.effects(shape, penalty))
    rows = ~problem.fitted & (problem.target != 0)
    return held, float(np.abs(expected[rows] / problem.target[rows] - 1.0).mean())


def _bootstrap(problem: RidgeProblem, shape: Shape, effects: Array, penalty: float) -> Array:
    """Effects of resampled data, (RESAMPLES, C): blocks of residuals keep their autocorrelation."""
    rng = np.random.default_rng(0)
    expected = problem.predicted(shape, effects)
    periods = problem.total_periods
    residual = (problem.target - expected).reshape(-1, periods)
    residual = residual - residual.mean()
    length = min(max(4, round(periods ** (1 / 3))), periods)
    pieces = -(-periods // length)
    out = np.empty((RESAMPLES, len(effects)))
    solver = problem.solver(shape, penalty)
    for n in range(RESAMPLES):
        first = rng.integers(0, periods - length + 1, pieces)
        places = (first[:, None] + np.arange(length)).reshape(-1)[:periods]
        out[n] = solver(expected + residual[:, places].reshape(-1))
    return out


def _channels(
    data: ModelData, problem: RidgeProblem, shape: Shape, effects: Array, resampled: Array
) -> tuple[FirstLookChannel, ...]:
    x = problem.features(shape)
    volume = problem.scale @ x
    money = (data.value_per_unit.reshape(-1) * problem.scale) @ x
    total = float(data.target.sum())
    parameters = {name: shape.values[:, p] for p, name in enumerate(shape.names)}
    weights = adstock_weights(problem.adstock, problem.max_lag, parameters, shape=(len(shape.values),))
    lags = weights @ np.arange(problem.max_lag)
    out = []
    for c, name in enumerate(data.channels):
        paid = bool(np.isfinite(data.spend[:, :, c]).all())
        spend = float(data.spend[:, :, c].sum()) if paid else None
        has_roi = bool(spend) and bool(np.isfinite(money[c]))
        around = _centred(resampled[:, c], effects[c])
        on = x[:, c] > 0
        out.append(
            FirstLookChannel(
                channel=name,
                spend=spend,
                contribution=_interval(around * volume[c], effects[c] * volume[c]),
                contribution_share=float(effects[c] * volume[c] / total),
                standard_error=float(resampled[:, c].std(ddof=1) * volume[c]),
                roi=_interval(around * money[c] / spend, effects[c] * money[c] / spend) if has_roi and spend else None,
                mean_lag=float(lags[c]),
                saturation_at_mean=float(x[on, c].mean()) if on.any() else 0.0,
            )
        )
    return tuple(out)


def _centred(draws: Array, estimate: float) -> Array:
    """Resamples moved so that their mean is the estimate, never under zero."""
    return np.asarray(np.maximum(draws - draws.mean() + estimate, 0.0))


def _interval(draws: Array, estimate: float) -> Interval:
    found = interval(draws)
    return Interval(float(estimate), found.p5, found.p50, found.p95)


def to_json(look: FirstLook) -> str:
    return json.dumps(asdict(look), default=date.isoformat, ensure_ascii=False)


def from_json(text: str | bytes) -> FirstLook:
    try:
        return TypeAdapter(FirstLook).validate_json(text)
    except ValidationError as error:
        raise DataError(f"The stored first look cannot be read ({error.error_count()} fields do not fit).") from None
