"""Is the answer worth believing: fit, residuals, collinearity, plausibility, and what prior and data each said.

Shapes: S draws (a spread of at most ``MOST_DRAWS``), G geos, T periods, C channels.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from mmm_core.data.quality_maths import adjusted_r2, vif
from mmm_core.domain.checks import Check, Status
from mmm_core.domain.fit import MEDIA_DRIFT, Array, ModelData, Posterior
from mmm_core.modeling import leftover, thinning
from mmm_core.modeling import misfit as misfits
from mmm_core.modeling.accuracy import accuracy
from mmm_core.modeling.lift import LiftData, lift_data
from mmm_core.modeling.lift_conflicts import contradictions
from mmm_core.modeling.limits import Limits
from mmm_core.modeling.parameters import NOISE
from mmm_core.modeling.predict import Positions, baseline, media_blocks, shock_scale
from mmm_core.modeling.prepare import fourier_terms
from mmm_core.modeling.priors import SEED, Priors, share_draws
from mmm_core.modeling.spec import LiftTest, ModelSpec
from mmm_core.modeling.transforms import EFFECT, media_parameters

MOST_DRAWS = 1000


@dataclass(frozen=True)
class Picture:
    """What the checks look at, KPI units."""

    data: ModelData
    mean: Array
    """(S, G, T) expected KPI."""
    baseline: Array
    """(S, G, T) the part of it that is not media."""
    noise: Array
    """(S, G) standard deviation of each geo's own noise."""
    shock: Array
    """(S, G) that of the shocks that geos share."""
    share: Array
    """(S, C) each channel's share of the KPI."""
    money: Array
    """(S, C) value of each channel's contribution, NaN where KPI units have none."""
    prior_share: Array
    """(D, C) prior draws of the share."""
    exposure: Array
    """(G, T, C) average contribution per period, for its shape over time."""
    leftover: leftover.Leftover
    family: tuple[str, str, int]
    """Adstock, saturation and longest lag."""
    tests: tuple[LiftTest, ...] = ()
    measured: LiftData | None = None
    modelled: Array | None = None
    """(S, N) what the model says each lift test should have found, KPI units."""
    against: tuple[str, ...] = ()
    """Sentences on lift tests that contradict each other."""

    @property
    def residual(self) -> Array:
        """(G, T) KPI less its posterior mean."""
        left: Array = self.data.target - self.mean.mean(axis=0)
        return left


def look(posterior: Posterior, data: ModelData, spec: ModelSpec, priors: Priors) -> Picture:
    chosen = thinning.positions(posterior, MOST_DRAWS)
    shape = data.target.shape
    mean, base = np.empty((len(chosen), *shape)), np.empty((len(chosen), *shape))
    share, money = (np.empty((len(chosen), len(data.channels))) for _ in range(2))
    exposure = np.zeros(data.media.shape)
    done = 0
    for block, media in media_blocks(data, posterior, chosen):
        rows = slice(done, done + len(block))
        done += len(block)
        media *= data.target_scale[:, None, None]
        base[rows] = baseline(data, posterior, block) * data.target_scale[:, None]
        mean[rows] = base[rows] + media.sum(axis=-1)
        share[rows] = media.sum(axis=(1, 2)) / np.abs(data.target).sum()
        money[rows] = (media * data.value_per_unit[..., None]).sum(axis=(1, 2))
        exposure += media.sum(axis=0) / len(chosen)
    measured = lift_data(spec, data)
    return Picture(
        data=data,
        mean=mean,
        baseline=base,
        noise=posterior.by_geo(NOISE)[chosen] * data.target_scale,
        shock=shock_scale(posterior, chosen)[:, None] * data.target_scale,
        share=share,
        money=money,
        prior_share=share_draws(spec, data, priors),
        exposure=exposure,
        leftover=leftover.examine(posterior, data, data.target - mean.mean(axis=0), chosen),
        family=(posterior.adstock, posterior.saturation, posterior.max_lag),
        tests=spec.lift_tests,
        measured=measured,
        modelled=None if measured is None else _modelled(measured, posterior, chosen, data.target.shape[1]),
        against=() if measured is None else contradictions(spec, measured),
    )


