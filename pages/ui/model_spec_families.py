"""Memory, saturation and baseline: each family with one plain sentence and a small picture."""

from typing import Any

import streamlit as st

from mmm_core.modeling.spec import Adstock, Saturation
from pages.ui import charts_spec

MEMORY = {
    Adstock.GEOMETRIC: (
        "Fades from the start",
        "Strongest at once, then less: where search, social or radio lead.",
    ),
    Adstock.DELAYED: ("Builds up, then fades", "Peaks some periods later: where TV, brand or out of home lead."),
    Adstock.WEIBULL_PDF: ("Any hump", "May peak early or late, steep or slow: when nobody knows; needs more data."),
    Adstock.WEIBULL_CDF: ("Holds, then drops", "Stays for a while before it fades: where leaflets or catalogues lead."),
    Adstock.NONE: ("No memory", "All of the effect in its own period."),
}
SHAPE = {
    Saturation.HILL: ("Any shape", "Diminishing at once, or a threshold first: follows the data most freely."),
    Saturation.LOGISTIC: ("Diminishing", "Each unit brings less than the one before, down to nothing."),
    Saturation.MICHAELIS_MENTEN: ("Slowly diminishing", "Rises fast, then flattens over a long way."),
    Saturation.TANH: ("Straight, then flat", "Nearly even returns at first, then a ceiling."),
    Saturation.LINEAR: ("Straight", "Twice the exposure, twice the effect: for a first look only."),
}
TREND = {
    "none": ("Level", "The baseline stays where it is."),
    "linear": ("A straight line", "Grows or falls evenly."),
    "piecewise": ("A line that bends", "Changes its slope at a few points."),
    "spline": ("Smooth", "Drifts freely, as little as the data allow."),
}


def shapes(raw: dict[str, Any], key: str) -> None:
    left, right = st.columns(2)
    with left:
        raw["adstock"] = _choice(
            "Memory of all channels: how an effect carries over", MEMORY, Adstock(raw["adstock"]), f"{key}_adstock",
            charts_spec.memory_icon,
        ).value  # fmt: skip
    with right:
        raw["saturation"] = _choice(
            "Saturation of all channels: how returns diminish", SHAPE, Saturation(raw["saturation"]),
            f"{key}_saturation", charts_spec.shape_icon,
        ).value  # fmt: skip
    if raw["adstock"] != Adstock.NONE.value:
        most = max(26, raw["max_lag"])
        raw["max_lag"] = st.slider("Longest memory, in periods", 1, most, raw["max_lag"], key=f"{key}_lag")


def _choice(label: str, options: dict[Any, tuple[str, str]], now: Any, key: str, icon: Any) -> Any:
    kinds = list(options)
    return st.radio(
        label,
        kinds,
        index=kinds.index(now),
        format_func=lambda kind: f"{icon(kind)} {options[kind][0]}",
        captions=[options[kind][1] for kind in kinds],
        key=key,
    )


def baseline(raw: dict[str, Any], key: str) -> None:
    left, right = st.columns(2)
    raw["season"]["yearly_terms"] = left.slider(
        "Yearly season, pairs of waves",
        0,
        max(8, raw["season"]["yearly_terms"]),
        raw["season"]["yearly_terms"],
        key=f"{key}_season",
        help="Each pair bends the season once more; many pairs can eat what media brought.",
    )
    trend = raw["trend"]
    kinds = list(dict.fromkeys([*TREND, trend["kind"]]))
    trend["kind"] = right.selectbox(
        "Baseline over time",
        kinds,
        index=kinds.index(trend["kind"]),
        format_func=lambda kind: TREND.get(kind, (kind, ""))[0],
        key=f"{key}_trend",
    )
    right.caption(TREND.get(trend["kind"], ("", ""))[1])
    if trend["kind"] in ("piecewise", "spline"):
        help_ = "More of them follow the KPI closer, and can take from media what media brought."
        words = "Bends" if trend["kind"] == "piecewise" else "Knots of the smooth baseline"
        most = max(20 if trend["kind"] == "spline" else 12, trend["knots"])
        trend["knots"] = right.slider(words, 1, most, trend["knots"], key=f"{key}_knots", help=help_)
    if "time_varying" in raw:
        _drift(raw["time_varying"], key, panel=bool(raw.get("geo")))


def _drift(drift: dict[str, Any], key: str, *, panel: bool) -> None:
    left, right = st.columns(2)
    drift["baseline"] = left.toggle(
        "The baseline drifts as the data say",
        drift["baseline"],
        key=f"{key}_drift_baseline",
        disabled=panel and not drift["baseline"],
        help="For national data; with geos choose a smooth baseline above."
        if panel
        else "A process whose speed and size are learned; a smooth baseline above is quicker.",
    )
    drift["media"] = right.toggle(
        "The strength of all media drifts",
        drift["media"],
        key=f"{key}_drift_media",
        help="All channels together, in all geos, grow stronger or weaker over the months. Slower to fit.",
    )
