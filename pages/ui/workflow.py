"""The analysis on a page: the button that starts it, its phases while it runs, and how it ended."""

import streamlit as st

from mmm_core.domain.identity import Actor, TeamRole
from mmm_core.domain.project import Project
from mmm_core.domain.workflow import Awaited, EventKind, Phase, Stage, Workflow, WorkflowStatus
from mmm_core.reports import wording as f
from mmm_core.reports import workflow_words as words
from mmm_core.use_cases import datasets, fits, plans, workflows
from pages.ui import state
from pages.ui.errors import shown

PAGES = {"plan": "Plan", "data": "Data", "model": "Model", "what_if": "What-If", "report": "Report"}
PHASE_WIDTH = 150
"""Pixels; two fit beside each other on a phone."""
COLOURS = {
    WorkflowStatus.DONE: "green",
    WorkflowStatus.STOPPED: "orange",
    WorkflowStatus.FAILED: "red",
    WorkflowStatus.CANCELLED: "gray",
}


def section(actor: Actor, project: Project) -> None:
    """On the Plan page: one button for the whole way, and where it stands."""
    now = workflows.latest(state.services(), actor, project.id)
    if now is not None and not now.status.ended:
        standing(actor, project, now)
        return
    with st.container(
        border=True, key="run_analysis", horizontal=True, vertical_alignment="center",
        horizontal_alignment="distribute",
    ):  # fmt: skip
        with st.container(width="content"):
            st.markdown(_invitation(now))
        with st.container(width="content", horizontal=True):
            _start(actor, project, again=now is not None)
            if now is not None and st.button("What it did", key="analysis_history"):
                state.go("approvals")


def _invitation(last: Workflow | None) -> str:
    if last is None:
        return (
            "**The whole analysis**  :gray[Plan, data, model and report in one go; "
            "it stops where somebody has to approve.]"
        )
    when = f.moment(last.ended_at)
    return f"**The last analysis** :{COLOURS[last.status]}[{words.STATUS[last.status]}] :gray[({when})]"


def _start(actor: Actor, project: Project, *, again: bool) -> None:
    if not actor.role.covers(TeamRole.ANALYST):
        st.caption("An analyst runs it.")
        return
    if datasets.latest_dataset(state.services(), actor, project.id) is None:
        if st.button("Add data first", key="analysis_needs_data"):
            state.go("data")
        return
    label = "Run the analysis again" if again else "Run the analysis"
    if st.button(label, type="secondary" if again else "primary", key="start_analysis"):
        with shown():
            workflows.start(state.services(), actor, project.id)
            st.rerun()


def standing(actor: Actor, project: Project, now: Workflow) -> None:
    """Where an analysis stands: watched while it moves, drawn once while it waits for a person or has ended."""
    moves = not now.status.ended and not (now.status is WorkflowStatus.WAITING and now.awaited is Awaited.APPROVAL)
    if moves:
        _watched(actor, now.id)
        return
    with shown():
        _card(actor, workflows.watch(state.services(), actor, now.id))


@st.fragment(run_every=1.0)
def _watched(actor: Actor, workflow_id: str) -> None:
    """Redrawn every second; the whole page is drawn anew when a person is asked or it has ended."""
    with shown():
        seen = workflows.watch(state.services(), actor, workflow_id)
        now = seen.workflow
        if now.status.ended or (now.status is WorkflowStatus.WAITING and now.awaited is Awaited.APPROVAL):
            st.rerun()
        _card(actor, seen)


def _card(actor: Actor, seen: workflows.Watch) -> None:
    now = seen.workflow
    with st.container(border=True, key=f"analysis_{now.id}", gap="small"):
        top, side = st.columns([5, 1], vertical_alignment="center")
        top.markdown(f"**The analysis** {_status(actor, seen)}")
        with side:
            _button(actor, now)
        _phases(seen)
        if now.outcome and now.status.ended:
            st.markdown(f.safe(f.named(now.outcome, names(actor, now.project_id))))


def _status(actor: Actor, seen: workflows.Watch) -> str:
    now = seen.workflow
    if now.status is WorkflowStatus.QUEUED and seen.workers == 0:
        return ":orange[waits, but no worker is running. Ask your administrator to start one (`mmm worker`).]"
    if now.status is WorkflowStatus.WAITING and now.awaited is Awaited.FIT and now.awaited_id:
        fit = fits.watch_fit(state.services(), actor, now.awaited_id)
        left = max((p.seconds_left for _, p in fit.latest if p.seconds_left is not None), default=None)
        rest = f", about {f.duration(left)} left" if left else ""
        return f":gray[waits for its fit: {f.share(fit.fraction)}{rest}.]"
    if now.status is WorkflowStatus.WAITING and now.awaited is Awaited.STUDY:
        return ":gray[waits for the ladder, a study of its own.]"
    if now.status is WorkflowStatus.RUNNING and now.stage:
        return f":gray[is at work: {words.STAGES[now.stage].lower()}.]"
    colour = COLOURS.get(now.status, "orange" if now.status is WorkflowStatus.WAITING else "gray")
    asked = f" ({words.GATES[seen.asked.question.gate].lower()})" if seen.asked and not now.status.ended else ""
    return f":{colour}[{words.STATUS[now.status]}{asked}.]"


def _button(actor: Actor, now: Workflow) -> None:
    """The one thing to do next."""
    if now.status in (WorkflowStatus.FAILED, WorkflowStatus.CANCELLED):
        if st.button("Go on", key=f"resume_{now.id}", type="primary", width="stretch"):
            with shown():
                workflows.resume(state.services(), actor, now.id)
                st.rerun()
    elif now.status.ended and now.leads_to in PAGES:
        if st.button(f"To {PAGES[now.leads_to]}", key=f"leads_{now.id}", type="primary", width="stretch"):
            state.go(now.leads_to)
    elif not now.status.ended and st.button("Cancel", key=f"cancel_{now.id}", width="stretch"):
        with shown():
            workflows.cancel(state.services(), actor, now.id)
            st.rerun()


def _phases(seen: workflows.Watch) -> None:
    """The four side by side, the finer ones below each; on a phone two and two."""
    begun = {e.stage for e in seen.events if e.kind is EventKind.BEGUN}
    with st.container(horizontal=True, horizontal_alignment="distribute", gap="small"):
        for phase in Phase:
            lines = [f"**{words.PHASES[phase]}**"]
            lines += [_stage(seen, stage, stage in begun) for stage in Stage if stage.phase is phase]
            with st.container(width=PHASE_WIDTH):
                st.markdown("  \n".join(lines))


def _stage(seen: workflows.Watch, stage: Stage, begun: bool) -> str:
    name = words.SHORT[stage]
    if not begun:
        return f":gray[○ {name}]"
    seconds = seen.seconds(stage)
    took = f" :gray[{f.duration(seconds)}]" if seconds and seconds >= 1 else ""
    if seen.ended(stage):
        return f":green[✓] {name}{took}"
    if seen.workflow.status.ended:
        return f":orange[■ {name}]"
    waits = seen.workflow.status is WorkflowStatus.WAITING
    return f":{'orange' if waits else 'blue'}[● **{name}**]"


def names(actor: Actor, project_id: str) -> tuple[str, ...]:
    """The project's channels and columns, which sentences call in words."""
    plan = plans.latest_plan(state.services(), actor, project_id)
    version = datasets.latest_dataset(state.services(), actor, project_id)
    columns = tuple(r.column for r in version.recognition.roles) if version else ()
    return tuple(dict.fromkeys((*(plan.channels if plan else ()), *columns)))
