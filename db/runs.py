"""Fits: their state, progress rows, checkpoints, and the outcome that one attempt writes once."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select

from db import schema
from db.attempts import Attempts
from db.codec import decode, encode
from db.rows import Many
from mmm_core.domain.errors import NotFound
from mmm_core.domain.fit import Chunk, Progress, Run, RunStatus
from mmm_core.domain.report import Fact
from mmm_core.domain.results import Results

COLUMNS = tuple(f.name for f in fields(Run))
WHAT = "fit"


class Runs(Attempts[Run]):
    table = schema.runs
    what = WHAT

    # ---- state ------------------------------------------------------------------------------------------------------

    def add(self, run: Run) -> None:
        self._insert(schema.runs, **{name: getattr(run, name) for name in COLUMNS})

    def list(self, project_id: str) -> list[Run]:
        table = schema.runs
        query = select(table).where(table.c.project_id == project_id).order_by(table.c.requested_at, table.c.id)
        return [_run(row) for row in self._all(query)]

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
        self._close(run_id)

    def results(self, run_id: str) -> Results:
        return decode(Results, self._outcome(run_id, schema.results.c.document))

    def facts(self, run_id: str) -> Many[Fact]:
        table = schema.facts
        query = select(table).where(table.c.run_id == run_id).order_by(table.c.position)
        return [Fact(row.key, row.value, row.unit) for row in self._all(query)]

    def draws_blob(self, run_id: str) -> str:
        return str(self._outcome(run_id, schema.results.c.draws_blob))

    # ---- inside -----------------------------------------------------------------------------------------------------

    def _read(self, row: Any) -> Run:
        return _run(row)

    def _outcome(self, run_id: str, column: Any) -> Any:
        row = self._first(select(column).where(schema.results.c.run_id == run_id))
        if row is None:
            self.get(run_id)
            raise NotFound("This fit has no results yet.")
        return row[0]


def _run(row: Any) -> Run:
    values = {name: getattr(row, name) for name in COLUMNS}
    return Run(**{**values, "status": RunStatus(row.status)})
