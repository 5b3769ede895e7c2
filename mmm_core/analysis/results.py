"""What a fitted model says, computed once: every page, file, sentence and agent reads these numbers."""

from collections.abc import Collection, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np
import numpy.typing as npt

from mmm_core.analysis import convergence, verdict
from mmm_core.analysis.calendar import days, period_days
from mmm_core.analysis.frequency import frequency_curves
from mmm_core.analysis.intervals import interval
from mmm_core.analysis.response import ResponseModel
from mmm_core.analysis.results_json import from_json, to_json
from mmm_core.analysis.series import Totals, tally
from mmm_core.analysis.summary import contributions_frame, curves_frame, facts, summary
from mmm_core.domain.checks import Check
from mmm_core.domain.fit import ModelData, Posterior
from mmm_core.domain.results import ChannelResult, Curve, FitFacts, FrequencyCurve, Interval, Results, TreatmentResult
from mmm_core.modeling import priors
from mmm_core.modeling.accuracy import accuracy
from mmm_core.modeling.spec import ModelSpec
from mmm_core.modeling.thinning import thinned

__all__ = ["contributions_frame", "curves_frame", "facts", "from_json", "summarise", "summary", "to_json"]

Draws = npt.NDArray[np.float64]
MOST_CELLS = 40_000_000
"""Draws x cells (geo, period, channel) that results are computed from: all draws of national data, fewer of a panel."""
FEWEST_DRAWS = 500
NAMED_VERSIONS = ("carryover", "numpy", "scipy", "jax", "numpyro", "pymc", "pymc-marketing")


