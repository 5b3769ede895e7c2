"""The part of the model that is linear and Gaussian given everything else: intercept, controls, trend, Fourier terms.

Coefficients of a geo are ``b_g = m + s * nu + own * c_g`` with standard normal ``nu`` (shared by all geos) and ``c_g``.
National data have no shared part. With the design ``X_g diag(own) = U diag(d) V'`` (one thin SVD per geo) everything
about ``c_g`` is a sum over singular directions, and the shared part is a small regression on top of them.

The shocks that geos of a panel share, standard normal ``e_t`` times their scale in every geo's period t, belong to that
shared part too. Only in the directions that some geo's block can say do they mix with it: those are its K further
unknowns. In the other T - K directions the noise of the geos and their shared shock are all there is, alike in each.

A geo's precision among those K directions is ``(I - X_g H_g X_g') / sigma_g**2`` with its prior-scaled design X_g and
``H_g = V diag(1 / (sigma_g**2 + d**2)) V'``, P x P. Columns of the design that all geos have alike (intercept, trend,
seasons, a national control) need its sum over geos alone; only columns of a geo's own count geo by geo.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from mmm_core.domain.fit import ModelData

Array = npt.NDArray[np.float64]
COEFFICIENTS = ("intercept_contribution", "gamma_control", "gamma_fourier")
NOTHING = 1e-9
"""A direction shorter than this, of unit length, is none of its own."""
BLOCK_NUMBERS = 4_000_000
"""Numbers of a stack of matrices held at once (32 MB)."""


class Shocks(NamedTuple):
    """Shocks that geos share, as the linear block meets them.

    G geos, T periods, P coefficients, K directions, Q columns that differ between geos.
    """

    basis: Any
    """(T, K) orthonormal directions that some geo's block can say."""
    alike: Any
    """(P, K) the prior-scaled columns that all geos have alike along them; 0 for the others."""
    columns: Any
    """(Q,) which columns differ between geos."""
    apart: Any
    """(G, Q, K) those columns of each geo along the directions."""

    @classmethod
    def of(cls, designs: Array) -> "Shocks":
        """From the prior-scaled designs (G, T, P) of all geos."""
        same = (designs == designs[0]).all(axis=(0, 1))
        said = np.concatenate([designs[0][:, same], *designs[:, :, ~same]], axis=1)
        long = np.linalg.norm(said, axis=0)
        whole, length, _ = np.linalg.svd(said[:, long > 0] / long[long > 0], full_matrices=False)
        basis = whole[:, length > NOTHING]
        along = np.swapaxes(designs, 1, 2) @ basis
        return cls(basis, np.where(same[:, None], along[0], 0.0), np.flatnonzero(~same), along[:, ~same])

    @property
    def free(self) -> int:
        """Directions of time that no geo's block can say."""
        return int(self.basis.shape[0] - self.basis.shape[1])


