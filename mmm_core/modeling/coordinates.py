"""The coordinates that the sampler moves in: an exact change of variables of the standardised parameters.

A sampler takes steps as short as the posterior's narrowest direction and needs as many of them as its widest is wide.
Five changes of variables make it rounder and leave the posterior what it is:

- Effect size and shape of a channel explain the same weeks: a linear map, from the curvature at a rough fit.
- How far geo g's log effect lies from the mean is, in spreads ``s``, standard normal in its prior. Data with
  information ``I`` on it make that about Normal with precision ``1 + s**2 I`` around ``s push / (1 + s**2 I)``, both
  of which change with the spread. The coordinate is the distance from there in such standard deviations: the
  non-centred form where ``I`` is 0, and for each geo and spread what lies between it and the centred form elsewhere
  (Papaspiliopoulos, Roberts, Skold 2007, A general framework for the parametrization of hierarchical models).
- The log of a half-normal spread has a long tail: it is sampled as a Normal number whose sign means nothing.
- A channel's effect is measured at its level (``parameters``), which is what its data tell. Where its prior tells more,
  as one that is handed over does, that shift bends what would be straight: so much of it is taken back as the prior
  knows better. A belief about a return is nearly one about the effect at its level: there the shift stays.
- What is believed of a panel's return is about the sum over geos, which bends with how far each is from the mean. The
  mean is measured from that sum, weighted as the rough fit has it, so that a belief is about one number.
"""

from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
import numpy.typing as npt

from mmm_core.modeling import parameters as par
from mmm_core.modeling.parameters import OWN, SPREAD, Layout

Array = npt.NDArray[np.float64]


class Pooling(NamedTuple):
    """What is known beforehand of how geos differ; G geos, C channels."""

    information: Any
    """(G, C) precision with which a geo's own data tell its log effect."""
    push: Any
    """(G, C) that precision times the distance from the mean that they tell."""
    scale: Any
    """(C,) of the half-normal prior of the spread."""


class Unshifted(NamedTuple):
    """How much of the effects' shift to their level is taken back; C channels."""

    share: Any
    """(C,) 0 to 1: the variance that the data leave an effect at its level, of that and its prior's."""
    middle: Any
    """(C,) log saturation at the level where the parameters have their centre."""
    level: Any
    """(C,) as in ``density.Inputs``."""


class Together(NamedTuple):
    """What makes all geos' return of how far each is from their mean; G geos, C channels."""

    weight: Any
    """(G, C) log of what a geo would bring of it without differences."""
    on: Any
    """(C,) 1 where something is believed of the return, else 0."""


class Coordinates(NamedTuple):
    """From the sampler's numbers w (D,) to the standardised parameters z (D,)."""

    centre: Any
    """(D,)"""
    factor: Any
    """(D, D); None where the numbers keep their own directions."""
    pooling: Any
    """``Pooling``; None where spreads and geos' effects keep their own coordinates."""
    unshifted: Any
    """``Unshifted``; None where effects stay where they are."""
    together: Any = None
    """``Together``; None where nothing is believed of a panel's returns."""


def to_parameters(plan: Layout, w: Any, where: Coordinates, loc: Any, scale: Any, xp: Any = jnp) -> tuple[Any, Any]:
    """Parameters z (..., D) at w (..., D), and log |dz / dw| (...) less ``constant``."""
    turned = w if where.factor is None else w @ where.factor.T
    return from_round(plan, where.centre + turned, where, loc, scale, xp)


def from_round(plan: Layout, q: Any, where: Coordinates, loc: Any, scale: Any, xp: Any = jnp) -> tuple[Any, Any]:
    """Parameters z (..., D) from q (..., D), the coordinates before the linear map; log |dz / dq| as above."""
    pooling = where.pooling
    if where.unshifted is not None:
        q = _shifted(plan, q, where.unshifted, loc, scale, xp, 1.0)
    if pooling is None:
        return _from_all(plan, q, where.together, loc, scale, xp, 1.0), xp.zeros(q.shape[:-1])
    part = plan.blocks(q)
    signed = pooling.scale * part[SPREAD]
    log_spread = xp.log(xp.abs(signed))
    weight = 1.0 + signed[..., None, :] ** 2 * pooling.information
    apart = part[OWN].reshape((*q.shape[:-1], plan.geos, plan.channels)) / xp.sqrt(weight)
    own = xp.abs(signed)[..., None, :] / weight * pooling.push + xp.sign(signed)[..., None, :] * apart
    standard = (log_spread - plan.blocks(loc)[SPREAD]) / plan.blocks(scale)[SPREAD]
    moved = part | {SPREAD: standard, OWN: own.reshape((*q.shape[:-1], -1))}
    z = xp.concatenate([moved[name] for name, _, _ in plan.families], axis=-1)
    z = _from_all(plan, z, where.together, loc, scale, xp, 1.0)
    return z, -0.5 * xp.sum(xp.log(weight), axis=(-2, -1)) - xp.sum(log_spread, axis=-1)


