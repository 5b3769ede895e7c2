"""How strong a hidden driver would turn a decision (Cinelli and Hazlett's bounds, by DoWhy). Needs DoWhy.

References
----------
Cinelli and Hazlett (2020), Making sense of sensitivity: extending omitted variable bias.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import scipy
from dowhy.causal_refuters.linear_sensitivity_analyzer import LinearSensitivityAnalyzer

from mmm_core.causal.design import TREATMENT
from mmm_core.causal.estimate import Backdoor
from mmm_core.causal.findings import SAFE, THIN, Tipping
from mmm_core.domain.checks import Status

STRONGEST = 100.0
"""Drivers so many times as strong as a measured one are not spoken of."""


@dataclass(frozen=True)
class Strength:
    """Partial R² of a measured driver with the exposure and with the KPI, all else held still."""

    exposure: float
    kpi: float


def tipping(found: Backdoor, groups: Mapping[str, Sequence[str]], goal: float) -> Tipping:
    """Strength at which a hidden driver would bring the coefficient to ``goal``, against the strongest measured one.

    Parameters
    ----------
    groups
        Columns of each measured driver.
    goal
        The coefficient at which the decision turns; a hidden driver may inflate an estimate above it or hide one below.
    """
    now = found.coefficient
    drivers = {name: [c for c in columns if c in found.held] for name, columns in groups.items()}
    drivers = {name: columns for name, columns in drivers.items() if columns}
    undecided = found.low <= goal <= found.high
    needed = abs(now - goal) / max(abs(now), 1e-12)
    inflated = (now > goal) == (now > 0)
    analyzer = _analyzer(found, drivers, needed, inflated)
    if not drivers:
        return Tipping(None, goal, None, None, undecided, float(analyzer.stats["robustness_value"]))
    strengths = {name: _strength(found, analyzer, columns) for name, columns in drivers.items()}
    driver = max(strengths, key=lambda name: _bias(analyzer, strengths[name], min(0.5, _limit(strengths[name]) / 2)))
    return Tipping(
        driver,
        goal,
        _times(analyzer, strengths[driver], goal, now),
        _adjusted(analyzer, strengths[driver], 1.0),
        undecided,
        float(analyzer.stats["robustness_value"]),
    )


def graded(found: Tipping) -> Status:
    """PASS where a hidden driver would need twice the strength of the strongest measured one."""
    if found.driver is None or found.undecided:
        return Status.REVIEW
    if found.times is None or found.times >= SAFE:
        return Status.PASS
    return Status.REVIEW if found.times >= THIN else Status.FAIL


def _analyzer(
    found: Backdoor, drivers: Mapping[str, Sequence[str]], change: float, inflated: bool
) -> LinearSensitivityAnalyzer:
    first = next(iter(drivers.values()), None)
    analyzer = LinearSensitivityAnalyzer(
        estimator=found.estimate.estimator,
        data=found.frame,
        treatment_name=[TREATMENT],
        percent_change_estimate=change,
        confounder_increases_estimate=inflated,
        benchmark_common_causes=[first[0]] if first else [],
        frac_strength_treatment=[1e-3],
        frac_strength_outcome=[1e-3],
        common_causes_order=list(found.held),
    )
    return analyzer.check_sensitivity(plot=False)


def _strength(found: Backdoor, analyzer: LinearSensitivityAnalyzer, columns: Sequence[str]) -> Strength:
    """Columns of one driver (a season's sines and cosines, a text column's indicators) count together."""
    names = [analyzer.common_causes_map[c] for c in columns]
    exposure = analyzer.partial_r2_func(analyzer.treatment_regression(), names)
    kpi = analyzer.partial_r2_func(analyzer.estimator_model, names)
    return Strength(float(np.clip(exposure, 1e-9, 1 - 1e-9)), float(np.clip(kpi, 1e-9, 1 - 1e-9)))


def _limit(strength: Strength) -> float:
    """Multiple at which a hidden driver would explain the whole exposure."""
    return min((1 - strength.exposure) / strength.exposure, 1 / strength.exposure)


def _bounds(strength: Strength, times: float) -> tuple[float, float]:
    """Partial R² of a hidden driver ``times`` as strong as a measured one, with the exposure and with the KPI."""
    d, y = strength.exposure, strength.kpi
    with_exposure = times * d / (1 - d)
    shared = times * d**2 / ((1 - times * d) * (1 - d))
    if shared >= 1:
        return min(with_exposure, 1 - 1e-9), 1.0
    with_kpi = ((np.sqrt(times) + np.sqrt(shared)) / np.sqrt(1 - shared)) ** 2 * y / (1 - y)
    return min(with_exposure, 1 - 1e-9), float(min(with_kpi, 1.0))


def _bias(analyzer: LinearSensitivityAnalyzer, strength: Strength, times: float) -> float:
    found = analyzer.compute_bias_adjusted(*_bounds(strength, times))["bias_adjusted_estimate"]
    return abs(float(found) - float(analyzer.estimate))


def _adjusted(analyzer: LinearSensitivityAnalyzer, strength: Strength, times: float) -> float | None:
    """The coefficient with such a hidden driver held still too; None where it would explain the exposure whole."""
    if times >= _limit(strength):
        return None
    return float(analyzer.compute_bias_adjusted(*_bounds(strength, times))["bias_adjusted_estimate"])


def _times(analyzer: LinearSensitivityAnalyzer, strength: Strength, goal: float, now: float) -> float | None:
    """Strength at which the adjusted coefficient meets the goal; None where not even the strongest gets there."""
    most = min(STRONGEST, _limit(strength) * (1 - 1e-9))

    def over(times: float) -> float:
        return _bias(analyzer, strength, times) - abs(now - goal)

    if over(most) < 0:
        return None
    return float(scipy.optimize.brentq(over, 0.0, most, xtol=1e-4))
