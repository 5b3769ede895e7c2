"""What a sentence is read against."""

from collections.abc import Mapping
from dataclasses import dataclass

from mmm_core.domain.instructions import Per

DAYS = {Per.DAY: 1.0, Per.WEEK: 7.0, Per.MONTH: 365.2425 / 12, Per.QUARTER: 365.2425 / 4, Per.YEAR: 365.2425}
"""Days of each period; a year has 52.1775 weeks."""


@dataclass(frozen=True)
class Context:
    """The channels of a model and the plan that a sentence would change."""

    spend: Mapping[str, float | None]
    """Today's spend per period of each channel, money; None where nothing is paid for it."""
    currency: str = "EUR"
    period_days: float = 7
    periods: int = 13

    @property
    def channels(self) -> tuple[str, ...]:
        return tuple(self.spend)

    @property
    def paid(self) -> tuple[str, ...]:
        return tuple(name for name, spend in self.spend.items() if spend is not None)

    def in_period(self, amount: float, per: Per, plan_days: float | None = None) -> float:
        """Money per ``per`` as money per period of the model."""
        days = DAYS.get(per, plan_days or self.period_days * self.periods)
        return amount * self.period_days / days