def _shifted(plan: Layout, q: Any, back: Unshifted, loc: Any, scale: Any, xp: Any, sign: float) -> Any:
    """Effects moved by what their saturation at the level is beside its middle: volumes stay as they are."""
    part, middle, width = plan.blocks(q), plan.blocks(loc), plan.blocks(scale)
    logs = {name: middle[name] + width[name] * v for name, v in part.items() if name.startswith("saturation_")}
    by = back.share * (par.log_level(plan, logs, back.level, xp) - back.middle) / width[plan.shifted]
    moved = part | {plan.shifted: part[plan.shifted] + sign * by}
    return xp.concatenate([moved[name] for name, _, _ in plan.families], axis=-1)


def _from_all(plan: Layout, z: Any, together: Together | None, loc: Any, scale: Any, xp: Any, sign: float) -> Any:
    """Means of geos' log effects, measured from the log of what all geos bring (``sign`` -1: measured from 0 again)."""
    if together is None:
        return z
    part, middle, width = plan.blocks(z), plan.blocks(loc), plan.blocks(scale)
    own = (middle[OWN] + width[OWN] * part[OWN]).reshape((*z.shape[:-1], plan.geos, plan.channels))
    apart = together.weight + xp.exp(middle[SPREAD] + width[SPREAD] * part[SPREAD])[..., None, :] * own
    largest = xp.max(apart, axis=-2, keepdims=True)
    total = largest[..., 0, :] + xp.log(xp.sum(xp.exp(apart - largest), axis=-2))
    by = together.on * total / width[plan.shifted]
    moved = part | {plan.shifted: part[plan.shifted] - sign * by}
    return xp.concatenate([moved[name] for name, _, _ in plan.families], axis=-1)


def to_round(plan: Layout, z: Array, where: Coordinates, loc: Array, scale: Array) -> Array:
    """The inverse of ``from_round`` with spreads above 0."""
    q = _to_pooled(plan, _from_all(plan, z, where.together, loc, scale, np, -1.0), where.pooling, loc, scale)
    return q if where.unshifted is None else np.asarray(_shifted(plan, q, where.unshifted, loc, scale, np, -1.0))


def _to_pooled(plan: Layout, z: Array, pooling: Pooling | None, loc: Array, scale: Array) -> Array:
    if pooling is None:
        return z
    part = plan.blocks(z)
    spread = np.exp(plan.blocks(loc)[SPREAD] + plan.blocks(scale)[SPREAD] * part[SPREAD])
    wide = spread[..., None, :]
    weight = 1.0 + wide**2 * pooling.information
    own = part[OWN].reshape((*z.shape[:-1], plan.geos, plan.channels)) - wide / weight * pooling.push
    moved = part | {SPREAD: spread / pooling.scale, OWN: (own * np.sqrt(weight)).reshape((*z.shape[:-1], -1))}
    return np.concatenate([moved[name] for name, _, _ in plan.families], axis=-1)


def constant(plan: Layout, where: Coordinates, scale: Array) -> float:
    """The part of log |dz / dw| that is the same everywhere."""
    out = 0.0 if where.factor is None else float(np.linalg.slogdet(np.asarray(where.factor))[1])
    if where.pooling is not None:
        out += float(np.sum(np.log(where.pooling.scale)) - np.sum(np.log(plan.blocks(scale)[SPREAD])))
    return out


def poolable(plan: Layout) -> bool:
    """Whether spreads have the half-normal prior that a signed number is made for."""
    return plan.panel and any(name == SPREAD and family == "HalfNormal" for name, family, _ in plan.families)
