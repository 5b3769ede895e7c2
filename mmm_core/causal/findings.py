"""What the causal checks found, in numbers; the sentences are written where they are shown."""

from dataclasses import dataclass

from mmm_core.domain.checks import Status
from mmm_core.domain.results import Interval

SAFE, THIN = 2.0, 1.0
"""A tipping point of so many times the strongest measured driver passes, or is reviewed."""


@dataclass(frozen=True)
class Refutation:
    """One attempt to make an estimate fail. Effects are coefficients: 1 is what the model says."""

    kind: str
    """'placebo', 'timing', 'random_cause', 'subset' or 'hidden_cause'."""
    status: Status
    effect: float
    """The effect under the attempt (the mean of its repetitions)."""
    spread: float
    """Standard deviation over repetitions; 0 where there is one."""
    share: float | None = None
    """For 'timing': share of shifted placebos with as large an effect. For others None."""


@dataclass(frozen=True)
class Tipping:
    """How strong a hidden driver would change what is said about a channel."""

    driver: str | None
    """The strongest measured driver, which the hidden one is held against; None where nothing is measured."""
    goal: float
    """Coefficient at which the decision turns (a return of 1; no effect at all where there is no return)."""
    times: float | None
    """Strength, as a multiple of the driver's, at which the coefficient reaches the goal; None where none does."""
    as_strong: float | None
    """Coefficient if a hidden driver were as strong as the measured one; None where it would leave nothing."""
    undecided: bool
    """Whether the coefficient's own interval holds the goal already."""
    robustness: float
    """Share of the left-over movement of both channel and KPI that a hidden driver would need to explain."""


@dataclass(frozen=True)
class ChannelCheck:
    """The back-door estimate of one channel beside the model's, and what tried to refute it."""

    channel: str
    identified: bool
    held: tuple[str, ...]
    """What was held still, the model's trend and season among it."""
    coefficient: float
    low: float
    high: float
    """90% interval of the coefficient, robust to autocorrelation."""
    naive: float
    """Coefficient with nothing held still."""
    spend: float | None
    model_roi: Interval | None
    model_contribution: Interval
    """KPI units."""
    agreement: Status
    refutations: tuple[Refutation, ...]
    tipping: Tipping

    def roi(self, coefficient: float) -> float | None:
        return None if self.model_roi is None else coefficient * self.model_roi.mean

    def brought(self, coefficient: float) -> float:
        return coefficient * self.model_contribution.mean
