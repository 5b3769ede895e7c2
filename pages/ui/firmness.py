"""How firm a scenario is: asked again under other priors, other models, and drivers that nobody measured."""

from collections.abc import Sequence

import streamlit as st

from mmm_core.domain.fit import Run, RunStatus
from mmm_core.domain.identity import Actor
from mmm_core.domain.planning import Scenario
from mmm_core.domain.results import Results
from mmm_core.domain.study import Study, StudyOutcome
from pages.ui import study, study_settings
from pages.ui.errors import shown

KIND = "sensitivity"


def section(actor: Actor, run: Run, scenario: Scenario, results: Results, found: Sequence[Study]) -> None:
    """``found``: studies of this kind about the model, newest first."""
    own = next((s for s in found if s.options.get("scenario") == scenario.id), None)
    with shown():
        if own is None or own.status.ended:
            study.start(
                actor,
                run.project_id,
                [KIND],
                "How firm is it?" if own is None else "Ask again how firm it is",
                run_id=run.id,
                options={
                    "name": scenario.name,
                    "periods": scenario.plan.periods,
                    "spend": scenario.plan.spend,
                    "scenario": scenario.id,
                    **study_settings.chosen(KIND, scenario.id),
                },
                key=f"firm_{scenario.id}",
            )
            study_settings.popover(KIND, scenario.id)
        if own is not None:
            _study(actor, own, results)


def _study(actor: Actor, own: Study, results: Results) -> None:
    if not own.status.ended:
        study.watch(actor, [own.id])
    elif own.status in (RunStatus.FAILED, RunStatus.CANCELLED):
        study.ended_badly(actor, own)
    if own.outcome is None:
        return
    study.headline(own.outcome, results)
    for check in own.outcome.checks:
        study.finding(check, results)
    with st.expander("Setting by setting"):
        inside = StudyOutcome("", (), own.outcome.tables, own.outcome.pictures)
        study.outcome(inside, results, f"firmness_{own.id}", verdict=False)
    study_settings.asked(own)
