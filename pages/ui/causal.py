"""The diagram held against a fitted model: its advice, the checks it makes possible, and its own answer on the past."""

import streamlit as st

from mmm_core.domain.checks import Status
from mmm_core.domain.errors import PlanError
from mmm_core.domain.fit import Run, RunStatus
from mmm_core.domain.identity import Actor
from mmm_core.domain.project import Diagram
from mmm_core.domain.results import Results
from mmm_core.domain.study import Study, StudyOutcome
from mmm_core.reports import wording as f
from mmm_core.use_cases import causal, plans, studies
from pages.ui import causal_advice, chrome, past_question, state, study, study_settings
from pages.ui.errors import shown

ORDER = (Status.FAIL, Status.REVIEW, Status.PASS)


def tab(actor: Actor, run: Run) -> None:
    with shown():
        diagram = plans.get_diagram(state.services(), actor, run.project_id)
        if not diagram.nodes:
            with chrome.empty(
                "No causal diagram yet", "Draw what causes what on the Plan page; here it is held against the model."
            ):
                if st.button("Go to the plan", type="primary", key="causal_to_plan"):
                    state.go("plan")
            return
        found = studies.studies_of(state.services(), actor, run.id)
        results = state.results(actor, run.id)
        _advice(actor, run, diagram)
        _checks(actor, run, found.get(causal.CHECKS), results)
        _past(actor, run, found.get(causal.COUNTERFACTUAL), results)


def _advice(actor: Actor, run: Run, diagram: Diagram) -> None:
    with st.container(border=True, key="causal_advice"):
        st.markdown(f"**What the diagram says about {f.safe(run.name)}**")
        try:
            found = causal.advise_model(state.services(), actor, run.id)
        except PlanError as error:
            st.warning(str(error))
            return
        causal_advice.show(found, [n.name for n in diagram.nodes], "this model's")
        causal_advice.table(found)


def _checks(actor: Actor, run: Run, seen: Study | None, results: Results) -> None:
    outcome = seen.outcome if seen else None
    with st.container(border=True, key="causal_checks"):
        text, side = st.columns([5, 1], vertical_alignment="center")
        badge = f"{chrome.status_badge(outcome.status)} " if outcome else ""
        words = (
            chrome.said(outcome.verdict, results)
            if outcome
            else ":gray[The effect of each channel estimated once more, with what the diagram says held still, "
            "and five attempts to refute it.]"
        )
        text.markdown(f"{badge}**Does it stand?**  \n{words}")
        with side:
            label, kind = ("Run again", "secondary") if outcome else ("Run the checks", "primary")
            if _idle(seen) and st.button(label, key="causal_run", type=kind, width="stretch"):
                with shown():
                    causal.request_checks(
                        state.services(), actor, run.id, study_settings.chosen(causal.CHECKS, "model")
                    )
                    st.rerun()
            if _idle(seen):
                study_settings.popover(causal.CHECKS, "model", width="stretch")
        _under_way(actor, seen)
        if outcome and seen:
            _by_channel(outcome, results, seen)


def _by_channel(outcome: StudyOutcome, results: Results, seen: Study) -> None:
    """The picture and tables first; each channel's sentences one click away."""
    study.outcome(StudyOutcome("", (), outcome.tables, outcome.pictures), results, f"causal_{seen.id}", verdict=False)
    for channel in dict.fromkeys(c.columns[0] for c in outcome.checks if c.columns):
        mine = sorted((c for c in outcome.checks if c.columns[:1] == (channel,)), key=lambda c: ORDER.index(c.status))
        with st.expander(f"{chrome.status_badge(mine[0].status)} **{f.safe(f.plain(channel))}**"):
            for check in mine:
                causal_advice.line(check, [channel, results.kpi, *(c.channel for c in results.channels)])
    st.caption(f"Asked by {f.safe(seen.requested_by)}, {f.moment(seen.ended_at)}, of the diagram as it was then.")


def _past(actor: Actor, run: Run, seen: Study | None, results: Results) -> None:
    with st.container(border=True, key="causal_past"):
        st.markdown(
            "**What would have been**  \n:gray[The question of the What-If page, put to a structural model that is "
            "fitted on the diagram: every variable from its causes. It takes some seconds.]"
        )
        with st.expander("Ask", expanded=seen is None):
            question = past_question.ask(state.fitted(actor, run.id), results, "structural")
            if _idle(seen) and st.button("Ask both models", key="structural_ask"):
                with shown():
                    own = study_settings.chosen(causal.COUNTERFACTUAL, "model")
                    causal.request_counterfactual(state.services(), actor, run.id, question, own)
                    st.rerun()
            if _idle(seen):
                study_settings.popover(causal.COUNTERFACTUAL, "model")
        _under_way(actor, seen)
        if seen and seen.outcome:
            study.outcome(seen.outcome, results, f"past_{seen.id}")


def _idle(seen: Study | None) -> bool:
    return seen is None or seen.status.ended


def _under_way(actor: Actor, seen: Study | None) -> None:
    if seen is None:
        return
    if not seen.status.ended:
        study.watch(actor, [seen.id])
    elif seen.status in (RunStatus.FAILED, RunStatus.CANCELLED):
        study.ended_badly(actor, seen)
