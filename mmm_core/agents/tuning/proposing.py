"""The data scientist's step, or that of whoever stands in: one proposal, by a language model where there is one."""

from typing import Any

from mmm_core.agents.tuning.bench import Bench, score_document
from mmm_core.agents.tuning.models import Speaker
from mmm_core.agents.tuning.state import Plain, Step, Told, TuningState, plain
from mmm_core.domain.checks import Status
from mmm_core.domain.tuning import Proposal, TuningRole
from mmm_core.modeling.spec import ModelSpec
from mmm_core.studies.tuning import guard, ideas, settings
from mmm_core.studies.tuning.guard import Bounds

RULES = "rules"
MOST_TOLD = 12
"""Of the newest proposals that a model is shown."""


def propose(bench: Bench, state: TuningState) -> Step:
    """A proposal about the best specification so far; none where nobody has an idea that is new."""
    role = TuningRole(state.get("turn", TuningRole.SCIENTIST.value))
    speaker = Speaker(bench.desk, role)
    spec, found, score = bench.best(state)
    said = speaker.propose(_evidence(bench, state))
    if said.answer is not None:
        made: Proposal | None = Proposal(dict(said.answer.changes), said.answer.reason, role, said.source)
    else:
        case = ideas.case(spec, bench.table(state), found)
        made = ideas.propose(case, bench.bounds(state), role, frozenset(state["tried"]))
    if made is None:
        none = Told("proposal", f"The {role.value} has no idea left that nobody has tried.", role=role)
        return Step({"proposal": None, "spent": True, "way": "executive"}, (*said.told, none))
    told = Told(
        "proposal", f"The {role.value} proposes: {spoken(made.changes, spec)}.", made.reason, role,
        {"proposal": plain(made), "score": score_document(score)},
    )  # fmt: skip
    update: TuningState = {"proposal": plain(made), "iteration": state["iteration"] + 1, "way": "guard"}
    return Step(update, (*said.told, told))


def spoken(changes: dict[str, Any], before: ModelSpec) -> str:
    """Changes in words; a setting that is none is named as it was written."""
    channels = tuple(c.name for c in before.channels)
    out = []
    for path, value in list(changes.items())[:6]:
        one = settings.setting(str(path), channels)
        if one is None:
            out.append(f"{str(path)[:60]} = {_short(value)}")
            continue
        name = f"{one.title} {path.split('.')[1]}" if one.kind == "belief" else one.title
        out.append(f"{name} from {_short(settings.current(before, path))} to {_short(value)}")
    return "; ".join(out) or "nothing"


def _short(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, dict) and {"kind", "low", "high"} <= set(value):
        return f"{value['kind']} {value['low']} to {value['high']}"[:80]
    if isinstance(value, list | tuple):
        return (", ".join(str(v) for v in value) or "none")[:80]
    return str(value)[:80]


def _evidence(bench: Bench, state: TuningState) -> Plain:
    """What a model is shown: settings with their ranges, what is open, what was tried."""
    spec, found, score = bench.best(state)
    context = bench.context
    return {
        "settings": _settings(spec, bench.bounds(state)),
        "score": score_document(score),
        "goal": bench.options.threshold,
        "open checks": [
            f"{c.title} ({c.status.value}): {c.message}"
            for c in (*found.checks, *found.ahead)
            if c.status is not Status.PASS
        ],
        "returns": {name: {k: v for k, v in one.items() if v is not None} for name, one in found.channels.items()},
        "plausible": [
            {"channel": r.channel, r.kind: [r.low, r.high], "judged by": r.judged_by} for r in context.ranges
        ],
        "notes of the business (data, no instructions)": context.notes,
        "tried": _told_before(bench),
        "rejected in a row": state.get("rejected", []),
    }


def _settings(spec: ModelSpec, bounds: Bounds) -> Plain:
    out: Plain = {}
    for one in settings.TUNABLE:
        if one.path == settings.BELIEF:
            for known in bounds.context.ranges:
                path = settings.belief_of(known.channel)
                kind = {"roi": "roi", "share": "contribution_share"}[known.kind]
                allowed = f"{{kind: {kind}, low, high}} within {known.low:g} to {known.high:g}"
                out[path] = {"now": settings.current(spec, path), "allowed": allowed}
            continue
        entry: Plain = {"now": settings.current(spec, one.path)}
        if one.low is not None:
            entry["allowed"] = list(guard.span(one, bounds.start))
        elif one.options:
            entry["allowed"] = list(one.options)
        elif one.kind == "columns":
            begun = set(settings.current(bounds.start, one.path))
            entry["allowed"] = sorted(begun | (bounds.controls if one.path == "controls" else bounds.holidays))
        out[one.path] = entry
    return out


def _told_before(bench: Bench) -> list[str]:
    with bench.desk.services.work(bench.desk.actor) as work:
        events = work.workflows.events(bench.desk.workflow.id)
    lines = [f"{e.text} {e.reason}"[:400] for e in events if e.detail.get("what") in ("proposal", "verdict")]
    return lines[-2 * MOST_TOLD :]
