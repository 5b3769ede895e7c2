"""Carry out a requested study: what a worker's job and the command ``mmm run`` do alike."""

from collections.abc import Callable
from contextlib import closing, suppress

from mmm_core.domain.errors import Cancelled, CarryoverError, Conflict, FitFailed, Unavailable
from mmm_core.domain.fit import Progress, RunStatus
from mmm_core.domain.identity import Actor
from mmm_core.domain.ports import Services
from mmm_core.domain.study import StepBegun, StepEnded, Study, StudyRequest
from mmm_core.studies import registry
from mmm_core.use_cases.pulse import Pulse
from mmm_core.use_cases.studies import model_inputs

UNEXPECTED = "The study stopped unexpectedly; the worker's log has the details."
Told = Callable[[StepBegun | StepEnded], None]


def execute_study(
    services: Services,
    actor: Actor,
    study_id: str,
    *,
    on_step: Told = lambda _: None,
    make_way: Callable[[], bool] = lambda: False,
) -> bool:
    """Do the steps of a study that are not done yet, store each as it ends, and conclude.

    Parameters
    ----------
    make_way
        Asked between two steps: True to stop here; the study can go on later.

    Returns
    -------
    bool
        False where it made way before its end.

    Raises
    ------
    Cancelled
        A person stopped the study.
    Conflict
        A newer attempt owns it.
    Unavailable
        The database went away; the study can go on later.
    CarryoverError
        A step failed, or the conclusion; the study is marked failed with the sentence.
    """
    with services.work(actor) as work:
        study = work.studies.get(study_id)
        if study.status.ended:
            return True
        attempt = work.studies.begin_attempt(study_id)
    try:
        with _beating(services, actor, study_id, attempt) as pulse:
            whole = _steps(services, actor, study, attempt, pulse, on_step, make_way)
            if whole:
                _conclude(services, actor, study, attempt)
        return whole
    except (Cancelled, Conflict, Unavailable):
        # A database that is away ends nothing: the study is found abandoned and goes on after its last step.
        raise
    except CarryoverError as error:
        fail(services, actor, study_id, str(error))
        raise
    except Exception:
        fail(services, actor, study_id, UNEXPECTED)
        raise


def fail(services: Services, actor: Actor, study_id: str, sentence: str) -> None:
    """Mark a study failed unless it has ended already."""
    with suppress(CarryoverError), services.work(actor) as work:
        if not work.studies.get(study_id).status.ended:
            work.studies.set_status(study_id, RunStatus.FAILED, error=sentence)
            work.audit.record("study.failed", study_id, {"error": sentence})


def _request(services: Services, actor: Actor, study: Study) -> StudyRequest:
    with services.work(actor) as work:
        states = work.studies.steps(study.id)
        model, other = model_inputs(work, study)
    return StudyRequest(
        kind=study.kind,
        model=model,
        other=other,
        options=study.options,
        steps=tuple(s.step for s in states if not s.status.ended),
        earlier={s.step.name: s.result for s in states if s.result is not None},
    )


def _steps(
    services: Services,
    actor: Actor,
    study: Study,
    attempt: int,
    pulse: Pulse,
    on_step: Told,
    make_way: Callable[[], bool],
) -> bool:
    """Whether every step has ended; False where the study made way."""
    request = _request(services, actor, study)
    left = len(request.steps)
    if not left:
        return True
    name = ""
    with closing(services.fit_process.study(request, pulse.stopped)) as messages:
        for message in messages:
            if isinstance(message, StepBegun | StepEnded):
                name = message.name
            _keep(services, actor, study.id, attempt, name, message)
            if isinstance(message, StepBegun | StepEnded):
                on_step(message)
            if isinstance(message, StepEnded):
                left -= 1
                if left and make_way():
                    return False
    if pulse.status is RunStatus.CANCELLED:
        raise Cancelled("The study was cancelled.")
    if pulse.overtaken:
        raise Conflict("Another worker has taken over this study.")
    if left:
        raise FitFailed("The study's process ended before its steps; it may have run out of memory.")
    return True


def _keep(services: Services, actor: Actor, study_id: str, attempt: int, name: str, message: object) -> None:
    with services.work(actor) as work:
        if isinstance(message, StepBegun):
            work.studies.begin_step(study_id, attempt, message.name)
        elif isinstance(message, StepEnded):
            work.studies.end_step(study_id, attempt, message)
        elif isinstance(message, Progress):
            work.studies.note_progress(study_id, attempt, name, message)


def _conclude(services: Services, actor: Actor, study: Study, attempt: int) -> None:
    kind = registry.find(study.kind)
    options = registry.read_options(kind, study.options)
    with services.work(actor) as work:
        model, other = model_inputs(work, study)
        states = work.studies.steps(study.id)
    outcome = kind.conclude(registry.inputs(model, other), options, states)
    with services.work(actor) as work:
        work.studies.finish(study.id, attempt, outcome)
        facts = {"status": outcome.status.value, "verdict": outcome.verdict}
        work.graph.put_node("study", study.id, f"{kind.title} ({outcome.status.value})", facts, study.project_id)
        words = " ".join([outcome.verdict, *(c.message for c in outcome.checks)])
        work.documents.put("study", study.id, kind.title, words, study.project_id)
        work.audit.record("study.done", study.id, {"attempt": attempt, "status": outcome.status.value})


def _beating(services: Services, actor: Actor, study_id: str, attempt: int) -> Pulse:
    def beat() -> RunStatus:
        with services.work(actor) as work:
            return work.studies.heartbeat(study_id, attempt)

    return Pulse(beat)
