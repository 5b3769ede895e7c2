"""Causal checks in sentences and tables."""

from collections.abc import Callable, Sequence
from operator import attrgetter

from mmm_core.causal.findings import ChannelCheck, Refutation
from mmm_core.causal.words import listed
from mmm_core.domain.checks import Check, Status
from mmm_core.domain.study import Column, Line, Picture, StudyOutcome, Table
from mmm_core.modeling.spec import ModelSpec
from mmm_core.reports import wording as f

TITLES = {
    "agreement": "Beside the model",
    "placebo": "Placebo",
    "timing": "Other times",
    "random_cause": "Random cause",
    "subset": "Parts of the data",
    "hidden_cause": "Hidden driver",
}
NOW, LOW, HIGH = attrgetter("coefficient"), attrgetter("low"), attrgetter("high")
NAMED = 4
"""Variables held still that a sentence names; the table names all."""
Writer = Callable[[float | None], str]


def outcome(
    found: Sequence[ChannelCheck], failed: Sequence[str], spec: ModelSpec, repetitions: int, worth: float | None
) -> StudyOutcome:
    """Verdict, checks by channel, and the estimates side by side; ``worth``: money per KPI unit, None where unknown."""
    return StudyOutcome(
        verdict=_verdict(found),
        checks=tuple(check for one in found for check in checks(one, spec, repetitions, worth)),
        tables=(_estimates(found, failed), _attempts(found)),
        pictures=_pictures(found),
    )


def _verdict(found: Sequence[ChannelCheck]) -> str:
    apart = [c.channel for c in found if c.agreement is not Status.PASS]
    open_ones = [c.channel for c in found if not c.identified]
    thin = [c.channel for c in found if _failed(c) - {"hidden_cause"}]
    turned = [c.channel for c in found if "hidden_cause" in _failed(c)]
    agree = len(found) - len(apart)
    parts = [f"For {agree} of {len(found)} channels the back-door estimate lies within the model's interval"]
    parts += [f"{listed(apart)} {'differs' if len(apart) == 1 else 'differ'}"] if apart else []
    text = "; ".join(parts) + "."
    if thin:
        text += f" At least one attempt refutes {listed(thin)}."
    if turned:
        text += f" A hidden driver no stronger than a measured one would turn the verdict on {listed(turned)}."
    if open_ones:
        text += f" By the diagram the data cannot settle {listed(open_ones)}."
    return text


def _failed(one: ChannelCheck) -> set[str]:
    return {r.kind for r in one.refutations if r.status is Status.FAIL}


def checks(one: ChannelCheck, spec: ModelSpec, repetitions: int, worth: float | None) -> tuple[Check, ...]:
    """One check per attempt, each naming the channel."""
    out = [Check("agreement", TITLES["agreement"], one.agreement, _agreement(one, spec), columns=(one.channel,))]
    for tried in one.refutations:
        text = _hidden(one, spec, worth) if tried.kind == "hidden_cause" else _tried(one, tried, spec, repetitions)
        value = one.tipping.times if tried.kind == "hidden_cause" else tried.share
        out.append(Check(tried.kind, TITLES[tried.kind], tried.status, text, value, columns=(one.channel,)))
    return tuple(out)


def effect(one: ChannelCheck, spec: ModelSpec) -> tuple[Writer, str]:
    """How a coefficient of this channel is written, and what that is called: a return, or KPI brought."""
    if one.model_roi is not None:
        return (lambda c: f.times(None if c is None else one.roi(c))), "return"
    amount = _amount(spec)
    return (lambda c: amount(None if c is None else one.brought(c))), "effect"


def _amount(spec: ModelSpec) -> Writer:
    """KPI brought: revenue as money, a count with what it counts."""
    if spec.kpi.unit == "revenue":
        return lambda value: f.money(value, spec.currency)
    return lambda value: f"{f.short(value)} {f.inside(spec.kpi.column)}"


def _agreement(one: ChannelCheck, spec: ModelSpec) -> str:
    write, what = effect(one, spec)
    ours = one.model_roi or one.model_contribution
    model = (
        f"{f.times(ours.mean)} ({f.interval(ours, f.times)})"
        if one.model_roi
        else f"{_amount(spec)(ours.mean)} ({f.interval(ours, _amount(spec))})"
    )
    held = f"with {_held(one, NAMED)} held still" if one.held else "with nothing held still"
    text = (
        f"The model says {model}; the back-door estimate, {held}, says {write(one.coefficient)} "
        f"({write(one.low)} to {write(one.high)}). With nothing held still it would say {write(one.naive)}."
    )
    match one.agreement:
        case Status.PASS:
            return text
        case Status.REVIEW:
            return text + f" It lies outside the model's interval for the {what} of {one.channel}."
        case _:
            return text + " The two intervals do not even meet: the model and the diagram do not tell the same story."


def _held(one: ChannelCheck, most: int | None = None) -> str:
    """What was held still, as words; the adjustment set comes first."""
    names = [f.inside(name) for name in one.held]
    if most is not None and len(names) > most + 1:
        names = [*names[:most], f"{len(names) - most} more"]
    return listed(names)


