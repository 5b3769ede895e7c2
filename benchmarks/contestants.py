"""One fit by one engine in a process of its own: ``python -m benchmarks.contestants NAME CASE OUT [CACHE]``.

CASE is a folder with ``table.parquet`` and ``spec.yaml``. The clock starts when everything is imported and stops when
the posterior is there, compiling included. All engines get the same prepared data and the same priors.
"""

import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

MEDIA = ("adstock_alpha", "adstock_theta", "saturation_lam", "saturation_slope", "saturation_kappa", "saturation_beta")
Fit = Callable[[Path, str | None], dict[str, np.ndarray]]


def ours(case: Path, cache: str | None) -> dict[str, np.ndarray]:
    from mmm_core.modeling import engine

    spec, table = (case / "spec.yaml").read_text(), (case / "table.parquet").read_bytes()
    return engine.fit_table(spec, table, lambda _: None, cache_dir=cache).posterior.draws


def _built(case: Path):
    from mmm_core.data.read import from_parquet
    from mmm_core.modeling import prepare, priors, pymc_model
    from mmm_core.modeling.spec import ModelSpec

    spec = ModelSpec.from_yaml((case / "spec.yaml").read_text())
    data = prepare.prepare(from_parquet((case / "table.parquet").read_bytes()), spec)
    return spec, pymc_model.build(data, priors.resolve(spec, data)).model


def pymc_default(case: Path, _: str | None) -> dict[str, np.ndarray]:
    return _sampled(case, "pymc")


def nutpie(case: Path, _: str | None) -> dict[str, np.ndarray]:
    return _sampled(case, "nutpie")


def _sampled(case: Path, sampler: str) -> dict[str, np.ndarray]:
    import pymc as pm

    spec, model = _built(case)
    with model:
        # PyMC's own tuning length; the number of kept draws and chains is the specification's.
        trace = pm.sample(
            draws=spec.sampling.draws, tune=1000, chains=spec.sampling.chains, cores=2, random_seed=spec.sampling.seed,
            target_accept=spec.sampling.target_accept, nuts_sampler=sampler, progressbar=False,
        )  # fmt: skip
    posterior = trace.posterior
    return {name: np.asarray(posterior[name]) for name in (*MEDIA, "y_sigma") if name in posterior}


CONTESTANTS: dict[str, Fit] = {"ours": ours, "pymc": pymc_default, "nutpie": nutpie}


def _import(name: str) -> float:
    started = time.perf_counter()
    if name == "ours":
        from mmm_core.modeling import engine  # noqa: F401
    else:
        import pymc_marketing.mmm  # noqa: F401

        if name == "nutpie":
            import nutpie  # noqa: F401
    return time.perf_counter() - started


def main(name: str, case: str, out: str, cache: str | None = None) -> None:
    imported = _import(name)
    started = time.perf_counter()
    draws = CONTESTANTS[name](Path(case), cache)
    seconds = time.perf_counter() - started
    # Peak memory is read before the draws are judged, so that it is the engine's own; PyMC samples in children.
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss + resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    import arviz_stats

    ess = [
        float(arviz_stats.base.array_stats.ess(draws[m][..., c], method="bulk"))
        for m in MEDIA
        if m in draws
        for c in range(draws[m].shape[-1])
    ]
    np.savez_compressed(out + ".npz", **{m: draws[m] for m in (*MEDIA, "y_sigma") if m in draws})
    row = {"seconds": seconds, "import_seconds": imported, "ess_min": min(ess), "peak_mb": peak / 1024}
    Path(out).write_text(json.dumps(row))


if __name__ == "__main__":
    main(*sys.argv[1:])
