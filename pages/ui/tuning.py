"""Tuning on the Model page: the form that starts a session, its course while it runs, and what came out."""

import streamlit as st

from mmm_core.domain.identity import Actor, TeamRole
from mmm_core.domain.project import Project
from mmm_core.domain.workflow import Awaited, Workflow, WorkflowStatus
from mmm_core.reports import tuning_words as words
from mmm_core.reports import wording as f
from mmm_core.reports import workflow_words
from mmm_core.use_cases import studies, tuning, tuning_history, workflows
from pages.ui import approvals, state, tuning_course, tuning_result, tuning_start
from pages.ui.errors import shown


def tab(actor: Actor, project: Project) -> None:
    with shown():
        found = tuning.sessions(state.services(), actor, project.id)
        st.markdown(f"**Tuning session**  \n:gray[{words.LEAD}]")
        if found and not found[0].status.ended:
            _under_way(actor, project, found[0])
            return
        if found:
            _ended(actor, project, found[0])
        if not actor.role.covers(TeamRole.ANALYST):
            st.caption("An analyst starts a session.")
        elif found:
            with st.expander("Tune again"):
                tuning_start.form(actor, project)
        else:
            tuning_start.form(actor, project)


def _under_way(actor: Actor, project: Project, now: Workflow) -> None:
    """Watched while it moves; drawn once where a person is asked."""
    if not _asks(now):
        _watched(actor, project, now.id)
        return
    seen = workflows.watch(state.services(), actor, now.id)
    _head(actor, seen)
    if seen.asked is not None:
        approvals.card(actor, project, seen.asked)
    tuning_course.draw(seen)


def _asks(now: Workflow) -> bool:
    return now.status is WorkflowStatus.WAITING and now.awaited is Awaited.APPROVAL


@st.fragment(run_every=1.0)
def _watched(actor: Actor, project: Project, session_id: str) -> None:
    """Redrawn every second; the whole page is drawn anew when a person is asked or it has ended."""
    with shown():
        seen = workflows.watch(state.services(), actor, session_id)
        if seen.workflow.status.ended or _asks(seen.workflow):
            st.rerun()
        _head(actor, seen)
        tuning_course.draw(seen)


def _head(actor: Actor, seen: workflows.Watch) -> None:
    now = seen.workflow
    with st.container(border=True, key=f"tuning_{now.id}", gap="small"):
        top, side = st.columns([5, 1], vertical_alignment="center")
        top.markdown(f"**The session** {_standing(actor, seen)}  \n:gray[{tuning_course.assistant(seen)}]")
        with side:
            if st.button("Stop", key=f"tuning_stop_{now.id}", width="stretch"):
                with shown():
                    workflows.cancel(state.services(), actor, now.id)
                    st.rerun()
        if now.options.tuning:
            made = tuning_course.proposals(seen)
            st.progress(min(1.0, made / now.options.tuning.iterations))
            st.caption(f"{made} of at most {now.options.tuning.iterations} proposals.")


def _standing(actor: Actor, seen: workflows.Watch) -> str:
    now = seen.workflow
    if now.status is WorkflowStatus.QUEUED and seen.workers == 0:
        return ":orange[waits, but no worker is running. Ask your administrator to start one (`mmm worker`).]"
    if now.status is WorkflowStatus.WAITING and now.awaited is Awaited.STUDY:
        return f":blue[waits for its trial{_step(actor, now)}.]"
    return f":gray[{workflow_words.STATUS[now.status]}.]"


def _step(actor: Actor, now: Workflow) -> str:
    """How far the trial is."""
    if not now.awaited_id:
        return ""
    trial = studies.watch_study(state.services(), actor, now.awaited_id)
    if trial.current is None:
        return ""
    label = trial.current.step.label
    return f", step {trial.current.position + 1} of {len(trial.steps)}: {f.safe(label[:1].lower() + label[1:])}"


def _ended(actor: Actor, project: Project, now: Workflow) -> None:
    seen = workflows.watch(state.services(), actor, now.id)
    result = tuning_history.result(seen)
    with st.container(border=True, key=f"tuning_{now.id}", gap="small"):
        if result is None:
            _broken_off(actor, now)
        else:
            tuning_result.draw(actor, project, now, result)
        tuning_result.downloads(now, tuning_history.history(seen))
    with st.expander("The whole course", expanded=result is None):
        st.caption(tuning_course.assistant(seen))
        tuning_course.draw(seen)


def _broken_off(actor: Actor, now: Workflow) -> None:
    """A session that failed or was cancelled, with a way on."""
    sentence = now.error or now.outcome or workflow_words.STATUS[now.status]
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.markdown(f":orange[{f.safe(sentence)}]", width="content")
        if st.button("Go on", key=f"tuning_resume_{now.id}"):
            with shown():
                workflows.resume(state.services(), actor, now.id)
                st.rerun()
