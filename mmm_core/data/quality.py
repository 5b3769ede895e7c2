"""The quality report: every check of a table, worst finding first where they differ in kind."""

from collections.abc import Callable
from datetime import date

import pandas as pd

from mmm_core.data import quality_panel, quality_reach, quality_relations, quality_series, quality_shape, quality_units
from mmm_core.data.quality_view import Thresholds, View, look
from mmm_core.domain.checks import Check, CheckReport
from mmm_core.domain.dataset import Recognition, Role

__all__ = ["CHECKS", "Thresholds", "check"]

CHECKS = (*quality_shape.CHECKS, *quality_series.CHECKS, *quality_units.CHECKS, *quality_relations.CHECKS)
"""Each takes a ``View`` and returns one ``Check``; the order is the order of the report; a panel has more."""


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
    return CheckReport(tuple(one(view) for one in applying(frame, recognition)))


def applying(frame: pd.DataFrame, recognition: Recognition) -> tuple[Callable[[View], Check], ...]:
    """The checks that a table gets: those of every table and, where it has reach or geos, those of these."""
    geo = recognition.one(Role.GEO)
    reach = (quality_reach.reach_and_frequency,) if recognition.columns(Role.REACH) else ()
    return (*CHECKS, *reach, *(quality_panel.CHECKS if geo is not None and geo in frame.columns else ()))
