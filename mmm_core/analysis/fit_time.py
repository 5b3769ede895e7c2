"""How long a fit will take, before it is asked for: work to be done times what such work took."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from mmm_core.domain.fit import ModelData
from mmm_core.modeling.spec import ModelSpec, Saturation

# benchmarks/results/speed.md: processor time of one gradient per cell (geo, period, channel), and of a small one.
SECONDS_PER_CELL = {Saturation.LOGISTIC: 6.4e-9}
SECONDS_PER_OTHER_CELL = 10e-9
SECONDS_PER_GRADIENT = 4e-6
LEAPFROGS = 31
"""Gradients per draw: the typical company of docs/design/006-sampling.md."""
COMPILING = 8.0
"""A new shape of data, nothing compiled before."""
PER_SAMPLED_DRIFT = 20.0
"""Effects that vary over time leave the collapsed density for the general one."""


@dataclass(frozen=True)
class Past:
    """A finished fit: what was foreseen for it and what it took."""

    foreseen: float
    took: float


@dataclass(frozen=True)
class FitTime:
    seconds: float
    fits: int
    """Finished fits of the project that the figure was set right by; 0 where it rests on benchmarks alone."""


def sampling_seconds(data: ModelData, spec: ModelSpec, cores: int | None = None) -> float:
    """What the benchmarks say of this much work, compiling left out."""
    cells = data.media.size
    per_cell = SECONDS_PER_CELL.get(spec.saturation, SECONDS_PER_OTHER_CELL)
    gradient = SECONDS_PER_GRADIENT + cells * per_cell
    if spec.time_varying.media or spec.time_varying.baseline:
        gradient *= PER_SAMPLED_DRIFT
    rounds = -(-spec.sampling.chains // max(1, cores or os.cpu_count() or 1))
    return (spec.sampling.draws + spec.sampling.tune) * LEAPFROGS * gradient * rounds


def fit_time(data: ModelData, spec: ModelSpec, past: Sequence[Past] = ()) -> FitTime:
    """Seconds from the start of a fit to its result."""
    foreseen = COMPILING + sampling_seconds(data, spec)
    known = [p.took / p.foreseen for p in past if p.foreseen > 0 and p.took > 0]
    return FitTime(foreseen * median(known) if known else foreseen, len(known))
