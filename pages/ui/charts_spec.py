"""Pictures beside the specification: each family in small, and what the beliefs alone say."""

import base64
from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from mmm_core.domain.results import Interval
from mmm_core.modeling.implied import Band
from mmm_core.modeling.spec import Adstock, Saturation
from mmm_core.modeling.transforms import adstock_weights, saturate
from mmm_core.reports import wording as f
from pages.ui.figure import figure, ribbon, ticks
from pages.ui.palette import Scheme

WIDTH, HEIGHT = 44, 16
LAGS = 9
INK = "#2FA8C3"
"""Reads on white and on near-black: a small picture in a label does not know which it stands on."""
TYPICAL_MEMORY = {
    Adstock.NONE: {},
    Adstock.GEOMETRIC: {"adstock_alpha": 0.65},
    Adstock.DELAYED: {"adstock_alpha": 0.75, "adstock_theta": 3.0},
    Adstock.WEIBULL_PDF: {"adstock_lam": 4.5, "adstock_k": 2.2},
    Adstock.WEIBULL_CDF: {"adstock_lam": 4.5, "adstock_k": 2.5},
}
TYPICAL_SHAPE = {
    Saturation.LINEAR: {},
    Saturation.LOGISTIC: {"saturation_lam": 5.0},
    Saturation.HILL: {"saturation_slope": 3.0, "saturation_kappa": 0.45},
    Saturation.MICHAELIS_MENTEN: {"saturation_lam": 0.35},
    Saturation.TANH: {"saturation_r": 0.985},
}


def memory_icon(family: Adstock) -> str:
    weights = adstock_weights(family, LAGS, {k: np.array(v) for k, v in TYPICAL_MEMORY[family].items()})
    heights = HEIGHT * 0.92 * weights / weights.max()
    step = WIDTH / LAGS
    bars = "".join(
        f'<rect x="{i * step:.1f}" y="{HEIGHT - h:.1f}" width="{step * 0.7:.1f}" height="{max(h, 0.6):.1f}"/>'
        for i, h in enumerate(heights)
    )
    return _icon(f'<g fill="{INK}">{bars}</g>')


def shape_icon(family: Saturation) -> str:
    x = np.linspace(0.0, 1.0, 24)
    y = saturate(family, x, {k: np.array(v) for k, v in TYPICAL_SHAPE[family].items()})
    points = " ".join(
        f"{1 + (WIDTH - 2) * a:.1f},{HEIGHT - 1 - (HEIGHT - 2) * b:.1f}" for a, b in zip(x, y / y.max(), strict=True)
    )
    return _icon(f'<polyline fill="none" stroke="{INK}" stroke-width="1.8" points="{points}"/>')


def _icon(drawing: str) -> str:
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}">{drawing}</svg>'
    return f"![](data:image/svg+xml;base64,{base64.b64encode(svg.encode()).decode()})"


def memory(band: Band, scheme: Scheme) -> go.Figure:
    """How an effect may arrive over time, before the data speak."""
    fig = figure(scheme, 170)
    fig.add_bar(
        x=band.x,
        y=band.p50,
        marker={"color": scheme.accent},
        opacity=0.75,
        error_y={
            "type": "data",
            "symmetric": False,
            "color": scheme.muted,
            "thickness": 1.2,
            "width": 3,
            "array": np.subtract(band.p95, band.p50),
            "arrayminus": np.subtract(band.p50, band.p5),
        },
        text=[f"{int(x)} later: {f.share(m)} ({f.share(a)} to {f.share(b)})" for x, m, a, b in _rows(band)],
        textposition="none",
        hovertemplate="%{text}<extra></extra>",
    )
    fig.update_layout(hovermode="closest", showlegend=False)
    fig.update_xaxes(title_text="Periods later", dtick=1 if len(band.x) <= 14 else 4)
    fig.update_yaxes(tickformat=".0%", rangemode="tozero")
    return fig


def response(band: Band, scheme: Scheme) -> go.Figure:
    """How an effect may grow with exposure, before the data speak."""
    fig = figure(scheme, 170)
    fig.add_trace(ribbon(band.x, band.p5, band.p95, scheme.accent, "90% range"))
    fig.add_scatter(
        x=band.x,
        y=band.p50,
        mode="lines",
        line={"color": scheme.accent, "width": 2},
        text=[
            f"{f.share(x)} of the highest: {f.share(m)} ({f.share(a)} to {f.share(b)})" for x, m, a, b in _rows(band)
        ],
        hovertemplate="%{text}<extra></extra>",
    )
    fig.update_layout(hovermode="closest", showlegend=False)
    fig.update_xaxes(title_text="Of the highest exposure", tickformat=".0%")
    fig.update_yaxes(tickformat=".0%", rangemode="tozero")
    return fig


def _rows(band: Band) -> list[tuple[float, float, float, float]]:
    return list(zip(band.x, band.p50, band.p5, band.p95, strict=True))


def beliefs(
    now: Mapping[str, Interval],
    without: Mapping[str, Interval],
    stated: Sequence[str],
    colours: Mapping[str, str],
    what: str,
    write: f.Writer,
    scheme: Scheme,
) -> go.Figure:
    """A line for what is believed now; a grey band behind it where a stated belief took the place of the default."""
    names = sorted(now, key=lambda n: now[n].p50)
    fig = figure(scheme, 76 + 30 * len(names))
    for name in names:
        value, label = now[name], f.plain(name)
        if name in stated and name in without:
            fig.add_scatter(
                x=[without[name].p5, without[name].p95],
                y=[label] * 2,
                mode="lines",
                line={"color": scheme.baseline, "width": 12},
                opacity=0.6,
                hoverinfo="skip",
                showlegend=False,
            )
        fig.add_scatter(
            x=[value.p5, value.p95],
            y=[label] * 2,
            mode="lines",
            line={"color": colours[name], "width": 3},
            opacity=0.75,
            hoverinfo="skip",
            showlegend=False,
        )
        fig.add_scatter(
            x=[value.p50],
            y=[label],
            mode="markers",
            marker={
                "color": colours[name],
                "size": 9,
                "symbol": "diamond" if name in stated else "circle-open",
                "line": {"width": 2},
            },
            showlegend=False,
            text=[f"{label}: {write(value.p50)} ({f.interval(value, write)})"],
            hovertemplate="%{text}<extra></extra>",
        )
    fig.update_layout(hovermode="closest")
    fig.update_xaxes(title_text=what, showgrid=True, **_axis(now, without, stated, write))
    fig.update_yaxes(showgrid=False)
    return fig


def _axis(
    now: Mapping[str, Interval], without: Mapping[str, Interval], stated: Sequence[str], write: f.Writer
) -> dict[str, object]:
    """A plain axis, or a logarithmic one where the ranges lie magnitudes apart (costs do)."""
    shown = [*now.values(), *(without[n] for n in stated if n in without)]
    low, high = min(i.p5 for i in shown), max(i.p95 for i in shown)
    if low <= 0 or high / low < 300:
        at = ticks(0.0, high, 5)
        return {"rangemode": "tozero", "tickmode": "array", "tickvals": at, "ticktext": [write(v) for v in at]}
    powers = [10.0**k for k in range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)]
    ends = np.log10([low, high]) + np.array([-0.04, 0.04]) * np.log10(high / low)
    axis = {"type": "log", "range": ends.tolist()}
    return {**axis, "tickmode": "array", "tickvals": powers, "ticktext": [write(v) for v in powers]}
