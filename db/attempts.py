"""Work that is done in attempts (fits, studies): its states, who may write, and signs of life."""

from abc import ABC, abstractmethod
from typing import Any, Protocol

from sqlalchemy import Table, func, select, update

from db.rows import Rows, missing
from mmm_core.domain.errors import Cancelled, CarryoverError, Conflict
from mmm_core.domain.fit import RunStatus

ENDED = [s.value for s in RunStatus if s.ended]


class Attempted(Protocol):
    @property
    def status(self) -> RunStatus: ...
    @property
    def attempt(self) -> int: ...


class Attempts[R: Attempted](Rows, ABC):
    table: Table
    """With id, status, attempt, started_at, ended_at, heartbeat_at, error and job_id."""
    what: str

    @abstractmethod
    def _read(self, row: Any) -> R: ...

    def get(self, row_id: str) -> R:
        return self._read(self._get(self.table, row_id, self.what))

    def set_status(
        self, row_id: str, status: RunStatus, *, error: str | None = None, job_id: str | None = None
    ) -> None:
        """Move it on; what has ended stays ended, except that what failed or was cancelled may be queued again.

        QUEUED together with ``job_id`` notes the job of something that may have moved on already: then the job alone
        is written. What runs is queued again only by way of INTERRUPTED.
        """
        now = self._locked(row_id)
        values: dict[str, Any] = {"job_id": job_id} if job_id is not None else {}
        if status is RunStatus.QUEUED:
            waits = (RunStatus.QUEUED, RunStatus.INTERRUPTED)
            movable = waits if job_id is not None else (*waits, RunStatus.FAILED, RunStatus.CANCELLED)
            status = status if now.status in movable else now.status
        elif now.status.ended and status is not now.status:
            raise Conflict(f"This {self.what} has already ended ({now.status}).")
        if status is not now.status:
            ended = func.clock_timestamp() if status.ended else None
            values |= {"status": status.value, "error": error, "ended_at": ended}
        elif error is not None:
            values["error"] = error
        if values:
            self._update(self.table, row_id, self.what, **values)

    def begin_attempt(self, row_id: str) -> int:
        found = self._locked(row_id)
        if found.status.ended:
            raise Conflict(f"This {self.what} has already ended ({found.status}).")
        now = func.clock_timestamp()
        self._update(
            self.table, row_id, self.what, attempt=found.attempt + 1, status=RunStatus.RUNNING.value,
            started_at=func.coalesce(self.table.c.started_at, now), heartbeat_at=now, error=None,
        )  # fmt: skip
        return found.attempt + 1

    def heartbeat(self, row_id: str, attempt: int) -> RunStatus:
        statement = (
            update(self.table)
            .where(self.table.c.id == row_id, self.table.c.attempt == attempt)
            .values(heartbeat_at=func.clock_timestamp())
            .returning(self.table.c.status)
        )
        row = self._first(statement)
        if row is None:
            raise self._overtaken(row_id, attempt)
        return RunStatus(row.status)

    def _locked(self, row_id: str) -> R:
        row = self._first(select(self.table).where(self.table.c.id == row_id).with_for_update())
        if row is None:
            raise missing(self.what)
        return self._read(row)

    def _hold(self, row_id: str, attempt: int) -> None:
        """Lock the row for this attempt and mark it alive; Conflict or Cancelled where it may no longer write."""
        table = self.table
        statement = (
            update(table)
            .where(table.c.id == row_id, table.c.attempt == attempt, table.c.status.not_in(ENDED))
            .values(heartbeat_at=func.clock_timestamp())
        )
        if self._connection.execute(statement).rowcount == 0:
            raise self._overtaken(row_id, attempt)

    def _overtaken(self, row_id: str, attempt: int) -> CarryoverError:
        found = self.get(row_id)
        if found.attempt != attempt:
            return Conflict(f"Attempt {found.attempt} has taken over this {self.what}.")
        if found.status is RunStatus.CANCELLED:
            return Cancelled(f"This {self.what} was cancelled.")
        return Conflict(f"This {self.what} has already ended ({found.status}).")

    def _close(self, row_id: str) -> None:
        """Mark it done."""
        self._update(
            self.table, row_id, self.what, status=RunStatus.DONE.value, ended_at=func.clock_timestamp(), error=None
        )
