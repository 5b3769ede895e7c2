"""Where a validation's number turns from PASS to REVIEW to FAIL, and the sentences around it.

The limits are the defaults of the open mmm-eval suite. A number within its limit passes; one that misses it by up to
half again is worth a second look; beyond that it fails.
"""

from dataclasses import dataclass

import numpy as np
import scipy

from mmm_core.domain.checks import Check, Status
from mmm_core.domain.fit import Array

AGAIN = 1.5
"""Up to so many times its limit a number is REVIEW."""


@dataclass(frozen=True)
class Limits:
    mape: float = 0.15
    smape: float = 0.15
    r2: float = 0.8
    r2_fail: float = 0.6
    spread: float = 0.05
    """Standard deviation over expanding windows."""
    refresh: float = 0.15
    refresh_spread: float = 0.03
    perturbation: float = 0.08
    placebo: float = 0.5
    """Return on spend of a channel that cannot have done anything."""
    chance_review: float = 0.05
    chance_fail: float = 0.001
    """How likely so few hits of an interval would be, were it right."""


LIMITS = Limits()


def most(value: float, limit: float) -> Status:
    """Status of a number that should be at most ``limit``; what is no number fails."""
    if not np.isfinite(value):
        return Status.FAIL
    if value <= limit:
        return Status.PASS
    return Status.REVIEW if value <= AGAIN * limit else Status.FAIL


def least(value: float, limit: float, fail: float) -> Status:
    if not np.isfinite(value):
        return Status.FAIL
    return Status.PASS if value >= limit else Status.REVIEW if value >= fail else Status.FAIL


@dataclass(frozen=True)
class Accuracy:
    """How far a forecast was off; shares, not percent."""

    mape: float
    smape: float
    r2: float


def accuracy(actual: Array, predicted: Array) -> Accuracy:
    """Of a forecast (T,) against what came.

    MAPE is the mean of |actual - forecast| / |actual| over periods that are not 0, SMAPE that of
    2 |actual - forecast| / (|actual| + |forecast|), R2 one less the squared error over the squared distance of the
    actual values from their own mean; NaN where that is 0.
    """
    off = np.abs(actual - predicted)
    known = actual != 0
    both = np.abs(actual) + np.abs(predicted)
    spread = float(((actual - actual.mean()) ** 2).sum())
    return Accuracy(
        mape=float((off[known] / np.abs(actual[known])).mean()) if known.any() else float("nan"),
        smape=float((2 * off[both > 0] / both[both > 0]).mean()) if (both > 0).any() else 0.0,
        r2=1.0 - float((off**2).sum()) / spread if spread > 0 else float("nan"),
    )


def coverage(hits: int, of: int, width: float, limits: Limits = LIMITS) -> Check:
    """Whether intervals of ``width`` held what came as often as they claim; too often is no fault here."""
    chance = float(scipy.stats.binom.cdf(hits, of, width))
    status = Status.PASS
    if chance < limits.chance_review:
        status = Status.FAIL if chance < limits.chance_fail else Status.REVIEW
    message = f"{hits} of {of} forecast periods fell inside their {width:.0%} interval"
    if status is not Status.PASS:
        message += "; the intervals are too narrow, so the model is less sure of the future than it says"
    return Check("coverage", f"{width:.0%} intervals", status, f"{message}.", hits / of, width)
