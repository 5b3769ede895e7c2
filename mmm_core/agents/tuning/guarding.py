"""The methodology guard's step: rules first, the causal diagram, then a language model that may only say no."""

from mmm_core.agents.tuning.bench import Bench
from mmm_core.agents.tuning.models import Speaker
from mmm_core.agents.tuning.state import Step, Told, TuningState, proposal_of
from mmm_core.domain.checks import Status
from mmm_core.domain.errors import CarryoverError
from mmm_core.domain.tuning import Refusal, TuningRole
from mmm_core.modeling.prepare import prepare
from mmm_core.modeling.spec import ModelSpec
from mmm_core.studies.tuning import guard, ideas
from mmm_core.use_cases import causal
from mmm_core.use_cases.datasets import working_table
from mmm_core.use_cases.tuning_history import REPEATED

GUARD = TuningRole.GUARD


def look(bench: Bench, state: TuningState) -> Step:
    """Let a proposal through to its trial, or reject it with every reason."""
    proposal, now = proposal_of(state["proposal"]), ModelSpec.from_yaml(state["best"])
    person = proposal.role is TuningRole.PERSON
    checked = guard.check(guard.of_person(proposal) if person else proposal, now, bench.bounds(state))
    made, refused = checked.spec, list(checked.refusals)
    speaker = Speaker(bench.desk, GUARD)
    told: tuple[Told, ...] = ()
    if made is not None:
        refused += _repeated(state, made) or _of_data(bench, state, made) or _of_diagram(bench, now, made)
        if not refused and not person:
            said = speaker.read({"changes": proposal.changes, "reason": proposal.reason})
            told = said.told
            if said.answer is not None and said.answer.reaches:
                why = " ".join(said.answer.why.split()) or "The reason is after something else than it proposes."
                refused.append(Refusal("model", "", why))
    documents = [{"layer": r.layer, "setting": r.setting, "reason": r.reason} for r in refused]
    if refused or made is None:
        why = " ".join(dict.fromkeys(r.reason for r in refused))
        line = Told("verdict", "The methodology guard rejects the proposal.", why, GUARD, {
            "verdict": "rejected", "refusals": documents,
        })  # fmt: skip
        rejection = {"by": GUARD.value, "reason": why, "proposal": state["proposal"]}
        update: TuningState = {"way": "reject", "rejected": [*state.get("rejected", []), rejection]}
        if made is not None:
            update["tried"] = [*state["tried"], ideas.mark(made)]
        return Step(update, (*told, line))
    line = Told("verdict", "The methodology guard lets the proposal through.",
                "It changes tunable settings within their ranges alone.", GUARD,
                {"verdict": "passed", "spec": made.to_yaml()})  # fmt: skip
    return Step({"candidate": made.to_yaml(), "way": "trial"}, (*told, line))


def _repeated(state: TuningState, made: ModelSpec) -> list[Refusal]:
    if ideas.mark(made) in state["tried"]:
        return [Refusal("shape", "", REPEATED)]
    return []


def _of_data(bench: Bench, state: TuningState, made: ModelSpec) -> list[Refusal]:
    """What the data cannot hold."""
    with bench.desk.services.work(bench.desk.actor) as work:
        frame = working_table(work, work.datasets.get(state["version_id"]))
    try:
        prepare(frame, made)
    except CarryoverError as error:
        return [Refusal("data", "", str(error))]
    return []


def _of_diagram(bench: Bench, now: ModelSpec, made: ModelSpec) -> list[Refusal]:
    """Controls that the project's causal diagram forbids, or cannot do without."""
    if made.controls == now.controls:
        return []
    project_id = bench.desk.workflow.project_id
    before, after = (_failing(bench, project_id, spec) for spec in (now, made))
    return [Refusal("diagram", "controls", message) for key, message in after.items() if key not in before]


def _failing(bench: Bench, project_id: str, spec: ModelSpec) -> dict[str, str]:
    try:
        advice = causal.advise_spec(bench.desk.services, bench.desk.actor, project_id, spec)
    except CarryoverError:
        # A diagram that cannot be read forbids nothing.
        return {}
    return {f"{c.id} {c.columns}": c.message for c in advice.checks if c.status is Status.FAIL} if advice else {}
