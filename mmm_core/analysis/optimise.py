"""The best split of a budget: SLSQP on closed-form gradients, from several starts.

A coarse global search (an exact allocation of budget steps on few draws) finds the basin, which matters where S-shaped
responses make several; starts are compared on few draws, and those close to the best are finished on all of them.
"""

import time
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import scipy

from mmm_core.analysis.limits import Limits, feasible, limits
from mmm_core.analysis.objectives import STYLES, Objective
from mmm_core.analysis.response import ResponseModel
from mmm_core.analysis.windows import Window
from mmm_core.domain.errors import PlanError
from mmm_core.domain.planning import Bounds, OptimisedPlan, SpendPlan

Array = npt.NDArray[np.float64]

SEARCH_DRAWS = 400
STEPS = 40
"""Budget steps of the coarse search."""
CLOSE = 2e-3
"""Starts within this share of the best on few draws are finished on all of them."""
SAME = 0.02
"""Starts that end within this share of the total are one optimum."""
AT_LIMIT = 1e-3
"""A channel within this share of the total is at its limit."""
ROUGH, FINE = 1e-5, 1e-8
"""Relative gain per iteration at which a climb ends: to compare starts, and to finish."""
MOST_ITERATIONS = 60
FLAT = 0.02
"""Largest spread of marginal returns among channels away from their limits, relative to their mean."""


def optimise(
    model: ResponseModel,
    total: float,
    periods: int,
    bounds: Mapping[str, Bounds] | None = None,
    style: str = "base",
) -> OptimisedPlan:
    """Split ``total`` over the paid channels for the next ``periods``.

    Styles: 'base' maximises the expected KPI; 'aggressive' the mean of its better half, and moves channels without
    limits further; 'conservative' the mean of its worst fifth, and stays within a fifth of today's split (scaled to
    the total) where the person's limits leave that room. A person's limits and locks always hold.

    Raises
    ------
    PlanError
        Where the limits cannot hold together, or name what the model does not have.
    """
    began = time.perf_counter()
    if style not in STYLES:
        raise PlanError(f"There is no style called {style}; choose one of {', '.join(STYLES)}.")
    if not model.paid:
        raise PlanError("No channel of this model has spend in money, so there is no budget to split.")
    chosen = STYLES[style]
    window = model.window(periods)
    current = model.vector(model.current_plan(periods))
    allowed = limits(model.paid, current, total, bounds or {}, chosen.reach, chosen.wish)
    goal = Objective(chosen, window)
    best, converged = _search(goal, allowed, current, total)
    plan = SpendPlan(periods, dict(zip(model.paid, best.tolist(), strict=True)))
    edge = AT_LIMIT * total
    binding = tuple(
        name
        for c, name in enumerate(model.paid)
        if best[c] - allowed.low[c] <= edge or allowed.high[c] - best[c] <= edge
    )
    return OptimisedPlan(style, model.outcome(plan), converged, binding, time.perf_counter() - began)


def _search(goal: Objective, allowed: Limits, current: Array, total: float) -> tuple[Array, bool]:
    free = allowed.high - allowed.low > 1e-9 * total
    if free.sum() < 2:
        return feasible(allowed.low, allowed, total), True
    quick = Objective(goal.style, goal.window.thinned(SEARCH_DRAWS))
    spread = np.random.default_rng(0).uniform(allowed.low, np.minimum(allowed.high, total))
    starts = [
        _allocated(quick.window, allowed, total),
        feasible(current * (total / max(float(current.sum()), 1e-12)), allowed, total),
        feasible(spread, allowed, total),
    ]
    tried = [_climb(quick, start, allowed, total, ROUGH) for start in starts]
    finished: list[tuple[float, Array]] = []
    top = max(value for value, _ in tried)
    for value, point in sorted(tried, key=lambda found: -found[0]):
        new = all(np.abs(point - other).max() > SAME * total for _, other in finished)
        if new and value >= top - CLOSE * abs(top):
            finished.append(_climb(goal, point, allowed, total, FINE))
    best = max(finished, key=lambda found: found[0])[1]
    return best, stationary(goal, best, allowed, total)


