"""A process that dies between any two writes: the session goes on, and no trial is asked for or fitted twice."""

from contextlib import suppress
from typing import Any

import pytest

from mmm_core.agents.workflow.desk import Desk
from mmm_core.data import simulate
from mmm_core.domain.errors import BadInput, FitFailed
from mmm_core.domain.workflow import Awaited, Event, EventKind, Verdict, WorkflowStatus
from mmm_core.use_cases import approvals, datasets, tuning_history, workflows
from mmm_core.use_cases.execute_study import execute_study
from tests.agents.deadly import Deadly, Died
from tests.agents.tuning.conftest import Open
from tests.agents.tuning.desk import Outcome

pytestmark = pytest.mark.slow


def test_a_death_after_every_act_and_before_every_checkpoint(tune: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    # The baseline, one that is kept, then three that do harm: a person is asked, and keeps the last.
    one = tune(lambda spec, n: Outcome(0.3 if n == 0 else 0.2 if n == 1 else 0.6)).start(iterations=4, threshold=0.99)
    deadly, once, record = Deadly(), Desk.once, Desk.record

    def once_then_die(self: Desk, key: str, *rest: Any, **more: Any) -> str:
        result = once(self, key, *rest, **more)
        deadly(f"after {key}")
        return result

    def die_around_told(self: Desk, stage: Any, events: list[Event]) -> None:
        name = events[-1].key if events else "nothing"
        deadly(f"before {name}")
        record(self, stage, events)
        deadly(f"after {name}")

    monkeypatch.setattr(Desk, "once", once_then_die)
    monkeypatch.setattr(Desk, "record", die_around_told)
    for _ in range(400):
        now = one.now
        if now.status.ended:
            break
        if now.status is WorkflowStatus.WAITING and now.awaited is Awaited.STUDY:
            assert now.awaited_id is not None
            execute_study(one.services, one.actor, now.awaited_id)
            workflows.wake(one.services, one.actor, Awaited.STUDY, now.awaited_id)
        elif now.status is WorkflowStatus.WAITING:
            approvals.answer(one.services, one.actor, one.id, one.asked.question.key, Verdict.APPROVE, "Keep it.")
        else:
            with suppress(Died):
                one.go()
    assert one.now.status is WorkflowStatus.DONE
    assert len(deadly.seen) > 25
    assert len(one.trials.asked) == 5, "the baseline and four proposals, each fitted once"
    assert len({s.to_yaml() for s in one.trials.asked}) == 5
    keys = [e.key for e in one.seen.events]
    assert len(keys) == len(set(keys))
    acts = [e.detail["key"] for e in one.seen.events if e.kind is EventKind.ACT]
    assert acts == ["trial:0", "trial:1", "trial:2", "trial:3", "trial:4", "result"]
    assert tuning_history.replay(tuning_history.history(one.seen)) == ()
    with one.services.work(one.actor) as work:
        assert [row[2] for row in work.audit.list(100) if row[3] == one.id].count("tuning.decided") == 1


def test_data_that_change_meanwhile_end_it_with_a_sentence(tune: Open) -> None:
    one = tune(lambda spec, n: Outcome(0.3)).start(iterations=3)
    one.go()
    frame = simulate.company("national", 5, weeks=112, channels=3).frame
    upload = datasets.Upload(frame.to_csv(index=False).encode(), "newer.csv")
    datasets.add_dataset(one.services, one.actor, one.project_id, [upload])
    with pytest.raises(BadInput, match="data changed while the session ran"):
        one.on()
    assert one.now.status is WorkflowStatus.FAILED
    assert "start a new session" in str(one.now.error)


def test_a_baseline_that_cannot_be_fitted_may_be_tried_again(tune: Open) -> None:
    failing = [True]
    one = tune(lambda spec, n: Outcome(0.05, error="It ran out of luck." if failing[0] else "")).start()
    with pytest.raises(FitFailed):
        one.on()
    failing[0] = False
    workflows.resume(one.services, one.actor, one.id)
    one.on()
    assert one.result["approved"]
