"""A small company with known truth for the tests of the model: three channels, one of them organic."""

import numpy as np
import pandas as pd

from mmm_core.modeling.spec import ChannelSpec, KpiSpec, ModelSpec, Season, Trend


def table(periods: int = 110, seed: int = 3) -> pd.DataFrame:
    """Weekly revenue with a trend, a season, a price effect, a holiday and three channels."""
    rng = np.random.default_rng(seed)
    dates = pd.date_range("2022-01-03", periods=periods, freq="7D")
    tv = np.where(rng.random(periods) < 0.6, rng.gamma(3.0, 900.0, periods), 0.0)
    search = 800.0 + rng.gamma(4.0, 150.0, periods)
    clicks = search * rng.uniform(1.8, 2.2, periods)
    mail = np.where(np.arange(periods) % 4 == 1, rng.uniform(4000, 9000, periods), 0.0)
    price = rng.standard_normal(periods).cumsum() * 0.1 + 10
    sale = (dates.isocalendar().week.to_numpy() == 47).astype(int)
    carried = np.convolve(tv, 0.5 ** np.arange(8) / (0.5 ** np.arange(8)).sum())[:periods]
    brought = 9000 * np.tanh(carried / 3000) + 6000 * np.tanh(clicks / 2500) + 1500 * (mail > 0)
    season = 3000 * np.sin(2 * np.pi * dates.day_of_year.to_numpy() / 365.25)
    base = 30_000 + 40 * np.arange(periods) + season - 1500 * (price - 10) + 8000 * sale
    return pd.DataFrame(
        {
            "week": dates,
            "sales": base + brought + rng.normal(0, 1200, periods),
            "tv": tv,
            "search": search,
            "clicks": clicks,
            "mail": mail,
            "price": price,
            "sale": sale,
        }
    )


def specification(adstock: str = "geometric", saturation: str = "logistic", **changes: object) -> ModelSpec:
    """The specification that fits ``table``."""
    base: dict[str, object] = {
        "kpi": KpiSpec(column="sales"),
        "date": "week",
        "channels": (
            ChannelSpec(name="tv", spend="tv"),
            ChannelSpec(name="search", spend="search", exposure="clicks"),
            ChannelSpec(name="mail", exposure="mail"),
        ),
        "controls": ("price",),
        "holidays": ("sale",),
        "adstock": adstock,
        "saturation": saturation,
        "season": Season(yearly_terms=2),
        "trend": Trend(kind="piecewise", knots=2),
    }
    return ModelSpec.model_validate({**base, **changes})


REACHED = (
    {"name": "tv", "spend": "tv", "reach": "people", "frequency": "contacts"},
    {"name": "search", "spend": "search", "exposure": "clicks"},
    {"name": "mail", "exposure": "mail"},
)
"""Channels of ``with_reach``."""


def with_reach(frame: pd.DataFrame, seed: int = 6) -> pd.DataFrame:
    """The same table, TV's money split into people reached and contacts of each, 1 to 6 where anybody was."""
    contacts = np.random.default_rng(seed).uniform(1.0, 6.0, len(frame)) * (frame["tv"] > 0)
    return frame.assign(
        people=np.where(frame["tv"] > 0, 20 * frame["tv"] / contacts.where(contacts > 0, 1.0), 0.0), contacts=contacts
    )


def panel_table(periods: int = 60, geos: int = 3, seed: int = 4) -> pd.DataFrame:
    """Geos of different size whose returns differ, rows in no order; the last geo never ran mail."""
    rng = np.random.default_rng(seed)
    parts = []
    for g in range(geos):
        size = 1.0 + 2.0 * g
        frame = table(periods, seed + 10 + g)
        media = frame[["tv", "search", "clicks", "mail"]] * size
        if g == geos - 1:
            media["mail"] = 0.0
        frame = frame.assign(**{c: media[c] for c in media}, sales=frame["sales"] * size * (0.9 + 0.1 * g))
        parts.append(frame.assign(region=f"geo {g}", heads=1e5 * size))
    return pd.concat(parts).sample(frac=1.0, random_state=int(rng.integers(1e6))).reset_index(drop=True)


def panel_specification(adstock: str = "geometric", saturation: str = "logistic", **changes: object) -> ModelSpec:
    """The specification that fits ``panel_table``."""
    return specification(adstock, saturation, **{"geo": "region", "population": "heads", **changes})
