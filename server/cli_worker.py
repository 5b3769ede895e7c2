"""``mmm worker``."""

import os
from collections.abc import Sequence

from jobs import worker
from mmm_core.settings import Settings
from server import local, logs


def run(devices: Sequence[str]) -> None:
    logs.set_up()
    with local.located(Settings()) as settings:
        # The work horses, forked from this process, read the addresses from here.
        os.environ.update(local.environment(settings))
        worker.main(settings, devices)
