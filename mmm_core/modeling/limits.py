"""Where a diagnostic's number turns from PASS to REVIEW to FAIL."""

from dataclasses import dataclass

from mmm_core.domain.checks import Status


@dataclass(frozen=True)
class Limits:
    """A number at its limit still passes; where there is no ``fail`` limit a finding never blocks."""

    rhat_review: float = 1.01
    rhat_fail: float = 1.05
    ess_review: float = 400
    ess_fail: float = 100
    divergences_review: float = 0.001
    """Share of all draws."""
    divergences_fail: float = 0.02
    energy_review: float = 0.3
    energy_fail: float = 0.2
    coverage: float = 0.90
    """Width of the predictive intervals that are compared with the KPI."""
    coverage_review: float = 0.08
    """Distance between that width and the share of periods inside."""
    coverage_fail: float = 0.25
    extreme_review: float = 0.01
    """Predictive tail probability of the largest, smallest and most spread value."""
    autocorrelation_review: float = 0.3
    autocorrelation_fail: float = 0.7
    """Correlation of a period's residual with the last one's."""
    ljung_box: float = 0.01
    misfit_chance: float = 0.05
    """Level of all tests together of whether what is left over follows a channel."""
    misfit_size: float = 0.05
    """Typical size of such a pattern over what the channel brings, up to which another shape would change little."""
    r2_review: float = 0.5
    r2_fail: float = 0.1
    vif_review: float = 10.0
    negative_baseline_review: float = 0.0
    """Share of periods whose expected baseline is under zero."""
    negative_baseline_fail: float = 0.25
    roi_review: float = 20.0
    """Median return per money spent beyond which nobody would believe it."""
    share_review: float = 0.5
    """Median share of the KPI that one channel alone brings."""
    shift_review: float = 2.5
    """Distance between posterior median and prior median in prior standard deviations (log scale)."""
    prior_total_review: float = 0.10
    """Prior probability that media bring more than the whole KPI."""
    demand_capture_review: float = 0.60
    unidentified_review: float = 0.80
    """Width of the posterior over the prior's (log scale) from which on the data said next to nothing."""
    lift_review: float = 2.5
    """Standard errors between a lift test and what the model says it should have found."""

    def above(self, value: float, review: float, fail: float | None = None) -> Status:
        """Worse the larger the number."""
        if not value <= (review if fail is None else fail):
            return Status.REVIEW if fail is None else Status.FAIL
        return Status.REVIEW if value > review else Status.PASS

    def below(self, value: float, review: float, fail: float | None = None) -> Status:
        """Worse the smaller the number."""
        return self.above(-value, -review, None if fail is None else -fail)
