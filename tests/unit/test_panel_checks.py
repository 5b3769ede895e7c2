"""Checks of a panel: geos of different size are neither collinearity nor fit."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from mmm_core.analysis.results import summarise
from mmm_core.domain.checks import Status
from mmm_core.domain.fit import ModelData
from mmm_core.modeling import validity
from mmm_core.modeling.limits import Limits
from mmm_core.modeling.prepare import prepare
from mmm_core.modeling.priors import resolve
from mmm_core.modeling.spec import ModelSpec
from tests.model import company
from tests.studies.cases import drawn

SIZES = (1.0, 5.0, 25.0)


def unequal(periods: int = 60) -> tuple[ModelSpec, ModelData]:
    """Geos of very different size; within each of them the channels have nothing to do with each other."""
    rng = np.random.default_rng(2)
    parts = [
        company.table(periods, seed=20 + g).assign(
            region=f"geo {g}", heads=1e5 * by, sales=by * (30_000 + rng.normal(0, 1500, periods)),
            tv=by * rng.gamma(3.0, 900.0, periods), search=by * rng.gamma(3.0, 900.0, periods),
            clicks=by * rng.gamma(3.0, 900.0, periods), mail=by * rng.gamma(3.0, 900.0, periods),
        )
        for g, by in enumerate(SIZES)
    ]  # fmt: skip
    spec = company.panel_specification()
    return spec, prepare(pd.concat(parts, ignore_index=True), spec)


@pytest.fixture(scope="module")
def seen() -> validity.Picture:
    spec, data = unequal()
    return validity.look(drawn(spec, data), data, spec, resolve(spec, data))


def test_the_size_of_geos_is_no_collinearity(seen: validity.Picture) -> None:
    check = validity.collinearity(seen, Limits())
    assert check.status is Status.PASS, check.message
    assert check.value is not None
    assert check.value < 2


def test_channels_that_move_together_within_geos_are_still_named(seen: validity.Picture) -> None:
    exposure = seen.exposure.copy()
    exposure[..., 2] = 3 * exposure[..., 0]
    check = validity.collinearity(replace(seen, exposure=exposure), Limits())
    assert (check.status, check.columns) == (Status.REVIEW, ("tv", "mail"))


def test_a_mean_that_knows_nothing_but_the_geos_levels_explains_nothing(seen: validity.Picture) -> None:
    level = seen.data.target.mean(axis=1, keepdims=True)
    flat = replace(seen, mean=np.broadcast_to(level, (3, *seen.data.target.shape)))
    check = validity.fit_quality(flat, Limits())
    assert check.value == pytest.approx(0.0, abs=1e-9)
    assert check.status is Status.FAIL


def test_the_check_and_the_results_say_the_same() -> None:
    spec, data = unequal()
    posterior = drawn(spec, data)
    check = validity.fit_quality(validity.look(posterior, data, spec, resolve(spec, data)), Limits())
    found = summarise(data, posterior, spec, (check,)).fit
    assert check.value == pytest.approx(found.r2)
    assert f"{found.mape:.1%} off" in check.message
