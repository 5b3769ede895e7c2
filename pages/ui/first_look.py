"""The quick first look: ridge regression in seconds, marked as such."""

import plotly.graph_objects as go
import streamlit as st

from mmm_core.analysis.first_look import FirstLook
from mmm_core.domain.errors import CarryoverError
from mmm_core.domain.identity import Actor
from mmm_core.domain.project import Project
from mmm_core.modeling.spec import ModelSpec
from mmm_core.reports import wording as f
from mmm_core.use_cases import models
from pages.ui import state
from pages.ui.errors import explain
from pages.ui.figure import figure, show
from pages.ui.palette import Scheme, scheme


@st.cache_resource(max_entries=32, show_spinner="Taking a first look (some seconds)")
def _look(organisation_id: str, project_id: str, stamp: str, text: str, _actor: Actor) -> FirstLook:
    return models.first_look(state.services(), _actor, project_id, ModelSpec.from_yaml(text))


def panel(actor: Actor, project: Project, spec: ModelSpec, stamp: str) -> None:
    """Asked for by a button, and kept for this specification."""
    st.markdown("**A first look**  :gray[ridge regression, in seconds]")
    key, text = f"first_look_{project.id}", spec.to_yaml()
    if st.button("Take a first look", key="first_look"):
        st.session_state[key] = text
    if st.session_state.get(key) != text:
        return
    try:
        seen = _look(actor.organisation_id, project.id, stamp, text, actor)
    except CarryoverError as error:
        explain(error)
        return
    st.caption(f":orange-badge[First look] {f.safe(seen.note)}")
    held = (
        f", {f.share(seen.holdout_mape, 1)} on the last {seen.holdout_periods} periods kept back"
        if seen.holdout_mape
        else ""
    )
    st.markdown(
        f"Media bring about **{f.share(seen.media_share)}** of the KPI. R² {seen.r2:.2f}, "
        f"typical error {f.share(seen.mape, 1)}{held}."
    )
    names = [c.channel for c in seen.channels]
    show(
        chart(seen, state.colours(actor, project.id, names), scheme()),
        "first_look_chart",
        alt="Return, or share of the KPI, by channel in the first look",
    )


def chart(seen: FirstLook, colours: dict[str, str], look: Scheme) -> go.Figure:
    """Returns where there are any, else shares of the KPI."""
    paid = any(c.roi for c in seen.channels)
    total = sum(seen.actual) or 1.0
    rows = []
    for c in seen.channels:
        if paid and c.roi is None:
            continue
        value = c.roi if paid and c.roi else c.contribution
        scale = 1.0 if paid else total
        rows.append((c.channel, value.p5 / scale, value.mean / scale, value.p95 / scale))
    rows.sort(key=lambda r: r[2])
    write = f.times if paid else f.share
    fig = figure(look, 76 + 30 * len(rows))
    for name, low, middle, high in rows:
        label, colour = f.plain(name), colours[name]
        fig.add_scatter(
            x=[low, high], y=[label] * 2, mode="lines", line={"color": colour, "width": 3}, hoverinfo="skip"
        )
        text = f"{label}: {write(middle)} ({write(low)} to {write(high)})"
        marker = {"color": colour, "size": 10, "symbol": "square"}
        fig.add_scatter(
            x=[middle], y=[label], mode="markers", marker=marker, text=[text], hovertemplate="%{text}<extra></extra>"
        )
    fig.update_layout(hovermode="closest", showlegend=False)
    highs = sorted(r[3] for r in rows)
    if highs and highs[-1] > 8 * highs[len(highs) // 2] > 0:
        # One absurd ratio (next to no spend) would press all others onto the axis.
        fig.update_xaxes(range=[min(0.0, *(r[1] for r in rows)), 4 * highs[len(highs) // 2]])
        fig.add_annotation(
            text="some run beyond the axis",
            x=1,
            y=1,
            xref="paper",
            yref="paper",
            showarrow=False,
            font={"color": look.muted, "size": 12},
            yanchor="bottom",
        )
    fig.update_xaxes(title_text="Return on spend" if paid else "Share of the KPI", showgrid=True)
    fig.update_xaxes(**({"ticksuffix": "×"} if paid else {"tickformat": ".0%"}))
    fig.update_yaxes(showgrid=False)
    return fig
