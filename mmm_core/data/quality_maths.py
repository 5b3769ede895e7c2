"""Small statistics behind the quality checks: NumPy only, no missing values."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

TINY = 1e-12


def season_and_trend(days: Array, terms: int = 2) -> Array:
    """Design with an intercept, a straight trend and yearly waves.

    Parameters
    ----------
    days
        (T,) day numbers of the periods.
    terms
        Pairs of sine and cosine; left out for less than a year and a half of data.

    Returns
    -------
    array (T, 2 or 2 + 2 * terms)
    """
    span = float(days[-1] - days[0]) if len(days) else 0.0
    centred = (days - days.mean()) / max(span, 1.0) if len(days) else days
    columns = [np.ones_like(days), centred]
    if span >= 1.5 * 365.25:
        for k in range(1, terms + 1):
            angle = 2 * np.pi * k * days / 365.25
            columns += [np.sin(angle), np.cos(angle)]
    return np.column_stack(columns)


def basis(design: Array) -> Array:
    """Orthonormal columns (T, rank) that span the design."""
    if design.shape[1] == 0:
        return np.zeros((design.shape[0], 0))
    scale = np.linalg.norm(design, axis=0)
    scaled = design[:, scale > TINY] / scale[scale > TINY]
    if scaled.shape[1] == 0:
        return np.zeros((design.shape[0], 0))
    u, d, _ = np.linalg.svd(scaled, full_matrices=False)
    return np.asarray(u[:, d > 1e-9 * d[0]], dtype=float)


def residual(y: Array, q: Array) -> Array:
    """``y`` (T,) or (T, K) less its projection on orthonormal ``q`` (T, R)."""
    return np.asarray(y - q @ (q.T @ y), dtype=float)


def adjusted_r2(y: Array, design: Array) -> float:
    """Share of the variance of ``y`` (T,) that the design explains, less what as many noise columns would; 0 to 1."""
    return float(adjusted_r2s(y[:, None], design)[0])


def adjusted_r2s(targets: Array, design: Array) -> Array:
    """:func:`adjusted_r2` (K,) of each column of ``targets`` (T, K)."""
    n = len(targets)
    q = basis(np.column_stack([np.ones(n), design]))
    total = ((targets - targets.mean(axis=0)) ** 2).sum(axis=0)
    free = n - q.shape[1]
    live = total > TINY * np.maximum(1.0, (targets**2).sum(axis=0))
    if free <= 0:
        return np.zeros(targets.shape[1])
    left = (residual(targets, q) ** 2).sum(axis=0)
    share = 1.0 - (left / free) / (np.where(live, total, 1.0) / (n - 1))
    return np.where(live, np.maximum(share, 0.0), 0.0)


def autocorrelation(y: Array) -> float:
    """Correlation of a series with itself one step earlier, 0 to 0.95."""
    centred = y - y.mean()
    power = float((centred**2).sum())
    return float(np.clip((centred[1:] * centred[:-1]).sum() / power, 0.0, 0.95)) if power > TINY else 0.0


@dataclass(frozen=True)
class Step:
    """A lasting change of level."""

    place: int
    """Index of the first period after it."""
    t: float
    """Its t-value, shrunk for the autocorrelation that remains; 0 where nothing can be tested."""
    height: float
    """In residual standard deviations."""


MOST_SPLITS = 300


def strongest_steps(targets: Array, base: Array, margin: int) -> list[Step]:
    """For each column of ``targets`` (T, K) the step that explains most of it beyond the base design.

    Each split ``k`` adds a column that is 0 before ``k`` and 1 from there on.

    Parameters
    ----------
    base
        (T, R) design that is always in.
    margin
        Splits nearer than this to an end are not tried.
    """
    n = len(targets)
    splits = np.unique(np.linspace(margin, max(n - margin, margin), MOST_SPLITS).round().astype(np.int64))
    q = basis(base)
    free = n - q.shape[1] - 1
    if n < 2 * margin or free < 4:
        return [Step(0, 0.0, 0.0)] * targets.shape[1]
    steps = residual((np.arange(n)[:, None] >= splits[None, :]).astype(float), q)
    power = (steps**2).sum(axis=0)
    return [_strongest(y, residual(y, q), splits, steps, power, free) for y in targets.T]


def _strongest(y: Array, rest: Array, splits: npt.NDArray[np.int64], steps: Array, power: Array, free: int) -> Step:
    usable = power > 1e-6
    if not usable.any() or float((rest**2).sum()) <= TINY * max(1.0, float((y**2).sum())):
        return Step(0, 0.0, 0.0)
    height = np.where(usable, steps.T @ rest / np.where(usable, power, 1.0), 0.0)
    left = (rest**2).sum() - height**2 * power
    sd = np.sqrt(np.maximum(left, TINY) / free)
    t = np.abs(height) * np.sqrt(power) / np.maximum(sd, TINY)
    best = int(np.argmax(t))
    rho = autocorrelation(rest - height[best] * steps[:, best])
    shrunk = float(t[best] * np.sqrt((1 - rho) / (1 + rho)))
    return Step(int(splits[best]), shrunk, float(height[best] / max(sd[best], TINY)))


def vif(columns: Array) -> Array:
    """Variance inflation factor of each column (T, K) given the others; inf where it is a combination of them."""
    centred = columns - columns.mean(axis=0)
    scale = np.linalg.norm(centred, axis=0)
    out = np.full(columns.shape[1], np.inf)
    live = scale > TINY
    if not live.any():
        return out
    _, d, v = np.linalg.svd(centred[:, live] / scale[live], full_matrices=False)
    weights = v**2
    near_zero = d < 1e-7 * d[0]
    factors = (weights[~near_zero] / d[~near_zero, None] ** 2).sum(axis=0)
    spanned = weights[near_zero].sum(axis=0) > 1e-9 if len(d) == live.sum() else np.ones(live.sum(), dtype=bool)
    out[live] = np.where(spanned, np.inf, factors)
    return out


def dependent_columns(columns: Array, tolerance: float = 1e-8) -> list[int]:
    """Indices that earlier columns (and an intercept) already span; earlier columns win."""
    n, count = columns.shape
    kept = np.empty((n, min(n, count + 1)), order="F")
    kept[:, 0] = 1.0 / np.sqrt(max(n, 1))
    rank = 1
    out = []
    centred = columns - columns.mean(axis=0)
    norms = np.linalg.norm(centred, axis=0)
    for index in range(count):
        if norms[index] <= TINY or rank == kept.shape[1]:
            out.append(index)
            continue
        span = kept[:, :rank]
        left = residual(residual(centred[:, index], span), span)
        size = float(np.linalg.norm(left))
        if size <= tolerance * norms[index]:
            out.append(index)
        else:
            kept[:, rank] = left / size
            rank += 1
    return out


def correlations(columns: Array) -> Array:
    """Pairwise correlations (K, K) with 0 where a column is constant."""
    centred = columns - columns.mean(axis=0)
    scale = np.linalg.norm(centred, axis=0)
    live = scale > TINY * np.maximum(1.0, np.abs(columns).max(axis=0, initial=0.0))
    scaled = np.where(live, centred / np.where(live, scale, 1.0), 0.0)
    return np.asarray(np.clip(scaled.T @ scaled, -1.0, 1.0), dtype=float)


def correlation(x: Array, y: Array) -> float:
    return float(correlations(np.column_stack([x, y]))[0, 1])
