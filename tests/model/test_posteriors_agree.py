"""Our engine and PyMC's own sampler draw from the same posterior, within Monte-Carlo error."""

from typing import Any

import numpy as np
import pymc as pm
import pytest
from arviz_stats.base import array_stats

from mmm_core.modeling import engine, pymc_model
from mmm_core.modeling.prepare import prepare
from mmm_core.modeling.priors import resolve
from tests.model.company import specification, table

SMALL: dict[str, Any] = {
    "channels": ({"name": "tv", "spend": "tv"}, {"name": "search", "spend": "search", "exposure": "clicks"}),
    "season": {"yearly_terms": 1},
    "trend": {"kind": "linear"},
}


def _means(draws: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean, its Monte-Carlo error and the standard deviation of each number, from (chains, draws, n)."""
    size = np.asarray(array_stats.ess(draws, chain_axis=0, draw_axis=1, method="bulk"))
    deviation = draws.std(axis=(0, 1))
    return draws.mean(axis=(0, 1)), deviation / np.sqrt(size), deviation


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_both_samplers_agree_on_every_parameter() -> None:
    spec = specification("geometric", "logistic", sampling={"draws": 1500, "chains": 2, "seed": 4}, **SMALL)
    data = prepare(table(), spec)
    priors = resolve(spec, data)
    ours = engine.fit(spec, data, _ignore, priors=priors).posterior
    with pymc_model.build(data, priors).model:
        tree = pm.sample(
            draws=1500, tune=1000, chains=2, cores=1, random_seed=9, target_accept=0.95, nuts_sampler="pymc",
            progressbar=False, var_names=list(ours.draws),
        )  # fmt: skip
    assert float(tree["sample_stats"]["diverging"].sum()) <= 15
    for name, mine in ours.draws.items():
        theirs = np.asarray(tree["posterior"][name].values)
        # Logs of what is positive and skewed have means that a few hundred effective draws pin down.
        log = name.startswith("saturation") or name == "y_sigma"
        mine, theirs = (np.log(v) if log else v for v in (mine, theirs))
        shape = (*mine.shape[:2], -1)
        a, a_error, a_deviation = _means(mine.reshape(shape))
        b, b_error, b_deviation = _means(theirs.reshape(shape))
        distance = np.abs(a - b) / np.hypot(a_error, b_error)
        assert distance.max() < 4.5, f"{name}: means {a} and {b}"
        np.testing.assert_allclose(a_deviation, b_deviation, rtol=0.2, err_msg=name)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_second_route_agrees_with_the_collapsed_one() -> None:
    sampling = {"draws": 1000, "chains": 2, "seed": 4}
    data = prepare(table(), specification(**SMALL))
    found = {}
    for route in ("collapsed", "pymc"):
        spec = specification("geometric", "logistic", sampling={**sampling, "engine": route}, **SMALL)
        found[route] = engine.fit(spec, data, _ignore).posterior.draws
    for name in ("adstock_alpha", "saturation_beta", "gamma_control", "intercept_contribution"):
        one, other = (np.log(d[name]) if name == "saturation_beta" else d[name] for d in found.values())
        shape = (*one.shape[:2], -1)
        (a, a_error, _), (b, b_error, _) = _means(one.reshape(shape)), _means(other.reshape(shape))
        assert (np.abs(a - b) / np.hypot(a_error, b_error)).max() < 4.5, f"{name}: means {a} and {b}"


def _ignore(message: Any) -> None:
    del message
