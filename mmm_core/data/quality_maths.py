"""Small statistics behind the quality checks: NumPy only, no missing values."""

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
    """Share of the variance of ``y`` that the design explains, less what as many noise columns would; 0 to 1."""
    n = len(y)
    q = basis(np.column_stack([np.ones(n), design]))
    total = float(((y - y.mean()) ** 2).sum())
    free = n - q.shape[1]
    if free <= 0 or total <= TINY * max(1.0, float((y**2).sum())):
        return 0.0
    left = float((residual(y, q) ** 2).sum())
    return float(max(0.0, 1.0 - (left / free) / (total / (n - 1))))


def autocorrelation(y: Array) -> float:
    """Correlation of a series with itself one step earlier, 0 to 0.95."""
    centred = y - y.mean()
    power = float((centred**2).sum())
    return float(np.clip((centred[1:] * centred[:-1]).sum() / power, 0.0, 0.95)) if power > TINY else 0.0


def strongest_step(y: Array, base: Array, margin: int) -> tuple[int, float, float]:
    """Place, t-value and height of the lasting step that explains most of ``y`` beyond the base design.

    Each split ``k`` adds a column that is 0 before ``k`` and 1 from there on; t-values are shrunk for the
    autocorrelation that remains in the residuals.

    Parameters
    ----------
    y
        (T,)
    base
        (T, R) design that is always in.
    margin
        Splits nearer than this to an end are not tried.

    Returns
    -------
    tuple
        Index of the first period after the step, t-value (0 where nothing can be tested) and height in residual
        standard deviations.
    """
    n = len(y)
    splits = np.arange(margin, n - margin + 1)
    q = basis(base)
    free = n - q.shape[1] - 1
    if len(splits) == 0 or free < 4:
        return 0, 0.0, 0.0
    rest = residual(y, q)
    steps = residual((np.arange(n)[:, None] >= splits[None, :]).astype(float), q)
    power = (steps**2).sum(axis=0)
    usable = power > 1e-6
    if not usable.any() or float((rest**2).sum()) <= TINY * max(1.0, float((y**2).sum())):
        return 0, 0.0, 0.0
    height = np.where(usable, steps.T @ rest / np.where(usable, power, 1.0), 0.0)
    left = (rest**2).sum() - height**2 * power
    sd = np.sqrt(np.maximum(left, TINY) / free)
    t = np.abs(height) * np.sqrt(power) / np.maximum(sd, TINY)
    best = int(np.argmax(t))
    rho = autocorrelation(rest - height[best] * steps[:, best])
    return int(splits[best]), float(t[best] * np.sqrt((1 - rho) / (1 + rho))), float(height[best] / max(sd[best], TINY))


def vif(columns: Array) -> Array:
    """Variance inflation factor of each column (T, K) given the others; inf where it is a combination of them."""
    centred = columns - columns.mean(axis=0)
    scale = np.linalg.norm(centred, axis=0)
    out = np.full(columns.shape[1], np.inf)
    live = scale > TINY
    scaled = centred[:, live] / scale[live]
    for position, index in enumerate(np.flatnonzero(live)):
        q = basis(np.delete(scaled, position, axis=1))
        left = float((residual(scaled[:, position], q) ** 2).sum())
        out[index] = 1.0 / left if left > 1e-10 else np.inf
    return out


def dependent_columns(columns: Array, tolerance: float = 1e-8) -> list[int]:
    """Indices that earlier columns (and an intercept) already span; earlier columns win."""
    n = columns.shape[0]
    kept = np.full((n, 1), 1.0 / np.sqrt(max(n, 1)))
    out = []
    for index in range(columns.shape[1]):
        centred = columns[:, index] - columns[:, index].mean()
        norm = float(np.linalg.norm(centred))
        left = residual(residual(centred, kept), kept)
        size = float(np.linalg.norm(left))
        if norm <= TINY or size <= tolerance * norm:
            out.append(index)
        else:
            kept = np.column_stack([kept, left / size])
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
