"""A specification that a study proposes, taken over into the form on the Model page."""

from collections.abc import Sequence

import streamlit as st

from mmm_core.domain.dataset import DatasetVersion
from mmm_core.domain.identity import Actor
from mmm_core.domain.project import Project
from mmm_core.domain.study import Proposal
from mmm_core.reports import wording as f
from mmm_core.use_cases import datasets
from pages.ui import model_spec, model_spec_yaml, state
from pages.ui.errors import shown

TABS = "model_tabs"
GO_TO = "model_tab_wanted"


def choose(actor: Actor, project: Project, found: Sequence[Proposal], key: str) -> None:
    """The recommended specification at a click, or another of those tried."""
    if not found:
        return
    start = next((n for n, p in enumerate(found) if p.recommended), 0)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox(
            "Specification",
            range(len(found)),
            index=start,
            format_func=lambda n: f"{f.plain(found[n].name)}{' (recommended)' if found[n].recommended else ''}",
            key=f"{key}_which",
            width=420,
        )
        st.button(
            "Use this specification",
            type="primary" if found[chosen].recommended else "secondary",
            key=f"{key}_use",
            on_click=take_over,
            args=(actor, project, found[chosen]),
        )
    if found[chosen].needs:
        steps = ", ".join(step.label for step in found[chosen].needs)
        st.caption(f.safe(f"Taking it over adds to the data's recipe: {steps}."))


def take_over(actor: Actor, project: Project, proposal: Proposal) -> None:
    """Put it into the form of the newest data, and turn to the form; a button's callback."""
    with shown():
        version = datasets.latest_dataset(state.services(), actor, project.id)
        if version is None:
            return
        version = _with_steps(actor, version, proposal)
        key = model_spec.key_of(project, version)
        model_spec_yaml.clear(key)
        st.session_state[key] = (proposal.spec_yaml, (f"Taken over: {proposal.name}.",))
        st.session_state[model_spec.KEPT + key] = ""
        st.session_state[TABS] = "Specification"
        state.flash("The specification is in the form; fit it when you are ready.")


def _with_steps(actor: Actor, version: DatasetVersion, proposal: Proposal) -> DatasetVersion:
    """The version with the recipe steps that the specification needs, each only once."""
    known = {(s.step, str(s.arguments)) for s in version.recipe}
    for step in proposal.needs:
        if (step.step, str(step.arguments)) not in known:
            version = datasets.apply_step(state.services(), actor, version.id, step)
    return version
