"""What a draft plan leaves open or contradicts: one sentence each, with what would mend it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from mmm_core.causal.holdings import key
from mmm_core.causal.loops import find_cycle
from mmm_core.domain.plan_talk import DraftPlan, Topic
from mmm_core.domain.project import CausalEdge, PrecedentKind
from mmm_core.reports import wording as f
from mmm_core.use_cases.planning_draft import also, without
from mmm_core.use_cases.planning_known import NO_CONTROL, Known

PART = {
    "kpi": "the KPI", "date": "the date", "geo": "the geo", "spend": "media spend", "exposure": "media exposure",
    "organic": "a channel without spend", "population": "the population", "reach": "media reach",
    "frequency": "media frequency", "value_per_unit": "the value of one unit", "product": "the product",
    "time": "part of the calendar",
}  # fmt: skip


@dataclass(frozen=True)
class Mend:
    label: str
    draft: DraftPlan


@dataclass(frozen=True)
class Gap:
    key: str
    topic: Topic
    text: str
    mends: tuple[Mend, ...] = ()


def gaps(known: Known, draft: DraftPlan) -> tuple[Gap, ...]:
    """The most pressing first."""
    found = (*_missing(known, draft), *_double(draft), *_strangers(known, draft), *_parts(known, draft))
    return (*found, *_mediators(draft), *_circles(known, draft), *_leaks(known, draft), *_loose(known, draft))


def _missing(known: Known, draft: DraftPlan) -> Iterator[Gap]:
    target, channels, _ = known.suggested
    if not draft.target:
        mends = (Mend(f"Take {f.plain(target)}", replace(draft, target=target)),) if target else ()
        yield Gap("no_target", Topic.TARGET, "The plan has no target yet: the KPI that marketing should move.", mends)
    if not draft.channels:
        mends = (Mend("Take the channels of the data", replace(draft, channels=channels)),) if channels else ()
        yield Gap("no_channels", Topic.CHANNELS, "The plan has no channel yet.", mends)


def _double(draft: DraftPlan) -> Iterator[Gap]:
    controls = {key(c) for c in draft.controls}
    for name in draft.channels:
        words = f.plain(name)
        if key(name) == key(draft.target):
            text = f"{words} is the target and a channel at once."
            mend = Mend("Not a channel", without(draft, Topic.CHANNELS, name))
            yield Gap(f"target:{name}", Topic.CHANNELS, text, (mend,))
        elif key(name) in controls:
            text = f"{words} is a channel and a control at once, so that its effect would be held still and asked for."
            mends = (
                Mend("A channel", without(draft, Topic.CONTROLS, name)),
                Mend("A control", without(draft, Topic.CHANNELS, name)),
            )
            yield Gap(f"both:{name}", Topic.CONTROLS, text, mends)
    if draft.target and key(draft.target) in controls:
        text = f"{f.plain(draft.target)} is the target and cannot explain itself as a control."
        mend = Mend("Not a control", without(draft, Topic.CONTROLS, draft.target))
        yield Gap("target_control", Topic.CONTROLS, text, (mend,))


def _strangers(known: Known, draft: DraftPlan) -> Iterator[Gap]:
    """Names that the data do not have; where there are no data yet, every name is as good as another."""
    if known.version is None:
        return
    for topic, what in ((Topic.CHANNELS, "channel"), (Topic.CONTROLS, "control")):
        for name in getattr(draft, topic.value):
            if known.find(name) is None:
                yield _stranger(known, draft, topic, name, what)
    if draft.target and known.find(draft.target) is None:
        text = f"The data have no column {f.plain(draft.target)}, which the plan names as its target."
        own = known.suggested[0]
        mends = (Mend(f"Take {f.plain(own)}", replace(draft, target=own)),) if own and known.find(own) else ()
        yield Gap(f"stranger:{draft.target}", Topic.TARGET, text, mends)


def _stranger(known: Known, draft: DraftPlan, topic: Topic, name: str, what: str) -> Gap:
    words, near, out = f.plain(name), known.near(name), without(draft, topic, name)
    mends = [Mend(f"Meant {f.plain(near)}", also(out, topic, near))] if near else []
    mends += [
        Mend("Note it as data needed", also(out, Topic.DATA_NEEDED, f"{words} by week")),
        Mend("Leave it out", out),
    ]
    return Gap(f"stranger:{name}", topic, f"The data have no {what} called {words}.", tuple(mends))


def _parts(known: Known, draft: DraftPlan) -> Iterator[Gap]:
    channels = {key(c) for c in draft.channels}
    for name in draft.controls:
        role = known.role(name)
        if role is None or role.role not in NO_CONTROL or key(name) in channels or key(name) == key(draft.target):
            continue
        text = f"{f.plain(name)} is {PART.get(role.role.value, role.role.value)} in the data, and no control."
        yield Gap(f"part:{name}", Topic.CONTROLS, text, (Mend("Not a control", without(draft, Topic.CONTROLS, name)),))


def _mediators(draft: DraftPlan) -> Iterator[Gap]:
    """Controls that the hypotheses place behind a channel: holding them still takes from what the channel did."""
    after: dict[str, list[str]] = {}
    for h in draft.hypotheses:
        if h.is_arrow:
            after.setdefault(key(h.cause), []).append(key(h.effect))
    for control in draft.controls:
        for channel in draft.channels:
            if key(control) in _reached(after, key(channel)) and key(channel) != key(control):
                way = f"{f.plain(channel)} → {f.plain(control)}"
                text = (
                    f"{f.plain(control)} follows from {f.inside(channel)} in your hypotheses ({way}), so holding it "
                    f"still would hide a part of what {f.inside(channel)} did."
                )
                dropped = tuple(h for h in draft.hypotheses if key(h.effect) != key(control) or not h.is_arrow)
                mends = (
                    Mend("Not a control", without(draft, Topic.CONTROLS, control)),
                    Mend("Drop the hypothesis", replace(draft, hypotheses=dropped)),
                )
                yield Gap(f"mediator:{control}", Topic.CONTROLS, text, mends)
                break


def _circles(known: Known, draft: DraftPlan) -> Iterator[Gap]:
    mine = [CausalEdge(key(h.cause), key(h.effect)) for h in draft.hypotheses if h.is_arrow]
    theirs = [CausalEdge(key(e.cause), key(e.effect)) for e in known.diagram.edges]
    circle = find_cycle([*theirs, *mine])
    if not circle or not mine:
        return
    steps = set(pairwise(circle))
    last = next((h for h in reversed(draft.hypotheses) if (key(h.cause), key(h.effect)) in steps), None)
    if last is None:
        return
    names = " → ".join(f.plain(_spelled(c, draft)) for c in circle)
    text = f"The hypotheses go round in a circle ({names}); nothing can be its own cause."
    kept = tuple(h for h in draft.hypotheses if h is not last)
    yield Gap("circle", Topic.HYPOTHESES, text, (Mend(f"Drop “{last.text}”", replace(draft, hypotheses=kept)),))


def _leaks(known: Known, draft: DraftPlan) -> Iterator[Gap]:
    leaking = {key(c) for check in known.checks("leakage") for c in check.columns}
    for name in draft.controls:
        if key(name) in leaking and key(name) != key(draft.target):
            text = (
                f"{f.plain(name)} moves almost exactly as the KPI does; as a control it would explain everything away."
            )
            mend = Mend("Not a control", without(draft, Topic.CONTROLS, name))
            yield Gap(f"leak:{name}", Topic.CONTROLS, text, (mend,))


def _loose(known: Known, draft: DraftPlan) -> Iterator[Gap]:
    channels = {key(c) for c in draft.channels}
    for one in draft.precedents:
        if one.kind is PrecedentKind.PRIOR and key(one.name) not in channels:
            text = f"A prior is taken over for {f.inside(one.name)}, which the plan does not look at."
            kept = tuple(p for p in draft.precedents if p is not one)
            yield Gap(f"loose:{one.name}", Topic.PRECEDENTS, text, (Mend("Drop it", replace(draft, precedents=kept)),))
    if not draft.channels:
        return
    spelled = f" {key(draft.question)} "
    for name in known.suggested[1]:
        if f" {key(name)} " in spelled.replace("?", " ").replace(",", " ") and key(name) not in channels:
            text = f"The question is about {f.inside(name)}, which is not among the plan's channels."
            yield Gap(f"asked:{name}", Topic.CHANNELS, text, (Mend("Add it", also(draft, Topic.CHANNELS, name)),))


def _reached(after: dict[str, Sequence[str]] | dict[str, list[str]], start: str) -> set[str]:
    found: set[str] = set()
    waiting: list[str] = list(after.get(start, ()))
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += after.get(name, ())
    return found


def _spelled(wanted: str, draft: DraftPlan) -> str:
    names: Iterable[str] = (n for h in draft.hypotheses for n in (h.cause, h.effect))
    return next((n for n in names if key(n) == wanted), wanted)
