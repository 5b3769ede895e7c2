"""A tuning session on real workers, queue and database: its worker is killed in the middle of a trial."""

import pytest

from mmm_core.domain.fit import RunStatus
from mmm_core.domain.study import StepStatus
from mmm_core.domain.tuning import TuningOptions
from mmm_core.domain.workflow import Awaited, EventKind, Verdict, WorkflowStatus
from mmm_core.use_cases import approvals, studies, tuning, tuning_history, workflows
from tests.jobs.conftest import Shop
from tests.jobs.test_workflow_workers import kill

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]


def test_a_worker_killed_in_a_trial(shop: Shop) -> None:
    s, a, project = shop.services, shop.actor, shop.project_id
    spec, _ = tuning.begun_from(s, a, project)
    session = tuning.start(s, a, project, spec, "", TuningOptions(iterations=1, threshold=1.0))

    def now() -> workflows.Watch:
        return workflows.watch(s, a, session.id)

    def in_trial() -> bool:
        """Whether the first trial has done one of its steps and not all."""
        mine = [t for t in studies.list_studies(s, a, project) if t.kind == "trial"]
        steps = studies.watch_study(s, a, mine[0].id).steps if mine else ()
        return [t.status for t in steps] == [StepStatus.DONE, StepStatus.RUNNING]

    shop.worker("prior")
    shop.wait(lambda: in_trial())
    kill(shop)
    assert now().workflow.awaited is Awaited.STUDY
    shop.worker("prior")

    def over() -> bool:
        seen = now()
        if seen.asked is not None and seen.workflow.awaited is Awaited.APPROVAL:
            approvals.answer(s, a, session.id, seen.asked.question.key, Verdict.REJECT, "Enough.")
        return seen.workflow.status.ended

    shop.wait(over, 300)
    seen = now()
    assert seen.workflow.status in (WorkflowStatus.DONE, WorkflowStatus.STOPPED), seen.workflow.error
    acts = [str(e.detail["key"]) for e in seen.events if e.kind is EventKind.ACT]
    assert len(acts) == len(set(acts))
    trials = [t for t in studies.list_studies(s, a, project) if t.kind == "trial"]
    assert len(trials) == sum(key.startswith("trial:") for key in acts)
    assert {t.status for t in trials} == {RunStatus.DONE}
    assert tuning_history.replay(tuning_history.history(seen)) == ()