def shared_system(
    shocks: Shocks, right: Any, ratio: Any, power: Any, variance: Any, inside: Any, along: Any, xp: Any = np
) -> tuple[Any, Any]:
    """Precision that the data add to all that geos share, and the right-hand side of its normal equations.

    Parameters
    ----------
    shocks, right, power
        Of the block: V (G, P, R), squared singular values (G, R).
    ratio
        (P,) prior standard deviation of the part that geos share over that of their own.
    variance
        (..., G) squared noise scales.
    inside
        (..., G, R) residuals along each geo's singular directions.
    along
        (..., K) residuals over squared noise scales, summed over geos, along the shocks' directions.

    Returns
    -------
    precision : (..., P + K, P + K)
    right : (..., P + K)
        Standard normals of the linear block first, then the shocks in units of the KPI.
    """
    total, weight = variance[..., None] + power, 1.0 / variance
    flat, own = xp.swapaxes(right, 0, 1).reshape(ratio.shape[0], -1), right[:, shocks.columns]
    # ``V diag(values) V'`` summed over geos, of three values at once.
    values = xp.stack([_flat(v) for v in (power / total, 1.0 / total, weight[..., None] / total)], -2)
    known, loose, weighed = xp.moveaxis((values[..., None, :] * flat) @ flat.T, -3, 0)
    apart, count = shocks.apart.reshape(-1, shocks.apart.shape[2]), shocks.apart.shape[2]
    # H_g's rows of the columns that are a geo's own.
    within = _geo_by_geo(own / total[..., None, :], xp.swapaxes(right, 1, 2), xp)
    weighted = weight[..., None, None] * within
    between = ratio[:, None] * (loose @ shocks.alike + xp.swapaxes(_rows(within), -1, -2) @ apart)
    mixed = shocks.alike.T @ (0.5 * weighed @ shocks.alike + xp.swapaxes(_rows(weighted), -1, -2) @ apart)
    each = apart.T @ _rows(_geo_by_geo(weighted[..., shocks.columns], shocks.apart, xp))
    shock = xp.sum(weight, -1)[..., None, None] * xp.eye(count) - mixed - xp.swapaxes(mixed, -1, -2) - each
    upper, lower = (ratio[:, None] * known * ratio, between), (xp.swapaxes(between, -1, -2), shock)
    precision = xp.concatenate([xp.concatenate(row, -1) for row in (upper, lower)], -2)
    told = xp.sqrt(power) / total * inside
    seen = weight[..., None] * told
    less = _flat(seen) @ flat.T @ shocks.alike + _flat((own * seen[..., None, :]).sum(-1)) @ apart
    return precision, xp.concatenate([ratio * (_flat(told) @ flat.T), along - less], -1)


def _flat(values: Any) -> Any:
    """(..., G, R) as (..., G * R)."""
    return values.reshape(*values.shape[:-2], -1)


def _rows(matrices: Any) -> Any:
    """(..., G, Q, A) as (..., G * Q, A)."""
    return matrices.reshape(*matrices.shape[:-3], -1, matrices.shape[-1])


def _geo_by_geo(left: Any, right: Any, xp: Any) -> Any:
    """Products of (..., G, A, B) and (..., G, B, C)."""
    if xp is np:
        return left @ right
    # A compiled product of many small matrices takes several times as long as the sum written out.
    return xp.sum(left[..., None] * right[..., None, :, :], -2)


