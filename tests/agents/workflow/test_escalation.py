"""A fit that does not converge, fails or is cancelled: who is asked, and how it goes on."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from mmm_core.domain.errors import Cancelled, FitFailed
from mmm_core.domain.fit import Chunk, Progress
from mmm_core.domain.ports import FitOutcome
from mmm_core.domain.workflow import Awaited, WorkflowStatus
from mmm_core.modeling.spec import ModelSpec
from mmm_core.use_cases import fits, workflows
from mmm_core.use_cases.execute import execute
from tests.agents.workflow.conftest import Open
from tests.agents.workflow.office import RHAT
from tests.db.test_use_cases import PriorFit

pytestmark = pytest.mark.slow


def test_a_longer_fit_is_proposed_once_then_a_person_decides(office: Open) -> None:
    one = office(settled=False).start().until("fit")
    draws = next(i for i in one.asked.question.inputs if i.name == "draws").value
    one.yes()
    one.fitted()
    again = one.asked.question
    assert again.key == "fit:2"
    assert f"fit again with {2 * draws} draws" in again.text
    assert f"FAIL: {RHAT.message}" in again.evidence
    one.yes()
    one.fitted()
    third = one.asked.question
    assert third.text.startswith("Two fits have not converged")
    assert "A person decides how to go on" in one.told
    runs = fits.list_runs(one.services, one.actor, one.project_id)
    asked = sorted(ModelSpec.from_yaml(r.spec_yaml).sampling.draws for r in runs)
    assert asked == [draws, 2 * draws]
    one.no("It has to do for today.")
    assert one.asked.question.gate.value == "budget"
    assert one.workflow.found["run"] == runs[0].id, "the newest fit is the one that is kept"
    one.yes()
    assert any(line == f"FAIL: {RHAT.message}" for line in one.asked.question.evidence)


def test_who_approved_beforehand_gets_the_fit_that_was_asked_for(office: Open) -> None:
    one = office(settled=False).start(auto=True).until("budget")
    assert len(fits.list_runs(one.services, one.actor, one.project_id)) == 1
    assert "kept as it was asked for" in one.told


class Broken(PriorFit):
    """Fails until it is mended."""

    mended = False

    def run(
        self, spec_yaml: str, table: bytes, chunks: Sequence[Chunk], stop: Callable[[], bool]
    ) -> Iterator[Progress | Chunk | FitOutcome]:
        if not self.mended:
            raise FitFailed("The fit ran out of memory.")
        yield from super().run(spec_yaml, table, chunks, stop)


def test_a_failed_fit_fails_the_analysis_and_resuming_takes_the_same_fit_up_again(office: Open) -> None:
    one = office()
    broken = Broken()
    process: Any = broken
    one.services = replace(one.services, fit_process=process)
    one.start().until("fit")
    one.yes()
    run_id = one.workflow.awaited_id
    assert run_id is not None
    with pytest.raises(FitFailed):
        execute(one.services, one.actor, run_id)
    assert workflows.wake(one.services, one.actor, Awaited.FIT, run_id) == 1
    with pytest.raises(FitFailed, match="out of memory"):
        one.go()
    assert (one.workflow.status, one.workflow.error) == (WorkflowStatus.FAILED, "The fit ran out of memory.")
    broken.mended = True
    workflows.resume(one.services, one.actor, one.workflow_id)
    one.go()
    assert one.workflow.awaited_id == run_id
    one.fitted()
    assert one.asked.question.gate.value == "budget"
    assert len(fits.list_runs(one.services, one.actor, one.project_id)) == 1


def test_cancelling_ends_the_fit_too_and_it_can_go_on_later(office: Open) -> None:
    one = office().start().until("fit")
    one.yes()
    run_id = one.workflow.awaited_id
    assert run_id is not None
    workflows.cancel(one.services, one.actor, one.workflow_id)
    assert fits.get_run(one.services, one.actor, run_id).status.value == "cancelled"
    workflows.resume(one.services, one.actor, one.workflow_id)
    one.go()
    workflows.cancel(one.services, one.actor, one.workflow_id)
    workflows.resume(one.services, one.actor, one.workflow_id)
    fits.cancel_fit(one.services, one.actor, run_id)
    with pytest.raises(Cancelled):
        one.go()
    assert one.workflow.status is WorkflowStatus.FAILED
