"""The specification: sensible defaults, changed in plain words or as YAML, with what it implies beside it."""

import streamlit as st

from mmm_core.domain.dataset import DatasetVersion
from mmm_core.domain.errors import CarryoverError
from mmm_core.domain.identity import Actor, TeamRole
from mmm_core.domain.project import PlanStatus, Project
from mmm_core.modeling.spec import ModelSpec
from mmm_core.reports import wording as f
from mmm_core.use_cases import datasets, fits, models, plans
from pages.ui import causal_advice, prior, state
from pages.ui import model_spec_form as form
from pages.ui import model_spec_yaml as as_text
from pages.ui.errors import explain, shown

PLAN, KEPT, CHANGED = "plan_of_", "kept_of_", "changed_of_"
"""Before a form's key: the plan it follows, the specification that is stored, whether a person changed it."""


def editor(actor: Actor, project: Project) -> None:
    with shown():
        version = datasets.latest_dataset(state.services(), actor, project.id)
        if version is None:
            st.info("Add data on the Data page first; the specification is suggested from its columns.")
            return
        key = key_of(project, version)
        _as_it_was(key)
        text, notes = start(actor, project, version)
        left, right = st.columns([3, 2], gap="large")
        with left:
            # One place of the page whatever stands in it: what comes and goes above an expander would close it.
            with st.container(key="spec_notes"):
                names = state.working(actor, version).frame.columns
                for note in notes:
                    st.caption(f.safe(f.named(note, names)))
                _undo(actor, project, key)
            try:
                filled = form.draw(ModelSpec.from_yaml(text), state.working(actor, version), key)
            except CarryoverError as error:
                explain(error)
                as_text.panel(actor, project, key, text)
                return
            now = filled.spec.to_yaml()
            st.session_state[as_text.NOW + key] = now
            _keep(actor, project, key, filled)
            as_text.panel(actor, project, key, now)
        with right:
            _fit(actor, project, key, filled)
            causal_advice.beside_spec(actor, project, filled.spec)
            prior.picture(actor, project, filled.spec)


def key_of(project: Project, version: DatasetVersion) -> str:
    """Where the session keeps the specification of a project's data."""
    return f"spec_{project.id}_{version.id}_{version.content_hash[:8]}"


def start(actor: Actor, project: Project, version: DatasetVersion) -> tuple[str, tuple[str, ...]]:
    """The specification that the form starts from, as YAML, with its notes; suggested where there is none yet."""
    key = key_of(project, version)
    plan = plans.latest_plan(state.services(), actor, project.id)
    decided = str(plan.decided_at) if plan else ""
    if st.session_state.setdefault(PLAN + key, decided) != decided:
        _forget(key)
    if key not in st.session_state:
        with st.spinner("Choosing defaults that fit these data"):
            made = models.suggest_spec(state.services(), actor, project.id)
        st.session_state[key] = (made.spec.to_yaml(), made.notes)
        st.session_state[PLAN + key] = decided
        st.session_state[CHANGED + key] = made.is_draft
    found: tuple[str, tuple[str, ...]] = st.session_state[key]
    return found


def kept(actor: Actor, project: Project, version: DatasetVersion) -> tuple[str, tuple[str, ...]]:
    """The specification as the form has it now, with its notes."""
    text, notes = start(actor, project, version)
    return st.session_state.get(as_text.NOW + key_of(project, version), text), notes


def _keep(actor: Actor, project: Project, key: str, filled: form.Filled) -> None:
    """What a person changed outlives the browser, and an analysis begins with it."""
    now = filled.spec.to_yaml()
    if filled.problems or st.session_state.setdefault(KEPT + key, now) == now:
        return
    st.session_state[KEPT + key] = now
    if actor.role.covers(TeamRole.ANALYST):
        models.keep_draft(state.services(), actor, project.id, filled.spec)
        st.session_state[CHANGED + key] = True


def _undo(actor: Actor, project: Project, key: str) -> None:
    if not st.session_state.get(CHANGED + key) or not actor.role.covers(TeamRole.ANALYST):
        return
    if st.button(
        "Undo the changes", key="spec_undo", type="tertiary", icon=":material/undo:",
        help="Back to what was fitted last, or to what plan and data suggest.",
    ):  # fmt: skip
        models.drop_draft(state.services(), actor, project.id)
        _forget(key)
        st.rerun()


def _forget(key: str) -> None:
    as_text.clear(key)
    for name in (key, PLAN + key, KEPT + key, CHANGED + key):
        st.session_state.pop(name, None)


def _as_it_was(key: str) -> None:
    """A form that was left opens again as it was: the browser forgets the widgets of what is not drawn."""
    now = st.session_state.get(as_text.NOW + key)
    if now is not None and key in st.session_state and f"{key}_kpi" not in st.session_state:
        as_text.clear(key, tables=False)
        st.session_state[key] = (now, st.session_state[key][1])


def _fit(actor: Actor, project: Project, key: str, filled: form.Filled) -> None:
    spec = filled.spec
    plan = plans.latest_plan(state.services(), actor, project.id)
    with st.container(border=True, key="fit_box"):
        st.markdown("**Fit this model**")
        size = f"{spec.sampling.chains} chains × {spec.sampling.draws:,} draws"
        st.caption(f"{_parts(spec)}, {size}.")
        if plan is None or plan.status is PlanStatus.DRAFT:
            st.warning("The plan is not approved yet. Approve it on the Plan page, or skip it there with a reason.")
            if st.button("Go to the plan", key="fit_to_plan"):
                state.go("plan")
            return
        name = st.text_input("Name", placeholder="Optional", key="fit_name", max_chars=80)
        if filled.problems:
            many = len(filled.problems) > 1
            rows = f"Mend {len(filled.problems)} rows" if many else "Mend one row"
            st.warning(f"{rows} of the specification first, or empty {'them' if many else 'it'}.")
        if st.button("Fit the model", type="primary", width="stretch", key="fit_start", disabled=bool(filled.problems)):
            with shown(), st.spinner("Checking and queueing"):
                fits.request_fit(state.services(), actor, project.id, spec, name=name)
                st.session_state.pop(CHANGED + key, None)
                # What the notes said of it held before the fit.
                st.session_state[key] = (st.session_state[key][0], ())
                st.rerun()


def _parts(spec: ModelSpec) -> str:
    """What is in it, in a line."""
    counted = (("channel", spec.channels), ("control", spec.controls), ("lever", spec.treatments))
    words = [f"{len(items)} {word}{'' if len(items) == 1 else 's'}" for word, items in counted if items]
    if spec.lift_tests:
        words.append(f"{len(spec.lift_tests)} lift test{'' if len(spec.lift_tests) == 1 else 's'}")
    if spec.geo:
        words.append("geos pooled")
    return ", ".join(words)