def summarise(
    data: ModelData,
    posterior: Posterior,
    spec: ModelSpec,
    checks: Sequence[Check] = (),
    *,
    roi_prior: Mapping[str, Interval | None] | None = None,
    share_prior: Mapping[str, Interval | None] | None = None,
    tested: Collection[str] = (),
    versions: Mapping[str, str] | None = None,
) -> Results:
    """Everything that is shown of a fit.

    Contributions are KPI units summed over the data; shares are of the observed KPI; controls count from their mean;
    trend belongs to the baseline. ROI is money returned per money spent, marginal ROI that of 1% more of the channel's
    spend in every period with the carry-over counted inside the data; both None where there is no spend or no value.

    Parameters
    ----------
    roi_prior, share_prior
        What the prior alone says per channel (``modeling.priors``); simulated from the specification where left out.
    tested
        Channels for which an experiment entered the model.
    versions
        Added to the versions of the installed packages.
    """
    if roi_prior is None or share_prior is None:
        resolved = priors.resolve(spec, data)
        roi_prior = priors.roi_prior(spec, data, resolved) if roi_prior is None else roi_prior
        share_prior = priors.share_prior(spec, data, resolved) if share_prior is None else share_prior
    model = ResponseModel(data, thinned(posterior, max(FEWEST_DRAWS, MOST_CELLS // data.media.size)), dtype=np.float64)
    totals = tally(model)
    money = _Money(model, totals)
    curves, often = model.curves(), frequency_curves(model)
    channels = [
        _channel(
            c,
            name,
            totals,
            money,
            curves[name],
            often.get(name),
            (roi_prior if money.roi(c) is not None else share_prior).get(name),
            name in tested,
            verdict.doubted(checks, _names(spec, name)),
        )
        for c, name in enumerate(data.channels)
    ]
    return Results(
        kpi=spec.kpi.column,
        currency=spec.currency,
        is_revenue=spec.kpi.unit == "revenue",
        has_value=money.has_value,
        periods=len(data.dates),
        period_days=period_days(data),
        geos=len(data.geos),
        first_period=days(data.dates[:1])[0],
        last_period=days(data.dates[-1:])[0],
        dates=days(data.dates),
        channels=tuple(channels),
        baseline_share=interval(totals.baseline / totals.kpi),
        media_share=interval(totals.channels.sum(axis=0) / totals.kpi),
        series=totals.series,
        by_geo=totals.by_geo,
        treatments=tuple(
            TreatmentResult(name, interval(moved), interval(moved / totals.kpi))
            for name, moved in totals.treatments.items()
        ),
        fit=_fit(posterior, totals),
        checks=tuple(checks),
        verdict=verdict.sentence(channels, spec.kpi.column, money.overall(), checks),
        versions=_versions() | dict(versions or {}),
    )


def _channel(
    c: int,
    name: str,
    totals: Totals,
    money: "_Money",
    curve: Curve,
    frequency: FrequencyCurve | None,
    prior: Interval | None,
    tested: bool,
    doubt: Check | None,
) -> ChannelResult:
    """One channel; ``prior`` is that of its ROI, or of its share of the KPI where it has no ROI."""
    roi, marginal = money.roi(c), money.marginal_roi(c)
    share = interval(totals.channels[c] / totals.kpi)
    subject = "contribution" if roi is None else "return"
    badge, because = verdict.evidence(tested, roi or share, prior, subject)
    action, why = verdict.action(badge, money.pays(c), marginal, doubt, money.spend[c] is None, money.has_value, roi)
    return ChannelResult(
        channel=name,
        spend=money.spend[c],
        contribution=interval(totals.channels[c]),
        contribution_share=share,
        roi=roi,
        marginal_roi=marginal,
        roi_prior=None if roi is None else prior,
        evidence=badge,
        evidence_reason=because,
        action=action,
        action_reason=why,
        spend_share=money.spend_share(c),
        curve=curve,
        frequency=frequency,
    )


class _Money:
    """Spend, value and returns of each channel."""

    def __init__(self, model: ResponseModel, totals: Totals) -> None:
        self._totals = totals
        paid = set(model.paid)
        self.spend: list[float | None] = [
            float(model.data.spend[:, :, c].sum()) if name in paid else None for c, name in enumerate(model.channels)
        ]
        self.has_value = totals.value is not None
        worth = totals.channels if totals.more_value is None else totals.more_value
        self._per_money: list[Draws | None] = [
            worth[c] / (0.01 * spend) if spend else None for c, spend in enumerate(self.spend)
        ]

    def roi(self, c: int) -> Interval | None:
        spend = self.spend[c]
        return interval(self._totals.value[c] / spend) if spend and self._totals.value is not None else None

    def marginal_roi(self, c: int) -> Interval | None:
        found = self._per_money[c]
        return interval(found) if found is not None and self.has_value else None

    def spend_share(self, c: int) -> float | None:
        spend = self.spend[c]
        total = sum(s for s in self.spend if s)
        return spend / total if spend is not None and total > 0 else None

    def pays(self, c: int) -> float | None:
        """Probability that the next money returns more than it costs, or than the average next money where unvalued."""
        found = self._per_money[c]
        if found is None:
            return None
        bar: Draws | float = 1.0
        if not self.has_value:
            known = [(p, s) for p, s in zip(self._per_money, self.spend, strict=True) if p is not None and s]
            bar = np.asarray(sum(p * s for p, s in known) / sum(s for _, s in known))
        return float((found > bar).mean())

    def overall(self) -> Interval | None:
        """Return of all paid media together."""
        value = self._totals.value
        paid = [c for c, spend in enumerate(self.spend) if spend]
        if value is None or not paid:
            return None
        return interval(value[paid].sum(axis=0) / sum(self.spend[c] or 0.0 for c in paid))


def _names(spec: ModelSpec, channel: str) -> set[str]:
    """Names under which a check may speak of a channel."""
    found = next((c for c in spec.channels if c.name == channel), None)
    return {channel, *found.columns} if found else {channel}


def _fit(posterior: Posterior, totals: Totals) -> FitFacts:
    rhat, ess = convergence.worst(posterior)
    near = accuracy(totals.actual, totals.expected)
    return FitFacts(
        r2=near.r2,
        mape=near.mape,
        rhat_max=rhat,
        ess_bulk_min=ess,
        divergences=int(posterior.divergences),
        draws=posterior.draws_per_chain,
        chains=posterior.chains,
        seconds=float(posterior.seconds),
    )


def _versions() -> dict[str, str]:
    found: dict[str, Any] = {}
    for name in NAMED_VERSIONS:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
