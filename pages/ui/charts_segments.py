"""Pictures of segments: the items in two dimensions, and how good each number of segments is."""

import plotly.graph_objects as go

from mmm_core.data.segments import Segmentation
from mmm_core.reports.colours import CHANNELS
from pages.ui.figure import figure
from pages.ui.palette import Scheme

MARKS = ("circle", "square", "diamond", "triangle-up", "star", "cross", "hexagon", "pentagon")
MOST_LABELS = 14
"""More names than this run into each other; they are then told on hover, and in the sentences above."""


def scatter(found: Segmentation, scheme: Scheme) -> go.Figure:
    """Every item at its place in the two directions in which items differ most; alike ones lie together."""
    fig, table = figure(scheme, 420), found.table
    labelled = "markers+text" if len(table) <= MOST_LABELS else "markers"
    for number, one in enumerate(found.segments):
        rows = table[table["segment"] == one.name]
        fig.add_scatter(
            x=rows["x"],
            y=rows["y"],
            mode=labelled,
            name=one.name,
            text=rows["item"],
            textposition="top center",
            textfont={"size": 11, "color": scheme.muted},
            marker={"size": 11, "color": CHANNELS[number % len(CHANNELS)], "symbol": MARKS[number % len(MARKS)]},
            hovertemplate="%{text}<extra>" + one.name + "</extra>",
        )
    first, second = found.explained
    fig.update_layout(hovermode="closest")
    fig.update_xaxes(title_text=f"First direction ({first:.0%} of the differences)", showticklabels=False)
    fig.update_yaxes(title_text=f"Second ({second:.0%})", showticklabels=False)
    return fig


def quality(found: Segmentation, scheme: Scheme) -> go.Figure:
    """Mean silhouette for each number of segments; the one taken is marked."""
    fig = figure(scheme, 240)
    counts = [q.k for q in found.quality]
    colours = [scheme.accent if k == found.chosen else scheme.season for k in counts]
    fig.add_bar(
        x=counts,
        y=[q.silhouette for q in found.quality],
        marker={"color": colours},
        hovertemplate="%{x} segments: silhouette %{y:.2f}<extra></extra>",
    )
    fig.update_layout(hovermode="closest", showlegend=False)
    fig.update_xaxes(title_text="Segments", dtick=1)
    fig.update_yaxes(title_text="Silhouette", rangemode="tozero")
    return fig
