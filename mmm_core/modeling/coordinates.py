"""The coordinates that the sampler moves in: an exact change of variables of the standardised parameters.

A sampler takes steps as short as the posterior's narrowest direction and needs as many of them as its widest is wide.
Three changes of variables make it rounder and leave the posterior what it is:

- Effect size and shape of a channel explain the same weeks: a linear map, from the curvature at a rough fit.
- How far geo g's log effect lies from the mean is, in spreads ``s``, standard normal in its prior. Data with
  information ``I`` on it make that about Normal with precision ``1 + s**2 I`` around ``s push / (1 + s**2 I)``, both
  of which change with the spread. The coordinate is the distance from there in such standard deviations: the
  non-centred form where ``I`` is 0, and for each geo and spread what lies between it and the centred form elsewhere
  (Papaspiliopoulos, Roberts, Skold 2007, A general framework for the parametrization of hierarchical models).
- The log of a half-normal spread has a long tail: it is sampled as a Normal number whose sign means nothing.
"""

from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np
import numpy.typing as npt

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


class Coordinates(NamedTuple):
    """From the sampler's numbers w (D,) to the standardised parameters z (D,)."""

    centre: Any
    """(D,)"""
    factor: Any
    """(D, D); None where the numbers keep their own directions."""
    pooling: Any
    """``Pooling``; None where spreads and geos' effects keep their own coordinates."""


def to_parameters(plan: Layout, w: Any, where: Coordinates, loc: Any, scale: Any, xp: Any = jnp) -> tuple[Any, Any]:
    """Parameters z (..., D) at w (..., D), and log |dz / dw| (...) less ``constant``."""
    turned = w if where.factor is None else w @ where.factor.T
    return from_round(plan, where.centre + turned, where.pooling, loc, scale, xp)


def from_round(plan: Layout, q: Any, pooling: Any, loc: Any, scale: Any, xp: Any = jnp) -> tuple[Any, Any]:
    """Parameters z (..., D) from q (..., D), the coordinates before the linear map; log |dz / dq| as above."""
    if pooling is None:
        return q, xp.zeros(q.shape[:-1])
    part = plan.blocks(q)
    signed = pooling.scale * part[SPREAD]
    log_spread = xp.log(xp.abs(signed))
    weight = 1.0 + signed[..., None, :] ** 2 * pooling.information
    apart = part[OWN].reshape((*q.shape[:-1], plan.geos, plan.channels)) / xp.sqrt(weight)
    own = xp.abs(signed)[..., None, :] / weight * pooling.push + xp.sign(signed)[..., None, :] * apart
    standard = (log_spread - plan.blocks(loc)[SPREAD]) / plan.blocks(scale)[SPREAD]
    moved = part | {SPREAD: standard, OWN: own.reshape((*q.shape[:-1], -1))}
    z = xp.concatenate([moved[name] for name, _, _ in plan.families], axis=-1)
    return z, -0.5 * xp.sum(xp.log(weight), axis=(-2, -1)) - xp.sum(log_spread, axis=-1)


def to_round(plan: Layout, z: Array, pooling: Pooling | None, loc: Array, scale: Array) -> Array:
    """The inverse of ``from_round`` with spreads above 0."""
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