def _modelled(measured: LiftData, posterior: Posterior, chosen: Positions, periods: int) -> Array:
    names = media_parameters(posterior.adstock, posterior.saturation)[:-1]
    shapes = {name: posterior.flat(name)[chosen] for name in names}
    effect, drift = posterior.by_geo(EFFECT)[chosen], posterior.drift(MEDIA_DRIFT, periods)
    return measured.modelled(
        posterior.adstock,
        posterior.saturation,
        posterior.max_lag,
        shapes,
        effect,
        None if drift is None else drift[chosen],
    )


def fit_quality(p: Picture, limits: Limits) -> Check:
    found = accuracy(p.data.target, p.mean.mean(axis=0))
    r2, mape = found.r2, found.mape
    status = limits.below(r2, limits.r2_review, limits.r2_fail)
    tail = "." if status is Status.PASS else "; something that drives the KPI is missing from the model."
    message = f"The model explains {r2:.0%} of the KPI's variation and is {mape:.1%} off in a typical period{tail}"
    return Check("fit", "Fit to the data", status, message, r2, limits.r2_review)


def predictive(p: Picture, limits: Limits) -> Check:
    """Share of periods inside the predictive intervals, and tail probabilities of three statistics of the KPI."""
    rng = np.random.default_rng(SEED)
    replicated = p.mean + p.noise[:, :, None] * rng.standard_normal(p.mean.shape)
    if p.shock.any():
        replicated += p.shock[:, :, None] * rng.standard_normal((len(p.mean), 1, p.mean.shape[2]))
    edge = 0.5 * (1 - limits.coverage)
    low, high = np.quantile(replicated, (edge, 1 - edge), axis=0)
    inside = float(np.mean((p.data.target >= low) & (p.data.target <= high)))
    status = limits.above(abs(inside - limits.coverage), limits.coverage_review, limits.coverage_fail)
    named: dict[str, Callable[[Array], Array]] = {
        "highest period": lambda v: v.max(axis=(-2, -1)),
        "lowest period": lambda v: v.min(axis=(-2, -1)),
        "spread": lambda v: v.std(axis=(-2, -1)),
    }
    odd = []
    for name, statistic in named.items():
        above = float(np.mean(statistic(replicated) >= statistic(p.data.target)))
        if min(above, 1 - above) < limits.extreme_review:
            odd.append(name)
    if odd and status is Status.PASS:
        status = Status.REVIEW
    message = f"{inside:.0%} of the periods lie inside the model's {limits.coverage:.0%} intervals"
    if odd:
        message += f"; it does not reproduce the KPI's {' and '.join(odd)}"
    return Check("predictive", "Predictive check", status, f"{message}.", inside, limits.coverage)


def autocorrelation(p: Picture, limits: Limits) -> Check:
    return misfits.autocorrelation(p.residual, p.leftover, p.data.channels, limits)


def misfit(p: Picture, limits: Limits) -> Check:
    return misfits.misfit(p.leftover, *p.family, limits)


def collinearity(p: Picture, limits: Limits) -> Check:
    """VIF of each channel's effect over time among all channels and controls.

    Every geo counts on the scale of its own KPI and around its own mean, because that geos differ in size tells no
    channel from another.
    """
    data = p.data
    extra = [k for k, group in enumerate(data.linear_groups) if group not in ("trend", "bend")]
    media = p.exposure / data.target_scale[:, None, None]
    columns = np.concatenate([media, data.linear[..., extra]], axis=-1)
    columns -= columns.mean(axis=1, keepdims=True)
    columns = columns.reshape(-1, len(data.channels) + len(extra))
    alive = np.ptp(columns, axis=0) > 0
    factors = np.ones(columns.shape[1])
    factors[alive] = vif(columns[:, alive])
    factors = np.minimum(factors, 1e6)[: len(data.channels)]
    worst = int(np.argmax(factors))
    bad = tuple(name for name, factor in zip(data.channels, factors, strict=True) if factor > limits.vif_review)
    if not bad:
        message = f"Each channel moves enough by itself (largest VIF {factors[worst]:.1f}, {data.channels[worst]})."
        return Check(
            "vif", "Channels that move together", Status.PASS, message, float(factors[worst]), limits.vif_review
        )
    message = (
        f"{_named(bad)} can hardly be told apart from the rest (VIF {factors[worst]:.0f}, {data.channels[worst]})."
    )
    return Check(
        "vif", "Channels that move together", Status.REVIEW, message, float(factors[worst]), limits.vif_review, bad
    )


