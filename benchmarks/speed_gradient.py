"""Gradient time of our log density against the number of cells, on one core: ``python -m benchmarks.speed_gradient``.

A cell is one geo x week x channel. Prints one JSON line per grid: cells, seconds per gradient, nanoseconds per cell.
"""

import json
import os
import sys
import time

GRIDS = (
    (1, 125, 8), (1, 250, 8), (4, 125, 8), (8, 156, 8), (20, 156, 8), (32, 200, 16), (64, 312, 16), (200, 312, 16),
)  # fmt: skip
"""(geos, weeks, channels): 1e3 to 1e6 cells."""
CALLS_SECONDS = 1.0
ROUNDS = 5


def main(saturation: str) -> None:
    _one_core()
    for geos, weeks, channels in GRIDS:
        print(json.dumps(measured(geos, weeks, channels, saturation)), flush=True)


def _one_core() -> None:
    """Before JAX starts its threads."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false " + os.environ.get("XLA_FLAGS", "")


def measured(geos: int, weeks: int, channels: int, saturation: str) -> dict[str, object]:
    """Median over rounds of the mean processor time of a log density with its gradient, in a loop of one program."""
    import jax
    import jax.numpy as jnp

    from mmm_core.modeling import collapsed
    from mmm_core.modeling.priors import resolve

    data, spec = made_up(geos, weeks, channels, saturation)
    target = collapsed.collapse(data, resolve(spec, data)).to_sample(1, 1)
    gradient = jax.value_and_grad(target.log_density)

    @jax.jit
    def loop(z, inputs, count):
        expanded = target.expand(inputs)

        def step(_, carried):
            z, total = carried
            value, slope = gradient(z, expanded)
            # The next point depends on the last gradient, so that no call can be left out or moved.
            return z + 1e-9 * jnp.tanh(slope), total + value

        return jax.lax.fori_loop(0, count, step, (z, jnp.zeros((), z.dtype)))

    z, inputs = jnp.asarray(target.start[0]), jax.device_put(target.inputs)
    seconds = _per_call(lambda count: jax.block_until_ready(loop(z, inputs, count)))
    cells = geos * weeks * channels
    return {
        "geos": geos, "weeks": weeks, "channels": channels, "cells": cells, "saturation": saturation,
        "microseconds": 1e6 * seconds, "ns_per_cell": 1e9 * seconds / cells,
    }  # fmt: skip


def _per_call(run) -> float:
    """Processor time, so that others on the same core do not count."""
    run(2)
    began = time.process_time()
    run(10)
    count = max(10, int(CALLS_SECONDS / ((time.process_time() - began) / 10)))
    times = []
    for _ in range(ROUNDS):
        began = time.process_time()
        run(count)
        times.append((time.process_time() - began) / count)
    return sorted(times)[len(times) // 2]


def made_up(geos: int, weeks: int, channels: int, saturation: str):
    """A table of that size, prepared: the arithmetic is the same whatever the numbers are."""
    import numpy as np
    import pandas as pd

    from mmm_core.modeling.prepare import prepare
    from mmm_core.modeling.spec import ChannelSpec, KpiSpec, ModelSpec

    rng = np.random.default_rng([geos, weeks, channels])
    names = [f"channel_{c}" for c in range(channels)]
    days = np.datetime64("2018-01-01") + 7 * np.arange(weeks) * np.timedelta64(1, "D")
    frame = pd.DataFrame({"week": np.tile(days, geos), "region": np.repeat([f"r{g:03d}" for g in range(geos)], weeks)})
    frame[names] = rng.gamma(2.0, 50.0, (len(frame), channels))
    frame["revenue"] = 1e4 + frame[names].sum(axis=1) + 500 * rng.standard_normal(len(frame))
    frame["price"] = 10 + rng.standard_normal(len(frame))
    spec = ModelSpec(
        kpi=KpiSpec(column="revenue"), date="week", channels=tuple(ChannelSpec(name=n, spend=n) for n in names),
        controls=("price",), saturation=saturation, **({"geo": "region"} if geos > 1 else {}),
    )  # fmt: skip
    return prepare(frame, spec), spec


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "logistic")
