"""The quality report: every check of a table, worst finding first where they differ in kind."""

from datetime import date

import pandas as pd

from mmm_core.data import quality_relations, quality_series, quality_shape
from mmm_core.data.quality_view import Thresholds, look
from mmm_core.domain.checks import CheckReport
from mmm_core.domain.dataset import Recognition

__all__ = ["CHECKS", "Thresholds", "check"]

CHECKS = (*quality_shape.CHECKS, *quality_series.CHECKS, *quality_relations.CHECKS)
"""Each takes a ``View`` and returns one ``Check``; the order is the order of the report."""


def check(
    frame: pd.DataFrame,
    recognition: Recognition,
    thresholds: Thresholds | None = None,
    *,
    today: date | None = None,
) -> CheckReport:
    """Judge a working table.

    Parameters
    ----------
    frame
        One row per period (and geo); odd values are findings, not errors.
    recognition
        Roles of its columns.
    thresholds
        Limits between PASS, REVIEW and FAIL; the defaults where None.
    today
        Periods that begin later are in the future; the machine's date where None.
    """
    view = look(frame, recognition, thresholds or Thresholds(), today or date.today())
    return CheckReport(tuple(one(view) for one in CHECKS))
