"""Workflows: their state moves, everything else about them is added and stays."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, null, select, update
from sqlalchemy.dialects.postgresql import insert

from db.codec import decode, encode
from db.rows import Many, Rows, missing
from db.schema import workflow as tables
from mmm_core.domain.errors import Cancelled, CarryoverError, Conflict
from mmm_core.domain.workflow import (
    Answer,
    Approval,
    Awaited,
    Event,
    Question,
    Stage,
    Workflow,
    WorkflowKind,
    WorkflowOptions,
    WorkflowStatus,
)

WHAT = "analysis"
TYPED = ("status", "options", "stage", "awaited", "found", "kind")
PLAIN = tuple(f.name for f in fields(Workflow) if f.name not in TYPED)
ENDED = [s.value for s in WorkflowStatus if s.ended]
RESUMABLE = (WorkflowStatus.FAILED, WorkflowStatus.CANCELLED)


class Workflows(Rows):
    def add(self, workflow: Workflow) -> None:
        self._insert(
            tables.workflows,
            **{name: getattr(workflow, name) for name in PLAIN},
            status=workflow.status.value,
            options=encode(workflow.options),
            stage=workflow.stage,
            awaited=workflow.awaited,
            found=workflow.found,
            kind=workflow.kind.value,
        )

    def get(self, workflow_id: str) -> Workflow:
        return _workflow(self._get(tables.workflows, workflow_id, WHAT))

    def list(self, project_id: str, kind: WorkflowKind = WorkflowKind.ANALYSIS) -> list[Workflow]:
        table = tables.workflows
        mine = select(table).where(table.c.project_id == project_id, table.c.kind == kind.value)
        query = mine.order_by(table.c.requested_at.desc(), table.c.id)
        return [_workflow(row) for row in self._all(query)]

    def awaiting(self, awaited: Awaited, awaited_id: str) -> Many[Workflow]:
        table = tables.workflows
        query = select(table).where(
            table.c.awaited_id == awaited_id,
            table.c.awaited == awaited.value,
            table.c.status == WorkflowStatus.WAITING.value,
        )
        return [_workflow(row) for row in self._all(query)]

    # ---- state ------------------------------------------------------------------------------------------------------

    def begin_attempt(self, workflow_id: str) -> int:
        found = self._locked(workflow_id)
        if found.status.ended:
            raise Conflict(f"This analysis has already ended ({found.status}).")
        now = func.clock_timestamp()
        self._set(
            workflow_id, attempt=found.attempt + 1, status=WorkflowStatus.RUNNING.value, heartbeat_at=now,
            started_at=func.coalesce(tables.workflows.c.started_at, now), awaited=null(), awaited_id=null(), error=None,
        )  # fmt: skip
        return found.attempt + 1

    def heartbeat(self, workflow_id: str, attempt: int) -> WorkflowStatus:
        table = tables.workflows
        statement = (
            update(table)
            .where(table.c.id == workflow_id, table.c.attempt == attempt)
            .values(heartbeat_at=func.clock_timestamp())
            .returning(table.c.status)
        )
        row = self._first(statement)
        if row is None:
            raise self._overtaken(workflow_id, attempt)
        return WorkflowStatus(row.status)

    def hold(self, workflow_id: str, attempt: int) -> None:
        self._held(workflow_id, attempt)

    def note(self, workflow_id: str, attempt: int, *, stage: Stage | None, found: dict[str, str]) -> None:
        now = stage.value if stage else tables.workflows.c.stage
        self._held(workflow_id, attempt, stage=now, found=tables.workflows.c.found.op("||")(encode(found)))

    def wait(self, workflow_id: str, attempt: int, awaited: Awaited, awaited_id: str) -> None:
        self._held(
            workflow_id, attempt, status=WorkflowStatus.WAITING.value, awaited=awaited.value, awaited_id=awaited_id
        )

    def go_on(self, workflow_id: str, attempt: int) -> bool:
        table = tables.workflows
        statement = (
            update(table)
            .where(table.c.id == workflow_id, table.c.attempt == attempt)
            .where(table.c.status == WorkflowStatus.WAITING.value)
            .values(status=WorkflowStatus.RUNNING.value, awaited=null(), awaited_id=null())
        )
        return self._connection.execute(statement).rowcount == 1

    def end(
        self, workflow_id: str, status: WorkflowStatus, *, outcome: str, leads_to: str = "", error: str | None = None
    ) -> None:
        found = self._locked(workflow_id)
        if found.status.ended:
            raise Conflict(f"This analysis has already ended ({found.status}).")
        self._set(
            workflow_id, status=status.value, ended_at=func.clock_timestamp(), outcome=outcome, leads_to=leads_to,
            error=error, awaited=null(), awaited_id=null(),
        )  # fmt: skip

    def queue(self, workflow_id: str, at: datetime) -> bool:
        found = self._locked(workflow_id)
        if found.status.ended and found.status not in RESUMABLE:
            return False
        self._set(
            workflow_id, status=WorkflowStatus.QUEUED.value, queued_at=at, ended_at=None, error=None, outcome=None,
            leads_to=None, job_id=None, awaited=null(), awaited_id=null(),
        )  # fmt: skip
        return True

    def note_job(self, workflow_id: str, job_id: str) -> None:
        self._set(workflow_id, job_id=job_id)

    # ---- history ----------------------------------------------------------------------------------------------------

    def record(self, workflow_id: str, events: Sequence[Event]) -> None:
        if not events:
            return
        self._locked(workflow_id)
        table = tables.workflow_events
        last = select(func.coalesce(func.max(table.c.number), 0)).where(table.c.workflow_id == workflow_id)
        # The workflow's row is locked by now, so no second writer can take the same number.
        number = self._connection.execute(last).scalar_one()
        for event in events:
            added = insert(table).values(
                organisation_id=self._actor.organisation_id, workflow_id=workflow_id, number=number + 1, key=event.key,
                kind=event.kind.value, stage=event.stage.value if event.stage else None, document=encode(event),
                at=func.clock_timestamp(),
            )  # fmt: skip
            new = added.on_conflict_do_nothing(index_elements=["organisation_id", "workflow_id", "key"])
            number += self._first(new.returning(table.c.number)) is not None

    def events(self, workflow_id: str) -> Many[Event]:
        table = tables.workflow_events
        query = select(table).where(table.c.workflow_id == workflow_id).order_by(table.c.number)
        return [_event(row) for row in self._all(query)]

    def act(self, workflow_id: str, key: str) -> str | None:
        table = tables.workflow_acts
        row = self._first(select(table.c.result).where(table.c.workflow_id == workflow_id, table.c.key == key))
        return None if row is None else str(row.result)

    def add_act(self, workflow_id: str, key: str, result: str) -> None:
        self._insert(tables.workflow_acts, workflow_id=workflow_id, key=key, result=result, at=func.clock_timestamp())

    # ---- approvals --------------------------------------------------------------------------------------------------

    def ask(self, approval: Approval) -> bool:
        question = approval.question
        added = insert(tables.approvals).values(
            organisation_id=self._actor.organisation_id, workflow_id=approval.workflow_id, key=question.key,
            gate=question.gate.value, question=encode(question), asked_at=approval.asked_at,
        )  # fmt: skip
        new = added.on_conflict_do_nothing(index_elements=["organisation_id", "workflow_id", "key"])
        return self._first(new.returning(tables.approvals.c.key)) is not None

    def answer(self, workflow_id: str, key: str, answer: Answer) -> None:
        self._locked(workflow_id)
        found = self.approval(workflow_id, key)
        if found is None:
            raise missing("question")
        if found.answer:
            raise Conflict(f"{found.answer.by} has answered this already: {found.answer.verdict}.")
        self._insert(
            tables.approval_answers, workflow_id=workflow_id, key=key, verdict=answer.verdict.value,
            answer=encode(answer), at=answer.at,
        )  # fmt: skip

    def approval(self, workflow_id: str, key: str) -> Approval | None:
        asked = tables.approvals
        row = self._first(_asked().where(asked.c.workflow_id == workflow_id, asked.c.key == key))
        return None if row is None else _approval(row)

    def approvals(self, workflow_id: str) -> Many[Approval]:
        asked = tables.approvals
        query = _asked().where(asked.c.workflow_id == workflow_id).order_by(asked.c.asked_at, asked.c.key)
        return [_approval(row) for row in self._all(query)]

    def open_approvals(self) -> Many[Approval]:
        query = _asked().where(
            tables.approval_answers.c.key.is_(None), tables.workflows.c.status == WorkflowStatus.WAITING.value
        )
        return [_approval(row) for row in self._all(query.order_by(tables.approvals.c.asked_at))]

    # ---- inside -----------------------------------------------------------------------------------------------------

    def _locked(self, workflow_id: str) -> Workflow:
        row = self._first(select(tables.workflows).where(tables.workflows.c.id == workflow_id).with_for_update())
        if row is None:
            raise missing(WHAT)
        return _workflow(row)

    def _set(self, workflow_id: str, **values: Any) -> None:
        self._update(tables.workflows, workflow_id, WHAT, **values)

    def _held(self, workflow_id: str, attempt: int, **values: Any) -> None:
        table = tables.workflows
        statement = (
            update(table)
            .where(table.c.id == workflow_id, table.c.attempt == attempt, table.c.status.not_in(ENDED))
            .values(heartbeat_at=func.clock_timestamp(), **values)
        )
        if self._connection.execute(statement).rowcount == 0:
            raise self._overtaken(workflow_id, attempt)

    def _overtaken(self, workflow_id: str, attempt: int) -> CarryoverError:
        found = self.get(workflow_id)
        if found.attempt != attempt:
            return Conflict(f"Attempt {found.attempt} has taken over this analysis.")
        if found.status is WorkflowStatus.CANCELLED:
            return Cancelled("This analysis was cancelled.")
        return Conflict(f"This analysis has already ended ({found.status}).")


def _asked() -> Select[Any]:
    asked, answers, own = tables.approvals, tables.approval_answers, tables.workflows
    same = (answers.c.workflow_id == asked.c.workflow_id) & (answers.c.key == asked.c.key)
    return (
        select(asked, own.c.project_id, answers.c.answer)
        .join(own, own.c.id == asked.c.workflow_id)
        .outerjoin(answers, same)
    )


def _workflow(row: Any) -> Workflow:
    return Workflow(
        **{name: getattr(row, name) for name in PLAIN},
        status=WorkflowStatus(row.status),
        options=decode(WorkflowOptions, row.options),
        stage=Stage(row.stage) if row.stage else None,
        awaited=Awaited(row.awaited) if row.awaited else None,
        found=dict(row.found),
        kind=WorkflowKind(row.kind),
    )


def _event(row: Any) -> Event:
    return decode(Event, {**row.document, "number": row.number, "at": row.at.isoformat()})


def _approval(row: Any) -> Approval:
    return Approval(
        workflow_id=row.workflow_id,
        project_id=row.project_id,
        question=decode(Question, row.question),
        asked_at=row.asked_at,
        answer=None if row.answer is None else decode(Answer, row.answer),
    )
