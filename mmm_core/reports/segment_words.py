"""Segments in words: how clear the grouping is, and what each segment sells."""

from mmm_core.data.segments import CLEAR, SOME, WORDS, Segmentation
from mmm_core.reports import wording as f

FEATURES = {
    "sales": "Sales per period",
    "volume": "Units per period",
    "price": "Price",
    "velocity": "Velocity",
    "volatility": "Volatility",
}
MEANINGS = {
    "velocity": "units (or sales) per outlet or head and period",
    "volatility": "standard deviation of a period's sales over their mean",
}


def verdict(found: Segmentation) -> str:
    """How far the grouping can be trusted."""
    score = f"silhouette {found.silhouette:.2f}"
    count = f"{found.chosen} segments of {len(found.table)} items"
    if found.silhouette >= CLEAR:
        return f"{count}, clearly apart ({score})."
    if found.silhouette >= SOME:
        return f"{count} that overlap in part ({score})."
    return f"{count} that hardly differ ({score}): the items are better seen one by one."


def sentences(found: Segmentation) -> tuple[str, ...]:
    """One sentence for each segment, the largest first."""
    out = []
    for one in found.segments:
        items = ", ".join(one.items[:5]) + (f" and {len(one.items) - 5} more" if len(one.items) > 5 else "")
        count = f"{len(one.items)} item{'' if len(one.items) == 1 else 's'}"
        out.append(f"{one.name}: {items} ({count}, {f.share(one.sales_share)} of sales).")
    return tuple(out)


def basis(found: Segmentation) -> str:
    """What the grouping rests on."""
    used = ", ".join(FEATURES[n].lower() for n in found.features)
    missing = [n for n in WORDS if n not in found.features and n not in found.left_out]
    words = f"Grouped by {used}."
    if found.left_out:
        words += f" {', '.join(FEATURES[n] for n in found.left_out)} would say the same again."
    if missing:
        words += f" The file has nothing for {', '.join(FEATURES[n].lower() for n in missing)}."
    return words
