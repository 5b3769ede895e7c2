"""Forecasting weeks that a fit has not seen, against a computation by hand."""

import math

import numpy as np
import pandas as pd
import pytest

from mmm_core.data import read
from mmm_core.domain.errors import BadInput
from mmm_core.domain.fit import Posterior
from mmm_core.domain.study import ModelInput
from mmm_core.modeling.spec import ChannelSpec, KpiSpec, ModelSpec, Season, Trend
from mmm_core.studies import registry, small_fit, windows
from tests.model import company

PERIODS, EDGE = 40, 30
ALPHA, LAM, BETA, PRICE, LINE, SINE, COSINE, BASE, SIGMA = 0.6, 2.0, 0.3, -0.05, 0.1, 0.04, -0.02, 0.5, 0.02
LAGS = 4


def spec(**more: object) -> ModelSpec:
    document = {
        "kpi": KpiSpec(column="sales"),
        "date": "week",
        "channels": (ChannelSpec(name="tv", spend="tv_spend"),),
        "controls": ("price",),
        "max_lag": LAGS,
        "season": Season(yearly_terms=1),
        "trend": Trend(kind="linear"),
        **more,
    }
    return ModelSpec.model_validate(document)


def frame(seed: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    # The largest spend, KPI and the wildest prices come after the edge: numbers of the whole would differ.
    tv = np.r_[rng.gamma(2.0, 50.0, EDGE), rng.gamma(2.0, 150.0, PERIODS - EDGE)]
    return pd.DataFrame(
        {
            "week": pd.date_range("2024-01-01", periods=PERIODS, freq="7D"),
            "sales": np.r_[rng.uniform(500, 700, EDGE), rng.uniform(800, 999, PERIODS - EDGE)],
            "tv_spend": tv,
            "price": np.r_[rng.normal(10, 1, EDGE), rng.normal(14, 3, PERIODS - EDGE)],
        }
    )


def known(geos: int = 1) -> Posterior:
    """One draw whose numbers are those above."""
    own = (1, 1, geos) if geos > 1 else (1, 1)

    def each(*values: float) -> np.ndarray:
        return np.broadcast_to(np.array(values), (*own, len(values))).copy()

    draws = {
        "adstock_alpha": np.full((1, 1, 1), ALPHA),
        "saturation_lam": np.full((1, 1, 1), LAM),
        "saturation_beta": each(BETA),
        "intercept_contribution": np.full(own, BASE),
        "gamma_control": each(PRICE, LINE),
        "gamma_fourier": each(SINE, COSINE),
        "y_sigma": np.full(own, SIGMA),
    }
    return Posterior("geometric", "logistic", LAGS, draws)


def by_hand(table: pd.DataFrame, t: int) -> float:
    """The forecast of period ``t``, from the raw columns alone."""
    early = table.iloc[:EDGE]
    tv, weights = table["tv_spend"].to_numpy() / early["tv_spend"].max(), [ALPHA**k for k in range(LAGS)]
    carried = sum(w * tv[t - k] for k, w in enumerate(weights) if t - k >= 0) / sum(weights)
    media = BETA * (1 - math.exp(-LAM * carried)) / (1 + math.exp(-LAM * carried))
    price = (table["price"].iloc[t] - early["price"].mean()) / early["price"].std(ddof=0)
    weeks = np.arange(EDGE)
    line = (t - weeks.mean()) / weeks.std()
    angle = 2 * math.pi * table["week"].iloc[t].day_of_year / 365.25
    season = SINE * math.sin(angle) + COSINE * math.cos(angle)
    return float(early["sales"].max() * (BASE + media + PRICE * price + LINE * line + season))


def test_a_forecast_is_what_one_computes_by_hand() -> None:
    table = frame()
    window = windows.cut(table, spec(), EDGE)
    seen = small_fit.predict(window.whole, known())
    expected = [by_hand(table, t) for t in range(PERIODS)]
    np.testing.assert_allclose(seen.expected[0], expected, rtol=1e-12)
    assert window.edge == EDGE
    # Without the spend before the edge the first forecast week would be another one.
    cold = windows.cut(table.assign(tv_spend=table["tv_spend"].where(table.index >= EDGE, 1e-9)), spec(), EDGE)
    assert abs(small_fit.predict(cold.whole, known()).expected[0, EDGE] - expected[EDGE]) > 1.0


def test_a_panel_is_forecast_geo_by_geo() -> None:
    tables = {"north": frame(1), "south": frame(2)}
    panel = pd.concat([t.assign(place=g) for g, t in tables.items()], ignore_index=True).sample(
        frac=1.0, random_state=3
    )
    window = windows.cut(panel, spec(geo="place"), EDGE)
    one = {g: windows.cut(t, spec(), EDGE) for g, t in tables.items()}
    assert window.train.target.shape == (2, EDGE)
    for g, geo in enumerate(tables):
        np.testing.assert_allclose(window.train.target_scale[g], one[geo].train.target_scale[0])
        np.testing.assert_allclose(window.train.linear[g].mean(axis=0), 0.0, atol=1e-12)
    np.testing.assert_allclose(window.train.linear.std(axis=(0, 1)), 1.0)
    seen = small_fit.predict(window.whole, known(2))
    np.testing.assert_allclose(seen.by_geo.sum(axis=0), seen.expected[0])


def test_training_sees_nothing_of_what_comes_after() -> None:
    table = frame()
    other = table.copy()
    later = other.index >= EDGE
    other.loc[later, ["sales", "tv_spend", "price"]] *= 7.0
    first, second = (windows.cut(t, spec(trend=Trend(kind="piecewise")), EDGE).train for t in (table, other))
    for name in ("target", "media", "linear", "media_scale", "target_scale", "fourier", "spend"):
        one, other_one = getattr(first, name), getattr(second, name)
        np.testing.assert_allclose(one, other_one, rtol=1e-9, atol=1e-12, err_msg=name)


def test_what_never_changed_before_the_edge_explains_nothing_after_it() -> None:
    table = frame().assign(launch=lambda t: (t.index >= EDGE).astype(float))
    window = windows.cut(table, spec(controls=("price", "launch")), EDGE)
    place = window.whole.linear_names.index("launch")
    assert np.all(window.whole.linear[..., place] == 0.0)


def test_a_channel_that_began_after_the_edge_is_left_out_of_the_fit() -> None:
    late = frame().assign(radio=lambda t: np.where(t.index >= EDGE, 50.0, 0.0))
    channels = (ChannelSpec(name="tv", spend="tv_spend"), ChannelSpec(name="radio", spend="radio"))
    window = windows.cut(late, spec(channels=channels), EDGE)
    assert window.left_out == ("radio",)
    assert window.train.channels == window.whole.channels == ("tv",)
    with pytest.raises(BadInput, match="No channel has any exposure"):
        windows.cut(late, spec(channels=channels[1:]), EDGE)


def ask(kind: str, **options: object) -> list[str]:
    found = registry.find(kind)
    source = ModelInput(spec().to_yaml(), read.to_parquet(frame()))
    return [s.label for s in found.plan(registry.inputs(source), registry.read_options(found, options))]


@pytest.mark.parametrize(
    ("kind", "options", "words"),
    [
        ("holdout", {"periods": 60}, "A holdout of 60 weeks is as long as the data, which has 40 weeks"),
        ("holdout", {"periods": 25}, "leaves 15 weeks to learn from"),
        ("expanding", {"windows": 10, "periods": 4}, "10 windows of 4 weeks"),
        ("refresh", {"refreshes": 6, "periods": 4}, "6 refreshes of 4 weeks"),
        ("placebo", {"channels": ("billboards",)}, "no channel called billboards; it has tv"),
        ("holdout", {"weeks": 8}, "weeks"),
        ("perturbation", {"noise": 3.0}, "noise"),
    ],
)
def test_what_the_data_cannot_answer_is_one_sentence(kind: str, options: dict[str, object], words: str) -> None:
    with pytest.raises(BadInput, match=words) as said:
        ask(kind, **options)
    assert str(said.value).count("\n") == 0


def test_steps_say_what_they_do() -> None:
    assert ask("holdout") == ["Fit without the last 8 weeks, then forecast them"], "a fifth of short data"
    assert ask("expanding", windows=2, periods=5) == [
        "Learn from 30 weeks, forecast the next 5 weeks",
        "Learn from 35 weeks, forecast the next 5 weeks",
    ]
    assert ask("refresh", refreshes=2, periods=5) == ["Fit 30 weeks", "Fit 35 weeks", "Fit 40 weeks"]


@pytest.mark.parametrize("trend", [Trend(kind="piecewise", knots=7), Trend(kind="spline", knots=7)])
def test_a_baseline_that_has_hardly_begun_to_bend_is_not_blown_up(trend: Trend) -> None:
    for edge in range(70, 100):
        whole = windows.cut(company.table(), company.specification(trend=trend), edge).whole
        bends = [k for k, n in enumerate(whole.linear_names) if n.startswith(("trend after", "baseline bend"))]
        assert len(bends) >= 7
        assert np.abs(whole.linear[..., bends]).max() < 8.0
