"""The part of the model that is linear and Gaussian given everything else: intercept, controls, trend, Fourier terms.

With coefficients ``b ~ Normal(m, diag(s^2))`` and design ``X`` the standardised ones ``c = (b - m) / s`` have the
design ``X diag(s) = U diag(d) V'`` (one thin SVD), and every quantity below is a sum over its singular directions.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mmm_core.domain.fit import ModelData

Array = npt.NDArray[np.float64]
COEFFICIENTS = ("intercept_contribution", "gamma_control", "gamma_fourier")


@dataclass(frozen=True)
class LinearBlock:
    """T periods, P coefficients, R = min(T, P) directions. Scaled KPI units throughout."""

    names: tuple[str, ...]
    """Which of ``COEFFICIENTS`` each coefficient belongs to."""
    mean: Array
    """(P,) prior means."""
    sd: Array
    """(P,) prior standard deviations."""
    offset: Array
    """(T,) the design times the prior means."""
    basis: Array
    """(T, R) left singular vectors U."""
    singular: Array
    """(R,) singular values d."""
    right: Array
    """(P, R) right singular vectors V."""

    def conditional(self, projected: Array, sigma: Array) -> tuple[Array, Array]:
        """Mean and standard deviation of ``V'c`` given U'r and the noise scale.

        Parameters
        ----------
        projected
            (S, R) U'r, r the KPI less media and ``offset``.
        sigma
            (S,) noise scales.

        Returns
        -------
        mean, sd
            (S, R) each; directions are independent, and outside of V the prior holds.
        """
        d, s = self.singular, sigma[:, None]
        ratio = d / s
        precision = 1.0 + ratio**2
        return ratio * (projected / s) / precision, 1.0 / np.sqrt(precision)

    def draw(self, projected: Array, sigma: Array, normal: Array) -> Array:
        """Coefficients (S, P), one draw for each row, from standard normals (S, P)."""
        mean, sd = self.conditional(projected, sigma)
        within = normal @ self.right
        standard = normal + (mean + (sd - 1.0) * within) @ self.right.T
        return self.mean + self.sd * standard

    def log_density(self, coefficients: Array, projected: Array, sigma: Array) -> Array:
        """Log density (S,) of coefficients (S, P) given media parameters and noise scale."""
        mean, sd = self.conditional(projected, sigma)
        standard = (coefficients - self.mean) / self.sd
        within = standard @ self.right
        outside = np.sum(standard**2, axis=1) - np.sum(within**2, axis=1)
        inside = np.sum(((within - mean) / sd) ** 2 + 2.0 * np.log(sd), axis=1)
        constant = self.mean.size * np.log(2.0 * np.pi) + 2.0 * np.sum(np.log(self.sd))
        density: Array = -0.5 * (outside + inside + constant)
        return density

    def split(self, coefficients: Array) -> dict[str, Array]:
        """Coefficients (..., P) as PyMC-Marketing names them.

        The intercept loses its last axis; a part that is not there is empty.
        """
        names = np.array(self.names)
        out = {n: coefficients[..., names == n] for n in COEFFICIENTS}
        return {**out, "intercept_contribution": out["intercept_contribution"][..., 0]}


def linear_block(
    data: ModelData,
    intercept: tuple[float, float],
    control: tuple[Array, Array],
    fourier: tuple[Array, Array],
) -> LinearBlock:
    """Set up the block of national data.

    Parameters
    ----------
    intercept, control, fourier
        Prior means and standard deviations of the coefficients: of one, (K,) and (F,); scaled KPI units.
    """
    periods, k, f = data.target.shape[1], data.linear.shape[-1], data.fourier.shape[1]
    design = np.column_stack([np.ones(periods), data.linear[0], data.fourier])
    mean = np.concatenate([[intercept[0]], np.broadcast_to(control[0], (k,)), np.broadcast_to(fourier[0], (f,))])
    sd = np.concatenate([[intercept[1]], np.broadcast_to(control[1], (k,)), np.broadcast_to(fourier[1], (f,))])
    basis, singular, right = np.linalg.svd(design * sd, full_matrices=False)
    names = (COEFFICIENTS[0], *[COEFFICIENTS[1]] * k, *[COEFFICIENTS[2]] * f)
    return LinearBlock(names, mean, sd, design @ mean, basis, singular, right.T)
