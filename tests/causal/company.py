"""A company whose weekly sales are made by known causes, and a posterior that knows its media."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from mmm_core.analysis.response import ResponseModel
from mmm_core.domain.fit import ModelData, Posterior
from mmm_core.domain.project import Diagram
from mmm_core.modeling.prepare import prepare
from mmm_core.modeling.spec import ChannelSpec, KpiSpec, ModelSpec, Season, Trend
from mmm_core.modeling.transforms import adstock_weights, saturate
from tests.causal.diagrams import diagram

ALPHA, LAM, LAGS = 0.4, 2.0, 4


@dataclass(frozen=True)
class Company:
    frame: pd.DataFrame
    spec: ModelSpec
    diagram: Diagram
    response: ResponseModel
    true_roi: dict[str, float]


def exposure(spend: np.ndarray) -> np.ndarray:
    """Adstocked and saturated spend, (T,)."""
    weights = adstock_weights("geometric", LAGS, {"adstock_alpha": np.array(ALPHA)})
    padded = np.concatenate([np.zeros(LAGS - 1), spend / spend.max()])
    lagged = np.lib.stride_tricks.sliding_window_view(padded, LAGS)[:, ::-1]
    return np.asarray(saturate("logistic", lagged @ weights, {"saturation_lam": np.array(LAM)}))


def confounded(
    *,
    pull: float = 1.5,
    effects: tuple[float, float] = (30_000.0, 12_000.0),
    believed: tuple[float, float] | None = None,
    noise: float = 2_500.0,
    weeks: int = 156,
    seed: int = 7,
) -> Company:
    """TV is bought when the price is low, and a low price sells by itself; radio is bought at random.

    ``believed`` are the effects of the posterior, the true ones unless given.
    """
    rng = np.random.default_rng(seed)
    time = np.arange(weeks)
    price = np.convolve(rng.normal(size=weeks + 5), np.ones(6) / np.sqrt(6), mode="valid")
    tv = 1_000 * np.exp(0.5 * (-pull * price + rng.normal(size=weeks)))
    radio = 800 * np.exp(0.6 * rng.normal(size=weeks))
    media = {"tv": exposure(tv), "radio": exposure(radio)}
    season = 4_000 * np.sin(2 * np.pi * time / 52.18)
    sales = 100_000 - 9_000 * price + season + noise * rng.normal(size=weeks)
    for effect, name in zip(effects, media, strict=True):
        sales = sales + effect * media[name]
    dates = pd.date_range("2022-01-03", periods=weeks, freq="7D")
    frame = pd.DataFrame({"week": dates, "sales": sales, "tv": tv, "radio": radio, "price": price})
    spec = ModelSpec(
        kpi=KpiSpec(column="sales"),
        date="week",
        max_lag=LAGS,
        season=Season(yearly_terms=1),
        trend=Trend(kind="linear"),
        channels=(ChannelSpec(name="tv", spend="tv"), ChannelSpec(name="radio", spend="radio")),
        controls=("price",),
    )
    data = prepare(frame, spec)
    spent = {"tv": tv.sum(), "radio": radio.sum()}
    true = {n: e * media[n].sum() / spent[n] for e, n in zip(effects, media, strict=True)}
    drawn = diagram("price > tv, price > sales, tv > sales, radio > sales", channels="tv radio")
    return Company(frame, spec, drawn, ResponseModel(data, draws(data, believed or effects)), true)


def draws(data: ModelData, effects: tuple[float, float], spread: float = 0.1, number: int = 60) -> Posterior:
    """Media parameters near the truth, the effects with a relative ``spread``."""
    rng = np.random.default_rng(1)
    shape = (1, number, len(data.channels))
    beta = np.array(effects) / data.target_scale * (1 + spread * rng.normal(size=shape))
    names = {
        "adstock_alpha": np.full(shape, ALPHA),
        "saturation_lam": np.full(shape, LAM),
        "saturation_beta": beta,
        "intercept_contribution": np.full((1, number), 0.6),
        "gamma_control": np.zeros((1, number, data.linear.shape[-1])),
        "gamma_fourier": np.zeros((1, number, data.fourier.shape[-1])),
        "y_sigma": np.full((1, number), 0.03),
    }
    return Posterior("geometric", "logistic", LAGS, names)
