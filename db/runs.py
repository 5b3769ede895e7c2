"""Fits: their state, progress rows, checkpoints, and the outcome that one attempt writes once."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select, update

from db import schema
from db.codec import decode, encode
from db.rows import Many, Rows, missing
from mmm_core.domain.errors import Cancelled, CarryoverError, Conflict, NotFound
from mmm_core.domain.fit import Chunk, Progress, Run, RunStatus
from mmm_core.domain.report import Fact
from mmm_core.domain.results import Results

COLUMNS = tuple(f.name for f in fields(Run))
ENDED = [s.value for s in RunStatus if s.ended]
WHAT = "fit"


class Runs(Rows):
    # ---- state ------------------------------------------------------------------------------------------------------

    def add(self, run: Run) -> None:
        self._insert(schema.runs, **{name: getattr(run, name) for name in COLUMNS})

    def get(self, run_id: str) -> Run:
        return _run(self._get(schema.runs, run_id, WHAT))

    def list(self, project_id: str) -> list[Run]:
        table = schema.runs
        query = select(table).where(table.c.project_id == project_id).order_by(table.c.requested_at, table.c.id)
        return [_run(row) for row in self._all(query)]

    def set_status(
        self, run_id: str, status: RunStatus, *, error: str | None = None, job_id: str | None = None
    ) -> None:
        """Move a run on; what has ended stays ended, except that a failed or cancelled run may be queued again.

        QUEUED together with ``job_id`` notes the job of a run that may have moved on already: then the job alone is
        written. A running run is queued again only by way of INTERRUPTED.
        """
        now = self._locked(run_id)
        values: dict[str, Any] = {"job_id": job_id} if job_id is not None else {}
        if status is RunStatus.QUEUED:
            waits = (RunStatus.QUEUED, RunStatus.INTERRUPTED)
            movable = waits if job_id is not None else (*waits, RunStatus.FAILED, RunStatus.CANCELLED)
            status = status if now.status in movable else now.status
        elif now.status.ended and status is not now.status:
            raise Conflict(f"This fit has already ended ({now.status}).")
        if status is not now.status:
            ended = func.clock_timestamp() if status.ended else None
            values |= {"status": status.value, "error": error, "ended_at": ended}
        elif error is not None:
            values["error"] = error
        if values:
            self._update(schema.runs, run_id, WHAT, **values)

    def begin_attempt(self, run_id: str) -> int:
        run = self._locked(run_id)
        if run.status.ended:
            raise Conflict(f"This fit has already ended ({run.status}).")
        now = func.clock_timestamp()
        self._update(
            schema.runs, run_id, WHAT, attempt=run.attempt + 1, status=RunStatus.RUNNING.value,
            started_at=func.coalesce(schema.runs.c.started_at, now), heartbeat_at=now, error=None,
        )  # fmt: skip
        return run.attempt + 1

    def heartbeat(self, run_id: str, attempt: int) -> RunStatus:
        table = schema.runs
        statement = (
            update(table)
            .where(table.c.id == run_id, table.c.attempt == attempt)
            .values(heartbeat_at=func.clock_timestamp())
            .returning(table.c.status)
        )
        row = self._first(statement)
        if row is None:
            raise self._overtaken(run_id, attempt)
        return RunStatus(row.status)

    def stale(self, older_than: datetime) -> Many[Run]:
        """Running ones whose heart has not beaten since."""
        table = schema.runs
        query = select(table).where(table.c.status == RunStatus.RUNNING.value, table.c.heartbeat_at < older_than)
        return [_run(row) for row in self._all(query.order_by(table.c.heartbeat_at))]

    # ---- progress and checkpoints -----------------------------------------------------------------------------------

    def add_progress(self, run_id: str, attempt: int, progress: Progress) -> None:
        self._hold(run_id, attempt)
        table = schema.progress
        last = select(func.coalesce(func.max(table.c.number), 0)).where(table.c.run_id == run_id)
        # The run's row is locked by now, so no second writer can take the same number.
        number = self._connection.execute(last).scalar_one() + 1
        self._insert(
            table,
            run_id=run_id,
            number=number,
            attempt=attempt,
            chain=progress.chain,
            document=encode(progress),
        )

    def add_chunk(self, run_id: str, attempt: int, chunk: Chunk) -> None:
        self.add_progress(run_id, attempt, chunk.progress)
        place = {"run_id": run_id, "chain": chunk.progress.chain}
        number = chunk.progress.chunk
        self._put(
            schema.chunks,
            ("run_id", "chain", "number"),
            {**place, "number": number, "document": encode(chunk.progress), "draws": chunk.draws},
        )
        self._put(schema.checkpoints, ("run_id", "chain"), {**place, "number": number, "state": chunk.checkpoint})

    def progress(self, run_id: str) -> Many[tuple[datetime, Progress]]:
        table = schema.progress
        query = select(table.c.at, table.c.document).where(table.c.run_id == run_id).order_by(table.c.number)
        return [(row.at, decode(Progress, row.document)) for row in self._all(query)]

    def latest_progress(self, run_id: str) -> Many[tuple[datetime, Progress]]:
        table = schema.progress
        newest = select(func.max(table.c.number)).where(table.c.run_id == run_id).group_by(table.c.chain)
        query = (
            select(table.c.at, table.c.document)
            .where(table.c.run_id == run_id, table.c.number.in_(newest))
            .order_by(table.c.chain)
        )
        return [(row.at, decode(Progress, row.document)) for row in self._all(query)]

    def chunks(self, run_id: str) -> Many[Chunk]:
        """Chunks after a chain's checkpoint, should there be any, were never whole and are left out."""
        kept, last = schema.chunks, schema.checkpoints
        query = (
            select(kept.c.document, kept.c.draws, kept.c.number, last.c.number.label("last"), last.c.state)
            .join(last, (last.c.run_id == kept.c.run_id) & (last.c.chain == kept.c.chain))
            .where(kept.c.run_id == run_id, kept.c.number <= last.c.number)
            .order_by(kept.c.chain, kept.c.number)
        )
        return [
            Chunk(
                progress=decode(Progress, row.document),
                checkpoint=bytes(row.state) if row.number == row.last else b"",
                draws=bytes(row.draws),
            )
            for row in self._all(query)
        ]

    def drop_chunks(self, run_id: str) -> None:
        for table in (schema.chunks, schema.checkpoints):
            self._connection.execute(delete(table).where(table.c.run_id == run_id))

    # ---- outcome ----------------------------------------------------------------------------------------------------

    def finish(self, run_id: str, attempt: int, results: Results, facts: Sequence[Fact], draws_blob: str) -> None:
        self._hold(run_id, attempt)
        self._insert(schema.results, run_id=run_id, attempt=attempt, document=encode(results), draws_blob=draws_blob)
        self._insert_many(
            schema.facts,
            [
                {"run_id": run_id, "key": f.key, "position": n, "value": float(f.value), "unit": f.unit}
                for n, f in enumerate(facts)
            ],
        )
        self._update(
            schema.runs, run_id, WHAT, status=RunStatus.DONE.value, ended_at=func.clock_timestamp(), error=None
        )

    def results(self, run_id: str) -> Results:
        return decode(Results, self._outcome(run_id, schema.results.c.document))

    def facts(self, run_id: str) -> Many[Fact]:
        table = schema.facts
        query = select(table).where(table.c.run_id == run_id).order_by(table.c.position)
        return [Fact(row.key, row.value, row.unit) for row in self._all(query)]

    def draws_blob(self, run_id: str) -> str:
        return str(self._outcome(run_id, schema.results.c.draws_blob))

    # ---- inside -----------------------------------------------------------------------------------------------------

    def _outcome(self, run_id: str, column: Any) -> Any:
        row = self._first(select(column).where(schema.results.c.run_id == run_id))
        if row is None:
            self.get(run_id)
            raise NotFound("This fit has no results yet.")
        return row[0]

    def _locked(self, run_id: str) -> Run:
        row = self._first(select(schema.runs).where(schema.runs.c.id == run_id).with_for_update())
        if row is None:
            raise missing(WHAT)
        return _run(row)

    def _hold(self, run_id: str, attempt: int) -> None:
        """Lock the run for this attempt and mark it alive; Conflict or Cancelled where it may no longer write."""
        table = schema.runs
        statement = (
            update(table)
            .where(table.c.id == run_id, table.c.attempt == attempt, table.c.status.not_in(ENDED))
            .values(heartbeat_at=func.clock_timestamp())
        )
        if self._connection.execute(statement).rowcount == 0:
            raise self._overtaken(run_id, attempt)

    def _overtaken(self, run_id: str, attempt: int) -> CarryoverError:
        run = self.get(run_id)
        if run.attempt != attempt:
            return Conflict(f"Attempt {run.attempt} has taken over this fit.")
        if run.status is RunStatus.CANCELLED:
            return Cancelled("This fit was cancelled.")
        return Conflict(f"This fit has already ended ({run.status}).")


def _run(row: Any) -> Run:
    values = {name: getattr(row, name) for name in COLUMNS}
    return Run(**{**values, "status": RunStatus(row.status)})
