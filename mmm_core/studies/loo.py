"""How well a model predicts a period that it was not shown, from the fit to all of them (PSIS-LOO).

The log likelihood is that of the conditional draws, Normal(KPI | mean at the draw, noise at the draw), never the
collapsed density, in which the baseline has been integrated out and periods are no longer independent.

References
----------
Vehtari, Gelman, Gabry (2017), Practical Bayesian model evaluation using leave-one-out cross-validation and WAIC.
Vehtari, Simpson, Gelman, Yao, Gabry (2024), Pareto smoothed importance sampling.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp

from mmm_core.domain.fit import Array, ModelData, Posterior
from mmm_core.modeling.predict import baseline, media_blocks, shock_scale

LOG_TWO_PI = float(np.log(2 * np.pi))
HIGHEST_K = 0.7


@dataclass(frozen=True)
class Likelihood:
    """Log densities of the observed KPI at S draws, T periods; KPI units, so that models of one KPI compare."""

    shown: Array
    """(S, T) of all that the model saw in a period: the sum over geos."""
    total: Array
    """(S, T) of the KPI summed over geos; the same as ``shown`` for national data."""
    residual: Array
    """(T,) KPI less its posterior mean, geos summed."""


@dataclass(frozen=True)
class Loo:
    elpd: Array
    """(T,) log predictive density of each period's KPI (geos summed), the period left out."""
    k: Array
    """(T,) Pareto shape: how much the period's absence would change the posterior."""
    effective: float
    """p_loo, the effective number of parameters."""
    limit: float
    """Pareto shape from which the estimate is not to be trusted with so many draws."""

    @property
    def doubtful(self) -> int:
        return int((self.k > self.limit).sum())


def likelihood(data: ModelData, posterior: Posterior) -> Likelihood:
    """Log likelihood of every period at every draw.

    Normals add up to a Normal, so that the total of a panel has a density too: a panel and its national aggregate are
    compared on the same KPI. Geos of one period share a shock, so that their densities are one, of all of them.
    """
    draws = posterior.chains * posterior.draws_per_chain
    shown, total = (np.empty((draws, data.target.shape[1])) for _ in range(2))
    expected = np.zeros(data.target.shape[1])
    scale = data.target_scale[:, None]
    for block, media in media_blocks(data, posterior):
        mean = (baseline(data, posterior, block) + media.sum(axis=-1)) * scale
        noise = posterior.by_geo("y_sigma")[block][..., None] * scale
        shock = shock_scale(posterior, block)[:, None, None] * scale
        shown[block] = _together(data.target - mean, noise, shock)
        spread = np.sqrt((noise**2).sum(axis=1) + shock.sum(axis=1) ** 2)
        total[block] = _normal(data.target.sum(axis=0), mean.sum(axis=1), spread)
        expected += mean.sum(axis=(0, 1)) / draws
    return Likelihood(shown, total, data.target.sum(axis=0) - expected)


def _normal(value: Array, mean: Array, deviation: Array) -> Array:
    out: Array = -0.5 * (((value - mean) / deviation) ** 2 + LOG_TWO_PI) - np.log(deviation)
    return out


def _together(left: Array, noise: Array, shock: Array) -> Array:
    """Log density (S, T) of residuals (S, G, T) with own noise (S, G, 1) and one shock times ``shock`` (S, G, 1).

    By the matrix determinant lemma and its inverse (Sherman-Morrison), the covariance being diagonal plus rank one.
    """
    alone = _normal(left, np.zeros_like(left), noise).sum(axis=1)
    shared = 1.0 + (shock**2 / noise**2).sum(axis=1)
    seen = (shock * left / noise**2).sum(axis=1)
    out: Array = alone + 0.5 * seen**2 / shared - 0.5 * np.log(shared)
    return out


def leave_one_out(seen: Likelihood, chains: int) -> Loo:
    """Importance sampling with smoothed weights; a whole period is left out, all its geos together."""
    # arviz_stats brings JAX, which only the process that fits may load.
    from arviz_stats.base import array_stats

    draws = len(seen.shown)
    per_chain = np.exp(seen.shown - seen.shown.max(axis=0)).reshape(chains, draws // chains, -1)
    effective = float(np.mean(array_stats.ess(per_chain, chain_axis=0, draw_axis=1, method="mean"))) / draws
    # It takes the log likelihood and turns its sign itself.
    weights, k = array_stats.psislw(seen.shown.T, r_eff=min(1.0, effective))
    elpd = logsumexp(np.asarray(weights) + seen.total.T, axis=1)
    whole = logsumexp(seen.total, axis=0) - np.log(draws)
    return Loo(elpd, np.asarray(k), float((whole - elpd).sum()), min(1 - 1 / np.log10(draws), HIGHEST_K))


def difference(new: Array, old: Array) -> tuple[float, float]:
    """Difference of two models' summed elpd (T,) each, and its standard error, period by period."""
    apart = np.asarray(new) - np.asarray(old)
    return float(apart.sum()), float(np.sqrt(len(apart)) * apart.std(ddof=1))


def leftover(residual: Array) -> tuple[float, float]:
    """Correlation of neighbouring residuals (T,), and the Ljung-Box probability of as much pattern by chance."""
    from statsmodels.stats.diagnostic import acorr_ljungbox

    lags = min(10, max(1, len(residual) // 5))
    left = residual - residual.mean()
    first = float((left[1:] * left[:-1]).sum() / (left**2).sum())
    return first, float(acorr_ljungbox(left, lags=[lags])["lb_pvalue"].iloc[0])
