"""Limits of a plan: what a person allows, what a style adds, and whether a total fits between them."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mmm_core.domain.errors import PlanError
from mmm_core.domain.planning import Bounds

Array = npt.NDArray[np.float64]
ROUNDING = 1e-9


@dataclass(frozen=True)
class Limits:
    """Money over the plan for each of C channels; ``low == high`` where a channel is locked."""

    low: Array
    high: Array


def limits(
    channels: tuple[str, ...],
    current: Array,
    total: float,
    bounds: Mapping[str, Bounds],
    reach: tuple[float, float],
    wish: tuple[float, float] | None,
) -> Limits:
    """Limits of every channel.

    Parameters
    ----------
    current
        (C,) today's spend over the plan's periods.
    bounds
        What a person allows; it always holds.
    reach
        Multiples of a channel's reference (today's split scaled to the total) where the person said nothing.
    wish
        Multiples of the reference that the style prefers inside the person's limits; given up where they leave no room.

    Raises
    ------
    PlanError
        Naming the smallest set of limits that cannot hold together, with its numbers.
    """
    if not (np.isfinite(total) and total > 0):
        raise PlanError("Give a total budget above zero.")
    for name, bound in bounds.items():
        _valid(name, bound, channels)
    locked = np.array([name in bounds and bounds[name].locked for name in channels])
    reference = _reference(current, locked, total)
    low, high = reach[0] * reference, reach[1] * reference
    for c, name in enumerate(channels):
        if locked[c]:
            low[c] = high[c] = current[c]
        elif name in bounds:
            low[c], high[c] = bounds[name].low, bounds[name].high
    _fits(channels, low, high, locked, total, bounds)
    if wish is not None:
        near = _narrowed(low, high, reference, wish)
        if near.low.sum() <= total <= near.high.sum():
            return near
    return Limits(low, high)


def _narrowed(low: Array, high: Array, reference: Array, wish: tuple[float, float]) -> Limits:
    near_low, near_high = np.maximum(low, wish[0] * reference), np.minimum(high, wish[1] * reference)
    room = near_low <= near_high
    return Limits(np.where(room, near_low, low), np.where(room, near_high, high))


def _reference(current: Array, locked: npt.NDArray[np.bool_], total: float) -> Array:
    """Today's split scaled so that the channels that may move share what the locked ones leave."""
    free = current[~locked].sum()
    left = max(total - float(current[locked].sum()), 0.0)
    if free > 0:
        return np.where(locked, current, current * (left / free))
    return np.where(locked, current, left / max(1, int((~locked).sum())))


def _valid(name: str, bound: Bounds, channels: tuple[str, ...]) -> None:
    if name not in channels:
        raise PlanError(f"There is a limit for {name}, but the model has no spend for a channel of that name.")
    if bound.locked:
        return
    if not (np.isfinite(bound.low) and bound.low >= 0 and bound.high >= 0):
        raise PlanError(f"The limits of {name} must be numbers of at least 0.")
    if bound.low > bound.high:
        raise PlanError(f"{name} cannot get at least {bound.low:,.0f} and at most {bound.high:,.0f}.")


def _fits(
    channels: tuple[str, ...],
    low: Array,
    high: Array,
    locked: npt.NDArray[np.bool_],
    total: float,
    bounds: Mapping[str, Bounds],
) -> None:
    slack = ROUNDING * max(total, 1.0)
    if low.sum() > total + slack:
        # The largest minimums that already exceed the total: no smaller set of them does.
        order = np.argsort(-low, kind="stable")
        enough = int(np.argmax(np.cumsum(low[order]) > total + slack)) + 1
        parts = [_minimum(channels[c], low[c], bool(locked[c])) for c in order[:enough]]
        needed = f"{low[order[:enough]].sum():,.0f}"
        together = f" need {needed} together" if enough > 1 else ""
        raise PlanError(f"{_listed(parts)}{together}, but the total is {total:,.0f}: raise it or lower a minimum.")
    if high.sum() < total - slack:
        # Every channel is needed for this conflict: with any one unlimited, the total would fit.
        parts = [f"{name} {high[c]:,.0f}" for c, name in enumerate(channels)]
        raise PlanError(
            f"At most {high.sum():,.0f} of the total of {total:,.0f} can be spent within the limits "
            f"({', '.join(parts)}): lower the total or raise a limit."
        )


def _minimum(name: str, amount: float, locked: bool) -> str:
    return f"{name} ({'locked at' if locked else 'at least'} {amount:,.0f})"


def _listed(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " and " + parts[-1]


def feasible(start: Array, bounds: Limits, total: float) -> Array:
    """Nearest point to ``start`` within the limits that spends the total (a shift, clipped)."""
    low, high = -float(np.max(np.abs(start))) - total, float(np.max(np.abs(start))) + total
    for _ in range(80):
        shift = 0.5 * (low + high)
        if np.clip(start + shift, bounds.low, bounds.high).sum() < total:
            low = shift
        else:
            high = shift
    return np.asarray(np.clip(start + high, bounds.low, bounds.high))
