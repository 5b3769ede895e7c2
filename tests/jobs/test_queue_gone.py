"""The queue's server goes away and comes back without its memory: a click gets a sentence, no run is lost."""

import json
import os
import signal
import time
from contextlib import suppress
from pathlib import Path

import pytest

from db import migrate
from jobs.queue import RqFitQueue, connect
from mmm_core.domain.errors import Unavailable
from mmm_core.domain.fit import RunStatus
from mmm_core.domain.identity import Actor, TeamRole
from server import embedded
from tests.jobs.conftest import open_shop

ACTOR = Actor("o", "u", "Ann", "", TeamRole.ANALYST)


def test_every_question_to_a_queue_that_is_gone_is_one_sentence() -> None:
    queue = RqFitQueue(connect("redis://:secret@127.0.0.1:1/0"))
    questions = (
        lambda: queue.submit(ACTOR, "r", "cpu"),
        lambda: queue.stop("j"),
        lambda: queue.position("j"),
        queue.workers,
        lambda: queue.holds("j"),
    )
    for question in questions:
        with pytest.raises(Unavailable, match="cannot be reached") as caught:
            question()
        assert "secret" not in str(caught.value)


@pytest.mark.slow
def test_a_queue_that_comes_back_empty_loses_no_run(short_folder: Path) -> None:
    home = short_folder / "servers"
    with embedded.servers(home, durable=False) as urls:
        migrate.upgrade(urls.admin)
        shop = open_shop(urls.admin, urls.redis, short_folder)
        try:
            running, waiting = shop.request("Running", tune=1000), shop.request("Waiting")
            shop.worker()
            shop.wait(lambda: shop.chunks(running.id) >= 2)
            os.kill(valkey(home), signal.SIGKILL)
            assert shop.wait_for(running.id, RunStatus.DONE).attempt == 1, "the fit needs the database alone"
            shop.wait_for(waiting.id, RunStatus.DONE)
        finally:
            shop.end_workers()
            shop.wired.close()


def valkey(home: Path) -> int:
    """The embedded Valkey's process: the keeper's child of that name."""
    keeper = str(json.loads((home / "servers.json").read_text())["pid"])
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        for entry in Path("/proc").iterdir():
            # Any process may end between being listed and being read.
            with suppress(OSError):
                if entry.name.isdigit():
                    name, _, rest = (entry / "stat").read_text().partition("(")[2].rpartition(")")
                    if name.startswith("valkey") and rest.split()[1] == keeper:
                        return int(entry.name)
    raise AssertionError("no Valkey runs")
