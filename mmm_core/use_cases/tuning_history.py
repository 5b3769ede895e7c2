"""A session's whole history as data, and its replay: from the recorded proposals to the same verdicts and result."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from pydantic import TypeAdapter

from mmm_core.domain.tuning import Context, Proposal, TuningRole
from mmm_core.domain.workflow import Event, EventKind
from mmm_core.modeling.spec import ModelSpec
from mmm_core.studies.tuning import guard
from mmm_core.studies.tuning.guard import Bounds
from mmm_core.use_cases.workflows import Watch

FORMAT = 1
RECOMPUTED = ("shape", "settings", "range", "specification", "reasoning")
"""Layers of the guard that need nothing but the proposal; the others looked at data, a diagram or a model."""
REPEATED = "The same specification was tried or refused before."
Document = dict[str, Any]
_PROPOSALS: TypeAdapter[Proposal] = TypeAdapter(Proposal)
_CONTEXTS: TypeAdapter[Context] = TypeAdapter(Context)


def result(seen: Watch) -> Document | None:
    """How the session ended; None while it goes on, or where it failed or was cancelled."""
    found = next((e.detail["result"] for e in reversed(seen.events) if e.detail.get("what") == "result"), None)
    return None if found is None else dict(found)


def history(seen: Watch) -> Document:
    """Every proposal, verdict, escalation, act and cost in order, with what the session began with and its result."""
    workflow, options = seen.workflow, seen.workflow.options.tuning
    return {
        "format": FORMAT,
        "session": {
            "id": workflow.id, "project": workflow.project_id, "asked_by": workflow.requested_by,
            "status": workflow.status.value, "requested_at": workflow.requested_at, "ended_at": workflow.ended_at,
            "outcome": workflow.outcome, "error": workflow.error,
        },
        "inputs": {"spec": workflow.options.spec_yaml, **(asdict(options) if options else {})},
        "bounds": next((e.detail["bounds"] for e in seen.events if "bounds" in e.detail), {}),
        "events": [_event(e) for e in seen.events],
        "approvals": [asdict(a) for a in seen.approvals],
        "cost": cost(seen.events),
        "result": result(seen),
    }  # fmt: skip


def _event(event: Event) -> Document:
    return {
        "number": event.number, "at": event.at, "kind": event.kind.value, "by": event.by, "text": event.text,
        "reason": event.reason, **event.detail,
    }  # fmt: skip


def cost(events: Sequence[Event]) -> Document:
    """What language models cost, and how many fits and seconds the trials took to ask."""
    calls = [e.detail for e in events if e.kind is EventKind.REMARK and "input_tokens" in e.detail]
    priced = [c["cost"] for c in calls if c.get("cost") is not None]
    return {
        "model_calls": len(calls),
        "input_tokens": sum(c["input_tokens"] for c in calls),
        "output_tokens": sum(c["output_tokens"] for c in calls),
        "us_dollars": sum(priced),
        "unpriced_calls": len(calls) - len(priced),
        "trials": sum(e.kind is EventKind.ACT and str(e.detail.get("key", "")).startswith("trial:") for e in events),
    }


def replay(document: Mapping[str, Any]) -> tuple[str, ...]:
    """Go through a history once more; every line where the recorded course and the recomputed one part.

    The guard judges every proposal anew, the recorded trials decide what was kept, and the specification that comes
    out is compared with the result's.
    """
    start = ModelSpec.from_yaml(document["inputs"]["spec"])
    best = candidate = start
    bounds = _bounds(document, start)
    told: list[str] = []
    for event in document["events"]:
        if event.get("what") == "proposal" and event.get("proposal"):
            checked = guard.check(_as_judged(event["proposal"]), best, bounds)
        elif event.get("role") == TuningRole.GUARD.value and event.get("what") == "verdict":
            told += _parting(event, checked)
            candidate = checked.spec or candidate
        elif (event.get("role"), event.get("verdict")) == (TuningRole.ANALYST.value, "better") or _kept(event):
            best = candidate
    ended = document.get("result")
    if ended and ModelSpec.from_yaml(ended["spec"]) != best:
        told.append("The specification that comes out is another one than the result's.")
    return tuple(told)


def _bounds(document: Mapping[str, Any], start: ModelSpec) -> Bounds:
    known = document["bounds"]
    return Bounds(
        start,
        _CONTEXTS.validate_python(document["inputs"]["context"]),
        controls=frozenset(known.get("controls", ())),
        holidays=frozenset(known.get("holidays", ())),
        barred=known.get("barred", {}),
    )


def _as_judged(document: Mapping[str, Any]) -> Proposal:
    proposal = _PROPOSALS.validate_python(document)
    return guard.of_person(proposal) if proposal.role is TuningRole.PERSON else proposal


def _parting(event: Mapping[str, Any], checked: guard.Checked) -> Iterator[str]:
    recorded = {
        (r["layer"], r["reason"])
        for r in event.get("refusals", ())
        if r["layer"] in RECOMPUTED and r["reason"] != REPEATED
    }
    now = {(r.layer, r.reason) for r in checked.refusals}
    if recorded != now:
        yield f"Proposal {event['iteration']}: the guard said {sorted(recorded)}, and says {sorted(now)} now."
    if event["verdict"] == "passed" and (checked.spec is None or checked.spec.to_yaml() != event["spec"]):
        yield f"Proposal {event['iteration']}: it leads to another specification now."


def _kept(event: Mapping[str, Any]) -> bool:
    """A person kept the trial that the analyst had rejected."""
    return event.get("what") == "escalation" and event.get("role") == TuningRole.PERSON.value and "trial" in event
