"""What these data can answer: asked before any fit on the Data page, and shown beside a model later."""

import streamlit as st

from mmm_core.domain.dataset import DatasetVersion
from mmm_core.domain.fit import Run, RunStatus
from mmm_core.domain.identity import Actor
from mmm_core.domain.project import Project
from mmm_core.domain.study import Study, StudyOutcome
from mmm_core.modeling.spec import ModelSpec
from mmm_core.reports import wording as f
from mmm_core.use_cases import studies
from pages.ui import model_spec, state, study, study_settings
from pages.ui.errors import shown

KIND = "recoverability"
SCENARIOS = {
    "weeks": "A year more, spent as in the last one",
    "pulses": "A year more, with channels on and off in turns",
    "experiment": "An experiment for each channel",
    "geos": "Data by region (takes many times as long)",
}
USUAL = ["weeks", "pulses", "experiment"]


def view(actor: Actor, project: Project, version: DatasetVersion) -> None:
    """Asked of the newest data and the specification that the Model page starts from."""
    with shown():
        seen = newest(actor, project)
        with st.container(border=True, key="recoverability"):
            st.markdown(
                "**What can these data answer?**  \n:gray[Before any fit: worlds are made up in which every return is "
                "known, on your own spend, season, trend and noise, and the model is fitted to each. A return that is "
                "not found there will not be found in the real data either.]"
            )
            if seen is None or seen.status.ended:
                _ask(actor, project, version, again=seen is not None)
            if seen is not None:
                _marked(seen, version.id, _spec(actor, project, version))
                _study(actor, seen)


def _marked(seen: Study, version_id: str, spec: ModelSpec) -> None:
    other = studies.of_something_else(seen, version_id, spec)
    if other and seen.status.ended:
        st.warning(f"This was asked of {other} than what is here now; simulate again to ask it of these.")


def newest(actor: Actor, project: Project) -> Study | None:
    found = studies.list_studies(state.services(), actor, project.id)
    return next((s for s in found if s.kind == KIND), None)


def shown_later(actor: Actor, project: Project, run: Run) -> None:
    """Below a model's checks, what was simulated before it was fitted."""
    with shown():
        seen = newest(actor, project)
        if seen is not None and seen.outcome is not None:
            with st.expander("Before the fit: what these data can answer"):
                other = studies.of_something_else(seen, run.dataset_version_id, ModelSpec.from_yaml(run.spec_yaml))
                if other:
                    st.warning(f"This was asked of {other} than {f.safe(run.name)}'s.")
                _found(seen, seen.outcome)


def _ask(actor: Actor, project: Project, version: DatasetVersion, *, again: bool) -> None:
    scenarios = [s for s in SCENARIOS if s != "geos" or version.recognition.shape.value != "panel"]
    chosen = st.pills(
        "Tried beside today's data",
        scenarios,
        selection_mode="multi",
        default=USUAL,
        format_func=SCENARIOS.get,
        key="recover_scenarios",
    )
    worlds = int(
        st.number_input("Worlds", 3, 40, 8, key="recover_worlds", help="More are surer and take longer.", width=160)
    )
    spec = _spec(actor, project, version)
    own = study_settings.chosen(KIND, "recover", without=["worlds"])
    row, refused = st.container(horizontal=True), st.container()
    with row:
        study.start(
            actor,
            project.id,
            [KIND],
            "Simulate again" if again else "Simulate",
            spec=spec,
            options={"scenarios": chosen, "worlds": worlds, **own},
            primary=not again,
            key="recover_start",
            refused=refused,
        )
        study_settings.popover(KIND, "recover", without=["worlds"])


def _spec(actor: Actor, project: Project, version: DatasetVersion) -> ModelSpec:
    return ModelSpec.from_yaml(model_spec.kept(actor, project, version)[0])


def _study(actor: Actor, seen: Study) -> None:
    if not seen.status.ended:
        study.watch(actor, [seen.id])
    elif seen.status in (RunStatus.FAILED, RunStatus.CANCELLED):
        study.ended_badly(actor, seen)
    if seen.outcome is not None:
        _found(seen, seen.outcome)


def _found(seen: Study, outcome: StudyOutcome) -> None:
    names = tuple(c.name for c in ModelSpec.from_yaml(seen.spec_yaml).channels)
    study.headline(outcome, names)
    study.outcome(StudyOutcome("", (), (), outcome.pictures), names, f"recover_{seen.id}", verdict=False)
    for check in outcome.checks:
        study.finding(check, names)
    with st.expander("The numbers"):
        study.outcome(StudyOutcome("", (), outcome.tables), names, f"recover_{seen.id}_tables", verdict=False)
    study_settings.asked(seen)
