"""From numbers to advice: evidence per channel, one action each, one sentence on top.

The sentences hold no figures of their own: figures stand beside them as references to stored metrics.
"""

from collections.abc import Collection, Sequence

from mmm_core.analysis.intervals import width
from mmm_core.domain.checks import Check, Status
from mmm_core.domain.results import Action, ChannelResult, Evidence, Interval

CLEAR = 0.90
"""Probability from which the next money is said to pay, or not to."""

LEANING = 0.70
"""Probability from which it is said to do so 'probably'."""

LEARNED = 0.5
"""The posterior is 'learned from data' when its 90% interval is under this share of the prior's."""

DOUBTS = ("demand_capture", "unidentified", "unidentified_channels")
"""Checks of single channels that forbid ranking them."""


def evidence(tested: bool, posterior: Interval, prior: Interval | None, subject: str) -> tuple[Evidence, str]:
    """Badge and reason; ``subject`` says what the interval is about ('return' or 'contribution')."""
    if tested:
        return Evidence.TESTED, "An experiment entered the model."
    if prior is None:
        return (
            Evidence.PRIOR,
            f"There is no prior range of its {subject} to compare with, so nothing shows what the data taught.",
        )
    if width(posterior) < LEARNED * width(prior):
        return (
            Evidence.DATA,
            f"The data narrowed the range of its {subject} to less than half of what was believed before.",
        )
    return Evidence.PRIOR, f"The data hardly narrowed the range of its {subject}: the figure rests mostly on the prior."


def doubted(checks: Sequence[Check], names: Collection[str]) -> Check | None:
    """The open check that forbids ranking a channel known under any of ``names`` (channel and columns)."""
    for check in checks:
        if check.status is not Status.PASS and check.id in DOUBTS and set(check.columns) & set(names):
            return check
    return None


def action(
    badge: Evidence,
    pays: float | None,
    marginal: Interval | None,
    doubt: Check | None,
    organic: bool,
    has_value: bool,
    average: Interval | None = None,
) -> tuple[Action, str]:
    """Scale, hold, test or pull back.

    Parameters
    ----------
    pays
        Probability that the next money returns more than it costs (or, where KPI units have no value, more KPI than
        the average paid channel's next money); None where there is no spend.
    average
        Its return on all its spend.
    """
    if organic or pays is None:
        return Action.HOLD, "There is no spend behind it that could move."
    if doubt is not None and badge is not Evidence.TESTED:
        because = "Its spend follows demand" if doubt.id == "demand_capture" else "It moves too little or with others"
        return Action.TEST, f"{because}, so its effect cannot be told apart in these data. An experiment would tell."
    if badge is Evidence.PRIOR:
        return Action.TEST, "The data say little about it, so its figure is not a reason to move money. Test it first."
    more, less = (
        ("returns more than it costs", "returns less than it costs")
        if has_value
        else ("brings more than the average channel's does", "brings less than the average channel's does")
    )
    if pays >= CLEAR and has_value and average is not None and average.p50 < 1.0:
        return (
            Action.TEST,
            "Its money as a whole returns less than it costs, and only the next of it would pay: its response still "
            "rises with the level. A test at a clearly higher level would settle it.",
        )
    if pays >= CLEAR:
        return Action.SCALE, f"The next money very likely {more}."
    if pays <= 1.0 - CLEAR:
        return Action.PULL_BACK, f"The next money very likely {less}."
    if pays >= LEANING:
        return Action.HOLD, f"The next money probably {more}, but not clearly enough to raise its budget."
    if pays <= 1.0 - LEANING:
        return Action.HOLD, f"The next money probably {less}, but not clearly enough to cut its budget."
    if has_value and marginal is not None and width(marginal) > max(1.0, marginal.p50):
        return Action.TEST, "Whether the next money pays for itself is wide open. A test would settle it."
    return Action.HOLD, f"It is about even whether the next money {more} or less."


def sentence(
    channels: Sequence[ChannelResult], kpi: str, overall: Interval | None, checks: Sequence[Check] = ()
) -> str:
    """The verdict: whether paid media pay for themselves, and what to do with whom; first, whether to act at all."""
    moves = [
        (verb, [c.channel for c in channels if c.action is kind and (kind is not Action.HOLD or c.spend is not None)])
        for kind, verb in (
            (Action.SCALE, "scale"),
            (Action.PULL_BACK, "pull back"),
            (Action.HOLD, "hold"),
            (Action.TEST, "test"),
        )
    ]
    advice = "; ".join(f"{verb} {_names(found)}" for verb, found in moves if found)
    found = f"{_overall(overall, kpi)}{': ' + advice if advice else ''}."
    failed = [f"“{check.title}”" for check in checks if check.status is Status.FAIL]
    if not failed:
        return found
    first = f"Do not act on this model yet: its {'check' if len(failed) == 1 else 'checks'} {_names(failed)} failed."
    return f"{first} As it stands: {found[0].lower()}{found[1:]}"


def _overall(overall: Interval | None, kpi: str) -> str:
    if overall is None:
        return f"What media bring to {kpi} has no value in money here, so only their effects are compared"
    if overall.p5 > 1.0:
        return "Paid media together very likely return more than they cost"
    if overall.p95 < 1.0:
        return "Paid media together very likely return less than they cost"
    return "Whether paid media together return what they cost is not settled by these data"


def _names(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]
