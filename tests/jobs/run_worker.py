"""A worker for tests: the real one with short waits, and a stand-in for the engine unless a test wants the real one."""

import os
from datetime import timedelta

from jobs import recovery, wiring, worker
from jobs.fit_server import ForkServerFitProcess
from mmm_core.settings import Settings
from mmm_core.use_cases import pulse
from server import logs
from tests.jobs import counting_study


def main() -> None:
    logs.set_up(json=True)
    recovery.SILENT = timedelta(seconds=float(os.environ.get("CARRYOVER_TEST_SILENT", "2")))
    worker.LOOK_AROUND_SECONDS = 1
    worker.PULSE_SECONDS = 1
    pulse.HEARTBEAT_SECONDS = 0.5
    counting_study.register()
    prior = os.environ.get("CARRYOVER_TEST_FIT") == "prior"
    if os.environ.get("CARRYOVER_TEST_FIT") != "real":
        process = ForkServerFitProcess(
            target="tests.jobs.prior_fit:main" if prior else "tests.jobs.fake_fit:by_seed",
            preload=("tests.jobs.prior_fit" if prior else "tests.jobs.fake_fit",),
            study_target="tests.jobs.counting_study:main",
        )
        wiring.fit_process = lambda settings: process
    worker.main(Settings())


if __name__ == "__main__":
    main()