@dataclass(frozen=True)
class LinearBlock:
    """G geos, T periods, P coefficients, R = min(T, P) directions. Scaled KPI units throughout."""

    names: tuple[str, ...]
    """Which of ``COEFFICIENTS`` each coefficient belongs to."""
    mean: Array
    """(P,) prior means."""
    own: Array
    """(P,) prior standard deviations of a geo's own part."""
    shared: Array | None
    """(P,) prior standard deviations of the part that geos share; None for national data."""
    offset: Array
    """(G, T) the design times the prior means."""
    basis: Array
    """(G, T, R) left singular vectors U."""
    singular: Array
    """(G, R) singular values d."""
    right: Array
    """(G, P, R) right singular vectors V."""
    shocks: Shocks | None = None
    """Shocks that geos share; None for national data."""

    def project(self, residual: Array) -> Array:
        """Residuals (S, G, T) along each geo's singular directions, (S, G, R)."""
        return _by_geo(residual, self.basis)

    def conditional(self, projected: Array, sigma: Array) -> tuple[Array, Array]:
        """Mean and standard deviation of ``V'c`` given U'r and the noise scale.

        Parameters
        ----------
        projected
            (S, G, R) U'r, r the KPI less media, ``offset`` and the shared part.
        sigma
            (S, G) noise scales.

        Returns
        -------
        mean, sd
            (S, G, R) each; directions are independent, and outside of V the prior holds.
        """
        d, s = self.singular, sigma[..., None]
        ratio = d / s
        precision = 1.0 + ratio**2
        return ratio * (projected / s) / precision, 1.0 / np.sqrt(precision)

    def shared_conditional(self, residual: Array, sigma: Array, shock: Array | None) -> tuple[Array, Array]:
        """Mean and Cholesky factor of the precision of all that geos share, given residuals and scales.

        Parameters
        ----------
        residual
            (S, G, T) the KPI less media and ``offset``.
        sigma
            (S, G) noise scales.
        shock
            (S,) scale of the shared shocks; None for national data.

        Returns
        -------
        mean : (S, P + K)
        factor : (S, P + K, P + K)
        """
        assert self.shared is not None
        assert self.shocks is not None
        assert shock is not None
        projected, size = self.project(residual), self.mean.size
        along = self._weighted(residual, sigma) @ self.shocks.basis
        ratio = self.shared / self.own
        told = shared_system(self.shocks, self.right, ratio, self.singular**2, sigma**2, projected, along)
        precision, right = told
        scale = np.ones_like(right)
        scale[:, size:] = shock[:, None]
        precision = precision * scale[:, :, None] * scale[:, None, :] + np.eye(right.shape[1])
        mean = np.linalg.solve(precision, (right * scale)[..., None])[..., 0]
        return np.asarray(mean, dtype=float), np.asarray(np.linalg.cholesky(precision), dtype=float)

    @staticmethod
    def _weighted(residual: Array, sigma: Array) -> Array:
        """(S, T) residuals over squared noise scales, summed over geos."""
        out: Array = np.einsum("sgt,sg->st", residual, sigma**-2)
        return out

    def draw(self, residual: Array, sigma: Array, shock: Array | None, rng: np.random.Generator) -> tuple[Array, Array]:
        """One draw for each row; parameters as in ``shared_conditional``.

        Returns
        -------
        centre : (S, P)
            What geos share, ``m + s * nu``; the prior means for national data.
        coefficients : (S, G, P)
        """
        rows, geos = sigma.shape
        normal = rng.standard_normal((rows, geos, self.mean.size))
        shared = np.zeros((rows, 0 if self.shocks is None else sum(map(int, self.shocks.alike.shape))))
        step = max(1, BLOCK_NUMBERS // max(1, shared.shape[1] ** 2, geos * self.mean.size**2))
        if self.shared is not None:
            noise = rng.standard_normal(shared.shape)[..., None]
            for start in range(0, rows, step):
                part = slice(start, start + step)
                scale = None if shock is None else shock[part]
                mean, factor = self.shared_conditional(residual[part], sigma[part], scale)
                shared[part] = mean + np.linalg.solve(np.swapaxes(factor, 1, 2), noise[part])[..., 0]
        left = self.project(residual) - self._of_shared(shared, shock)
        mean, sd = self.conditional(left, sigma)
        moved = _by_geo(mean + (sd - 1.0) * _by_geo(normal, self.right), np.swapaxes(self.right, 1, 2))
        centre = self.mean + (np.zeros((rows, 1)) if self.shared is None else self.shared * shared[:, : self.mean.size])
        return centre, centre[:, None, :] + self.own * (normal + moved)

    def log_density(
        self,
        centre: Array,
        coefficients: Array,
        residual: Array,
        sigma: Array,
        shock: Array | None = None,
        shocks: Array | None = None,
    ) -> Array:
        """Log density (S,) of everything that was integrated out, given residuals and scales.

        Parameters
        ----------
        centre, coefficients
            (S, P) and (S, G, P) as drawn.
        residual, sigma, shock
            As in ``shared_conditional``.
        shocks
            (S, T) that geos share, scaled KPI units.
        """
        shared, out = np.zeros((len(sigma), 0)), np.zeros(len(sigma))
        if self.shared is not None:
            shared = (centre - self.mean) / self.shared
            out -= np.log(self.shared).sum()
            if self.shocks is not None and shock is not None and shocks is not None:
                standard = shocks / shock[:, None]
                shared = np.concatenate([shared, standard @ self.shocks.basis], axis=1)
                out += self._outside(residual, sigma, shock, standard) - shocks.shape[1] * np.log(shock)
            mean, factor = self.shared_conditional(residual, sigma, shock)
            apart = np.einsum("spq,sp->sq", factor, shared - mean)
            diagonal = np.log(np.diagonal(factor, axis1=1, axis2=2)).sum(axis=1)
            out += diagonal - 0.5 * np.sum(apart**2, axis=1) - shared.shape[1] * 0.5 * np.log(2.0 * np.pi)
        mean, sd = self.conditional(self.project(residual) - self._of_shared(shared, shock), sigma)
        standard = (coefficients - centre[:, None, :]) / self.own
        within = _by_geo(standard, self.right)
        outside = np.sum(standard**2, axis=2) - np.sum(within**2, axis=2)
        inside = np.sum(((within - mean) / sd) ** 2 + 2.0 * np.log(sd), axis=2)
        constant = self.mean.size * np.log(2.0 * np.pi) + 2.0 * np.sum(np.log(self.own))
        density: Array = out - 0.5 * (outside + inside + constant).sum(axis=1)
        return density

    def _outside(self, residual: Array, sigma: Array, shock: Array, standard: Array) -> Array:
        """Log density (S,) of the shocks, in units of their scale, in the directions that no geo's block can say."""
        assert self.shocks is not None
        basis = self.shocks.basis
        found = self._weighted(residual, sigma)
        precision = 1.0 + shock**2 * np.sum(sigma**-2, axis=1)
        mean = (shock / precision)[:, None] * (found - found @ basis @ basis.T)
        apart = np.sum((standard - standard @ basis @ basis.T - mean) ** 2, axis=1)
        density: Array = 0.5 * self.shocks.free * np.log(precision / (2.0 * np.pi)) - 0.5 * precision * apart
        return density

    def _of_shared(self, shared: Array, shock: Array | None) -> Array:
        """Along each geo's directions what all geos share (S, P + K) adds to the mean, (S, G, R)."""
        if self.shared is None or self.shocks is None or shock is None:
            return np.zeros((len(shared), *self.singular.shape))
        size = self.mean.size
        block = (shared[:, :size] * self.shared / self.own) @ self.right * self.singular[:, None, :]
        series = (shock[:, None] * shared[:, size:]) @ self.shocks.basis.T
        added: Array = np.swapaxes(block + series @ self.basis, 0, 1)
        return added

    def split(self, coefficients: Array) -> dict[str, Array]:
        """Coefficients (..., P) as PyMC-Marketing names them.

        The intercept loses its last axis; a part that is not there is empty.
        """
        names = np.array(self.names)
        out = {n: coefficients[..., names == n] for n in COEFFICIENTS}
        return {**out, "intercept_contribution": out["intercept_contribution"][..., 0]}


def _by_geo(rows: Array, matrices: Array) -> Array:
    """(S, G, A) times (G, A, B): (S, G, B)."""
    return np.swapaxes(np.matmul(np.swapaxes(rows, 0, 1), matrices), 0, 1)


def linear_block(data: ModelData, mean: Array, own: Array, shared: Array | None = None) -> LinearBlock:
    """Set up the block.

    Parameters
    ----------
    mean, own, shared
        (P,) prior means and standard deviations of intercept, linear columns and Fourier terms in that order; ``own``
        of each geo's part and ``shared`` of the common one (panels). Scaled KPI units.
    """
    geos, periods = data.target.shape
    k, f = data.linear.shape[-1], data.fourier.shape[1]
    designs = [np.column_stack([np.ones(periods), data.linear[g], data.fourier]) for g in range(geos)]
    parts = [np.linalg.svd(design * own, full_matrices=False) for design in designs]
    return LinearBlock(
        names=(COEFFICIENTS[0], *[COEFFICIENTS[1]] * k, *[COEFFICIENTS[2]] * f),
        mean=mean,
        own=own,
        shared=shared,
        offset=np.stack([design @ mean for design in designs]),
        basis=np.stack([part[0] for part in parts]),
        singular=np.stack([part[1] for part in parts]),
        right=np.stack([part[2].T for part in parts]),
        shocks=None if shared is None else Shocks.of(np.stack(designs) * own),
    )