def _tried(one: ChannelCheck, tried: Refutation, spec: ModelSpec, repetitions: int) -> str:
    write, what = effect(one, spec)
    name, now = one.channel, write(one.coefficient)
    match tried.kind:
        case "placebo":
            text = f"Shuffled over the weeks, {name} shows a mean {what} of {write(tried.effect)} instead of {now}"
            good, bad = ", as it should.", ": an effect that is there without the channel is not the channel's."
        case "timing":
            share = f.share(tried.share)
            text = f"Moved to other times of the history, {name} does as well in {share} of the cases"
            good, bad = ": its timing matters.", ": the estimate may be chance."
        case "random_cause":
            text = f"With random numbers held still too, the {what} of {name} is {write(tried.effect)} ({now} before)"
            good, bad = ", so nothing moves.", ": an estimate that noise moves is not to be leaned on."
        case _:
            text = f"On random parts of the data the {what} of {name} is {write(tried.effect)}, give or take "
            text += write(tried.spread)
            good, bad = ", so no few weeks make it.", ": it comes and goes with the weeks that are in."
    return text + (good if tried.status is Status.PASS else bad)


def _hidden(one: ChannelCheck, spec: ModelSpec, worth: float | None) -> str:
    """The tipping point in money: how strong a hidden driver would have to be to turn the decision."""
    tip, (write, what) = one.tipping, effect(one, spec)
    line = f"a {what} of 1" if one.model_roi else "no effect"
    driver = f.inside(tip.driver or "")
    above = one.coefficient >= tip.goal
    if tip.undecided:
        return (
            f"The {what} of {one.channel} ({write(one.low)} to {write(one.high)}) is not told apart from {line} even "
            "without a hidden driver."
        )
    if tip.driver is None:
        return (
            "Nothing is measured that a hidden driver could be held against; one that explains "
            f"{f.share(tip.robustness)} of what is left of both {one.channel} and {spec.kpi.column} would take it to "
            f"{line}."
        )
    side = "below" if above else "above"
    start = f"A hidden driver as strong as {driver}, the strongest one measured,"
    if tip.as_strong is None:
        text = f"{start} could explain {one.channel} whole"
    else:
        moved = abs(one.brought(one.coefficient) - one.brought(tip.as_strong))
        amount = _amount(spec)(moved)
        unsaid = worth is not None and spec.kpi.unit != "revenue"
        valued = f", worth {f.money(moved * (worth or 0.0), spec.currency)}" if unsaid else ""
        change = "less" if abs(tip.as_strong) < abs(one.coefficient) or above else "more"
        text = (
            f"{start} would take the {what} of {one.channel} from {write(one.coefficient)} to {write(tip.as_strong)} "
            f"({amount} {change}{valued})"
        )
    if tip.times is None:
        return f"{text}; even a far stronger one would not take it {side} {line}."
    return f"{text}; one {tip.times:.2g} times as strong as {driver} is enough to bring it {side} {line}."


def _estimates(found: Sequence[ChannelCheck], failed: Sequence[str]) -> Table:
    money = any(c.model_roi for c in found)
    unit = "ratio" if money else "kpi"
    what = "return" if money else "effect"
    rows = []
    for c in found:
        model = c.model_roi if money else c.model_contribution
        scale = model.mean if model else float("nan")
        told = (model.mean, model.p5, model.p95) if model else (None, None, None)
        ours = tuple(k * scale if model else None for k in (c.coefficient, c.low, c.high, c.naive))
        rows.append((c.channel, *told, *ours, _held(c) if c.held else "nothing"))
    names = (f"Model's {what}", "from", "to", f"Back-door {what}", "from ", "to ", "Nothing held still")
    columns = (Column("Channel"), *(Column(n, unit) for n in names), Column("Held still"))
    return Table("The model and the diagram", columns, tuple(rows), " ".join(failed))


def _attempts(found: Sequence[ChannelCheck]) -> Table:
    kinds = [r.kind for r in found[0].refutations]
    rows = tuple((c.channel, *(r.status.value for r in c.refutations)) for c in found)
    return Table("Attempts to refute", (Column("Channel"), *(Column(TITLES[k]) for k in kinds)), rows)


def _pictures(found: Sequence[ChannelCheck]) -> tuple[Picture, ...]:
    paid = [c for c in found if c.model_roi]
    if not paid:
        return ()
    ours = [c.model_roi for c in paid if c.model_roi]
    told, low, high = (tuple(c.roi(k(c)) for c in paid) for k in (NOW, LOW, HIGH))
    lines = (
        Line("The model", tuple(m.mean for m in ours), tuple(m.p5 for m in ours), tuple(m.p95 for m in ours)),
        Line("Back door", told, low, high, role="predicted"),
    )
    note = "dot: the return; line: its 90% interval"
    return (Picture("Return on spend, told twice", "dots", tuple(c.channel for c in paid), lines, "ratio", note),)
