"""The sampled parameters: their order in one vector, their transforms and their priors.

Every channel has the media parameters of its adstock and saturation family; each geo has a noise scale, and a panel
one for the shocks that its geos share. In the vector
each parameter has a block of numbers, standardised by its own prior: ``u = loc + scale z`` with ``u`` the logit of a
parameter in (0, 1), the log of a positive one. The effect size is special: its ``u`` is the log of the effect at the
channel's mean non-zero exposure, ``log beta + log f(level)``. Given the other parameters that is a shift, so the
posterior stays the same, while effect size and saturation are far less correlated.

In a panel the log effect of geo g is ``centre + spread * z_g`` with standard normal ``z_g``, and the shift is the
centre's.
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
CENTRE = "saturation_beta_mu"
"""Mean over geos of the log effect."""
SPREAD = "saturation_beta_sigma"
"""Standard deviation over geos of the log effect."""
OWN = "saturation_beta_offset"
"""How far each geo's log effect is from the centre, in spreads."""
SHOCK = "shocks_sigma"
"""Standard deviation of the shocks that hit all geos of a panel in the same period, scaled KPI units."""


@dataclass(frozen=True)
class Family:
    """A prior family as the sampler needs it (``distributions`` has its names).

    Numbers are arrays with one entry per number of the block, stacked as (2, n) in the order of ``numbers``.

    ``kernel(u, a, b, xp)`` is the log density of the parameter plus the log Jacobian of its transform, less
    ``constant(a, b)``; ``centre(a, b)`` gives location and scale of ``u`` under the prior, roughly.
    """

    numbers: tuple[str, ...]
    support: str
    """'unit' (0, 1), 'positive' or 'real'."""
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
    "Normal": Family(
        ("mu", "sigma"),
        "real",
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
    geos: int
    families: tuple[tuple[str, str, int], ...]
    """(parameter, name in ``FAMILIES``, how many numbers) in the vector's order, the noise scales last."""
    single: bool = False
    """Whether weeks and media are computed in single precision."""
    by_frequency: tuple[int, ...] = ()
    """Positions of the channels that saturate in their frequency, before the carry-over of their reach."""

    @property
    def by_exposure(self) -> tuple[int, ...]:
        """Positions of the channels that saturate in their adstocked exposure."""
        return tuple(c for c in range(self.channels) if c not in self.by_frequency)

    @property
    def size(self) -> int:
        return sum(count for _, _, count in self.families)

    @property
    def panel(self) -> bool:
        return self.geos > 1

    @property
    def shifted(self) -> str:
        """The parameter that the level of the exposure shifts."""
        return CENTRE if self.panel else EFFECT

    def blocks(self, vector: Any) -> dict[str, Any]:
        """Cut a vector (..., size) into a dict of blocks (..., n)."""
        out, start = {}, 0
        for name, _, count in self.families:
            out[name] = vector[..., start : start + count]
            start += count
        return out

    def start_of(self, parameter: str) -> int:
        names = [name for name, _, _ in self.families]
        return sum(count for _, _, count in self.families[: names.index(parameter)])


def layout(
    adstock: str,
    saturation: str,
    max_lag: int,
    channels: int,
    families: Mapping[str, str],
    *,
    geos: int = 1,
    single: bool = False,
    by_frequency: tuple[int, ...] = (),
) -> Layout:
    """Fix the order of the sampled parameters; ``families`` maps each to its prior family."""
    shapes = media_parameters(adstock, saturation)[:-1]
    blocks = [(name, families[name], channels) for name in shapes]
    if geos > 1:
        blocks += [(CENTRE, families[CENTRE], channels), (SPREAD, families[SPREAD], channels)]
        blocks += [(OWN, "Normal", geos * channels), (SHOCK, families[SHOCK], 1)]
    else:
        blocks += [(EFFECT, families[EFFECT], channels)]
    blocks.append((NOISE, families[NOISE], geos))
    return Layout(adstock, saturation, max_lag, channels, geos, tuple(blocks), single, by_frequency)


def log_level(plan: Layout, logs: Mapping[str, Any], level: Any, xp: Any) -> Any:
    """Log saturation at ``level`` (C,) from logs (logits) of the saturation parameters (..., C); always finite."""
    if plan.saturation == "logistic":
        half = 0.5 * xp.exp(logs["saturation_lam"]) * level
        return xp.log(-xp.expm1(-2.0 * half)) - xp.log1p(xp.exp(-2.0 * half))
    if plan.saturation == "linear":
        return xp.log(level)
    if plan.saturation == "michaelis_menten":
        return -xp.logaddexp(0.0, logs["saturation_lam"] - xp.log(level))
    if plan.saturation == "tanh":
        steep = artanh_of_logit(logs["saturation_r"], xp)
        rise = xp.log(-xp.expm1(-2.0 * steep * level)) - xp.log1p(xp.exp(-2.0 * steep * level))
        return rise - _log_sigmoid(logs["saturation_r"], xp)
    return -xp.logaddexp(0.0, xp.exp(logs["saturation_slope"]) * (logs["saturation_kappa"] - xp.log(level)))


def artanh_of_logit(u: Any, xp: Any) -> Any:
    """``artanh(r)`` from the logit of r: ``log((1 + r) / (1 - r)) / 2``, without rounding 1 - r to nothing."""
    return 0.5 * xp.logaddexp(xp.log(2.0) + u, 0.0)


def unconstrained(plan: Layout, z: Any, loc: Any, scale: Any, level: Any, xp: Any) -> dict[str, Any]:
    """Undo the standardising and the effect's shift: logits and logs of every parameter, by name.

    The log effect is (..., C), in a panel (..., G, C).
    """
    u = plan.blocks(loc + scale * z)
    u[plan.shifted] = u[plan.shifted] - log_level(plan, u, level, xp)
    if plan.panel:
        own = u[OWN].reshape((*u[OWN].shape[:-1], plan.geos, plan.channels))
        u[EFFECT] = u[CENTRE][..., None, :] + xp.exp(u[SPREAD])[..., None, :] * own
    return u


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
    dict of arrays (..., C); the noise scale (...). In a panel effect (..., G, C), noise scale (..., G) and the scale of
    shocks (...).
    """
    u = unconstrained(plan, z, loc, scale, level, np)
    supports = {name: FAMILIES[family].support for name, family, _ in plan.families} | {EFFECT: "positive"}
    values = {name: _CONSTRAIN[supports[name]](v) for name, v in u.items() if name != OWN}
    single = SHOCK if plan.panel else NOISE
    return values | {single: values[single][..., 0]}


def unconstrain(plan: Layout, values: Mapping[str, Array], loc: Array, scale: Array, level: Array) -> Array:
    """The inverse of ``constrain`` for one point or many."""
    u = {}
    for name, family, _ in plan.families:
        if name != OWN:
            u[name] = _UNCONSTRAIN[FAMILIES[family].support](np.asarray(values[name], dtype=float))
    if plan.panel:
        effect = np.log(np.asarray(values[EFFECT], dtype=float))
        own = (effect - u[CENTRE][..., None, :]) / np.exp(u[SPREAD])[..., None, :]
        u[OWN] = own.reshape((*own.shape[:-2], -1))
    single = SHOCK if plan.panel else NOISE
    u[single] = u[single][..., None]
    u[plan.shifted] = u[plan.shifted] + log_level(plan, u, level, np)
    standard: Array = (np.concatenate([u[name] for name, _, _ in plan.families], axis=-1) - loc) / scale
    return standard


_CONSTRAIN: dict[str, Callable[[Array], Array]] = {
    "unit": lambda u: np.asarray(1.0 / (1.0 + np.exp(-u))),
    "positive": np.exp,
    "real": lambda u: u,
}
_UNCONSTRAIN: dict[str, Callable[[Array], Array]] = {
    "unit": lambda v: np.asarray(np.log(v) - np.log1p(-v)),
    "positive": np.log,
    "real": lambda v: v,
}


def log_prior_kernel(plan: Layout, u: Mapping[str, Any], numbers: Mapping[str, Any], xp: Any) -> Any:
    """Sum of prior log densities and log Jacobians at logits and logs ``u``, less all constants."""
    total = 0.0
    for name, family, _ in plan.families:
        a, b = numbers[name][0], numbers[name][1]
        total = total + xp.sum(FAMILIES[family].kernel(u[name], a, b, xp))
    return total


def log_prior_constant(plan: Layout, numbers: Mapping[str, Array]) -> float:
    return float(
        sum(np.sum(FAMILIES[family].constant(numbers[name][0], numbers[name][1])) for name, family, _ in plan.families)
    )


def log_jacobian(plan: Layout, values: Mapping[str, Array]) -> float:
    """Sum of log |d parameter / d u| at constrained values (the effect's shift adds nothing)."""
    total = 0.0
    for name, family, _ in plan.families:
        if name == OWN:
            spread = np.asarray(values[SPREAD], dtype=float)
            total += float(np.sum(np.log(values[EFFECT])) + plan.geos * np.sum(np.log(spread)))
            continue
        v, support = np.asarray(values[name], dtype=float), FAMILIES[family].support
        if support != "real":
            total += float(np.sum(np.log(v) + (np.log1p(-v) if support == "unit" else 0.0)))
    return total
