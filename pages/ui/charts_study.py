"""Pictures of a study's outcome, drawn from its plain numbers."""

import math
from collections.abc import Callable
from typing import Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from mmm_core.domain.study import Line, Picture
from mmm_core.reports import wording as f
from pages.ui.figure import figure, ribbon, template, written
from pages.ui.palette import CHANNELS, Scheme, faded

Write = Callable[[float | None], str]
WIDEST = 3.0
"""How many times the upper quartile of what is shown a picture of dots reaches at most."""
PER_ROW = 3
"""Histograms side by side: what a phone still shows."""


def drawn(picture: Picture, scheme: Scheme, write: Write) -> go.Figure:
    """The picture in our own template; ``write`` puts its numbers in words."""
    return KINDS[picture.kind](picture, scheme, write)


def over_time(picture: Picture, scheme: Scheme, write: Write) -> go.Figure:
    """A forecast with its interval, and what came as dots."""
    fig, x = figure(scheme, 320), list(picture.x)
    for n, line in enumerate(picture.lines):
        colour = scheme.accent if line.role == "predicted" else CHANNELS[n % len(CHANNELS)]
        if line.low:
            fig.add_trace(ribbon(x, line.low, line.high, colour, "90% interval"))
        actual = line.role == "actual"
        fig.add_scatter(
            x=x,
            y=line.values,
            name=line.name,
            mode="markers" if actual else "lines",
            marker={"color": scheme.ink, "size": 6},
            line={"color": colour, "width": 2},
            text=[write(v) for v in line.values],
            hovertemplate="%{text}",
        )
    seen = _finite(picture)
    fig.update_yaxes(**written(min(seen), max(seen), write))
    return fig


def bars(picture: Picture, scheme: Scheme, write: Write) -> go.Figure:
    """One bar for each name, beside a limit where there is one."""
    names = [f.plain(str(x)) for x in picture.x]
    fig = figure(scheme, _height(len(names)))
    for line in picture.lines:
        if line.role == "limit":
            _limit(fig, line, scheme, write)
            continue
        fig.add_bar(
            y=names,
            x=line.values,
            orientation="h",
            name=line.name,
            marker={"color": [_beyond(v, picture, i, scheme) for i, v in enumerate(line.values)]},
            text=[write(v) for v in line.values],
            textposition="auto",
            hovertemplate="%{y}: %{text}<extra></extra>",
        )
    return _sideways(fig, picture, write, legend=False)


def stacked(picture: Picture, scheme: Scheme, write: Write) -> go.Figure:
    """Parts of a change: to the right what raised it, to the left what lowered it."""
    names = [f.plain(str(x)) for x in picture.x]
    fig = figure(scheme, _height(len(names)) + 30)
    for n, line in enumerate(picture.lines):
        last = n == len(picture.lines) - 1
        fig.add_bar(
            y=names,
            x=line.values,
            orientation="h",
            name=line.name,
            marker={"color": scheme.muted if last else CHANNELS[n % len(CHANNELS)]},
            text=[f.signed(v, write) for v in line.values],
            textposition="none",
            hovertemplate="%{text}",
        )
    fig.update_layout(barmode="relative", hovermode="y unified")
    fig.add_vline(x=0, line={"color": scheme.muted, "width": 1})
    return _sideways(fig, picture, write, legend=True, hover="y unified")


def dots(picture: Picture, scheme: Scheme, write: Write) -> go.Figure:
    """A dot for each name and series, with its 90% interval where it has one."""
    names = [f.plain(str(x)) for x in picture.x]
    fig = figure(scheme, _height(len(names)) + 30 + 9 * len(names) * (len(picture.lines) - 1))
    for n, line in enumerate(picture.lines):
        colour = scheme.accent if n == 0 else CHANNELS[n % len(CHANNELS)]
        interval: dict[str, Any] = {}
        if line.low:
            up = [h - v for h, v in zip(line.high, line.values, strict=True)]  # type: ignore[operator]
            down = [v - low for low, v in zip(line.low, line.values, strict=True)]  # type: ignore[operator]
            interval = {"type": "data", "symmetric": False, "array": up, "arrayminus": down, "width": 0, "thickness": 3}
        fig.add_scatter(
            y=names,
            x=line.values,
            name=line.name,
            mode="markers",
            orientation="h",
            offsetgroup=str(n),
            error_x=interval,
            marker={"size": 11, "color": colour},
            text=[write(v) for v in line.values],
            hovertemplate="%{y}: %{text}<extra>" + line.name + "</extra>",
        )
    _sideways(fig, picture, write, legend=len(picture.lines) > 1)
    fig.update_layout(scattermode="group", scattergap=0.45)
    low, high = _frame(picture)
    if (low, high) != (min(*_finite(picture), 0.0), max(*_finite(picture), 0.0)):
        fig.update_xaxes(range=[low, high], **written(low, high, write))
    return fig


