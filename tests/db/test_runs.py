import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from db.work import PostgresWork
from mmm_core.domain.errors import Cancelled, Conflict, NotFound
from mmm_core.domain.fit import Run, RunStatus
from mmm_core.domain.report import Fact
from tests.db import some

Open = Callable[[], PostgresWork]
S = RunStatus


@pytest.fixture
def run(work: Open) -> Run:
    with work() as w:
        return some.store_run(w)


def _begin(work: Open, run: Run) -> int:
    with work() as w:
        return w.runs.begin_attempt(run.id)


def _status(work: Open, run: Run) -> RunStatus:
    with work() as w:
        return w.runs.get(run.id).status


def test_a_run_comes_back_equal(work: Open, run: Run) -> None:
    with work() as w:
        assert w.runs.get(run.id) == run
        assert w.runs.list(run.project_id) == [run]


def test_an_attempt_makes_it_run_and_a_heartbeat_tells_the_status(work: Open, run: Run) -> None:
    assert _begin(work, run) == 1
    with work() as w:
        begun = w.runs.get(run.id)
        assert (begun.status, begun.attempt) == (S.RUNNING, 1)
        assert begun.started_at is not None
        assert w.runs.heartbeat(run.id, 1) is S.RUNNING
    with work() as w:
        w.runs.set_status(run.id, S.CANCELLED)
    with work() as w:
        assert w.runs.heartbeat(run.id, 1) is S.CANCELLED
        assert w.runs.get(run.id).ended_at is not None


def test_an_older_attempt_can_no_longer_write(work: Open, run: Run) -> None:
    assert (_begin(work, run), _begin(work, run)) == (1, 2)
    with work() as w:
        blob = w.blobs.put(b"draws", "application/octet-stream")
        for write in (
            lambda: w.runs.heartbeat(run.id, 1),
            lambda: w.runs.add_progress(run.id, 1, some.chunk(0, 0).progress),
            lambda: w.runs.add_chunk(run.id, 1, some.chunk(0, 0)),
            lambda: w.runs.finish(run.id, 1, some.results(), (), blob),
        ):
            with pytest.raises(Conflict, match="Attempt 2 has taken over"):
                write()
        assert w.runs.chunks(run.id) == []
        w.runs.add_chunk(run.id, 2, some.chunk(0, 0))
        assert len(w.runs.chunks(run.id)) == 1


def test_a_new_attempt_waits_for_a_chunk_that_is_being_written(work: Open, run: Run) -> None:
    first = _begin(work, run)
    taken: list[int] = []
    with work() as w:
        w.runs.add_chunk(run.id, first, some.chunk(0, 0))
        other = threading.Thread(target=lambda: taken.append(_begin(work, run)))
        other.start()
        other.join(0.3)
        assert taken == []
    other.join(10)
    assert taken == [2]
    with work() as w:
        assert [c.progress.chunk for c in w.runs.chunks(run.id)] == [0]


def test_a_cancelled_attempt_hears_of_it_when_it_writes(work: Open, run: Run) -> None:
    attempt = _begin(work, run)
    with work() as w:
        w.runs.set_status(run.id, S.CANCELLED)
        blob = w.blobs.put(b"draws", "application/octet-stream")
        with pytest.raises(Cancelled):
            w.runs.add_chunk(run.id, attempt, some.chunk(0, 0))
        with pytest.raises(Cancelled):
            w.runs.finish(run.id, attempt, some.results(), (), blob)


def test_all_draws_are_kept_and_the_last_checkpoint_of_each_chain(work: Open, run: Run) -> None:
    attempt = _begin(work, run)
    for number in range(3):
        for chain in (1, 0):
            with work() as w:
                w.runs.add_chunk(run.id, attempt, some.chunk(chain, number, f"draws {chain}.{number}".encode()))
    with work() as w:
        kept = w.runs.chunks(run.id)
        assert [(c.progress.chain, c.progress.chunk, c.draws) for c in kept] == [
            (chain, number, f"draws {chain}.{number}".encode()) for chain in (0, 1) for number in range(3)
        ]
        assert [c.checkpoint for c in kept] == [b"", b"", b"state 0.2", b"", b"", b"state 1.2"]
        w.runs.drop_chunks(run.id)
        assert w.runs.chunks(run.id) == []
        assert len(w.runs.progress(run.id)) == 6


def test_a_chunk_computed_again_replaces_the_first(work: Open, run: Run) -> None:
    _begin(work, run)
    with work() as w:
        w.runs.add_chunk(run.id, 1, some.chunk(0, 0, b"one"))
    second = _begin(work, run)
    with work() as w:
        w.runs.add_chunk(run.id, second, some.chunk(0, 0, b"two"))
        assert [c.draws for c in w.runs.chunks(run.id)] == [b"two"]


