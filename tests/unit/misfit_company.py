"""Companies whose truth lies inside or outside the model's family, and the model's best fit to them, without a sampler.

Weekly spend of three channels; the model is geometric and logistic with a memory of eight weeks.
"""

import numpy as np
from scipy import optimize

from mmm_core.domain.fit import Array, ModelData, Posterior
from mmm_core.modeling.predict import saturated_exposure
from mmm_core.modeling.prepare import fourier_terms

LAGS, CHANNELS = 8, ("tv", "radio", "search")


def company(
    seed: int, kind: str = "right", geos: int = 1, periods: int = 130, rho: float = 0.5, noise: float = 0.015
) -> ModelData:
    """``kind`` is what the model gets wrong: 'right' (nothing), 'memory', 'long', 'saturation', 'drift' or 'demand'."""
    rng = np.random.default_rng(seed)
    count = len(CHANNELS)
    demand = 0.06 * _runs(rng, (1, periods), 0.85)
    national = np.stack([_campaigns(rng, periods) for _ in CHANNELS], axis=-1)
    media = national * rng.lognormal(0.0, 0.3, (geos, periods, count)) if geos > 1 else national[None]
    if kind == "demand":
        media[..., 2] = rng.lognormal(0.0, 0.15, (geos, periods)) * np.maximum(1 + 6 * demand, 0.05)
    scaled = media / media.max(axis=(0, 1))
    stock = np.zeros_like(scaled)
    for lag, weight in enumerate(_weights(rng, kind, count)):
        stock[:, lag:] += weight * scaled[:, : periods - lag]
    bent = np.tanh(rng.uniform(1.0, 2.0, count) * stock)
    if kind == "saturation":
        over = np.maximum(stock - 0.25, 0)
        bent = over**2 / (0.02 + over**2)
    if kind == "drift":
        bent = bent * np.exp(np.linspace(-0.7, 0.7, periods))[:, None]
    dates = np.datetime64("2021-01-04") + 7 * np.arange(periods) * np.timedelta64(1, "D")
    season = fourier_terms(dates, 2)
    trend = np.linspace(-1.7, 1.7, periods)
    own = rng.lognormal(0.0, 0.2, (geos, 1, count)) if geos > 1 else 1.0
    kpi = 0.6 + 0.02 * trend + season @ [0.03, 0.0, -0.02, 0.01] + (0.08 * bent * own).sum(axis=-1)
    # Geos share a part of their shocks, as those of one country do.
    shocks = 0.5 * _runs(rng, (1, periods), rho) + np.sqrt(0.75) * _runs(rng, (geos, periods), rho)
    kpi = (kpi + noise * shocks + (demand if kind == "demand" else 0.0)) * np.linspace(1e5, 3e5, geos)[:, None]
    return ModelData(
        dates=dates,
        geos=tuple(f"geo {g}" for g in range(geos)),
        channels=CHANNELS,
        target=kpi,
        media=media,
        spend=media,
        value_per_unit=np.ones_like(kpi),
        linear=np.tile(trend[:, None], (geos, 1, 1)),
        linear_names=("trend",),
        linear_groups=("trend",),
        fourier=season,
        media_scale=np.tile(media.max(axis=(0, 1)), (geos, 1)),
        target_scale=kpi.max(axis=1),
    )


def _weights(rng: np.random.Generator, kind: str, count: int) -> Array:
    """(L, C) share of an impulse that arrives after each lag."""
    lag = np.arange(24 if kind == "long" else LAGS)[:, None]
    if kind == "memory":
        raw = np.exp(-0.5 * (lag - 3.0) ** 2) * np.ones(count)
    elif kind == "long":
        raw = (0.3**lag + 0.3 * ((lag >= LAGS) & (lag < LAGS + 4))) * np.ones(count)
    else:
        raw = rng.uniform(0.1, 0.6, count) ** lag
    return np.asarray(raw / raw.sum(axis=0))


def _campaigns(rng: np.random.Generator, periods: int) -> Array:
    """Weeks on and weeks off, or always on with pushes."""
    always = rng.lognormal(0.0, 0.4, periods)
    if rng.random() < 0.5:
        return always
    switches = np.cumsum(rng.integers(2, 8, periods))
    on = np.searchsorted(switches, np.arange(periods), side="right") % 2
    return np.asarray(always * on)


def _runs(rng: np.random.Generator, shape: tuple[int, int], rho: float) -> Array:
    """AR(1) with standard deviation 1."""
    out = rng.standard_normal(shape)
    for t in range(1, shape[1]):
        out[:, t] = rho * out[:, t - 1] + np.sqrt(1 - rho**2) * out[:, t]
    return out


def best(data: ModelData, pulled: float = 0.0) -> tuple[Posterior, Array]:
    """A posterior of one draw at the best fit, and the residuals (G, T).

    Parameters
    ----------
    pulled
        By so much (logit and log) every shape is moved from the best fit, as a prior may do.
    """
    count, periods = len(data.channels), data.target.shape[1]
    base = np.column_stack([np.ones(periods), data.linear[0], data.fourier])

    def solved(shapes: Array) -> tuple[Array, Array]:
        """Effects (G, C) and scaled residuals (G, T) of the best linear part."""
        curves = saturated_exposure(data.scaled_media, "geometric", "logistic", LAGS, _named(shapes))[0]
        designs = [np.column_stack([base, one]) for one in curves]
        fits = [np.linalg.lstsq(x, y, rcond=None)[0] for x, y in zip(designs, data.scaled_target, strict=True)]
        left = [y - x @ b for x, b, y in zip(designs, fits, data.scaled_target, strict=True)]
        return np.stack([b[-count:] for b in fits]), np.stack(left)

    def lost(shapes: Array) -> Array:
        return np.concatenate([solved(shapes)[1].ravel() / data.scaled_target.std(), 0.1 * (shapes - start)])

    start = np.concatenate([np.full(count, -0.5), np.full(count, 1.0)])
    shapes = optimize.least_squares(lost, start, diff_step=1e-4, max_nfev=15).x + pulled
    effect, left = solved(shapes)
    one = slice(None) if len(data.geos) > 1 else 0
    draws = {name: values[None] for name, values in _named(shapes).items()}
    draws |= {"saturation_beta": effect[one][None, None], "y_sigma": left.std(axis=1)[one][None, None]}
    return Posterior("geometric", "logistic", LAGS, draws), left * data.target_scale[:, None]


def _named(shapes: Array) -> dict[str, Array]:
    alpha, lam = np.split(shapes[None], 2, axis=1)
    return {"adstock_alpha": 1 / (1 + np.exp(-alpha)), "saturation_lam": np.exp(lam)}