def _climb(goal: Objective, start: Array, allowed: Limits, total: float, tolerance: float) -> tuple[float, Array]:
    """SLSQP from one start; value and point.

    It works in shares of the total, each stretched by the root of its own curvature: channels add up, so the Hessian is
    (nearly) diagonal and a unit matrix is then the right one to begin with.
    """
    # A Hill curve's slope is infinite or zero at zero itself: begin a little above the lower limits.
    start = feasible(np.maximum(start, allowed.low + AT_LIMIT * total), allowed, total)
    value, slope = goal(start)
    scale = max(abs(value), 1e-12)
    probe = 0.01 * total
    curvature = np.abs(goal(start + probe)[1] - slope) * (total**2 / probe / scale)
    stretch = np.sqrt(np.maximum(curvature, 1e-2 * curvature.max() + 1e-12))
    to_money = total / stretch

    def loss(y: Array) -> tuple[float, Array]:
        value, slope = goal(y * to_money)
        return -value / scale, -slope * (to_money / scale)

    found = scipy.optimize.minimize(
        loss,
        start / to_money,
        jac=True,
        method="SLSQP",
        bounds=np.column_stack([allowed.low, np.minimum(allowed.high, total)]) / to_money[:, None],
        constraints={"type": "eq", "fun": lambda y: y @ to_money / total - 1.0, "jac": lambda y: to_money / total},
        options={"ftol": tolerance, "maxiter": MOST_ITERATIONS},
    )
    point = feasible(found.x * to_money, allowed, total)
    return goal(point)[0], point


def stationary(goal: Objective, point: Array, allowed: Limits, total: float) -> bool:
    """Whether the first-order conditions hold: one marginal return inside the limits, none better at a lower limit,
    none worse at an upper one.

    At a lower limit the marginal return is read a thousandth of the total above it: a Hill curve may rise infinitely
    steeply at zero without the first coin bringing anything that matters.
    """
    edge = AT_LIMIT * total
    low, high = point - allowed.low <= edge, allowed.high - point <= edge
    fixed, inside = low & high, ~low & ~high
    slope = goal(np.where(low & ~fixed, allowed.low + edge, point))[1]
    giving = np.where((high | inside) & ~fixed, slope, np.inf)
    taking = np.where((low | inside) & ~fixed, slope, -np.inf)
    if taking.max() - giving.min() <= FLAT * float(np.abs(slope).max()):
        return True
    if goal.style.tail == "all":
        return False
    # Over a tail of few draws the goal has kinks, where no gradient is flat: the move it proposes must bring nothing.
    here = goal(point)[0]
    for share in (2e-3, 1e-2):
        moved = point.copy()
        moved[int(giving.argmin())] -= share * total
        moved[int(taking.argmax())] += share * total
        if goal(feasible(moved, allowed, total))[0] > here + 1e-5 * abs(here):
            return False
    return True


def _allocated(window: Window, allowed: Limits, total: float) -> Array:
    """Best split in equal budget steps by expected KPI (dynamic programming: the global optimum of the grid)."""
    step = (total - float(allowed.low.sum())) / STEPS
    if step <= 0:
        return allowed.low.copy()
    channels = len(allowed.low)
    gain = np.empty((channels, STEPS + 1))
    for k in range(STEPS + 1):
        gain[:, k] = window.totals(allowed.low + k * step).mean(axis=1)
    most = np.floor((allowed.high - allowed.low) / step + 1e-9)
    gain[np.arange(STEPS + 1)[None] > most[:, None]] = -np.inf
    lag = np.arange(STEPS + 1)[:, None] - np.arange(STEPS + 1)[None]
    best = np.where(np.arange(STEPS + 1) == 0, 0.0, -np.inf)
    choice = np.zeros((channels, STEPS + 1), dtype=np.intp)
    for c in range(channels):
        options = np.where(lag >= 0, best[np.maximum(lag, 0)], -np.inf) + gain[c][None]
        choice[c] = options.argmax(axis=1)
        best = options.max(axis=1)
    left = int(np.flatnonzero(np.isfinite(best)).max())
    steps = np.zeros(channels)
    for c in reversed(range(channels)):
        steps[c] = choice[c, left]
        left -= choice[c, left]
    return feasible(allowed.low + steps * step, allowed, total)
