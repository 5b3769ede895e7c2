"""Attempts to make a back-door estimate fail, by DoWhy's refuters. Needs DoWhy."""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from dowhy.causal_refuters.data_subset_refuter import refute_data_subset
from dowhy.causal_refuters.placebo_treatment_refuter import PlaceboType, refute_placebo_treatment
from dowhy.causal_refuters.random_common_cause import refute_random_common_cause

from mmm_core.causal.design import TREATMENT
from mmm_core.causal.estimate import Backdoor
from mmm_core.causal.findings import Refutation
from mmm_core.domain.checks import Status
from mmm_core.domain.fit import Array

SUBSET = 0.8
NEAR, FAR = 0.1, 0.3
"""Change of the estimate, as a share of it, up to which nothing is said, and beyond which it has failed."""
STEADY, SHAKY = 0.25, 0.5
"""The same for the standard deviation of the estimate over parts of the data."""
RARE, COMMON = 0.05, 0.20
"""Share of shifted placebos with as large an effect: up to the first it passes, above the second it fails."""


def refutations(found: Backdoor, *, geos: int, lags: int, repetitions: int, seed: int = 1) -> tuple[Refutation, ...]:
    """Placebo treatment, shifted placebo, random common cause and subsets of the data."""
    return (
        placebo(found, repetitions, seed),
        timing(found, geos, lags, repetitions),
        random_cause(found, repetitions, seed),
        subset(found, repetitions, seed),
    )


def placebo(found: Backdoor, repetitions: int, seed: int) -> Refutation:
    """The exposure shuffled over periods: an effect that is still there is none of the channel's."""
    effects = _repeated(
        found,
        refute_placebo_treatment,
        repetitions,
        seed,
        treatment_names=[TREATMENT],
        placebo_type=PlaceboType.PERMUTE,
    )
    mean, spread = float(effects.mean()), float(effects.std())
    left = abs(mean) / _size(found)
    by_chance = 2 * spread / np.sqrt(repetitions)
    passed = left <= NEAR or abs(mean) <= by_chance
    return Refutation("placebo", _graded(0.0 if passed else left, NEAR, FAR), mean, spread)


def timing(found: Backdoor, geos: int, lags: int, repetitions: int) -> Refutation:
    """The exposure moved to other times of the history, its rhythm kept: how often that does as well."""
    values = found.frame[TREATMENT].to_numpy().reshape(geos, -1)
    periods = values.shape[1]
    away = np.unique(np.linspace(lags + 1, periods - lags - 1, repetitions).round().astype(int))
    effects = np.array(
        [found.again(found.frame.assign(**{TREATMENT: np.roll(values, by, axis=1).ravel()})) for by in away]
    )
    share = float((np.abs(effects) >= abs(found.coefficient)).mean())
    return Refutation("timing", _graded(share, RARE, COMMON), float(effects.mean()), float(effects.std()), share)


def random_cause(found: Backdoor, repetitions: int, seed: int) -> Refutation:
    """A random variable held still as well: it should change nothing."""
    effects = _repeated(found, refute_random_common_cause, repetitions, seed)
    moved = float(np.abs(effects - found.coefficient).mean()) / _size(found)
    return Refutation("random_cause", _graded(moved, NEAR, FAR), float(effects.mean()), float(effects.std()))


def subset(found: Backdoor, repetitions: int, seed: int) -> Refutation:
    """Random parts of the data: an effect that hangs on few periods comes and goes."""
    effects = _repeated(found, refute_data_subset, repetitions, seed, subset_fraction=SUBSET)
    apart = float(np.sqrt(((effects - found.coefficient) ** 2).mean())) / max(abs(found.coefficient), 1e-12)
    return Refutation("subset", _graded(apart, STEADY, SHAKY), float(effects.mean()), float(effects.std()))


def _repeated(found: Backdoor, refuter: Callable[..., Any], repetitions: int, seed: int, **more: Any) -> Array:
    """A refuter's effects one by one, (repetitions,): it hands back no more than the mean of its simulations."""
    out = []
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # its own significance test has no spread to work on in one simulation
        for n in range(repetitions):
            one = refuter(
                found.frame, target_estimand=found.estimand, estimate=found.estimate, num_simulations=1,
                random_state=seed + n, **more,
            )  # fmt: skip
            out.append(float(one.new_effect))
    return np.array(out)


def _size(found: Backdoor) -> float:
    """What a change of the coefficient is measured against: the coefficient or, where it is near 0, its interval."""
    return max(abs(found.coefficient), 0.5 * (found.high - found.low), 1e-12)


def _graded(value: float, fine: float, bad: float) -> Status:
    return Status.PASS if value <= fine else Status.REVIEW if value <= bad else Status.FAIL
