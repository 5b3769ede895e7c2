"""What a rejection leads to: back with the reason, on to another role, and the third time to a person."""

from typing import Any

from mmm_core.agents.tuning import trials
from mmm_core.agents.tuning.bench import Bench
from mmm_core.agents.tuning.proposing import spoken
from mmm_core.agents.tuning.state import Step, Told, TuningState, plain, proposal_of
from mmm_core.agents.workflow.desk import asking
from mmm_core.agents.workflow.state import plain as plain_question
from mmm_core.domain.fit import RunStatus
from mmm_core.domain.study import Column, Table
from mmm_core.domain.tuning import Proposal, TuningRole
from mmm_core.domain.workflow import Gate, Input, Question, Verdict
from mmm_core.modeling.spec import ModelSpec
from mmm_core.studies.tuning import guard, settings
from mmm_core.use_cases import studies

OTHER: dict[TuningRole, TuningRole] = {
    TuningRole.SCIENTIST: TuningRole.ANALYST,
    TuningRole.ANALYST: TuningRole.SCIENTIST,
}
THIRD = 3
EDITABLE = (
    "max_lag", "season.yearly_terms", "trend.kind", "trend.knots", "media_prior.share_low", "media_prior.share_high",
    "time_varying.baseline", "sampling.target_accept",
)  # fmt: skip
YES, NO = "yes", "no"
ENDS = "Nothing is changed, and the history stays."
SENTENCES = {
    TuningRole.GUARD: "The methodology guard has made the third rejection in a row. Go on without these proposals?",
    TuningRole.ANALYST: "The business analyst has made the third rejection in a row. Keep the last result anyway?",
    TuningRole.EXECUTIVE: "The executive has declined three times. Approve the best so far, criteria not met?",
}

ANSWERS = {TuningRole.GUARD: "Go on", TuningRole.ANALYST: "Keep it anyway", TuningRole.EXECUTIVE: "Approve it anyway"}
"""What a yes to each of them is called."""


def reject(bench: Bench, state: TuningState) -> Step:
    """Count it, and choose who goes on."""
    last = state["rejected"][-1]
    declines = last["by"] == TuningRole.EXECUTIVE.value
    count = (state["declined"] if declines else state["rejections"]) + 1
    counted: TuningState = {"declined": count} if declines else {"rejections": count}
    document = last.get("proposal")
    proposer = proposal_of(document).role if document else TuningRole.SCIENTIST
    if count >= THIRD:
        question = _question(bench, state)
        line = Told(
            "escalation", "The third rejection in a row goes to a person.", last["reason"], detail={"number": count}
        )
        return Step({**counted, "question": plain_question(question), "way": asking(Gate.TUNING)}, (line,))
    if count == 1:
        turn = proposer if proposer in OTHER else TuningRole.SCIENTIST
        words = f"The first rejection goes back to the {turn.value} with its reason."
    else:
        turn = OTHER.get(proposer, TuningRole.ANALYST)
        words = f"The second rejection in a row goes to another role: the {turn.value} proposes."
    line = Told("escalation", words, last["reason"], detail={"number": count, "to": turn.value})
    return Step({**counted, "turn": turn.value, "way": "supervise"}, (line,))


def _question(bench: Bench, state: TuningState) -> Question:
    spec, found, score = bench.best(state)
    visits = int(state.get("visits", {}).get(asking(Gate.TUNING), 0))
    rejected = state["rejected"][-THIRD:]
    by = TuningRole(rejected[-1]["by"])
    rows = tuple(
        (
            f"{r['by'][:1].upper()}{r['by'][1:]}",
            spoken(r["proposal"]["changes"], spec) if r.get("proposal") else "the specification as it stands",
            r["reason"],
        )
        for r in rejected
    )
    evidence = (
        f"Best so far: a score of {score.total:.3f} of 1; the forecast of weeks held out is off by {found.mape:.1%}.",
        f"Proposals so far: {state['iteration']} of at most {bench.options.iterations}.",
        *(f"Open: {c.title}. {c.message}" for c in found.failed[:4]),
    )
    return Question(
        key=f"{Gate.TUNING.value}:{visits + 1}", gate=Gate.TUNING, text=SENTENCES[by], evidence=evidence, rejected=ENDS,
        yes=ANSWERS[by], changed="Try this change", no="End the session",
        inputs=tuple(_input(path, spec, bench) for path in EDITABLE),
        tables=(Table("The last rejections", (Column("By"), Column("Proposal"), Column("Why")), rows),),
        subject={"workflow": bench.desk.workflow.id, "trial": str(state.get("trial", ""))},
    )  # fmt: skip


