"""The fit doctor below a model's checks: what causes those that are open, and which change mends them."""

import streamlit as st

from mmm_core.domain.checks import Status
from mmm_core.domain.fit import Run, RunStatus
from mmm_core.domain.identity import Actor
from mmm_core.domain.project import Project
from mmm_core.domain.results import Results
from mmm_core.domain.study import Study, StudyOutcome
from mmm_core.use_cases import studies
from pages.ui import proposals, state, study, study_settings
from pages.ui.errors import shown

KIND = "doctor"


def section(actor: Actor, project: Project, run: Run) -> None:
    with shown():
        results = state.results(actor, run.id)
        open_ones = [c for c in results.checks if c.status is not Status.PASS]
        seen = studies.studies_of(state.services(), actor, run.id).get(KIND)
        if not open_ones and seen is None:
            return
        with st.container(border=True, key="doctor"):
            outcome = seen.outcome if seen else None
            text, side = st.columns([5, 1], vertical_alignment="center")
            count = f"{len(open_ones)} open {'check' if len(open_ones) == 1 else 'checks'}"
            text.markdown(
                f"**Fit doctor**  \n:gray[What causes the {count}, and which change of the specification mends them? "
                "Each remedy is fitted small and put to the same checks.]"
            )
            with side:
                if seen is None or seen.status.ended:
                    label = "Examine again" if outcome else "Examine"
                    study.start(
                        actor,
                        run.project_id,
                        [KIND],
                        label,
                        run_id=run.id,
                        options=study_settings.chosen(KIND, "doctor"),
                        primary=outcome is None,
                        key="doctor_start",
                        width="stretch",
                        refused=text,
                    )
                    study_settings.popover(KIND, "doctor", width="stretch")
            if seen is not None:
                _study(actor, project, seen, results)


def _study(actor: Actor, project: Project, seen: Study, results: Results) -> None:
    if not seen.status.ended:
        study.watch(actor, [seen.id])
    elif seen.status in (RunStatus.FAILED, RunStatus.CANCELLED):
        study.ended_badly(actor, seen)
    if seen.outcome is None:
        return
    found = seen.outcome
    study.headline(found, results)
    proposals.choose(actor, project, found.proposals, "doctor")
    for check in found.checks:
        study.finding(check, results)
    with st.expander("Checks and returns, remedy by remedy"):
        study.outcome(StudyOutcome("", (), found.tables, found.pictures), results, f"doctor_{seen.id}", verdict=False)
    study_settings.asked(seen)