def negative_baseline(p: Picture, limits: Limits) -> Check:
    expected = p.baseline.mean(axis=0)
    share = float(np.mean(expected < 0))
    status = limits.above(share, limits.negative_baseline_review, limits.negative_baseline_fail)
    if status is Status.PASS:
        part = float(expected.sum() / p.data.target.sum()) if p.data.target.sum() else float("nan")
        message = f"The baseline is positive throughout and makes up {part:.0%} of the KPI."
    else:
        how_many = "under 1%" if share < 0.005 else f"{share:.0%}"
        message = f"Without media the model expects a KPI under zero in {how_many} of the periods: media get too much."
    return Check("negative_baseline", "Baseline", status, message, share, limits.negative_baseline_review)


def implausible(p: Picture, limits: Limits) -> Check:
    """Channels whose return, or share of the KPI, nobody would believe."""
    spend = p.data.spend.sum(axis=(0, 1))
    paid = np.isfinite(spend) & (spend > 0)
    roi = np.median(p.money, axis=0) / np.where(paid, spend, np.nan)
    share = np.median(p.share, axis=0)
    names = np.array(p.data.channels)
    rich, big = names[np.nan_to_num(roi) > limits.roi_review], names[share > limits.share_review]
    known = np.isfinite(roi)
    value = float(np.max(roi[known])) if known.any() else None
    title, limit = "Plausible returns", limits.roi_review if value is not None else None
    bad = tuple(dict.fromkeys([*rich.tolist(), *big.tolist()]))
    if not bad:
        best = f"the highest return is {value:.1f} for 1 spent" if value is not None else "no return can be computed"
        return Check("roi", title, Status.PASS, f"No channel stands out: {best}.", value, limit)
    reasons = []
    if rich.size:
        reasons.append(f"{_named(rich.tolist())} would return more than {limits.roi_review:.0f} for 1 spent")
    if big.size:
        reasons.append(f"{_named(big.tolist())} would bring more than {limits.share_review:.0%} of the KPI")
    return Check("roi", title, Status.REVIEW, f"{'; '.join(reasons)}: hardly plausible.", value, limit, bad)


def _logs(shares: Array) -> Array:
    return np.log(np.maximum(shares, 1e-12))


def prior_shift(p: Picture, limits: Limits) -> Check:
    """How far the data pulled each channel from its prior, in prior standard deviations of the log share."""
    prior, posterior = _logs(p.prior_share), _logs(p.share)
    shift = np.abs(np.median(posterior, axis=0) - np.median(prior, axis=0)) / prior.std(axis=0)
    worst = int(np.argmax(shift))
    bad = tuple(n for n, s in zip(p.data.channels, shift, strict=True) if s > limits.shift_review)
    status = Status.REVIEW if bad else Status.PASS
    message = (
        f"Data and prior of {_named(bad)} disagree (by up to {shift[worst]:.1f} prior standard deviations): check both."
        if bad
        else f"No channel ended far from its prior (at most {shift[worst]:.1f} prior standard deviations)."
    )
    return Check("prior_shift", "Prior against data", status, message, float(shift[worst]), limits.shift_review, bad)


def media_share(p: Picture, limits: Limits) -> Check:
    """What the prior says all media bring, against what the posterior says."""
    prior, posterior = p.prior_share.sum(axis=1), p.share.sum(axis=1)
    low, high = np.quantile(prior, (0.05, 0.95))
    middle = float(np.median(posterior))
    more = float(np.mean(prior > 1))
    said = f"before the data {low:.0%} to {high:.0%}, after them {middle:.0%}"
    if more > limits.prior_total_review:
        status, tail = Status.REVIEW, f"; the prior gives a chance of {more:.0%} to more than the whole KPI"
    elif not low <= middle <= high:
        status, tail = Status.REVIEW, "; the data left the range that was thought plausible"
    else:
        status, tail = Status.PASS, ""
    return Check(
        "media_share", "Media's share of the KPI", status, f"All media together: {said}{tail}.", middle, float(high)
    )


def demand_capture(p: Picture, limits: Limits) -> Check:
    return follows_demand(p.data, limits)


