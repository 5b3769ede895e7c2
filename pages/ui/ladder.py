"""The ladder on the Model page: started, watched, and its recommended step taken over."""

import streamlit as st

from mmm_core.domain.fit import Run, RunStatus
from mmm_core.domain.identity import Actor
from mmm_core.domain.project import Project
from mmm_core.domain.results import Results
from mmm_core.domain.study import Study, StudyOutcome
from mmm_core.modeling.spec import ModelSpec
from mmm_core.reports import wording as f
from mmm_core.use_cases import datasets, studies
from pages.ui import model_spec, proposals, state, study, study_settings
from pages.ui.errors import shown

KIND = "ladder"


def tab(actor: Actor, project: Project, run: Run | None) -> None:
    """Of the chosen model, or of the specification in the form where nothing is fitted yet."""
    with shown():
        found = studies.list_studies(state.services(), actor, project.id)
        about = run.id if run else None
        seen = next((s for s in found if s.kind == KIND and s.run_id == about), None)
        with st.container(border=True, key="ladder"):
            outcome = seen.outcome if seen else None
            _head(outcome, run)
            if seen is None or seen.status.ended:
                _start(actor, project, run, again=outcome is not None)
            if seen is not None:
                _study(actor, project, seen, state.results(actor, run.id) if run else None)


def _head(outcome: StudyOutcome | None, run: Run | None) -> None:
    what = f.safe(run.name) if run else "the specification"
    lead = (
        f"From a linear model upwards to {what} and beyond, one thing more at a time: carry-over, saturation, "
        "surroundings, geos, a baseline that bends. Each step is fitted small and compared by how well it predicts "
        "weeks left out (LOO), by a holdout of the last weeks, and by what it leaves over."
    )
    st.markdown(f"**Which step do the data ask for?**  \n:gray[{lead}]" if outcome is None else "**Ladder**")


def _start(actor: Actor, project: Project, run: Run | None, *, again: bool) -> None:
    row, refused = st.container(horizontal=True, vertical_alignment="center"), st.container()
    with row:
        hand_over = st.checkbox(
            "Hand each posterior on as the next prior",
            key="ladder_hand_over",
            help="Widened twofold. The same data are then used twice, so only the returns of those fits are shown, "
            "marked as such; they count neither in the comparison nor as evidence.",
        )
        spec = None if run else _spec(actor, project)
        study.start(
            actor,
            project.id,
            [KIND],
            "Climb again" if again else "Climb the ladder",
            run_id=run.id if run else None,
            spec=spec,
            options={"hand_over": hand_over, **study_settings.chosen(KIND, "ladder")},
            primary=not again,
            key="ladder_start",
            refused=refused,
        )
        study_settings.popover(KIND, "ladder")


def _spec(actor: Actor, project: Project) -> ModelSpec | None:
    version = datasets.latest_dataset(state.services(), actor, project.id)
    return ModelSpec.from_yaml(model_spec.kept(actor, project, version)[0]) if version else None


def _study(actor: Actor, project: Project, seen: Study, results: Results | None) -> None:
    if not seen.status.ended:
        study.watch(actor, [seen.id])
    elif seen.status in (RunStatus.FAILED, RunStatus.CANCELLED):
        study.ended_badly(actor, seen)
    if seen.outcome is None:
        return
    study.headline(seen.outcome, results)
    proposals.choose(actor, project, seen.outcome.proposals, "ladder")
    study.outcome(
        StudyOutcome("", (), seen.outcome.tables, seen.outcome.pictures), results, f"ladder_{seen.id}", verdict=False
    )
    with st.expander("Advice, step by step", expanded=True):
        for check in seen.outcome.checks:
            study.finding(check, results)
    study_settings.asked(seen)
