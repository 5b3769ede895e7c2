"""What the specification says before the data speak, and the quick first look."""

import streamlit as st

from mmm_core.domain.errors import CarryoverError
from mmm_core.domain.identity import Actor
from mmm_core.domain.project import Project
from mmm_core.domain.results import Interval
from mmm_core.modeling.implied import Implied, PriorPicture
from mmm_core.modeling.spec import ModelSpec
from mmm_core.reports import wording as f
from mmm_core.use_cases import datasets, models
from pages.ui import charts_spec, first_look, state
from pages.ui.errors import explain
from pages.ui.figure import show
from pages.ui.palette import scheme

RETURN, SHARE, COST = "Return", "Share", "Cost"


@st.cache_resource(max_entries=64, show_spinner="Working out what this implies")
def _implied(organisation_id: str, project_id: str, version_hash: str, text: str, _actor: Actor) -> PriorPicture:
    return models.check_spec(state.services(), _actor, project_id, ModelSpec.from_yaml(text))


def picture(actor: Actor, project: Project, spec: ModelSpec) -> None:
    stamp = str(models_hash(actor, project))
    st.markdown("**Before the data speak**  :gray[what the beliefs alone say, as 90% ranges]")
    told = [c.name for c in spec.channels if c.belief]
    # What is drawn does not depend on how long the sampler runs, or on tests: moving those computes nothing.
    quiet = ModelSpec.model_fields["sampling"].get_default(call_default_factory=True)
    now = spec.model_copy(update={"sampling": quiet, "lift_tests": ()})
    bare = now.model_copy(update={"channels": tuple(c.model_copy(update={"belief": None}) for c in spec.channels)})
    try:
        seen = _implied(actor.organisation_id, project.id, stamp, now.to_yaml(), actor)
        before = _implied(actor.organisation_id, project.id, stamp, bare.to_yaml(), actor) if told else seen
    except CarryoverError as error:
        explain(error)
        return
    kpi = f.inside(spec.kpi.column)
    st.metric(
        "All media together",
        f"{f.share(seen.media_share.p5)} to {f.share(seen.media_share.p95)}",
        border=True,
        delta=f"of {kpi}; middle {f.share(seen.media_share.p50)}",
        delta_color="off",
        delta_arrow="off",
    )
    if seen.media_share.p95 > 1.0:
        st.warning(
            "These priors allow media to bring more than the whole KPI. Spreading them by spend keeps them in bounds."
        )
    _beliefs(actor, project, spec, (seen.channels, before.channels), told)
    _shapes(seen, spec)
    first_look.panel(actor, project, spec, stamp)


def _beliefs(actor: Actor, project: Project, spec: ModelSpec, found: tuple[Implied, Implied], told: list[str]) -> None:
    now, before = found
    revenue = spec.kpi.unit == "revenue"
    cost = f.cost_of_one(spec.kpi.column, revenue, spec.currency)
    views = {
        RETURN: ("Return on spend", f.times, _known(now.roi), _known(before.roi)),
        SHARE: (f"Share of {f.inside(spec.kpi.column)}", f.share, now.share, before.share),
        COST: (cost[0].upper() + cost[1:], lambda v: f.price(v, spec.currency), _known(now.cost), _known(before.cost)),
    }
    views = {name: view for name, view in views.items() if view[2]}
    stated = {c.belief.kind for c in spec.channels if c.belief}
    first = COST if stated == {"cost_per_target"} else SHARE if stated == {"contribution_share"} else next(iter(views))
    chosen = st.segmented_control(
        "What to look at", list(views), default=first, required=True, key="prior_view",
        label_visibility="collapsed",
    )  # fmt: skip
    what, write, values, without = views[chosen if chosen in views else first]
    if told:
        st.caption("Diamond: a stated belief; the grey band behind it is what was assumed without it.")
    colours = state.colours(actor, project.id, values)
    show(
        charts_spec.beliefs(values, without, told, colours, what, write, scheme()),
        "prior_channels",
        alt=f"{what} that the beliefs alone give each channel",
    )


def _known(found: dict[str, Interval | None]) -> dict[str, Interval]:
    return {name: value for name, value in found.items() if value is not None}


def _shapes(seen: PriorPicture, spec: ModelSpec) -> None:
    left, right = st.columns(2)
    with left:
        st.markdown("**Memory**  :gray[when it arrives]")
        show(charts_spec.memory(seen.memory, scheme()), "prior_memory", alt="Share of an effect by period after it")
    with right:
        st.markdown("**Saturation**  :gray[how it grows]")
        show(charts_spec.response(seen.response, scheme()), "prior_response", alt="Response over exposure")


def models_hash(actor: Actor, project: Project) -> str:
    version = datasets.latest_dataset(state.services(), actor, project.id)
    return version.content_hash if version else ""
