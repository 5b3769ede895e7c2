"""What a specification says before the data speak follows what was believed."""

import numpy as np
import pandas as pd
import pytest

from mmm_core.modeling import implied, prepare, priors
from mmm_core.modeling.spec import Adstock, Belief, ChannelSpec, KpiSpec, ModelSpec, Saturation

CHANNELS = (ChannelSpec(name="tv", spend="tv"), ChannelSpec(name="search", spend="search"))


def frame(geos: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(4)
    weeks = pd.date_range("2023-01-02", periods=104, freq="7D")
    parts = [
        pd.DataFrame(
            {"week": weeks, "geo": f"g{g}", "orders": rng.normal(500, 40, 104), "tv": rng.uniform(50, 400, 104),
             "search": rng.uniform(20, 90, 104)}
        )
        for g in range(geos)
    ]  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def spec(belief: Belief | None = None, **more: object) -> ModelSpec:
    first = CHANNELS[0].model_copy(update={"belief": belief})
    kpi = KpiSpec(column="orders", unit="count", value_per_unit=2.0)
    return ModelSpec.model_validate(
        {"kpi": kpi, "date": "week", "channels": (first, CHANNELS[1]), "saturation": "hill", **more}
    )


def picture(made: ModelSpec, geos: int = 1) -> implied.PriorPicture:
    return implied.picture(made, prepare.prepare(frame(geos), made))


@pytest.mark.parametrize(
    ("kind", "low", "high"),
    [("roi", 0.5, 3.0), ("contribution_share", 0.02, 0.12), ("cost_per_target", 1.0, 6.0)],
)
def test_a_belief_comes_out_as_the_range_that_went_in(kind: str, low: float, high: float) -> None:
    seen = picture(spec(Belief.model_validate({"kind": kind, "low": low, "high": high}))).channels
    views = {"roi": seen.roi, "contribution_share": seen.share, "cost_per_target": seen.cost}
    found = views[kind]["tv"]
    assert found is not None
    assert found.p5 == pytest.approx(low, rel=0.2)
    assert found.p95 == pytest.approx(high, rel=0.2)


def test_a_count_without_a_value_has_a_cost_but_no_return() -> None:
    made = spec().model_copy(update={"kpi": KpiSpec(column="orders", unit="count")})
    seen = picture(made).channels
    assert seen.roi["tv"] is None
    assert seen.cost["tv"] is not None
    assert seen.share["tv"].p50 > 0


def test_it_agrees_with_the_priors_own_simulation() -> None:
    made = spec()
    data = prepare.prepare(frame(), made)
    roi = priors.roi_prior(made, data, priors.resolve(made, data))["tv"]
    found = implied.picture(made, data).channels.roi["tv"]
    assert roi is not None
    assert found is not None
    assert found.p50 == pytest.approx(roi.p50, rel=0.1)
    assert found.p95 == pytest.approx(roi.p95, rel=0.25)


@pytest.mark.parametrize("adstock", list(Adstock))
def test_memory_is_a_share_of_the_effect(adstock: Adstock) -> None:
    memory = picture(spec(adstock=adstock)).memory
    assert len(memory.x) == (8)
    assert all(0 <= a <= m <= b <= 1 for a, m, b in zip(memory.p5, memory.p50, memory.p95, strict=True))


@pytest.mark.parametrize("saturation", list(Saturation))
def test_response_rises_to_the_highest_exposure(saturation: Saturation) -> None:
    response = picture(spec(saturation=saturation)).response
    assert response.p50[0] == 0
    assert response.p50[-1] == pytest.approx(1.0)
    assert np.all(np.diff(response.p50) > 0)


def test_a_panel_is_pictured_too() -> None:
    seen = picture(spec(geo="geo"), geos=3)
    assert 0.02 < seen.media_share.p5 < seen.media_share.p95 < 0.8
