"""The diagram's advice in plain sentences, one for each variable, with the path spelled out."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from mmm_core.causal.holdings import Holdings
from mmm_core.causal.identify import Identification, Verdict
from mmm_core.domain.checks import Check, Status

if TYPE_CHECKING:
    from mmm_core.causal.advice import Finding

TITLES = {
    "mediator": "On the way",
    "channel_mediator": "Works through another channel",
    "follows": "Follows from the effect",
    "consequence": "A consequence of the KPI",
    "collider": "Opens a path",
    "left_out": "Left out",
    "unseen": "No data",
    "no_effect": "No path",
    "stranger": "Not in the diagram",
}


def sentences(
    findings: Iterable["Finding"], found: Iterable[Identification], kpi: str, holdings: Holdings
) -> Iterator[Check]:
    """Findings about the same variable are said once, with the first channel's path and the other channels' names."""
    by: dict[tuple[str, str], list[Finding]] = defaultdict(list)
    for finding in findings:
        by[finding.kind, finding.variable].append(finding)
    known = {one.channel: one for one in found}
    for (kind, name), alike in by.items():
        first = alike[0]
        if kind == "mediator" and name in known:
            kind = "channel_mediator"
        text, status = _said(kind, first, kpi, known[first.channel], holdings)
        others = [f.channel for f in alike[1:]]
        # That a control follows from the KPI is true whichever channel is asked about.
        if others and kind != "consequence":
            text += f" The same holds for {listed(others)}."
        yield Check(kind, TITLES[kind], status, text, columns=(name, *(f.channel for f in alike)))
    silent = [one.channel for one in known.values() if one.verdict is Verdict.NO_EFFECT]
    if silent:
        text = f"The diagram has no path from {listed(silent)} to {kpi}: it says that there is no effect at all."
        yield Check("no_effect", TITLES["no_effect"], Status.REVIEW, text, columns=tuple(silent))


def _said(kind: str, one: "Finding", kpi: str, known: Identification, holdings: Holdings) -> tuple[str, Status]:
    name, channel, path = one.variable, one.channel, one.path
    match kind:
        case "mediator":
            return (
                f"{name} lies on the path {path}: controlling for it takes away part of what {channel} brings.",
                Status.FAIL,
            )
        case "channel_mediator":
            return (
                f"{channel} also works through {name} ({path}): with both as channels of one model, what {channel} "
                f"brings through {name} is counted as {name}'s.",
                Status.REVIEW,
            )
        case "follows":
            return (
                f"{name} follows from what {channel} does ({path}): controlling for it takes away part of what "
                f"{channel} brings.",
                Status.FAIL,
            )
        case "consequence":
            return (
                f"{name} is a consequence of {kpi} ({path}): controlling for it explains {kpi} by itself.",
                Status.FAIL,
            )
        case "collider":
            return (
                f"Controlling for {name} opens the path {path}, which was closed: an association runs along it that "
                f"{channel} did not cause.",
                Status.FAIL,
            )
        case "left_out":
            return (
                f"{name} moves both {channel} and {kpi} ({path}) and has data, but is not among the controls: "
                f"{channel} gets credit for what {name} does.",
                Status.FAIL,
            )
        case _:
            return (
                f"{name} moves both {channel} and {kpi} ({path}) and there are no data on it: part of the return "
                f"of {channel} may be its doing.{_way_round(known)}",
                Status.REVIEW,
            )


def _way_round(one: Identification) -> str:
    if one.frontdoor:
        return f" The effect can still be followed through {listed(one.frontdoor)} (front door)."
    if one.instruments:
        return f" {listed(one.instruments)} could serve as an instrument: it moves {one.channel} and nothing else."
    return " An experiment on this channel would settle it."


def strangers(holdings: Holdings) -> Iterator[Check]:
    if holdings.strangers:
        names = listed(holdings.strangers)
        verb = "is" if len(holdings.strangers) == 1 else "are"
        text = f"{names} {verb} in the model but not in the diagram, so the diagram says nothing about {names}."
        yield Check("stranger", TITLES["stranger"], Status.REVIEW, text, columns=holdings.strangers)


def listed(names: Iterable[str]) -> str:
    every = list(names)
    return every[0] if len(every) == 1 else f"{', '.join(every[:-1])} and {every[-1]}"
