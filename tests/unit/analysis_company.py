"""A small company with known draws, for the tests of the metric service."""

import numpy as np

from mmm_core.domain.fit import ModelData, Posterior
from mmm_core.modeling.spec import ChannelSpec, KpiSpec, ModelSpec

CHANNELS = ("tv", "search", "social", "email", "radio", "print", "video", "audio", "outdoor", "partner")


def company(
    *,
    channels: int = 4,
    periods: int = 60,
    geos: int = 1,
    organic: int | None = None,
    value: float = 1.0,
    seed: int = 3,
) -> ModelData:
    """Weekly data; channel 1 acts through impressions, ``organic`` names a channel without spend."""
    rng = np.random.default_rng(seed)
    spend = rng.gamma(3.0, 1000.0, (geos, periods, channels)) * (rng.random((geos, periods, channels)) < 0.85)
    media = spend.copy()
    media[..., 1] *= rng.uniform(90, 110, (geos, periods))
    if organic is not None:
        spend[..., organic] = np.nan
    weeks = np.arange(periods)
    trend = np.tile((weeks - weeks.mean()) / weeks.std(), (geos, 1))
    price = rng.normal(size=(geos, periods))
    linear = np.stack([price - price.mean(axis=1, keepdims=True), trend], axis=-1)
    fourier = np.column_stack([np.sin(2 * np.pi * weeks / 52.18), np.cos(2 * np.pi * weeks / 52.18)])
    target = 50_000 + 3_000 * rng.normal(size=(geos, periods)) + 4_000 * trend + 2.0 * np.nansum(spend, axis=-1)
    return ModelData(
        dates=np.datetime64("2023-01-02") + 7 * weeks.astype("timedelta64[D]"),
        geos=tuple(f"geo {g}" for g in range(geos)) if geos > 1 else ("national",),
        channels=CHANNELS[:channels],
        target=target,
        media=media,
        spend=spend,
        value_per_unit=np.full((geos, periods), value),
        linear=linear,
        linear_names=("price", "trend"),
        linear_groups=("control", "trend"),
        fourier=fourier,
        media_scale=media.max(axis=1),
        target_scale=np.abs(target).max(axis=1),
    )


def posterior(
    data: ModelData,
    *,
    adstock: str = "geometric",
    saturation: str = "logistic",
    max_lag: int = 5,
    chains: int = 2,
    draws: int = 40,
    seed: int = 5,
) -> Posterior:
    """Independent draws around plausible values, scaled; geos of a panel have their own effect and baseline."""
    rng = np.random.default_rng(seed)
    shape = (chains, draws, len(data.channels))
    own = (chains, draws) if len(data.geos) == 1 else (chains, draws, len(data.geos))
    names = {
        "adstock_alpha": rng.beta(3, 4, shape),
        "saturation_beta": 0.08 * np.exp(0.4 * rng.normal(size=(*own, len(data.channels)))),
        "intercept_contribution": rng.normal(0.6, 0.02, own),
        "gamma_control": rng.normal(0.02, 0.01, (*own, data.linear.shape[-1])),
        "gamma_fourier": rng.normal(0.03, 0.01, (*own, data.fourier.shape[-1])),
        "y_sigma": np.abs(rng.normal(0.04, 0.004, own)),
    }
    if adstock == "delayed":
        names["adstock_theta"] = rng.uniform(0, 2, shape)
    if saturation == "logistic":
        names["saturation_lam"] = rng.gamma(6, 0.4, shape)
    else:
        names["saturation_slope"] = rng.uniform(0.8, 2.5, shape)
        names["saturation_kappa"] = rng.uniform(0.2, 0.8, shape)
    return Posterior(adstock, saturation, max_lag, names)


def specification(data: ModelData, *, count: bool = False) -> ModelSpec:
    paid = np.isfinite(data.spend).all(axis=(0, 1))
    channels = tuple(
        ChannelSpec(name=name, spend=f"{name}_spend" if has else None, exposure=None if has else f"{name}_sends")
        for name, has in zip(data.channels, paid, strict=True)
    )
    kpi = KpiSpec(column="sales", unit="count" if count else "revenue")
    return ModelSpec(kpi=kpi, date="week", channels=channels, controls=("price",))
