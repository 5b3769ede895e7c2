"""What a contestant's draws are worth against the truth; the same arithmetic for everybody (NumPy only)."""

import warnings
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from mmm_core.analysis import convergence

Array = npt.NDArray[np.float64]


def accuracy(found: Mapping[str, Array], truth: Mapping[str, Array]) -> dict[str, float]:
    """Errors and coverage, averaged over channels.

    Parameters
    ----------
    found
        ``totals`` (S, C) draws of each channel's total, ``weekly`` (T, C) posterior mean, ``expected`` (T,) KPI.
    truth
        ``brought`` (C, T) and ``kpi`` (T,).

    Returns
    -------
    rmse
        Root mean squared error over weeks, as a share of the mean KPI.
    smape
        2 |found - true| / (found + true) of totals, posterior means.
    bias
        (found - true) of all media's total, as a share of the true one.
    cover50, cover90
        Share of channels whose central interval of the total holds the truth.
    width90
        Width of the 90% interval as a share of all media's true total.
    r2
        Of the observed KPI.
    """
    brought, kpi = truth["brought"], truth["kpi"]
    mean, true = found["totals"].mean(axis=0), brought.sum(axis=1)
    weekly = np.sqrt(((found["weekly"].T - brought) ** 2).mean(axis=1)) / kpi.mean()
    p5, p25, p75, p95 = np.quantile(found["totals"], (0.05, 0.25, 0.75, 0.95), axis=0)
    left, spread = kpi - found["expected"], kpi - kpi.mean()
    return {
        "rmse": float(weekly.mean()),
        "smape": float((2 * np.abs(mean - true) / (np.abs(mean) + true)).mean()),
        "bias": float((mean.sum() - true.sum()) / true.sum()),
        "cover50": float(((p25 <= true) & (true <= p75)).mean()),
        "cover90": float(((p5 <= true) & (true <= p95)).mean()),
        "width90": float((p95 - p5).mean() / true.sum()),
        "r2": float(1 - (left**2).sum() / (spread**2).sum()),
    }


def convergence_of(found: Mapping[str, Array]) -> dict[str, float]:
    """Smallest bulk ESS and largest R-hat over the sampled media parameters (draws ``media_*``: chains, draws, ...)."""
    sizes, rhats = [], []
    for name, draws in found.items():
        if not name.startswith("media_"):
            continue
        flat = np.moveaxis(draws.reshape(*draws.shape[:2], -1).astype(float), -1, 0)
        moving = flat[np.ptp(flat, axis=(1, 2)) > 0]
        if not moving.size:
            continue
        with warnings.catch_warnings():
            # A parameter that stands still within half a chain has no defined size there; the smallest is what counts.
            warnings.simplefilter("ignore", RuntimeWarning)
            sizes.append(float(np.nanmin(convergence.ess_bulk(moving))))
            rhats.append(float(np.nanmax(convergence.rhat(moving))))
    return {"ess_min": min(sizes), "rhat_max": max(rhats)}


def per_channel(found: Mapping[str, Array], truth: Mapping[str, Array], names: list[str]) -> list[dict[str, object]]:
    """Truth and posterior of each channel's total, KPI units."""
    true = truth["brought"].sum(axis=1)
    quantiles = np.quantile(found["totals"], (0.05, 0.25, 0.5, 0.75, 0.95), axis=0)
    return [
        {
            "channel": name,
            "truth": float(true[c]),
            "mean": float(found["totals"][:, c].mean()),
            "quantiles": [float(f"{q:.6g}") for q in quantiles[:, c]],
        }
        for c, name in enumerate(names)
    ]
