"""The engine itself through queue and database: killed in warm-up and again while sampling, the draws are the same."""

import numpy as np
import pytest

from mmm_core.domain.fit import Run, RunStatus
from mmm_core.modeling import artifact
from tests.jobs.conftest import Shop
from tests.jobs.test_fit_server import gone
from tests.jobs.test_worker import children

LONG = {"chains": 4, "tune": 3000, "draws": 6000}


def kill_during(shop: Shop, run: Run, phase: str) -> int:
    """Start a worker, kill it and its fit after a chunk of the phase, and tell how many chunks were kept."""
    worker = shop.worker("real", silent=8)
    shop.wait(lambda: reached(shop, run, phase), 400)
    below = children(worker.pid)
    worker.kill()
    worker.wait()
    assert all(gone(pid) for pid in below)
    assert shop.run(run.id).status is RunStatus.RUNNING, "it was killed before its end"
    return shop.chunks(run.id)


def reached(shop: Shop, run: Run, phase: str) -> bool:
    assert shop.run(run.id).status is not RunStatus.FAILED, shop.run(run.id).error
    with shop.services.work(shop.actor) as work:
        latest = work.runs.chunks(run.id)
        assert shop.workers[-1].poll() is None, shop.log()[-3000:]
        return any(c.progress.phase == phase and c.progress.done < c.progress.total for c in latest)


@pytest.mark.slow
@pytest.mark.timeout(1500)
def test_killed_in_warm_up_and_in_sampling_the_draws_are_bit_for_bit_the_same(shop: Shop) -> None:
    killed = shop.request("Killed twice", **LONG)
    first = kill_during(shop, killed, "warm-up")
    second = kill_during(shop, killed, "sampling")
    assert 0 < first < second
    shop.worker("real", silent=8)
    done = shop.wait_for(killed.id, RunStatus.DONE, 400)
    assert done.attempt == 3
    whole = shop.request("Uninterrupted", **LONG)
    assert shop.wait_for(whole.id, RunStatus.DONE, 400).attempt == 1
    one, other = artifact.load(shop.draws(killed.id)), artifact.load(shop.draws(whole.id))
    assert one.chains == 4
    assert one.draws.keys() == other.draws.keys()
    for name in other.draws:
        np.testing.assert_array_equal(one.draws[name], other.draws[name], err_msg=name)
    assert one.divergences == other.divergences
    with shop.services.work(shop.actor) as work:
        notes = {p.note for _, p in work.runs.progress(killed.id) if p.note}
    assert not any("another" in note for note in notes), "the same fingerprint"
