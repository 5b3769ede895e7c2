"""What people said about a channel, beside each other and beside what is assumed without them."""

from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

from mmm_core.analysis.opinion_pool import Range
from mmm_core.reports import wording as f
from pages.ui.figure import figure, written
from pages.ui.palette import Scheme

ROW, FRAME = 34, 76


@dataclass(frozen=True)
class Line:
    label: str
    range: Range
    kind: str
    """'person', 'pool' or 'assumed'."""


def ranges(lines: Sequence[Line], colour: str, unit: str, even: float | None, scheme: Scheme) -> go.Figure:
    """One line for each, in the order given from above; ``even`` is where money comes back."""
    fig = figure(scheme, FRAME + ROW * len(lines))
    for line in lines:
        person = line.kind == "person"
        drawn = scheme.baseline if line.kind == "assumed" else colour
        words = (
            f"{line.label}: {f.short(line.range.low)} to {f.short(line.range.high)}, middle {f.short(line.range.best)}"
        )
        fig.add_scatter(
            x=[line.range.low, line.range.high],
            y=[line.label] * 2,
            mode="lines",
            line={"color": drawn, "width": 3 if person else 12},
            opacity=0.9 if person else 0.55,
            hoverinfo="skip",
            showlegend=False,
        )
        fig.add_scatter(
            x=[line.range.best],
            y=[line.label],
            mode="markers",
            marker={"color": scheme.muted if line.kind == "assumed" else colour, "size": 9},
            text=[words],
            hovertemplate="%{text}<extra></extra>",
            showlegend=False,
        )
    top = max(line.range.high for line in lines)
    if even is not None:
        top = max(top, even)
        fig.add_vline(x=even, line={"color": scheme.muted, "width": 1, "dash": "dot"})
    fig.update_layout(hovermode="closest")
    fig.update_xaxes(title_text=unit, showgrid=True, range=[0, top * 1.06], **written(0, top * 1.06, f.short))
    fig.update_yaxes(showgrid=False, autorange="reversed", type="category")
    return fig