def test_progress_is_kept_in_order_and_the_newest_of_each_chain_is_at_hand(work: Open, run: Run) -> None:
    attempt = _begin(work, run)
    rows = [some.chunk(chain, number).progress for number in range(3) for chain in range(2)]
    with work() as w:
        for row in rows:
            w.runs.add_progress(run.id, attempt, row)
    with work() as w:
        assert [p for _, p in w.runs.progress(run.id)] == rows
        assert [p for _, p in w.runs.latest_progress(run.id)] == rows[-2:]
        times = [at for at, _ in w.runs.progress(run.id)]
        assert times == sorted(times)


def test_chains_write_at_the_same_time(work: Open, run: Run) -> None:
    attempt = _begin(work, run)

    def chain(number: int) -> None:
        for step in range(5):
            with work() as w:
                w.runs.add_chunk(run.id, attempt, some.chunk(number, step))

    threads = [threading.Thread(target=chain, args=(n,)) for n in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    with work() as w:
        assert len(w.runs.progress(run.id)) == 20
        assert [p.chunk for _, p in w.runs.latest_progress(run.id)] == [4, 4, 4, 4]


def test_an_outcome_is_written_once(work: Open, run: Run) -> None:
    facts = [Fact("b.roi", 1.5, "ratio"), Fact("a.roi", float("nan"), "ratio")]
    attempt = _begin(work, run)
    with work() as w:
        with pytest.raises(NotFound, match="no results yet"):
            w.runs.results(run.id)
        blob = w.blobs.put(b"draws", "application/octet-stream")
        w.runs.finish(run.id, attempt, some.results(), facts, blob)
    with work() as w:
        assert w.runs.results(run.id) == some.results()
        assert [f.key for f in w.runs.facts(run.id)] == ["b.roi", "a.roi"]
        assert w.runs.facts(run.id)[0] == facts[0]
        assert w.blobs.get(w.runs.draws_blob(run.id)) == b"draws"
        done = w.runs.get(run.id)
        assert done.status is S.DONE
        assert done.ended_at is not None
        with pytest.raises(Conflict, match="already ended"):
            w.runs.finish(run.id, attempt, some.results(), facts, blob)
        with pytest.raises(Conflict, match="already ended"):
            w.runs.begin_attempt(run.id)


@pytest.mark.parametrize("ended", [S.CANCELLED, S.FAILED, S.DONE])
def test_what_has_ended_stays_ended(work: Open, run: Run, ended: RunStatus) -> None:
    with work() as w:
        w.runs.set_status(run.id, ended)
    for other in set(S) - {ended, S.QUEUED}:
        with work() as w, pytest.raises(Conflict, match="already ended"):
            w.runs.set_status(run.id, other)
    assert _status(work, run) is ended


def test_a_failed_or_cancelled_run_can_be_queued_again_a_done_one_not(work: Open, run: Run) -> None:
    for ended, after in ((S.FAILED, S.QUEUED), (S.CANCELLED, S.QUEUED), (S.DONE, S.DONE)):
        with work() as w:
            w.runs.set_status(run.id, ended, error="It broke." if ended is S.FAILED else None)
            w.runs.set_status(run.id, S.QUEUED)
            now = w.runs.get(run.id)
            assert now.status is after
            assert now.error is None
            assert (now.ended_at is None) == (after is S.QUEUED)


def test_noting_a_job_never_moves_a_run_backwards(work: Open, run: Run) -> None:
    _begin(work, run)
    with work() as w:
        w.runs.set_status(run.id, S.QUEUED, job_id="job-1")
        assert (w.runs.get(run.id).status, w.runs.get(run.id).job_id) == (S.RUNNING, "job-1")
        w.runs.set_status(run.id, S.INTERRUPTED)
        w.runs.set_status(run.id, S.QUEUED, job_id="job-2")
        assert (w.runs.get(run.id).status, w.runs.get(run.id).job_id) == (S.QUEUED, "job-2")
        w.runs.set_status(run.id, S.FAILED, error="It broke.")
        w.runs.set_status(run.id, S.QUEUED, job_id="job-3")
        assert (w.runs.get(run.id).status, w.runs.get(run.id).error) == (S.FAILED, "It broke.")


def test_stale_runs_are_those_whose_heart_stopped(work: Open, run: Run) -> None:
    _begin(work, run)
    with work() as w:
        beat = w.runs.get(run.id).heartbeat_at
        assert beat is not None
        assert run.id not in {r.id for r in w.runs.stale(beat - timedelta(seconds=1))}
        stale = {r.id: r for r in w.runs.stale(beat + timedelta(seconds=1))}
        assert stale[run.id] == w.runs.get(run.id)
        w.runs.set_status(run.id, S.FAILED, error="gone")
        assert run.id not in {r.id for r in w.runs.stale(beat + timedelta(seconds=1))}


def test_a_waiting_run_is_not_stale(work: Open, run: Run) -> None:
    with work() as w:
        assert run.id not in {r.id for r in w.runs.stale(replace(run).requested_at + timedelta(days=900))}
