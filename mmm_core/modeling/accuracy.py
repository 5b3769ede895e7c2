"""How near a model's mean comes to the KPI: one definition for the check, the stored results and every text."""

from dataclasses import dataclass

import numpy as np

from mmm_core.domain.fit import Array


@dataclass(frozen=True)
class Accuracy:
    r2: float
    """Share of the KPI's variation over time that the mean explains."""
    mape: float
    """How far off it is in an average period, as a share of the KPI."""


def accuracy(actual: Array, expected: Array) -> Accuracy:
    """Of the total over geos: that some geos are larger than others is nothing that a model explains.

    Parameters
    ----------
    actual, expected
        (G, T) KPI and its posterior mean, KPI units.
    """
    total = actual.sum(axis=0)
    left = total - expected.sum(axis=0)
    spread = total - total.mean()
    known = total != 0
    return Accuracy(
        r2=float(1.0 - (left**2).sum() / (spread**2).sum()),
        mape=float(np.abs(left[known] / total[known]).mean()),
    )
