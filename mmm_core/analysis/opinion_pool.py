"""Several people's ranges as one: the linear opinion pool.

Each person's 5%, 50% and 95% become a distribution whose logarithm is normal on either side of the best guess, so that
all three quantiles are kept exactly. The pool is the mixture of these distributions: a number is as likely as the
people, each with the same weight, find it on average.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, log, sqrt
from statistics import NormalDist

NORMAL = NormalDist()
Z90 = NORMAL.inv_cdf(0.95)
ENDS = (0.05, 0.5, 0.95)
STEPS = 200


@dataclass(frozen=True)
class Range:
    low: float
    best: float
    high: float

    @classmethod
    def of(cls, low: float, high: float, best: float | None = None) -> "Range":
        """Without a best guess the middle of the range's logarithm stands for it."""
        return cls(low, sqrt(low * high) if best is None else best, high)


def below(stated: Range, x: float) -> float:
    """Probability that the truth lies under ``x``."""
    if x <= 0:
        return 0.0
    width = log(stated.best / stated.low) if x < stated.best else log(stated.high / stated.best)
    return NORMAL.cdf(Z90 * log(x / stated.best) / width)


def pool(ranges: Sequence[Range]) -> Range:
    """5%, 50% and 95% of the mixture with equal weights."""
    if not ranges:
        raise ValueError("a pool needs at least one range")
    if len(ranges) == 1:
        return ranges[0]
    low, best, high = (_quantile(ranges, p) for p in ENDS)
    return Range(low, best, high)


def apart(ranges: Sequence[Range]) -> tuple[int, int] | None:
    """Two whose ranges share nothing (lower one first), the farthest such pair; None where all overlap."""
    if len(ranges) < 2:
        return None
    lower = min(range(len(ranges)), key=lambda i: ranges[i].high)
    upper = max(range(len(ranges)), key=lambda i: ranges[i].low)
    return (lower, upper) if ranges[lower].high < ranges[upper].low else None


def _quantile(ranges: Sequence[Range], p: float) -> float:
    # Each one's own quantile is on one side of the mixture's, so the search lies between them.
    low, high = log(min(r.low for r in ranges)), log(max(r.high for r in ranges))
    for _ in range(STEPS):
        middle = 0.5 * (low + high)
        inside = sum(below(r, exp(middle)) for r in ranges) / len(ranges) < p
        low, high = (middle, high) if inside else (low, middle)
        if high - low < 1e-12:
            break
    return exp(0.5 * (low + high))
