"""The form that starts a session: what it begins with, the business context, limits."""

import streamlit as st

from mmm_core.domain.identity import Actor
from mmm_core.domain.project import PlanStatus, Project
from mmm_core.domain.tuning import TuningOptions
from mmm_core.modeling.spec import ModelSpec
from mmm_core.reports import wording as f
from mmm_core.use_cases import datasets, plans, tuning
from pages.ui import model_spec, state
from pages.ui.errors import shown

MODEL, FORM = "The newest model", "The specification in the form"


def form(actor: Actor, project: Project) -> None:
    plan = plans.latest_plan(state.services(), actor, project.id)
    if plan is None or plan.status is PlanStatus.DRAFT:
        st.warning("The plan is not approved yet. Approve it on the Plan page, or skip it there with a reason.")
        if st.button("Go to the plan", key="tuning_to_plan"):
            state.go("plan")
        return
    spec, origin = _begun(actor, project)
    st.caption(
        f"It begins with {f.safe(origin)}: "
        f"{_counted(len(spec.channels), 'channel')}, {_counted(len(spec.controls), 'control')}."
    )
    key = f"tuning_context_{project.id}"
    _brought(key)
    if key not in st.session_state:
        with shown(), st.spinner("Writing an example from your channels"):
            st.session_state[key] = tuning.example(state.services(), actor, project.id, spec)
    context = st.text_area(
        "Business context (YAML)",
        height=260,
        key=key,
        help="Where the truth lies with 90% probability, channel by channel, and whose judgement that is; below it "
        "what the executive asks for.",
    )
    defaults = TuningOptions()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        most = st.number_input(
            "Proposals at most", 1, tuning.MOST_ITERATIONS, defaults.iterations, key="tuning_most", width=160
        )
        goal = st.number_input(
            "Goal of the score", 0.05, 1.0, defaults.threshold, 0.01, key="tuning_goal", width=160,
            help="Mean of diagnostics, forecast of the weeks held out, and plausibility, each from 0 to 1.",
        )  # fmt: skip
        start = st.button("Start tuning", type="primary", key="tuning_start")
    if start:
        options = TuningOptions(iterations=int(most), threshold=float(goal))
        with shown():
            tuning.start(state.services(), actor, project.id, spec, context, options)
            st.rerun()


def _begun(actor: Actor, project: Project) -> tuple[ModelSpec, str]:
    """The newest model's, or what stands in the form."""
    version = datasets.latest_dataset(state.services(), actor, project.id)
    choices = [MODEL, FORM] if version else [MODEL]
    chosen = st.radio("Begin with", choices, horizontal=True, key="tuning_begin")
    if chosen == FORM and version is not None:
        return ModelSpec.from_yaml(model_spec.kept(actor, project, version)[0]), "what stands in the form"
    return tuning.begun_from(state.services(), actor, project.id)


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _brought(key: str) -> None:
    """A context brought as a file takes the place of what is in the box, once."""
    file = st.file_uploader("Bring a context", type=["yaml", "yml"], key=f"{key}_file")
    if file is not None and st.session_state.get(f"{key}_read") != file.file_id:
        st.session_state[f"{key}_read"] = file.file_id
        st.session_state[key] = file.getvalue().decode("utf-8", "replace")
