"""Studies: their state, their steps as each ends, and the outcome that one attempt writes once."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from sqlalchemy import func, null, select, update

from db import schema
from db.attempts import Attempts
from db.codec import decode, decode_plain, encode
from db.rows import Many
from mmm_core.domain.errors import Conflict
from mmm_core.domain.fit import Progress, RunStatus
from mmm_core.domain.study import Step as StudyStep
from mmm_core.domain.study import StepEnded, StepState, StepStatus, Study, StudyOutcome

PLAIN = tuple(f.name for f in fields(Study) if f.name not in ("options", "outcome", "status"))


class Studies(Attempts[Study]):
    table = schema.studies
    what = "study"

    def add(self, study: Study, steps: Sequence[StepState]) -> None:
        self._insert(
            schema.studies,
            **{name: getattr(study, name) for name in PLAIN},
            status=study.status.value,
            options=encode(study.options),
        )
        self._insert_many(
            schema.study_steps,
            [
                {
                    "study_id": study.id,
                    "position": one.position,
                    "name": one.step.name,
                    "label": one.step.label,
                    "arguments": encode(one.step.arguments),
                    "status": one.status.value,
                    "attempt": one.attempt,
                }
                for one in steps
            ],
        )

    def list(self, project_id: str) -> list[Study]:
        return self._newest_first(schema.studies.c.project_id == project_id)

    def of_run(self, run_id: str) -> Many[Study]:
        return self._newest_first(schema.studies.c.run_id == run_id)

    def _newest_first(self, condition: Any) -> Many[Study]:
        table = schema.studies
        query = select(table).where(condition).order_by(table.c.requested_at.desc(), table.c.id)
        return [self._read(row) for row in self._all(query)]

    # ---- steps ------------------------------------------------------------------------------------------------------

    def steps(self, study_id: str, *, results: bool = True) -> Many[StepState]:
        table = schema.study_steps
        columns = [c for c in table.c if results or c.name != "result"]
        query = select(*columns).where(table.c.study_id == study_id).order_by(table.c.position)
        return [_state(row, results) for row in self._all(query)]

    def begin_step(self, study_id: str, attempt: int, name: str) -> None:
        self._step(study_id, attempt, name, status=StepStatus.RUNNING.value, progress=null(), error=None)

    def note_progress(self, study_id: str, attempt: int, name: str, progress: Progress) -> None:
        self._step(study_id, attempt, name, progress=encode(progress))

    def end_step(self, study_id: str, attempt: int, ended: StepEnded) -> None:
        status = StepStatus.FAILED if ended.error else StepStatus.DONE
        self._step(
            study_id, attempt, ended.name, status=status.value, error=ended.error, seconds=ended.seconds,
            result=null() if ended.result is None else encode(ended.result), progress=null(), attempt=attempt,
        )  # fmt: skip

    def _step(self, study_id: str, holder: int, name: str, **values: Any) -> None:
        """Write an open step; what has ended stays as it is."""
        self._hold(study_id, holder)
        table = schema.study_steps
        ended = [s.value for s in StepStatus if s.ended]
        statement = (
            update(table)
            .where(table.c.study_id == study_id, table.c.name == name, table.c.status.not_in(ended))
            .values(at=func.clock_timestamp(), **values)
        )
        if self._connection.execute(statement).rowcount == 0:
            raise Conflict(f"The step {name} of this study has already ended.")

    def finish(self, study_id: str, attempt: int, outcome: StudyOutcome) -> None:
        self._hold(study_id, attempt)
        self._update(schema.studies, study_id, self.what, outcome=encode(outcome))
        self._close(study_id)

    def _read(self, row: Any) -> Study:
        return Study(
            **{name: getattr(row, name) for name in PLAIN},
            status=RunStatus(row.status),
            options=decode_plain(row.options),
            outcome=None if row.outcome is None else decode(StudyOutcome, row.outcome),
        )


def _state(row: Any, results: bool) -> StepState:
    return StepState(
        position=row.position,
        step=StudyStep(row.name, row.label, decode_plain(row.arguments)),
        status=StepStatus(row.status),
        result=decode_plain(row.result) if results and row.result is not None else None,
        error=row.error,
        seconds=row.seconds,
        progress=None if row.progress is None else decode(Progress, row.progress),
        attempt=row.attempt,
    )
