"""Trials of specifications, and the business analyst's verdict on what they found."""

from mmm_core.agents.tuning.bench import Bench, measured
from mmm_core.agents.tuning.models import Speaker
from mmm_core.agents.tuning.state import Plain, Step, Told, TuningState
from mmm_core.domain.errors import Cancelled, FitFailed
from mmm_core.domain.fit import RunStatus
from mmm_core.domain.study import Study
from mmm_core.domain.tuning import TuningRole
from mmm_core.domain.workflow import Awaited, EventKind
from mmm_core.modeling.spec import ModelSpec
from mmm_core.studies.tuning import ideas, scoring
from mmm_core.studies.tuning.scoring import Judgement
from mmm_core.use_cases import studies

ANALYST = TuningRole.ANALYST


def begin(bench: Bench, state: TuningState) -> Step:
    """The baseline's own trial, which everything is compared with."""
    spec = bench.start()
    study = bench.ask_trial(spec, 0, full=False)
    update: TuningState = {
        "start": spec.to_yaml(), "best": spec.to_yaml(), "candidate": spec.to_yaml(), "trial": study.id,
        "baseline_trial": study.id, "best_trial": study.id, "version_id": study.dataset_version_id,
        "data": bench.fingerprint(study.dataset_version_id), "iteration": 0, "rejections": 0, "declined": 0,
        "rejected": [],
        "turn": TuningRole.SCIENTIST.value, "tried": [ideas.mark(spec)],
    }  # fmt: skip
    return Step(update)


def measure(bench: Bench, state: TuningState) -> Step:
    """How the baseline stands."""
    study = _waited(bench, state["baseline_trial"])
    bench.same_data(state, study)
    if study.status is not RunStatus.DONE:
        raise FitFailed(study.error or "The trial of the baseline ended without a result.")
    spec, found, score = bench.best(state)
    bounds, speaker = bench.bounds(state), Speaker(bench.desk, TuningRole.SCIENTIST)
    detail = {
        "trial": study.id,
        "spec": spec.to_yaml(),
        "found": measured(found, score),
        "threshold": bench.options.threshold,
        "bounds": {
            "controls": sorted(bounds.controls), "holidays": sorted(bounds.holidays), "barred": dict(bounds.barred)
        },
        "assistant": "language model" if speaker.there else "rules",
    }  # fmt: skip
    at_work = "A language model proposes and argues; rules decide." if speaker.there else "Rules propose and decide."
    line = Told("trial", f"The baseline scores {score.total:.3f} of 1.", at_work, ANALYST, detail)
    return Step({"way": "supervise"}, (line,))


def try_it(bench: Bench, state: TuningState) -> Step:
    """Ask for the trial of what the guard let through."""
    spec, before = ModelSpec.from_yaml(state["candidate"]), ModelSpec.from_yaml(state["best"])
    full = spec.sampling != before.sampling
    study = bench.ask_trial(spec, state["iteration"], full=full)
    return Step({"trial": study.id, "tried": [*state["tried"], ideas.mark(spec)], "way": "validate"})


def validate(bench: Bench, state: TuningState) -> Step:
    """Kept, set aside or rejected: what the trial found against the best so far and against what is plausible."""
    study = _waited(bench, state["trial"])
    bench.same_data(state, study)
    if study.status is RunStatus.CANCELLED:
        raise Cancelled("The trial was cancelled.")
    if study.status is not RunStatus.DONE:
        return _rejected(state, study.error or "The trial ended without a result.", {"trial": study.id})
    candidate = ModelSpec.from_yaml(state["candidate"])
    found = bench.findings(study.id)
    after = scoring.score(found, candidate, bench.context)
    _, best, before = bench.best(state)
    judged = scoring.judge(found, after, best, before, bench.context)
    detail = {"trial": study.id, "found": measured(found, after), "verdict": judged.judgement.value}
    if judged.judgement is Judgement.REJECTED:
        return _rejected(state, judged.reason, detail)
    if judged.judgement is Judgement.SET_ASIDE:
        line = Told("verdict", "The business analyst sets the proposal aside.", judged.reason, ANALYST, detail)
        return Step({"way": "supervise"}, (line,))
    speaker = Speaker(bench.desk, ANALYST)
    said = speaker.argue({"proposal": state["proposal"], "verdict": judged.reason, "found": detail["found"]})
    line = Told(
        "verdict", "The business analyst keeps the proposal.", f"{judged.reason} {said}".strip(), ANALYST, detail
    )
    return Step(kept(state, study.id), (*speaker.told, line))


def kept(state: TuningState, trial_id: str) -> TuningState:
    """The state with the candidate as the best so far; rejections are counted anew."""
    return {
        "best": state["candidate"], "best_trial": trial_id, "rejections": 0, "rejected": [],
        "turn": TuningRole.SCIENTIST.value, "way": "supervise", "spent": False,
    }  # fmt: skip


def _rejected(state: TuningState, why: str, detail: Plain) -> Step:
    line = Told(
        "verdict", "The business analyst rejects the proposal.", why, ANALYST, {**detail, "verdict": "rejected"},
        EventKind.DECISION,
    )  # fmt: skip
    rejection = {"by": ANALYST.value, "reason": why, "proposal": state["proposal"], "trial": state["trial"]}
    return Step({"way": "reject", "rejected": [*state.get("rejected", []), rejection]}, (line,))


def _waited(bench: Bench, study_id: str) -> Study:
    desk = bench.desk
    if not desk.inline:
        studies.put_in_line(desk.services, desk.actor, study_id)
    desk.wait(Awaited.STUDY, study_id)
    return studies.get_study(desk.services, desk.actor, study_id)
