"""The sampled parameters: their order in one vector, their transforms and their priors.

Every channel has the media parameters of its adstock and saturation family; one noise scale is shared. In the vector
each parameter has a block of C numbers (the noise scale one), standardised by its own prior: ``u = loc + scale z`` with
``u`` the logit of a parameter in (0, 1), the log of a positive one. The effect size is special: its ``u`` is the
log of the effect at the channel's mean non-zero exposure, ``log beta + log f(level)``. Given the other parameters that
is a shift, so the posterior stays the same, while effect size and saturation are far less correlated.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import betaln, digamma, gammaln, polygamma

from mmm_core.modeling.transforms import EFFECT, media_parameters

Array = npt.NDArray[np.float64]
NOISE = "y_sigma"


@dataclass(frozen=True)
class Family:
    """A prior family as the sampler needs it (``distributions`` has its names).

    Numbers are arrays with one entry per channel, stacked as (2, C) in the order of ``numbers``.

    ``kernel(u, a, b, xp)`` is the log density of the parameter plus the log Jacobian of its transform, less
    ``constant(a, b)``; ``centre(a, b)`` gives location and scale of ``u`` under the prior, roughly.
    """

    numbers: tuple[str, ...]
    support: str
    """'unit' (0, 1) or 'positive'."""
    kernel: Callable[[Any, Any, Any, Any], Any]
    constant: Callable[[Array, Array], Array]
    centre: Callable[[Array, Array], tuple[Array, Array]]


def _log_sigmoid(u: Any, xp: Any) -> Any:
    return -xp.logaddexp(0.0, -u)


_LOG_2_OVER_PI = float(np.log(2.0 / np.pi))
_LOG_2PI = float(np.log(2.0 * np.pi))

FAMILIES: dict[str, Family] = {
    "Beta": Family(
        ("alpha", "beta"),
        "unit",
        lambda u, a, b, xp: a * _log_sigmoid(u, xp) + b * _log_sigmoid(-u, xp),
        lambda a, b: -betaln(a, b),
        lambda a, b: (digamma(a) - digamma(b), np.sqrt(polygamma(1, a) + polygamma(1, b))),
    ),
    "Gamma": Family(
        ("alpha", "beta"),
        "positive",
        lambda u, a, b, xp: a * u - b * xp.exp(u),
        lambda a, b: a * np.log(b) - gammaln(a),
        lambda a, b: (digamma(a) - np.log(b), np.sqrt(polygamma(1, a))),
    ),
    "LogNormal": Family(
        ("mu", "sigma"),
        "positive",
        lambda u, a, b, xp: -0.5 * ((u - a) / b) ** 2,
        lambda a, b: -np.log(b) - 0.5 * _LOG_2PI,
        lambda a, b: (a, b),
    ),
    "HalfNormal": Family(
        ("sigma",),
        "positive",
        lambda u, a, b, xp: u - 0.5 * (xp.exp(u) / a) ** 2,
        lambda a, b: 0.5 * _LOG_2_OVER_PI - np.log(a),
        lambda a, b: (np.log(a) - 0.635, np.full_like(a, 1.11)),
    ),
}
"""HalfNormal: the log of a standard half normal has mean -0.635 and standard deviation 1.11."""


@dataclass(frozen=True)
class Layout:
    """What is fixed when the density is compiled; hashable, so it is part of a compiled program's key."""

    adstock: str
    saturation: str
    max_lag: int
    channels: int
    families: tuple[tuple[str, str], ...]
    """(parameter, name in ``FAMILIES``) in the vector's order, the noise scale last."""

    @property
    def size(self) -> int:
        return (len(self.families) - 1) * self.channels + 1

    def blocks(self, vector: Any) -> dict[str, Any]:
        """Cut a vector (..., size) into a dict of (..., C) blocks and the noise scale's (...)."""
        c = self.channels
        out = {name: vector[..., i * c : (i + 1) * c] for i, (name, _) in enumerate(self.families[:-1])}
        return {**out, NOISE: vector[..., -1]}


