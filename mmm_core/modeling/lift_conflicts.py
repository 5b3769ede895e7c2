"""Lift tests that cannot both be right, told from those that lie on different parts of one curve (NumPy only)."""

from dataclasses import dataclass

import numpy as np

from mmm_core.modeling.lift import LiftData
from mmm_core.modeling.spec import Adstock, LiftTest, ModelSpec, Saturation

CONTRADICTION = 3.0
"""Standard errors between two tests' returns on exposure from which on they contradict each other."""
LIKE = 1.25
"""Tests whose exposure, or whose part that was switched, differ by more than this factor lie on different parts of the
channel's curve."""


def contradictions(spec: ModelSpec, found: LiftData) -> tuple[str, ...]:
    """A sentence for each pair of like tests of one channel whose lifts per unit of exposure cannot both be right.

    Tests that switched another part of the channel, ran at another level of it, or were measured for another part of
    its memory may well differ: saturation and carry-over say so. Only a straight line makes levels comparable.
    """
    tests = spec.lift_tests
    if spec.time_varying.media:
        return ()
    seen = [_seen(n, test, found, spec) for n, test in enumerate(tests)]
    out = []
    for a in range(len(tests)):
        for b in range(a):
            if tests[a].channel != tests[b].channel or not _like(seen[a], seen[b], spec.saturation):
                continue
            one, two = ((found.lift[n] / seen[n].removed, found.sd[n] / seen[n].removed) for n in (a, b))
            apart = abs(one[0] - two[0]) / float(np.hypot(one[1], two[1]))
            if apart > CONTRADICTION:
                times = f"{two[0] / one[0]:.1f} times the" if one[0] else "another"
                out.append(
                    f"Two like lift tests of {tests[a].channel} contradict each other: {tests[b].start} to "
                    f"{tests[b].end} measured {times} lift per exposure of {tests[a].start} to "
                    f"{tests[a].end}, {apart:.0f} standard errors apart."
                )
    return tuple(out)


@dataclass(frozen=True)
class _Seen:
    """Where on the channel's curve a test was made, and how much of its memory it measured."""

    removed: float
    """Exposure that was switched, times KPI units of one scaled unit; zero where the window had none of its own."""
    share: float
    level: float
    """Usual exposure of the window's periods, those with more of it counting more."""
    geos: frozenset[int]
    window: int
    after: int
    """Measured periods after the window."""
    over: bool
    """The memory was over when the measurement ended."""


def _seen(number: int, test: LiftTest, found: LiftData, spec: ModelSpec) -> _Seen:
    rows = found.test == number
    scale = found.weight[rows].max(axis=1, keepdims=True)
    switched = found.seen[rows] != found.without[rows]
    exposure = np.where(switched, found.seen[rows], 0.0)
    removed = float(((found.seen[rows] - found.without[rows]) * scale).sum())
    level = float((exposure**2 * scale).sum() / (exposure * scale).sum()) if removed else 0.0
    places = np.flatnonzero(switched.any(axis=0))
    window = int(places[-1] - places[0] + 1) if places.size else 0
    after = int(np.count_nonzero(found.weight[rows][0])) - window
    over = after >= spec.max_lag - 1 or spec.adstock is Adstock.NONE
    return _Seen(removed, test.share, level, frozenset(found.geo[rows].tolist()), window, after, over)


def _like(a: _Seen, b: _Seen, saturation: Saturation) -> bool:
    """Whether one channel must answer both tests with about the same lift per exposure, whatever its curve."""
    if not (a.removed > 0 and b.removed > 0) or a.geos != b.geos:
        return False
    memory = (a.over and b.over) or (a.window, a.after) == (b.window, b.after)
    straight = saturation is Saturation.LINEAR
    return memory and (straight or (_near(a.share, b.share) and _near(a.level, b.level)))


def _near(a: float, b: float) -> bool:
    return max(a, b) <= LIKE * min(a, b)
