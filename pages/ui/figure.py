"""The frame that every chart shares: our Plotly template, and how a figure is put on the page."""

import math
from collections.abc import Callable
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from pages.ui.palette import CHANNELS, Scheme, faded

FONT = '"Source Sans", "Source Sans Pro", system-ui, sans-serif'


def template(scheme: Scheme) -> go.layout.Template:
    axis: dict[str, Any] = {
        "gridcolor": scheme.line,
        "linecolor": scheme.line,
        "zerolinecolor": scheme.line,
        "zeroline": False,
        "ticks": "",
        "automargin": True,
        "title": {"font": {"size": 13, "color": scheme.muted}, "standoff": 8},
        "tickfont": {"size": 12, "color": scheme.muted},
    }
    return go.layout.Template(
        layout={
            "font": {"family": FONT, "size": 13, "color": scheme.ink},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "colorway": list(CHANNELS),
            "margin": {"l": 8, "r": 12, "t": 12, "b": 8},
            "xaxis": {**axis, "showgrid": False},
            "yaxis": axis,
            "hovermode": "x unified",
            "hoverlabel": {
                "bgcolor": scheme.raised,
                "bordercolor": scheme.line,
                "font": {"family": FONT, "color": scheme.ink, "size": 13},
            },
            "legend": {
                "orientation": "h",
                "yanchor": "bottom",
                "y": 1.02,
                "x": 0,
                "font": {"size": 12},
                "title": {"text": ""},
                "itemwidth": 30,
            },
            "dragmode": False,
        }
    )


def figure(scheme: Scheme, height: int = 340) -> go.Figure:
    return go.Figure(layout={"template": template(scheme), "height": height})


def ribbon(x: Any, low: Any, high: Any, colour: str, name: str, **more: Any) -> go.Scatter:
    """The 90% interval as one closed band."""
    around = [*x, *reversed(list(x))]
    return go.Scatter(
        x=around,
        y=[*high, *reversed(list(low))],
        fill="toself",
        fillcolor=faded(colour, 0.18),
        line={"width": 0},
        hoverinfo="skip",
        name=name,
        mode="lines",
        **more,
    )


def ticks(low: float, high: float, about: int = 7) -> list[float]:
    """Round steps that cover a range, for axes whose labels are written in the product's own words."""
    if not (math.isfinite(low) and math.isfinite(high)) or high <= low:
        return [low] if math.isfinite(low) else []
    rough = (high - low) / about
    size = 10.0 ** math.floor(math.log10(rough))
    step = next(s * size for s in (1, 2, 2.5, 5, 10) if s * size >= rough * 0.999)
    return [i * step for i in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)]


def written(low: float, high: float, write: Callable[[float | None], str]) -> dict[str, Any]:
    """Axis settings whose labels read as the numbers beside the chart do: €400k, €1.2m."""
    at = ticks(low, high)
    # Steps finer than the words can tell apart would repeat a label.
    for fewer in (5, 4, 3, 2):
        if len({write(v) for v in at}) == len(at):
            break
        at = ticks(low, high, fewer)
    return {"tickmode": "array", "tickvals": at, "ticktext": [write(v) for v in at]}


def show(fig: go.Figure, key: str, *, alt: str) -> None:
    """``alt`` says in words what the picture shows."""
    st.plotly_chart(
        fig,
        theme=None,
        key=key,
        alt=alt,
        width="stretch",
        height=int(fig.layout.height or 340),
        config={"displayModeBar": False, "responsive": True, "scrollZoom": False},
    )
