"""The part of the model that is linear and Gaussian given everything else: intercept, controls, trend, Fourier terms.

Coefficients of a geo are ``b_g = m + s * nu + own * c_g`` with standard normal ``nu`` (shared by all geos) and ``c_g``.
National data have no shared part. With the design ``X_g diag(own) = U diag(d) V'`` (one thin SVD per geo) everything
about ``c_g`` is a sum over singular directions, and the shared part is a small regression on top of them.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mmm_core.domain.fit import ModelData

Array = npt.NDArray[np.float64]
COEFFICIENTS = ("intercept_contribution", "gamma_control", "gamma_fourier")


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

    @property
    def mix(self) -> Array | None:
        """(G, P, R) from a geo's directions to the shared part: ``diag(shared / own) V``."""
        return None if self.shared is None else (self.shared / self.own)[:, None] * self.right

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

    def shared_conditional(self, projected: Array, sigma: Array) -> tuple[Array, Array]:
        """Mean (S, P) and Cholesky factor of the precision (S, P, P) of ``nu`` given U'r and the noise scales."""
        mix = self.mix
        assert mix is not None
        total = sigma[..., None] ** 2 + self.singular**2
        weight = self.singular**2 / total
        geos = np.matmul(mix[None] * weight[:, :, None, :], np.swapaxes(mix, 1, 2)[None])
        precision = np.eye(self.mean.size) + geos.sum(axis=1)
        right = np.einsum("gpr,sgr->sp", mix, self.singular / total * projected)
        return np.linalg.solve(precision, right[..., None])[..., 0], np.linalg.cholesky(precision)

    def draw(self, projected: Array, sigma: Array, rng: np.random.Generator) -> tuple[Array, Array]:
        """One draw for each row.

        Returns
        -------
        centre : (S, P)
            What geos share, ``m + s * nu``; the prior means for national data.
        coefficients : (S, G, P)
        """
        rows, geos = sigma.shape
        normal = rng.standard_normal((rows, geos, self.mean.size))
        nu = np.zeros((rows, self.mean.size))
        if self.shared is not None:
            mean, factor = self.shared_conditional(projected, sigma)
            noise = rng.standard_normal(nu.shape)[..., None]
            nu = mean + np.linalg.solve(np.swapaxes(factor, 1, 2), noise)[..., 0]
        left = projected - self._of_shared(nu)
        mean, sd = self.conditional(left, sigma)
        moved = _by_geo(mean + (sd - 1.0) * _by_geo(normal, self.right), np.swapaxes(self.right, 1, 2))
        centre = self.mean + (0.0 if self.shared is None else self.shared) * nu
        return centre, centre[:, None, :] + self.own * (normal + moved)

    def log_density(self, centre: Array, coefficients: Array, projected: Array, sigma: Array) -> Array:
        """Log density (S,) of shared (S, P) and geo coefficients (S, G, P) given media parameters and noise scales."""
        nu, out = np.zeros_like(centre), np.zeros(len(sigma))
        if self.shared is not None:
            nu = (centre - self.mean) / self.shared
            mean, factor = self.shared_conditional(projected, sigma)
            apart = np.einsum("spq,sp->sq", factor, nu - mean)
            diagonal = np.log(np.diagonal(factor, axis1=1, axis2=2)).sum(axis=1)
            constant = nu.shape[1] * 0.5 * np.log(2.0 * np.pi) + np.log(self.shared).sum()
            out += diagonal - 0.5 * np.sum(apart**2, axis=1) - constant
        mean, sd = self.conditional(projected - self._of_shared(nu), sigma)
        standard = (coefficients - centre[:, None, :]) / self.own
        within = _by_geo(standard, self.right)
        outside = np.sum(standard**2, axis=2) - np.sum(within**2, axis=2)
        inside = np.sum(((within - mean) / sd) ** 2 + 2.0 * np.log(sd), axis=2)
        constant = self.mean.size * np.log(2.0 * np.pi) + 2.0 * np.sum(np.log(self.own))
        density: Array = out - 0.5 * (outside + inside + constant).sum(axis=1)
        return density

    def _of_shared(self, nu: Array) -> Array:
        """``U'`` of what the shared part adds to the mean, (S, G, R)."""
        mix = self.mix
        if mix is None:
            return np.zeros((len(nu), *self.singular.shape))
        added: Array = np.einsum("gpr,sp->sgr", mix, nu) * self.singular
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
    )
