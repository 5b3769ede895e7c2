"""The sample company's sales by sub-category, as a long MFF file: groups whose truth is known."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from mmm_core.data import mff
from mmm_core.data.recognise import recognise
from mmm_core.data.simulate import Company, company


@dataclass(frozen=True)
class Kind:
    """What sub-categories of one group have in common."""

    name: str
    items: tuple[str, ...]
    weight: float
    """Sales of one item, relative."""
    price: float
    stores: float
    swing: float
    """Standard deviation of a week's sales, as a share."""


KINDS = (
    Kind("everyday", ("Bread", "Milk", "Eggs", "Pasta", "Rice", "Sugar"), 6.0, 2.0, 900, 0.05),
    Kind("premium", ("Wine", "Cheese", "Coffee", "Chocolate", "Olive oil", "Salmon"), 3.0, 14.0, 500, 0.08),
    Kind("seasonal", ("Ice cream", "Barbecue", "Soups", "Gift boxes", "Iced tea", "Sunscreen"), 2.0, 6.0, 700, 0.45),
    Kind("niche", ("Spices", "Baking aids", "Vinegar", "Syrups", "Matches", "Toothpicks"), 0.3, 1.8, 250, 0.18),
)


def categories(seed: int = 7, *, weeks: int = 156) -> Company:
    """A national company whose revenue is split by sub-category; media, promotions and events stay national.

    The truth is the national company's, with ``sub_categories`` (each with ``sub_category`` and ``group``) added.
    """
    whole = company("national", seed, weeks=weeks)
    rng = np.random.default_rng([seed, 2])
    frame = whole.frame
    # The shelf price: a promotion is a column of its own.
    index = frame["price_index"].to_numpy(dtype=float) / (100 - 50 * frame["promotion_depth"].to_numpy(dtype=float))
    parts, groups = _sub_categories(rng, weeks)
    parts["revenue"] *= frame["revenue"].to_numpy(dtype=float) / parts["revenue"].sum(axis=0)
    parts["price"] *= index
    parts["units"] = np.round(parts["revenue"] / parts["price"])
    # Each sub-category has its own price, so that the one index of all would say the same again.
    national = frame.drop(columns=["revenue", "price_index"])
    rows = [mff.to_mff(national, recognise(national))]
    for number, group in enumerate(groups):
        item = pd.DataFrame({"week": frame["week"], **{n: v[number].round(2) for n, v in parts.items()}})
        rows.append(mff.to_mff(item, recognise(item)).assign(Product=group["sub_category"]))
    truth: dict[str, Any] = {**whole.truth, "kind": "categories", "date_column": "Period", "sub_categories": groups}
    truth["controls"] = [c for c in truth["controls"] if c["column"] != "price_index"]
    return Company(pd.concat(rows, ignore_index=True), truth)


def _sub_categories(rng: np.random.Generator, weeks: int) -> tuple[dict[str, np.ndarray], list[dict[str, str]]]:
    """Relative revenue, price and stores (items, T), and the group of each item."""
    revenue, price, stores, groups = [], [], [], []
    week, shelves = np.arange(weeks), np.exp(np.cumsum(rng.normal(0, 0.012, weeks)))
    for kind in KINDS:
        for item in kind.items:
            noise = rng.lognormal(0, kind.swing / 2, weeks)
            wave = 1 + kind.swing * 1.5 * np.sin(2 * np.pi * (week / 52 + rng.random()))
            revenue.append(kind.weight * rng.uniform(0.75, 1.3) * np.maximum(wave, 0.05) * noise)
            price.append(kind.price * rng.uniform(0.85, 1.2) * rng.lognormal(0, 0.01, weeks))
            stores.append(np.round(kind.stores * rng.uniform(0.9, 1.1) * shelves))
            groups.append({"sub_category": item, "group": kind.name})
    return {"revenue": np.stack(revenue), "price": np.stack(price), "stores": np.stack(stores)}, groups