def histograms(picture: Picture, scheme: Scheme, write: Write) -> go.Figure:
    """Small histograms, each with the band that chance keeps its bars in."""
    rows = math.ceil(len(picture.lines) / PER_ROW)
    titles = [f.plain(line.name.partition(" (")[2].rstrip(")") or line.name) for line in picture.lines]
    fig = make_subplots(rows, PER_ROW, subplot_titles=titles, horizontal_spacing=0.05, vertical_spacing=0.32 / rows)
    fig.update_layout(template=template(scheme), height=60 + 130 * rows, showlegend=False, bargap=0.08, margin_t=34)
    for i, line in enumerate(picture.lines):
        place = {"row": i // PER_ROW + 1, "col": i % PER_ROW + 1}
        outside = [
            not low <= v <= high  # type: ignore[operator]
            for v, low, high in zip(line.values, line.low, line.high, strict=True)
        ]
        fig.add_bar(
            x=picture.x,
            y=line.values,
            marker={"color": [scheme.bad if o else scheme.accent for o in outside]},
            hovertemplate="%{y:.0f}<extra></extra>",
            **place,
        )
        band = {"fillcolor": faded(scheme.muted, 0.25), "line_width": 0, "layer": "below"}
        fig.add_hrect(y0=line.low[0], y1=line.high[0], **band, **place)
    fig.update_annotations(font={"size": 12, "color": scheme.muted})
    fig.update_xaxes(showticklabels=False)
    fig.update_yaxes(rangemode="tozero", nticks=3)
    return fig


KINDS: dict[str, Callable[[Picture, Scheme, Write], go.Figure]] = {
    "lines": over_time,
    "bars": bars,
    "stacked": stacked,
    "dots": dots,
    "histograms": histograms,
}


def _finite(picture: Picture) -> list[float]:
    parts = [v for line in picture.lines for v in (*line.values, *line.low, *line.high)]
    return [v for v in parts if v is not None and math.isfinite(v)] or [0.0]


def _height(rows: int) -> int:
    return 74 + 38 * rows


def _beyond(value: float | None, picture: Picture, place: int, scheme: Scheme) -> str:
    """A bar past its limit has the colour of a second look."""
    limits = [line.values[place] for line in picture.lines if line.role == "limit"]
    over = value is not None and any(limit is not None and value > limit for limit in limits)
    return scheme.review if over else scheme.accent


def _limit(fig: go.Figure, line: Line, scheme: Scheme, write: Write) -> None:
    at = line.values[0]
    fig.add_vline(x=at, line={"color": scheme.muted, "width": 1, "dash": "dot"})
    fig.add_annotation(
        x=at, y=1.0, yref="paper", yanchor="bottom", showarrow=False, text=f"limit {write(at)}",
        font={"size": 12, "color": scheme.muted},
    )  # fmt: skip


def _frame(picture: Picture) -> tuple[float, float]:
    """Where a picture of dots begins and ends: an interval many times as wide as the others runs off its edge."""
    seen = _finite(picture)
    middles = [v for line in picture.lines for v in line.values if v is not None and math.isfinite(v)] or [0.0]
    wide = sorted(abs(v) for v in seen)
    reach = max(WIDEST * wide[(3 * len(wide)) // 4], 1.2 * max(abs(v) for v in middles))
    return max(min(*seen, 0.0), -reach), min(max(*seen, 0.0), reach)


def _sideways(fig: go.Figure, picture: Picture, write: Write, *, legend: bool, hover: str = "closest") -> go.Figure:
    """Names down the side, the largest on top, numbers along the bottom."""
    seen = [*_finite(picture), 0.0]
    fig.update_layout(hovermode=hover, showlegend=legend, margin_t=44 if legend else 28)
    fig.update_xaxes(showgrid=True, **written(min(seen), max(seen), write))
    fig.update_yaxes(autorange="reversed", showgrid=False)
    return fig
