"""Noise that is correlated over time and between geos made white, NumPy only.

Shapes: G geos, T periods, J columns, K directions.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from mmm_core.data.noise import memory_of, together_of, whitened
from mmm_core.data.quality_maths import basis, residual
from mmm_core.domain.fit import Array


@dataclass(frozen=True)
class Whitening:
    """Makes columns white as the noise is, and takes out what the model bends to."""

    rho: Array
    """(G,) correlation of a period's noise with the last one's."""
    sd: Array
    """(G,) of the noise, once it is white over time."""
    bases: tuple[Array, ...]
    """Per geo the whitened directions (T, K) that it bends to by itself."""
    together: float
    """Correlation of the noise of two geos in one period."""
    shared: Array
    """(G * T, K) whitened directions that all geos bend to together."""
    free: int
    """Degrees of freedom that are left."""
    plain: tuple[Array, ...]
    """Per geo all directions that it bends to, not whitened."""

    @classmethod
    def learn(cls, left: Array, own: Sequence[Array], bends: Array, suspected: Array | None = None) -> "Whitening":
        """Learn from residuals.

        Parameters
        ----------
        left
            (G, T) residuals.
        own
            Per geo the columns (T, K) that it bends to by itself.
        bends
            (G, T, J) columns that all geos bend to together.
        suspected
            (G, T, J) columns that may be in the residuals too: what is slow in them shall not pass for memory of the
            noise. Not asked for where they would take up more than half of the periods.
        """
        both = [np.column_stack([n, b]) for n, b in zip(own, bends, strict=True)]
        known = both
        if suspected is not None and 2 * (both[0].shape[1] + suspected.shape[-1]) <= left.shape[1]:
            known = [np.column_stack([n, z]) for n, z in zip(both, suspected, strict=True)]
        found = np.array([memory_of(r, n) for r, n in zip(left, known, strict=True)])
        rho = _drawn_together(found, left.shape[1] - known[0].shape[1])
        bases = tuple(basis(whitened(n, p)) for n, p in zip(own, rho, strict=True))
        rest = np.stack([residual(whitened(r, p), q) for r, p, q in zip(left, rho, bases, strict=True)])
        free = np.array([left.shape[1] - q.shape[1] for q in bases])
        sd = np.sqrt(np.maximum((rest**2).sum(axis=1) / np.maximum(free, 1), 1e-24))
        none = np.zeros((left.size, 0))
        plain = tuple(basis(n) for n in both)
        bare = cls(rho, sd, bases, together_of(rest / sd[:, None]), none, int(free.sum()), plain)
        shared = basis(bare(bends))
        return replace(bare, shared=shared, free=bare.free - shared.shape[1])

    def __call__(self, columns: Array) -> Array:
        """Columns (G, T, J) as (G * T, J): white, and without what the model bends to.

        Geos that share shocks are treated as panels with a random effect of the period are: a part of the mean over
        geos is taken off.
        """
        geos = zip(columns, self.rho, self.bases, self.sd, strict=True)
        out = np.stack([residual(whitened(x, rho), q) / sd for x, rho, q, sd in geos])
        theta = 1 - np.sqrt((1 - self.together) / (1 + (len(out) - 1) * self.together))
        out = (out - theta * out.mean(axis=0)).reshape(-1, columns.shape[-1])
        return residual(out, self.shared) if self.shared.shape[1] else out

    def lengths(self, columns: Array) -> Array:
        """(J,) length of columns (G, T, J) around their geos' means, white over time; nothing is taken out."""
        white = [whitened(x - x.mean(axis=0), rho) / sd for x, rho, sd in zip(columns, self.rho, self.sd, strict=True)]
        return np.asarray(np.linalg.norm(np.concatenate(white), axis=0), dtype=float)

    def outside(self, pattern: Array) -> Array:
        """What of a pattern (G, T) the model cannot bend to, as it is and not whitened."""
        return np.stack([residual(x, q) for x, q in zip(pattern, self.plain, strict=True)])

    def widening(self, alone: Array, assumed: float = 0.0) -> float:
        """Standard deviation of an effect's estimate over the one that noise without memory gives.

        Parameters
        ----------
        alone
            (G, T) what is the effect's own: its column less what every other column explains of it.
        assumed
            Correlation between geos in one period that the model reckons with.
        """
        distance = np.abs(np.subtract.outer(np.arange(alone.shape[1]), np.arange(alone.shape[1])))
        scaled = alone / self.sd[:, None]
        plain = (1 - assumed) * float((scaled**2).sum()) + assumed * float((scaled.sum(axis=0) ** 2).sum())
        if plain <= 0:
            return 1.0
        each = sum(float(a @ rho**distance @ a) for a, rho in zip(scaled, self.rho, strict=True))
        total = scaled.sum(axis=0)
        common = float(total @ float(np.mean(self.rho)) ** distance @ total)
        return float(np.sqrt(max((1 - self.together) * each + self.together * common, 0.0) / plain))


def _drawn_together(found: Array, free: int) -> Array:
    """Memories (G,) of the geos' noise, nearer to their mean the less they differ beyond chance."""
    middle = float(found.mean())
    chance = (1 - middle**2) / max(free, 1)
    real = max(0.0, float(found.var(ddof=1)) - chance) if len(found) > 1 else 1.0
    return middle + (found - middle) * real / (real + chance)
