"""Back-door estimates by DoWhy: a linear regression on the exposure as the model sees it. Needs DoWhy."""

import logging
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from dowhy import CausalModel

from mmm_core.causal.design import OUTCOME, TREATMENT, Design

logging.getLogger("dowhy").setLevel(logging.ERROR)

CONFIDENCE = 0.90


@dataclass(frozen=True)
class Backdoor:
    """A fitted estimate with DoWhy's own objects, which its refuters ask for."""

    frame: pd.DataFrame
    held: tuple[str, ...]
    estimand: Any
    estimate: Any
    low: float
    high: float

    @property
    def coefficient(self) -> float:
        return float(self.estimate.value)

    @property
    def regression(self) -> Any:
        """statsmodels' result: constant, exposure, then ``held``."""
        return self.estimate.estimator.model

    def again(self, frame: pd.DataFrame) -> float:
        """The coefficient on another table with the same columns."""
        estimator = self.estimate.estimator.get_new_estimator_object(self.estimand)
        estimator.fit(frame)
        return float(estimator.estimate_effect(frame, treatment_value=1, control_value=0).value)


def backdoor(table: Design, *, lags: int, hold: bool = True) -> Backdoor:
    """Coefficient of the exposure with the design's other columns held still.

    Parameters
    ----------
    lags
        Autocorrelation up to so many periods is allowed for in the interval (Newey and West).
    hold
        False leaves everything but the exposure out: the naive estimate.
    """
    held = table.held if hold else []
    model = CausalModel(table.frame, TREATMENT, OUTCOME, common_causes=held, proceed_when_unidentifiable=True)
    estimand = model.identify_effect(proceed_when_unidentifiable=True, method_name="maximal-adjustment")
    estimate = model.estimate_effect(
        estimand, method_name="backdoor.linear_regression", treatment_value=1, control_value=0, test_significance=False
    )
    low, high = _interval(estimate.estimator.model, table, lags)
    return Backdoor(table.frame, tuple(estimate.estimator._observed_common_causes_names), estimand, estimate, low, high)


def _interval(result: Any, table: Design, lags: int) -> tuple[float, float]:
    """90% interval of the exposure's coefficient, robust to autocorrelation within each geo."""
    if table.geos > 1:
        geo = np.repeat(np.arange(table.geos), len(table.frame) // table.geos)
        robust = result.get_robustcov_results("hac-panel", groups=geo, maxlags=lags)
    else:
        robust = result.get_robustcov_results("HAC", maxlags=lags, use_correction=True)
    low, high = robust.conf_int(alpha=1 - CONFIDENCE)[1]
    return float(low), float(high)