def follows_demand(data: ModelData, limits: Limits) -> Check:
    """Share of each channel's spend (or exposure) that season, trend and controls explain."""
    time = np.linspace(-1, 1, data.target.shape[1])
    season = data.fourier if data.fourier.shape[1] else fourier_terms(data.dates, 2)
    explained = np.array([_explained(data, c, time, season) for c in range(len(data.channels))])
    worst = int(np.argmax(explained))
    bad = tuple(n for n, e in zip(data.channels, explained, strict=True) if e > limits.demand_capture_review)
    top, limit = float(explained[worst]), limits.demand_capture_review
    if not bad:
        message = f"Season, trend and controls explain at most {top:.0%} of a channel's spend ({data.channels[worst]})."
        return Check("demand_capture", "Demand capture", Status.PASS, message, top, limit)
    message = (
        f"Spend on {_named(bad)} follows demand that was there anyway (season, trend and controls explain {top:.0%} of "
        f"{data.channels[worst]}): the return may be overstated, whatever the intervals say."
    )
    return Check("demand_capture", "Demand capture", Status.REVIEW, message, top, limit, bad)


def _explained(data: ModelData, c: int, time: Array, season: Array) -> float:
    """Largest over geos."""
    out = []
    for g in range(len(data.geos)):
        spend = data.spend[g, :, c]
        series = spend if np.isfinite(spend).all() and np.ptp(spend) > 0 else data.media[g, :, c]
        out.append(adjusted_r2(series, np.column_stack([time, season, data.linear[g]])))
    return max(out)


def unidentified(p: Picture, limits: Limits) -> Check:
    """Channels whose posterior is about as wide as their prior: the data said next to nothing."""
    edges = (0.05, 0.95)
    prior = np.ptp(np.quantile(_logs(p.prior_share), edges, axis=0), axis=0)
    posterior = np.ptp(np.quantile(_logs(p.share), edges, axis=0), axis=0)
    ratio = posterior / prior
    worst = int(np.argmax(ratio))
    bad = tuple(n for n, r in zip(p.data.channels, ratio, strict=True) if r > limits.unidentified_review)
    title, limit = "Channels the data cannot see", limits.unidentified_review
    if not bad:
        message = (
            f"The data narrowed every channel (least {p.data.channels[worst]}: to {ratio[worst]:.0%} of its prior)."
        )
        return Check("unidentified", title, Status.PASS, message, float(ratio[worst]), limit)
    whose = "its range is" if len(bad) == 1 else "their ranges are"
    message = (
        f"The data say next to nothing about {_named(bad)}: {whose} honest, but about what was believed before, so no "
        "ranking should rest on it; an experiment would tell."
    )
    return Check("unidentified", title, Status.REVIEW, message, float(ratio[worst]), limit, bad)


def lift_agreement(p: Picture, limits: Limits) -> Check:
    """Distance of each lift test from what the model says, in standard errors of both together."""
    title, limit = "Lift tests", limits.lift_review
    assert p.measured is not None
    assert p.modelled is not None
    apart = np.abs(p.measured.lift - p.modelled.mean(axis=0)) / np.hypot(p.measured.sd, p.modelled.std(axis=0))
    worst = int(np.argmax(apart))
    far = tuple(dict.fromkeys(test.channel for test, z in zip(p.tests, apart, strict=True) if z > limit))
    count = f"{len(p.tests)} lift test{'s' if len(p.tests) > 1 else ''}"
    if not far:
        agrees = f"The model agrees with {count} (at most {apart[worst]:.1f} standard errors apart)."
        return Check("lift", title, Status.PASS, " ".join((agrees, *p.against)), float(apart[worst]), limit)
    if p.against:
        return Check("lift", title, Status.REVIEW, " ".join(p.against), float(apart[worst]), limit, far)
    message = (
        f"The model and the test of {p.tests[worst].channel} from {p.tests[worst].start} differ by {apart[worst]:.1f} "
        "standard errors: something that drives the KPI is missing, or the test measured something else."
    )
    return Check("lift", title, Status.REVIEW, message, float(apart[worst]), limit, far)


def _named(names: "tuple[str, ...] | list[str]") -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


CHECKS: tuple[Callable[[Picture, Limits], Check], ...] = (
    fit_quality,
    predictive,
    autocorrelation,
    misfit,
    collinearity,
    negative_baseline,
    implausible,
    media_share,
    prior_shift,
    demand_capture,
    unidentified,
)
