"""Model phase, the agent for sampling: the answer to the fit's question, the fit itself, and the ladder before it."""

from mmm_core.agents.workflow.desk import Desk, asked_again, next_key
from mmm_core.agents.workflow.model import priors
from mmm_core.agents.workflow.state import Decided, State, Step, plain, question_of
from mmm_core.domain.errors import Cancelled, FitFailed
from mmm_core.domain.fit import RunStatus
from mmm_core.domain.workflow import Awaited, Gate, Verdict
from mmm_core.modeling.spec import ModelSpec
from mmm_core.use_cases import approvals, fits, studies


def climb(desk: Desk, state: State) -> Step:
    """The ladder from the simplest model up, as a study of its own."""
    spec = ModelSpec.from_yaml(state["spec"])
    project_id, chosen = state["project_id"], {"hand_over": state.get("hand_over", False)}
    study_id = desk.once(
        "ladder", "Asked for the ladder",
        lambda s, a: studies.create_study(s, a, project_id, "ladder", spec=spec, options=chosen).id,
    )  # fmt: skip
    return Step({"study_id": study_id}, closes=False)


def climbed(desk: Desk, state: State) -> Step:
    study_id = state["study_id"]
    if not desk.inline:
        studies.put_in_line(desk.services, desk.actor, study_id)
    desk.wait(Awaited.STUDY, study_id)
    study = studies.get_study(desk.services, desk.actor, study_id)
    if study.outcome is None:
        missing = Decided(
            "The ladder gave no answer; the analysis goes on without it.", study.error or str(study.status)
        )
        return Step({}, {}, (missing,), closes=False)
    best = next((p.name for p in study.outcome.proposals if p.recommended), "")
    said = Decided(study.outcome.verdict, "The ladder compared simpler and richer models.")
    return Step({}, {"ladder": best}, (said,), closes=False)


def decide(desk: Desk, state: State) -> Step:
    """What a person said about the fit; after a first one, about a longer one."""
    answer = desk.ask(state)
    spec = ModelSpec.from_yaml(state["spec"])
    again = state.get("fits", 0) > 0
    if answer.verdict is Verdict.REJECT:
        if again:
            kept = Decided(f"{answer.by} kept the model as it is.", answer.reason)
            return Step({"question": None, "kept": True, "spec": _fitted(desk, state)}, {}, (kept,))
        sentence = f"{answer.by} rejected the fit: {answer.reason} {priors.REJECTED}"
        return Step({"question": None, "stopped": sentence, "leads_to": "model"})
    decided: tuple[Decided, ...] = ()
    if answer.verdict is Verdict.EDIT:
        changed = priors.edited(spec, answer.edits)
        if problem := priors.usable(desk, state, changed):
            later = asked_again(state, Gate.FIT)
            return Step({"question": plain(priors.question(desk, later, spec, problem=problem))}, closes=False)
        asked = question_of(state["question"] or {})
        told = f"{approvals.in_words(asked, answer.edits)} {answer.reason}".strip()
        spec, decided = changed, (Decided(f"{answer.by} changed the fit.", told),)
    project_id = state["project_id"]
    run_id = desk.once(
        f"fit:{next_key(state, Gate.FIT)}", "Asked for the fit",
        lambda s, a: fits.create_run(s, a, project_id, spec).id,
    )  # fmt: skip
    update: State = {"question": None, "spec": spec.to_yaml(), "run_id": run_id, "fits": state.get("fits", 0) + 1}
    sampling = spec.sampling
    facts = {"chains": sampling.chains, "draws": sampling.draws, "tune": sampling.tune}
    return Step(update, facts, decided, closes=False)


def sample(desk: Desk, state: State) -> Step:
    """Wait for the fit, which is a job of its own.

    Raises
    ------
    Cancelled, FitFailed
        With the fit's own sentence; the workflow can be resumed, and takes the fit up again.
    """
    run_id = state["run_id"]
    if not desk.inline:
        fits.put_in_line(desk.services, desk.actor, run_id)
    desk.wait(Awaited.FIT, run_id)
    run = fits.get_run(desk.services, desk.actor, run_id)
    if run.status is RunStatus.CANCELLED:
        raise Cancelled(f"{run.name} was cancelled.")
    if run.status is not RunStatus.DONE:
        raise FitFailed(run.error or f"{run.name} ended without a result.")
    facts = fits.get_results(desk.services, desk.actor, run_id).fit
    done = Decided(f"{run.name} is fitted.", f"{facts.draws} draws in {facts.chains} chains.")
    return Step({}, {"seconds": facts.seconds, "run": run.name}, (done,))


def _fitted(desk: Desk, state: State) -> str:
    return fits.get_run(desk.services, desk.actor, state["run_id"]).spec_yaml
