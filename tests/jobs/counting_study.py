"""A kind of study for tests: steps that wait a little, fail, or die when asked to."""

import os
import signal
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from mmm_core.domain.checks import Check, Status
from mmm_core.domain.errors import BadInput, SpecError
from mmm_core.domain.fit import ModelData, Posterior, Progress
from mmm_core.domain.study import StepState, StudyOutcome
from mmm_core.modeling.spec import ModelSpec
from mmm_core.studies import process, registry
from mmm_core.studies.kind import Earlier, Inputs, Kind, Options, Step, Tools, results_of

SECONDS = 1.5
"""What a small fit's stand-in takes, so that a test can come in between."""


class CountingOptions(Options):
    steps: int = 4
    milliseconds: int = 0
    fail_at: int = -1
    die_at: int = -1
    mark: str = ""
    """A file: the process dies only while it is not there; empty, it dies every time."""


def plan(inputs: Inputs, options: CountingOptions) -> list[Step]:
    if options.steps > 100:
        raise BadInput("A count of more than 100 steps takes too long.")
    return [Step(f"count {n}", f"Count {n}", {"n": n}) for n in range(options.steps)]


def run_step(step: Step, inputs: Inputs, options: CountingOptions, earlier: Earlier, tools: Tools) -> dict[str, Any]:
    n = step.arguments["n"]
    tools.say(Progress(0, 0, "sampling", 1, 2))
    time.sleep(options.milliseconds / 1000)
    if n == options.fail_at:
        raise SpecError("The third column is gone.")
    if n == options.die_at and not (options.mark and Path(options.mark).exists()):
        if options.mark:
            Path(options.mark).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return {"n": n, "before": sorted(earlier), "pid": os.getpid(), "channels": len(inputs.model.spec.channels)}


def conclude(inputs: Inputs, options: CountingOptions, states: Sequence[StepState]) -> StudyOutcome:
    found = results_of(states)
    total = sum(r["n"] for r in found.values())
    check = Check("count", "Count", Status.PASS, f"The count gave {total}.", float(total))
    return StudyOutcome(f"Counted {len(found)} of {len(states)} to {total}.", (check,))


def _kind(name: str, tolerant: bool) -> Kind[CountingOptions]:
    return Kind(name, "A count", "Can it count?", CountingOptions, plan, run_step, conclude, False, tolerant=tolerant)


KIND = _kind("counting", False)


def register() -> None:
    """Make the kinds known to this process."""
    registry.KINDS["counting"] = __name__
    registry.KINDS["counting_on"] = "tests.jobs.counting_on_study"


def main(connection: Connection) -> None:
    """Studies of the product are carried out too, with draws from the prior in place of the engine's."""
    from mmm_core.studies import small_fit
    from tests.db.test_use_cases import prior_draws

    def prior(spec: ModelSpec, data: ModelData, *_: Any, **__: Any) -> Posterior:
        time.sleep(SECONDS)
        return prior_draws(spec, data)

    small_fit.fit = prior
    register()
    process.main(connection)
