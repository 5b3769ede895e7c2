"""Rank-normalised split R-hat and bulk effective sample size, NumPy and SciPy only.

References
----------
Vehtari, Gelman, Simpson, Carpenter, Bürkner (2021), Rank-normalization, folding, and localization: an improved R-hat
for assessing convergence of MCMC.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.fft import irfft, next_fast_len, rfft
from scipy.special import ndtri

from mmm_core.domain.fit import Posterior

Values = npt.NDArray[np.floating[Any]]


def worst(posterior: Posterior) -> tuple[float, float]:
    """Largest R-hat and smallest bulk ESS over all parameters of a posterior.

    Parameters that never change (a column that explains nothing) are left out.
    """
    rhats, sizes = [1.0], [float(posterior.chains * posterior.draws_per_chain)]
    for draws in posterior.draws.values():
        flat = draws.reshape(*draws.shape[:2], -1)
        moving = np.ptp(flat, axis=(0, 1)) > 0
        if moving.any():
            values = np.moveaxis(flat[:, :, moving], -1, 0)
            rhats.append(float(rhat(values).max()))
            sizes.append(float(ess_bulk(values).min()))
    return max(rhats), min(sizes)


def rhat(draws: Values) -> Values:
    """Rank-normalised split R-hat, the larger of bulk and folded, for draws (..., chains, draws) -> (...)."""
    halves = _split(draws)
    folded = np.abs(halves - np.median(halves, axis=(-2, -1), keepdims=True))
    return np.maximum(_plain_rhat(_normalised(halves)), _plain_rhat(_normalised(folded)))


def ess_bulk(draws: Values) -> Values:
    """Bulk effective sample size for draws (..., chains, draws) -> (...)."""
    z = _normalised(_split(draws))
    m, n = z.shape[-2:]
    covariance = _autocovariance(z)
    within = covariance[..., 0].mean(axis=-1) * n / (n - 1)
    spread = z.mean(axis=-1).var(axis=-1, ddof=1)
    total = within * (n - 1) / n + spread
    rho = 1.0 - (within[..., None] - covariance.mean(axis=-2)) / total[..., None]
    rho[..., 0] = 1.0
    last = (n - 3) // 2
    pairs = rho[..., : 2 * last + 2].reshape(*rho.shape[:-1], last + 1, 2)
    sums = np.minimum.accumulate(pairs.sum(axis=-1), axis=-1)
    # Geyer's monotone sequence up to the first pair that is no longer positive, and that pair's even half.
    first = np.minimum(np.logical_and.accumulate(sums > 0, axis=-1).sum(axis=-1), last)
    counted = np.where(np.arange(last + 1) < first[..., None], sums, 0.0).sum(axis=-1)
    edge = np.take_along_axis(pairs[..., 0], first[..., None], axis=-1)[..., 0]
    tau = np.maximum(2.0 * counted - 1.0 + np.maximum(edge, 0.0), 1.0 / np.log10(m * n))
    return np.asarray(m * n / tau)


def _split(draws: Values) -> Values:
    half = draws.shape[-1] // 2
    return np.concatenate([draws[..., :half], draws[..., -half:]], axis=-2)


def _normalised(draws: Values) -> Values:
    """Normal scores of the ranks over all chains."""
    joined = draws.reshape(*draws.shape[:-2], -1)
    ranks = np.apply_along_axis(_ranks, -1, joined)
    return np.asarray(ndtri((ranks - 0.375) / (joined.shape[-1] + 0.25))).reshape(draws.shape)


def _ranks(values: Values) -> Values:
    """Ranks from 1, equal values sharing their mean (without ``scipy.stats``, which takes long to import)."""
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(count) - 0.5 * (count - 1))[place])


def _plain_rhat(draws: Values) -> Values:
    n = draws.shape[-1]
    within = draws.var(axis=-1, ddof=1).mean(axis=-1)
    between = draws.mean(axis=-1).var(axis=-1, ddof=1)
    return np.asarray(np.sqrt((n - 1) / n + between / within))


def _autocovariance(draws: Values) -> Values:
    n = draws.shape[-1]
    size = next_fast_len(2 * n)
    spectrum = rfft(draws - draws.mean(axis=-1, keepdims=True), n=size, axis=-1)
    return np.asarray(irfft(np.abs(spectrum) ** 2, n=size, axis=-1)[..., :n] / n)
