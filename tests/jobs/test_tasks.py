"""Runs through the real queue and one worker; the fit's process is a stand-in that needs no JAX."""

import os

from mmm_core.domain.fit import RunStatus
from mmm_core.use_cases import fits
from tests.jobs.conftest import Shop
from tests.jobs.fake_fit import KILLED, REFUSED
from tests.jobs.test_worker import WHOLE, children


def test_a_run_goes_through_the_queue_to_its_results(open_house: Shop) -> None:
    shop = open_house
    run = shop.request("First")
    done = shop.wait_for(run.id, RunStatus.DONE)
    assert (done.attempt, done.error) == (1, None)
    assert shop.draws(run.id) == WHOLE
    assert shop.chunks(run.id) == 0, "checkpoints are dropped with the outcome"
    rows = fits.progress_history(shop.services, shop.actor, run.id)
    assert [p.chunk for _, p in rows if p.chain == 1] == list(range(10))
    assert fits.get_facts(shop.services, shop.actor, run.id)[0].key == "channel.tv.roi.p50"
    assert shop.services.queue.workers() == 1


def test_a_cancelled_fit_dies_and_the_worker_takes_the_next(open_house: Shop) -> None:
    shop = open_house
    slow = shop.request("Slow", tune=2000)
    shop.wait(lambda: shop.chunks(slow.id) >= 2)
    worker = shop.workers[0].pid
    before = set(children(worker))
    waiting = shop.request("Waiting")
    assert fits.watch_fit(shop.services, shop.actor, waiting.id).position == 0
    following = shop.request("Next")
    assert fits.watch_fit(shop.services, shop.actor, following.id).position == 1
    fits.cancel_fit(shop.services, shop.actor, waiting.id)
    fits.cancel_fit(shop.services, shop.actor, slow.id)
    shop.wait(lambda: len(before & set(children(worker))) <= len(before) - 2)
    shop.wait_for(following.id, RunStatus.DONE)
    assert shop.run(slow.id).status is RunStatus.CANCELLED
    assert shop.run(waiting.id).status is RunStatus.CANCELLED
    assert shop.run(waiting.id).attempt == 0, "it never started"


def test_a_fit_that_is_refused_fails_with_its_sentence(open_house: Shop) -> None:
    run = open_house.request(seed=REFUSED)
    assert open_house.wait_for(run.id, RunStatus.FAILED).error == "The column tv_spend is gone."


def test_a_fit_that_is_killed_again_and_again_fails_with_a_sentence(open_house: Shop) -> None:
    run = open_house.request(seed=KILLED)
    error = open_house.wait_for(run.id, RunStatus.FAILED).error
    assert error is not None
    assert "ran out of memory" in error


def test_the_secrets_of_the_servers_are_in_no_log(open_house: Shop) -> None:
    shop = open_house
    run = shop.request()
    shop.wait_for(run.id, RunStatus.DONE)
    for address in (shop.settings.database_url, shop.settings.redis_url):
        assert address is not None
        password = address.get_secret_value().split(":")[2].split("@")[0]
        assert password not in shop.log()
    assert os.path.getsize(shop.folder / "worker.log") > 0