def layout(adstock: str, saturation: str, max_lag: int, channels: int, families: Mapping[str, str]) -> Layout:
    """Fix the order of the sampled parameters; ``families`` maps each to its prior family."""
    names = (*media_parameters(adstock, saturation), NOISE)
    return Layout(adstock, saturation, max_lag, channels, tuple((name, families[name]) for name in names))


def log_level(plan: Layout, log: Mapping[str, Any], level: Any, xp: Any) -> Any:
    """Log saturation at ``level`` (C,) from logs of the saturation parameters (..., C); finite for any of them."""
    if plan.saturation == "logistic":
        half = 0.5 * xp.exp(log["saturation_lam"]) * level
        return xp.log(-xp.expm1(-2.0 * half)) - xp.log1p(xp.exp(-2.0 * half))
    return -xp.logaddexp(0.0, xp.exp(log["saturation_slope"]) * (log["saturation_kappa"] - xp.log(level)))


def unconstrained(plan: Layout, z: Any, loc: Any, scale: Any, level: Any, xp: Any) -> dict[str, Any]:
    """Undo the standardising and the effect's shift: logits and logs of every parameter, by name."""
    u = plan.blocks(loc + scale * z)
    return {**u, EFFECT: u[EFFECT] - log_level(plan, u, level, xp)}


def constrain(plan: Layout, z: Array, loc: Array, scale: Array, level: Array) -> dict[str, Array]:
    """Draws of every sampled parameter, by PyMC-Marketing's names.

    Parameters
    ----------
    z
        (..., size) standardised unconstrained draws.
    loc, scale, level
        (size,), (size,) and (C,) as in ``density.Inputs``.

    Returns
    -------
    dict of arrays (..., C); the noise scale (...).
    """
    u = unconstrained(plan, z, loc, scale, level, np)
    supports = {name: FAMILIES[family].support for name, family in plan.families}
    return {n: 1.0 / (1.0 + np.exp(-v)) if supports[n] == "unit" else np.exp(v) for n, v in u.items()}


def unconstrain(plan: Layout, values: Mapping[str, Array], loc: Array, scale: Array, level: Array) -> Array:
    """The inverse of ``constrain`` for one point or many."""
    u = {}
    for name, family in plan.families:
        v = np.asarray(values[name], dtype=float)
        u[name] = np.log(v) - np.log1p(-v) if FAMILIES[family].support == "unit" else np.log(v)
    u[EFFECT] = u[EFFECT] + log_level(plan, u, level, np)
    parts = [u[name] if name != NOISE else u[name][..., None] for name, _ in plan.families]
    standard: Array = (np.concatenate(parts, axis=-1) - loc) / scale
    return standard


def log_prior_kernel(plan: Layout, u: Mapping[str, Any], numbers: Mapping[str, Any], xp: Any) -> Any:
    """Sum of prior log densities and log Jacobians at logits and logs ``u``, less all constants."""
    total = 0.0
    for name, family in plan.families:
        a, b = numbers[name][0], numbers[name][1]
        total = total + xp.sum(FAMILIES[family].kernel(u[name], a, b, xp))
    return total


def log_prior_constant(plan: Layout, numbers: Mapping[str, Array]) -> float:
    return float(
        sum(np.sum(FAMILIES[family].constant(numbers[name][0], numbers[name][1])) for name, family in plan.families)
    )


def log_jacobian(plan: Layout, values: Mapping[str, Array]) -> float:
    """Sum of log |d parameter / d u| at constrained values (the effect's shift adds nothing)."""
    total = 0.0
    for name, family in plan.families:
        v = np.asarray(values[name], dtype=float)
        total += float(np.sum(np.log(v) + (np.log1p(-v) if FAMILIES[family].support == "unit" else 0.0)))
    return total
