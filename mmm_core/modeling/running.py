"""R-hat and effective sample size while the chains run: plain split versions, cheap enough for every chunk."""

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
FEWEST = 20
"""Draws per chain under which neither number means anything."""


def running(draws: list[Array]) -> tuple[float | None, float | None]:
    """Largest split R-hat and smallest bulk ESS over all sampled numbers.

    Parameters
    ----------
    draws
        One array (n_i, D) per chain; the common number of first draws is used.
    """
    length = min(len(chain) for chain in draws)
    if length < FEWEST:
        return None, None
    half = length // 2
    split = np.stack([part for chain in draws for part in (chain[:half], chain[length - half : length])])
    within = split.var(axis=1, ddof=1).mean(axis=0)
    between = split.mean(axis=1).var(axis=0, ddof=1)
    usable = within > 0
    if not usable.any():
        return None, None
    split, within, between = split[:, :, usable], within[usable], between[usable]
    total = within * (half - 1) / half + between
    return float(np.sqrt(total / within).max()), float(_ess(split, within, total).min())


def _ess(split: Array, within: Array, total: Array) -> Array:
    """Effective sample size (D,) of parts (M, n, D), by Geyer's initial positive sequence."""
    parts, n, _ = split.shape
    size = 1 << (2 * n - 1).bit_length()
    spectrum = np.fft.rfft(split - split.mean(axis=1, keepdims=True), n=size, axis=1)
    covariance = np.fft.irfft((spectrum * spectrum.conj()).real.mean(axis=0), n=size, axis=0)[:n] / n
    rho = 1.0 - (within - covariance) / total
    rho[0] = 1.0
    pairs = rho[: n - n % 2].reshape(-1, 2, rho.shape[1]).sum(axis=1)
    positive = np.logical_and.accumulate(pairs > 0, axis=0)
    falling = np.minimum.accumulate(pairs, axis=0)
    tau = np.maximum(2.0 * np.where(positive, falling, 0.0).sum(axis=0) - 1.0, 1.0 / np.log10(max(parts * n, 11)))
    return np.asarray(parts * n / tau)
