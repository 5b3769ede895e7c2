"""When a session is over: converged, out of proposals or of ideas; the executive's criteria, and what comes out."""

from typing import Any

from mmm_core.agents.tuning.bench import Bench, measured
from mmm_core.agents.tuning.models import Speaker
from mmm_core.agents.tuning.state import Plain, Step, Told, TuningState
from mmm_core.domain.identity import Actor
from mmm_core.domain.ports import Services
from mmm_core.domain.tuning import TuningRole
from mmm_core.domain.workflow import EventKind
from mmm_core.modeling.spec import ModelSpec
from mmm_core.studies.tuning import ideas, scoring, settings
from mmm_core.studies.tuning.scoring import Criterion
from mmm_core.use_cases.knowledge import remember_decision

EXECUTIVE = TuningRole.EXECUTIVE
CONVERGED, LIMIT, SPENT, PERSON, STOPPED = "converged", "limit", "exhausted", "person", "stopped"
SENTENCES = {
    CONVERGED: "The score has reached the goal.",
    LIMIT: "The proposals allowed are used up.",
    SPENT: "Nobody has an idea left that was not tried.",
    PERSON: "A person decided.",
    STOPPED: "A person ended the session.",
}


def supervise(bench: Bench, state: TuningState) -> Step:
    """Whether to go on: the goal, the limit, or the next proposal."""
    _, _, score = bench.best(state)
    if score.total >= bench.options.threshold and state.get("seen") != state["best_trial"]:
        return _over(CONVERGED, f"A score of {score.total:.3f} against a goal of {bench.options.threshold:g}.")
    if state["iteration"] >= bench.options.iterations:
        return _over(LIMIT, f"{state['iteration']} proposals were made.")
    return Step({"way": "propose"})


def _over(how: str, why: str) -> Step:
    return Step({"how": how, "way": "executive"}, (Told("status", SENTENCES[how], why, kind=EventKind.STATUS),))


def approve(bench: Bench, state: TuningState) -> Step:
    """The executive holds the best specification against the stated criteria."""
    spec, found, _ = bench.best(state)
    asked = scoring.criteria(found, bench.context)
    missed = [c for c in asked if not c.met]
    how = SPENT if state.get("spent") else state.get("how", CONVERGED)
    detail = {"criteria": documents(asked), "how": how, "verdict": "rejected" if missed else "approved"}
    speaker = Speaker(bench.desk, EXECUTIVE)
    said = speaker.argue({"criteria": detail["criteria"], "verdict": detail["verdict"]}, _names(spec))
    if not missed:
        why = " ".join([*(_said(c) for c in asked), said]).strip()
        line = Told("criteria", "The executive approves the specification.", why, EXECUTIVE, detail)
        return Step({"how": how, "approved": True, "way": "end"}, (*speaker.told, line))
    why = " ".join([*(_said(c) for c in missed), said]).strip()
    line = Told("criteria", "The executive does not approve the specification.", why, EXECUTIVE, detail)
    ends = how in (SPENT, LIMIT)
    if ends:
        return Step({"how": how, "approved": False, "outcome": why, "way": "end"}, (*speaker.told, line))
    rejection = {"by": EXECUTIVE.value, "reason": why, "proposal": None}
    update: TuningState = {"way": "reject", "seen": state["best_trial"]}
    return Step({**update, "rejected": [*state.get("rejected", []), rejection]}, (*speaker.told, line))


def _names(spec: ModelSpec) -> list[str]:
    return [spec.kpi.column, *(c.name for c in spec.channels), *spec.controls]


def _said(one: Criterion) -> str:
    return f"{one.name}: {one.found}, wanted {one.wanted}."


def documents(found: tuple[Criterion, ...]) -> list[Plain]:
    return [{"name": c.name, "wanted": c.wanted, "found": c.found, "met": c.met} for c in found]


def end(bench: Bench, state: TuningState) -> Step:
    """The result: what the session began with and what came out, all of it from the trials."""
    desk = bench.desk
    spec, found, score = bench.best(state)
    start = bench.start()
    before = bench.findings(state["baseline_trial"])
    was = scoring.score(before, start, bench.context)
    changes = ideas.difference(start, spec)
    approved, how = bool(state.get("approved")), state.get("how", STOPPED)
    result: dict[str, Any] = {
        "how": how, "approved": approved, "improved": bool(changes),
        "changes": {path: {"from": settings.current(start, path), "to": value} for path, value in changes.items()},
        "spec": spec.to_yaml(), "baseline": measured(before, was), "best": measured(found, score),
        "criteria": documents(scoring.criteria(found, bench.context)), "iterations": state["iteration"],
        "trial": state["best_trial"], "baseline_trial": state["baseline_trial"], "reason": state.get("outcome", ""),
    }  # fmt: skip
    sentence = outcome(result)
    kept = f"{'Approved' if approved else 'Not approved'} by a tuning session"

    def remember(services: Services, actor: Actor) -> str:
        with services.work(actor) as work:
            workflow = desk.workflow
            key = f"{workflow.id}:result"
            remember_decision(
                work, ("workflow", workflow.id), kept, sentence, "tuning session", workflow.project_id, key=key
            )
            detail = {"how": how, "approved": approved, "score": score.total, "trial": state["best_trial"]}
            work.audit.record("tuning.decided", workflow.id, detail)
        return key

    desk.once("result", kept, remember)
    line = Told("result", sentence, SENTENCES[how], None, {"result": result})
    return Step({"how": how, "approved": approved, "outcome": sentence}, (line,))


def outcome(result: dict[str, Any]) -> str:
    """How it ended, as one sentence with what it gained."""
    was, now = (result[name]["score"]["total"] for name in ("baseline", "best"))
    errors = [result[name]["holdout_error"] for name in ("baseline", "best")]
    verdict = "approved" if result["approved"] else "not approved"
    if not result["improved"]:
        return f"The specification stays as it was, with a score of {now:.3f}; it is {verdict}."
    return (
        f"The tuned specification is {verdict}: its score went from {was:.3f} to {now:.3f}, and the error of the "
        f"forecast of weeks held out from {errors[0]:.1%} to {errors[1]:.1%}."
    )
