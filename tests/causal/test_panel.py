"""Causal estimates and questions about the past on a panel of geos."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from mmm_core.analysis.response import ResponseModel
from mmm_core.causal import design, past
from mmm_core.causal.holdings import Holdings
from mmm_core.causal.identify import Identification, Verdict
from tests.unit.analysis_company import company, posterior, specification

QUESTION = past.Question("tv", date(2023, 3, 6), date(2023, 4, 3), factor=0.0)


@pytest.fixture(scope="module")
def model() -> ResponseModel:
    data = company(geos=3, periods=80)
    return ResponseModel(data, posterior(data))


def test_a_difference_is_summed_over_geos(model: ResponseModel) -> None:
    found = past.answer(model, QUESTION)
    rows = past.window(model.data, QUESTION)
    assert found.spent == pytest.approx(model.data.spend[:, rows, 0].sum())
    media = model.data.media.copy()
    media[:, rows, 0] = 0.0
    without = ResponseModel(replace(model.data, media=media), model.posterior)
    lost = sum(
        float((without.channel_contribution(0, g) - model.channel_contribution(0, g)).mean(axis=1).sum())
        for g in range(3)
    )
    assert found.kpi.mean == pytest.approx(lost, rel=1e-4)


def test_an_amount_is_split_as_the_geos_were_given_before(model: ResponseModel) -> None:
    question = replace(QUESTION, factor=None, level=9_000.0)
    changed, rows = past.instead(model.data, question), past.window(model.data, question)
    given = changed.spend[:, rows, 0]
    assert given.sum(axis=0) == pytest.approx(np.full(len(rows), 9_000.0))
    shares = model.data.spend[:, :, 0].sum(axis=1) / model.data.spend[:, :, 0].sum()
    assert given[:, 0] / 9_000.0 == pytest.approx(shares)


def test_each_geo_is_held_to_its_own_mean(model: ResponseModel) -> None:
    one = Identification("tv", Verdict.IDENTIFIED, (), (), (), ("search",))
    have = Holdings(frozenset(("tv", "search")), frozenset(("tv", "search")), ("tv",), {"tv": "tv", "search": "search"})
    seen = design.exposures(model)
    table = design.design(model, seen, None, specification(model.data), one, have)  # type: ignore[arg-type]
    assert table.geos == 3
    assert len(table.frame) == 240
    by_geo = table.frame.to_numpy().reshape(3, 80, -1).mean(axis=1)
    assert np.abs(by_geo).max() < 1e-6 * np.abs(table.frame.to_numpy()).max()
    assert set(table.groups) == {"search", "trend", "season"}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::Warning:dowhy")
def test_an_effect_common_to_the_geos_is_found_among_their_levels() -> None:
    """KPI levels that differ widely between geos, and the model's own effect in each of them."""
    from mmm_core.causal import estimate

    data = company(geos=4, periods=100)
    model = ResponseModel(data, posterior(data))
    rng = np.random.default_rng(3)
    brought = np.array([model.channel_contribution(0, g).mean(axis=1) for g in range(4)])
    levels = np.array([1.0, 2.0, 5.0, 9.0])[:, None] * 50_000
    model = ResponseModel(
        replace(data, target=levels + brought + 300 * rng.normal(size=brought.shape)), model.posterior
    )
    one = Identification("tv", Verdict.IDENTIFIED, (), (), (), ())
    have = Holdings(frozenset(("tv",)), frozenset(("tv",)), ("tv",), {"tv": "tv"})
    table = design.design(model, design.exposures(model), None, specification(data), one, have)  # type: ignore[arg-type]
    found = estimate.backdoor(table, lags=5)
    assert found.low < 1 < found.high
    assert found.coefficient == pytest.approx(1, rel=0.1)


@pytest.fixture(scope="module")
def in_season() -> tuple[ResponseModel, np.ndarray]:
    """Geos of very different sizes, a season in proportion to them, and a channel that is bought in season.

    The second is what the channel really brought, (G, T): as much as the model says.
    """
    rng = np.random.default_rng(4)
    data = company(geos=4, periods=104)
    wave = data.fourier[:, 0]
    size = np.array([1.0, 2.0, 5.0, 9.0])[:, None]
    media = rng.gamma(3.0, 1000.0, data.media.shape) * size[:, :, None]
    media[..., 0] *= np.exp(wave)
    scale = (media / size[:, :, None]).max(axis=(0, 1)) * size
    data = replace(data, media=media, spend=media, media_scale=scale, target_scale=60_000 * size[:, 0])
    drawn = posterior(data)
    model = ResponseModel(data, drawn)
    brought = np.array([model.channel_contribution(0, g).mean(axis=1) for g in range(4)])
    target = 50_000 * size * (1 + 0.15 * wave) + brought + 300 * size * rng.normal(size=brought.shape)
    return ResponseModel(replace(data, target=target), drawn), brought


def test_a_large_geos_season_is_not_left_to_its_media(in_season: tuple[ResponseModel, np.ndarray]) -> None:
    model, _ = in_season
    one = Identification("tv", Verdict.IDENTIFIED, (), (), (), ())
    have = Holdings(frozenset(("tv",)), frozenset(("tv",)), ("tv",), {"tv": "tv"})
    table = design.design(model, design.exposures(model), None, specification(model.data), one, have)  # type: ignore[arg-type]
    found = np.linalg.lstsq(table.frame[[design.TREATMENT, *table.held]], table.frame[design.OUTCOME], rcond=None)[0]
    assert found[0] == pytest.approx(1, abs=0.1)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::Warning")
def test_the_structural_model_counts_every_geo_in_its_own_size(in_season: tuple[ResponseModel, np.ndarray]) -> None:
    from mmm_core.causal import graph, structural
    from tests.causal.diagrams import diagram

    model, brought = in_season
    drawn = diagram("tv > sales", channels="tv")
    have = Holdings(frozenset(("tv",)), frozenset(("tv",)), ("tv",), {"tv": "tv"})
    question = past.Question("tv", date(2023, 1, 2), date(2024, 12, 23), factor=0.0)
    found = structural.counterfactual(
        model, design.exposures(model), None, specification(model.data),  # type: ignore[arg-type]
        graph.directed(drawn), graph.outcome(drawn), have, question, repetitions=3,
    )  # fmt: skip
    assert found.kpi.mean == pytest.approx(-brought.sum(), rel=0.1)
    assert found.value is not None
    assert found.value.mean == pytest.approx(found.kpi.mean)
