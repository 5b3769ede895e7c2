"""Two checks of what the model leaves over: whether it still follows a channel, and what its own memory costs.

The level of the first is that of its tests, 5% for all channels and kinds together: the limit is no tuned number.
"""

import numpy as np
import scipy

from mmm_core.domain.checks import Check, Status
from mmm_core.domain.fit import Array
from mmm_core.modeling.leftover import DEMAND, DRIFT, MEMORY, SATURATION, Leftover, Suspicion
from mmm_core.modeling.limits import Limits
from mmm_core.modeling.spec import Adstock, Saturation

TITLE = "Shape of the channels' effects"
LONGEST_LAG = 10
NOTICED = 0.02
"""Part by which an interval is too narrow that is worth a word."""
NAMES = {
    Adstock.GEOMETRIC: "geometric",
    Adstock.DELAYED: "delayed",
    Adstock.WEIBULL_PDF: "Weibull",
    Saturation.LOGISTIC: "logistic",
    Saturation.HILL: "Hill",
    Saturation.MICHAELIS_MENTEN: "Michaelis-Menten",
}
"""Families that are worth a try, in the order in which they are named."""
BESIDES = {MEMORY: "memory of", SATURATION: "saturation of", DRIFT: "drift of", DEMAND: "demand behind"}
WHAT = {
    MEMORY: "memory looks wrong",
    SATURATION: "saturation looks wrong",
    DRIFT: "effect seems to change over time",
    DEMAND: "spend seems to run after demand",
}


def misfit(left: Leftover, adstock: str, saturation: str, max_lag: int, limits: Limits) -> Check:
    """Does what is left over still follow a channel: its memory, its saturation, its strength over time, its future?"""
    limit = limits.misfit_chance
    if not left.single:
        return Check("misfit", TITLE, Status.PASS, "There are too few periods to ask whether a shape is wrong.")
    ranked = sorted(left.single, key=lambda s: (left.chance(s), s.chance))
    first = ranked[0]
    lowest = left.chance(first)
    found = [s for s in ranked if left.chance(s) < limit and (s.kind == DEMAND or s.size > limits.misfit_size)]
    if not found:
        message = f"What the model leaves over follows no channel (lowest p {lowest:.2f} of {len(left.single)} tests"
        small = f", a pattern of {first.size:.0%} of what {first.channel} brings" if lowest < limit else ""
        return Check("misfit", TITLE, Status.PASS, f"{message}{small}).", lowest, limit)
    # A kind that all channels share is told of the channel that shows it most.
    kinds = {s.kind: s for s in reversed(found)}
    worst = found[0]
    others = [f"the {BESIDES[k]} {s.channel}" for k, s in kinds.items() if s is not worst and k != worst.kind]
    also = f" Suspect besides: {_listed(others[::-1])}." if others else ""
    much = "larger than what it brings" if worst.size > 1 else f"of {worst.size:.0%} of what it brings"
    figures = f"p {_p(left.chance(worst))}, a pattern {much}"
    message = (
        f"What the model leaves over still follows {worst.channel}, whose {WHAT[worst.kind]} ({figures}): "
        f"{_advice(worst, adstock, saturation, max_lag)}.{also}"
    )
    columns = tuple(dict.fromkeys(s.channel for s in (worst, *kinds.values())))
    return Check("misfit", TITLE, Status.REVIEW, message, left.chance(worst), limit, columns)


def _advice(found: Suspicion, adstock: str, saturation: str, max_lag: int) -> str:
    if found.kind == MEMORY and found.longest and adstock != Adstock.NONE:
        return f"try a longer memory ({2 * max_lag} periods)"
    if found.kind in (MEMORY, SATURATION):
        what, kind, now = (
            ("adstock", Adstock, adstock) if found.kind == MEMORY else ("saturation", Saturation, saturation)
        )
        others = [word for family, word in NAMES.items() if isinstance(family, kind) and family != now]
        return f"try another {what} ({' or '.join(others[:2])})"
    if found.kind == DRIFT:
        return "try media that vary over time, or a shorter history"
    return "its return may be demand that was there anyway; a control for demand or an experiment would tell"


def autocorrelation(residual: Array, left: Leftover, channels: tuple[str, ...], limits: Limits) -> Check:
    """Correlation of neighbouring residuals (G, T), with a Ljung-Box test over the first lags, and what it costs."""
    # Each geo counts alike, however large its KPI.
    spread = residual.std(axis=1, keepdims=True)
    scaled = (residual - residual.mean(axis=1, keepdims=True)) / np.where(spread > 0, spread, 1.0)
    periods = scaled.shape[1]
    lags = min(LONGEST_LAG, max(1, periods // 5))
    power = max(float((scaled**2).sum()), 1e-300)
    r = np.array([float((scaled[:, k:] * scaled[:, :-k]).sum()) / power for k in range(1, lags + 1)])
    statistic = periods * (periods + 2) * float(np.sum(r**2 / (periods - np.arange(1, lags + 1))))
    chance = float(scipy.stats.chi2.sf(statistic, lags))
    status = limits.above(float(r[0]), limits.autocorrelation_review, limits.autocorrelation_fail)
    if status is Status.PASS and chance < limits.ljung_box:
        status = Status.REVIEW
    figures = f"correlation with the period before {r[0]:.2f}, Ljung-Box p {_p(chance)}"
    shape = "comes in runs" if r[0] > 0 else "swings from one period to the next"
    words = {
        Status.PASS: f"What the model leaves over looks like noise ({figures}).",
        Status.REVIEW: f"What the model leaves over {shape} ({figures}). That by itself biases no contribution, "
        f"but {_cost(left, channels, r[0])}.",
        Status.FAIL: f"What the model leaves over drifts ({figures}): something slow is missing, so contributions may "
        f"be wrong, and {_cost(left, channels, r[0])}.",
    }
    return Check(
        "autocorrelation", "Leftover pattern", status, words[status], float(r[0]), limits.autocorrelation_review
    )


def _cost(left: Leftover, channels: tuple[str, ...], neighbours: float) -> str:
    """How many independent periods are left, and how much too narrow the intervals are."""
    worst = int(np.argmax(left.widening))
    wider = float(left.widening[worst]) - 1
    independent = max(1, round(left.effective))
    worth = f"{left.periods} periods tell as much about an average as {independent} independent "
    worth += "one" if independent == 1 else "ones"
    if left.rho <= 0:
        worth = f"the pattern is {'in longer lags than one period' if neighbours > 0 else 'no accident'}"
    if wider <= NOTICED:
        return f"{worth}; no channel's interval is much too narrow, since spend changes faster than that"
    least = float(left.widening.min()) - 1
    rest = f" (the others' by {max(least, 0.0):.0%} or more)" if len(channels) > 1 and least > NOTICED else ""
    return f"{worth}, and the interval of {channels[worst]} should be about {wider:.0%} wider{rest}"


def _p(chance: float) -> str:
    return "under 0.001" if chance < 0.001 else f"{chance:.3f}"


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
