"""What the specification says before the data speak, and the quick first look."""

import plotly.graph_objects as go
import streamlit as st

from mmm_core.domain.errors import CarryoverError
from mmm_core.domain.identity import Actor
from mmm_core.domain.project import Project
from mmm_core.domain.results import Interval
from mmm_core.modeling.spec import ModelSpec
from mmm_core.reports import wording as f
from mmm_core.use_cases import models
from pages.ui import first_look, state
from pages.ui.errors import explain
from pages.ui.figure import figure, show
from pages.ui.palette import Scheme, scheme


@st.cache_resource(max_entries=32, show_spinner="Working out what this implies")
def _implied(organisation_id: str, project_id: str, version_hash: str, text: str, _actor: Actor) -> models.PriorPicture:
    return models.check_spec(state.services(), _actor, project_id, ModelSpec.from_yaml(text))


def picture(actor: Actor, project: Project, spec: ModelSpec) -> None:
    stamp = str(models_hash(actor, project))
    st.markdown("**Before the data speak**  :gray[what the beliefs alone say, as 90% ranges]")
    try:
        seen = _implied(actor.organisation_id, project.id, stamp, spec.to_yaml(), actor)
    except CarryoverError as error:
        explain(error)
        return
    st.metric(
        "All media together",
        f"{f.share(seen.media_share.p5)} to {f.share(seen.media_share.p95)}",
        border=True,
        delta=f"of the KPI; middle {f.share(seen.media_share.p50)}",
        delta_color="off",
        delta_arrow="off",
    )
    known = {name: value for name, value in seen.roi.items() if value}
    if known:
        show(
            chart(known, state.colours(actor, project.id, known), scheme()),
            "prior_roi",
            alt="Return that the prior alone gives each channel",
        )
    if seen.media_share.p95 > 1.0:
        st.warning(
            "These priors allow media to bring more than the whole KPI. Spreading them by spend keeps them in bounds."
        )
    first_look.panel(actor, project, spec, stamp)


def models_hash(actor: Actor, project: Project) -> str:
    from mmm_core.use_cases import datasets

    version = datasets.latest_dataset(state.services(), actor, project.id)
    return version.content_hash if version else ""


def chart(roi: dict[str, Interval], colours: dict[str, str], look: Scheme) -> go.Figure:
    names = sorted(roi, key=lambda n: roi[n].p50)
    fig = figure(look, 70 + 30 * len(names))
    for name in names:
        value, label = roi[name], f.plain(name)
        fig.add_scatter(
            x=[value.p5, value.p95],
            y=[label] * 2,
            mode="lines",
            line={"color": colours[name], "width": 3},
            opacity=0.6,
            hoverinfo="skip",
            showlegend=False,
        )
        fig.add_scatter(
            x=[value.p50],
            y=[label],
            mode="markers",
            marker={"color": colours[name], "size": 9, "symbol": "circle-open", "line": {"width": 2}},
            showlegend=False,
            text=[f"{label}: {f.times(value.p50)} ({f.interval(value, f.times)})"],
            hovertemplate="%{text}<extra></extra>",
        )
    fig.update_layout(hovermode="closest")
    fig.update_xaxes(title_text="Return on spend", ticksuffix="×", showgrid=True, rangemode="tozero")
    fig.update_yaxes(showgrid=False)
    return fig