def _input(path: str, spec: ModelSpec, bench: Bench) -> Input:
    one = settings.setting(path, ())
    assert one is not None
    value = settings.current(spec, path)
    if one.kind == "switch":
        return Input(path, one.title, "choice", YES if value else NO, (YES, NO))
    if one.kind == "choice":
        return Input(path, one.title, "choice", value, one.options)
    low, high = guard.span(one, bench.start())
    return Input(path, one.title, one.kind, value, low=low, high=high)


def decide(bench: Bench, state: TuningState) -> Step:
    """What the person said: go on, keep or approve; their own change; or the end."""
    answer = bench.desk.ask({"question": state["question"]})
    by, last = TuningRole(state["rejected"][-1]["by"]), state["rejected"][-1]
    said = {"verdict": answer.verdict.value, "by": answer.by, "edits": answer.edits}
    person = TuningRole.PERSON
    afresh: TuningState = {
        "question": None,
        "rejections": 0,
        "declined": 0,
        "rejected": [],
        "turn": TuningRole.SCIENTIST.value,
    }
    if answer.verdict is Verdict.REJECT:
        line = Told("escalation", f"{answer.by} ended the session.", answer.reason, person, said)
        return Step({**afresh, "how": "stopped", "outcome": answer.reason, "way": "end"}, (line,))
    if answer.verdict is Verdict.EDIT:
        changes = _changes(answer.edits, ModelSpec.from_yaml(state["best"]))
        proposal = Proposal(changes, answer.reason or "A change that a person asked for.", person, answer.by)
        line = Told("proposal", f"{answer.by} proposed: {spoken(changes, ModelSpec.from_yaml(state['best']))}.",
                    answer.reason, person, {**said, "proposal": plain(proposal)})  # fmt: skip
        update: TuningState = {
            **afresh,
            "proposal": plain(proposal),
            "iteration": state["iteration"] + 1,
            "way": "guard",
        }
        return Step(update, (line,))
    if by is TuningRole.EXECUTIVE:
        line = Told("escalation", f"{answer.by} approved the specification although criteria are not met.",
                    answer.reason, person, said)  # fmt: skip
        return Step({**afresh, "how": "person", "approved": True, "outcome": answer.reason, "way": "end"}, (line,))
    if by is TuningRole.ANALYST and _fitted(bench, last):
        line = Told("escalation", f"{answer.by} kept the result that the analyst rejected.", answer.reason, person,
                    {**said, "trial": last["trial"]})  # fmt: skip
        return Step({**afresh, **trials.kept(state, last["trial"])}, (line,))
    line = Told(
        "escalation", f"{answer.by} let the session go on without the rejected proposals.", answer.reason, person, said
    )
    return Step({**afresh, "way": "supervise"}, (line,))


def _changes(edits: dict[str, Any], now: ModelSpec) -> dict[str, Any]:
    """Edits as values of settings; those that say what stands already are left out."""
    values = {p: v == YES if (one := settings.setting(p, ())) and one.kind == "switch" else v for p, v in edits.items()}
    return {p: v for p, v in values.items() if v != settings.current(now, p)}


def _fitted(bench: Bench, rejection: dict[str, Any]) -> bool:
    """Whether there is a result to keep."""
    trial_id = rejection.get("trial")
    return (
        bool(trial_id)
        and studies.get_study(bench.desk.services, bench.desk.actor, str(trial_id)).status is RunStatus.DONE
    )
