"""Noise that comes in runs: its memory, and how it is made white. NumPy only."""

import numpy as np
import scipy

from mmm_core.data.quality_maths import Array, basis, residual

FEWEST = 20
"""Degrees of freedom under which nothing is learned."""


def whitened(values: Array, rho: float) -> Array:
    """Series (T, ...) of AR(1) noise made white (Prais and Winsten)."""
    out = np.array(values, dtype=float)
    out[1:] -= rho * values[:-1]
    out[0] *= np.sqrt(1 - rho**2)
    return out


def memory_of(left: Array, nuisance: Array) -> float:
    """AR(1) coefficient of the noise in residuals ``left`` (T,), by restricted maximum likelihood.

    Residuals of a model with many columns ``nuisance`` (T, K) are less correlated than the noise was; this likelihood
    allows for that. 0 where too little is left to tell.
    """
    known = basis(nuisance)
    free = len(left) - known.shape[1]
    if free < FEWEST:
        return 0.0

    def lost(rho: float) -> float:
        q, r = np.linalg.qr(whitened(known, rho))
        rest = residual(whitened(left, rho), q)
        power = max(float(rest @ rest), 1e-300)
        volume = float(np.log(np.abs(np.diag(r))).sum())
        return float(volume + 0.5 * free * np.log(power) - 0.5 * np.log1p(-(rho**2)))

    found = scipy.optimize.minimize_scalar(lost, bounds=(-0.5, 0.95), method="bounded", options={"xatol": 3e-3})
    return float(found.x)


def together_of(rest: Array) -> float:
    """Correlation between geos (G, T) in one period, that of every pair alike; 0 to 0.99."""
    geos = len(rest)
    if geos == 1:
        return 0.0
    shared = float((rest.sum(axis=0) ** 2).sum()) / max(float((rest**2).sum()), 1e-300)
    return float(np.clip((shared - 1) / (geos - 1), 0.0, 0.99))
