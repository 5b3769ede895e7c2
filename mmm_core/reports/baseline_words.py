"""The baseline estimate in words: how it was made, what it says, and how it stands to the model's."""

from mmm_core.domain.baseline import Baseline, BaselineEstimate, BaselineMethod
from mmm_core.domain.results import Results
from mmm_core.reports import wording as f

METHODS = {
    BaselineMethod.MEDIAN: "Median of the quiet periods",
    BaselineMethod.MEAN: "Mean of the quiet periods",
    BaselineMethod.REGRESSION: "Regression on the calmer half",
}


def named(estimate: BaselineEstimate) -> str:
    """``the median with season``, for use in a sentence."""
    words = f"the {estimate.method}"
    if estimate.method is BaselineMethod.REGRESSION:
        return words
    return f"{words} {'with' if estimate.seasonal else 'without'} season"


def summary(baseline: Baseline) -> str:
    """What the estimate says, with its interval."""
    found = baseline.estimate
    return (
        f"Without media and promotions, {f.inside(baseline.kpi)} would have been {f.share(found.share.mean)} of what "
        f"it was (90% interval {f.interval(found.share, f.share)}), by {named(found)}."
    )


def basis(baseline: Baseline) -> str:
    """On how many periods it rests, and what of media is left in them."""
    found = baseline.estimate
    count = sum(found.quiet)
    left = f"{count} periods without promotion or event, with {f.share(found.quiet_media)} of the usual media"
    if found.method is BaselineMethod.REGRESSION:
        return f"It rests on {left}; a line through them is read where there are none."
    if found.quiet_media < 0.1:
        return f"It rests on {left}: next to none."
    return (
        f"It rests on {left}; what these brought is counted as baseline, so it is rather too high than too low, and "
        "its interval reaches down to where they are taken off."
    )


def against_model(baseline: Baseline, results: Results, season: float) -> str:
    """The estimate beside the model's baseline; ``season`` is the model's season as a share of the KPI."""
    ours, model = baseline.estimate.share, results.baseline_share
    low, high = model.p5 + season, model.p95 + season
    apart = ours.p5 > high or ours.p95 < low
    verdict = "the two ranges do not meet" if apart else "the two ranges meet"
    return (
        f"Before the model, {named(baseline.estimate)} put the baseline at {f.share(ours.mean)} of "
        f"{f.inside(results.kpi)} ({f.interval(ours, f.share)}); the model finds {f.share(model.mean + season)} "
        f"({f.share(low)} to {f.share(high)}), season counted in: {verdict}."
    )
