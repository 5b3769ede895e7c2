"""Pictures of a question about the past: what was spent, and the difference that another spend would have made."""

from collections.abc import Sequence

import plotly.graph_objects as go

from mmm_core.causal.past import Answer
from mmm_core.domain.results import Results
from mmm_core.reports import wording as f
from pages.ui.charts import colours_of
from pages.ui.figure import figure, ribbon, written
from pages.ui.palette import Scheme, faded

MOST_TICKS = 6


def difference(answer: Answer, results: Results, scheme: Scheme) -> go.Figure:
    """KPI per period, 'instead' less 'as it was'; the window itself is shaded."""
    write = f.kpi_writer(results)
    fig = figure(scheme, 300)
    colour = scheme.accent
    fig.add_trace(ribbon(list(answer.dates), answer.p5, answer.p95, colour, "90% interval"))
    fig.add_scatter(
        x=list(answer.dates),
        y=list(answer.mean),
        mode="lines+markers",
        line={"color": colour, "width": 2.5},
        marker={"size": 6},
        name="Difference",
        text=[f"{f.signed(m, write)} ({write(a)} to {write(b)})" for m, a, b in _bands(answer)],
        hovertemplate="%{text}<extra></extra>",
    )
    fig.add_hline(y=0, line={"color": scheme.muted, "width": 1})
    _window(fig, answer, scheme)
    low, high = min(0.0, *answer.p5), max(0.0, *answer.p95)
    fig.update_yaxes(**written(low, high, lambda v: f.signed(v, write)))
    # Ticks on periods of the data: those that Plotly chooses lie between them.
    apart = -(-len(answer.dates) // MOST_TICKS)
    fig.update_xaxes(tickvals=list(answer.dates)[::apart], tickformat="%-d %b\n%Y")
    fig.update_layout(showlegend=False)
    return fig


def spent(answer: Answer, spend: Sequence[float], results: Results, scheme: Scheme) -> go.Figure:
    """The channel's spend over all of history with the window shaded."""
    fig = figure(scheme, 150)
    colour = colours_of(results).get(answer.question.channel, scheme.accent)
    fig.add_bar(
        x=list(results.dates),
        y=list(spend),
        marker={"color": colour, "line": {"width": 0}},
        text=[f.money(v, results.currency) for v in spend],
        textposition="none",
        hovertemplate="%{text}<extra></extra>",
    )
    _window(fig, answer, scheme)
    fig.update_yaxes(**written(0.0, max(spend, default=1.0) or 1.0, lambda v: f.money(v, results.currency)), nticks=3)
    fig.update_layout(showlegend=False, bargap=0.15)
    return fig


def _window(fig: go.Figure, answer: Answer, scheme: Scheme) -> None:
    fig.add_vrect(
        x0=answer.question.first,
        x1=answer.question.last,
        fillcolor=faded(scheme.muted, 0.18),
        line_width=0,
        layer="below",
    )


def _bands(answer: Answer) -> zip:
    return zip(answer.mean, answer.p5, answer.p95, strict=True)
