"""What programs propose from outside: acts that wait for a person's yes."""

import streamlit as st

from mmm_core.domain.identity import Actor
from mmm_core.domain.project import PlanStatus, Project
from mmm_core.reports import wording as f
from mmm_core.use_cases import conversations, plans
from pages.ui import state
from pages.ui.errors import shown


def section(actor: Actor, project: Project) -> bool:
    """Draw them; whether there are any. Those of a conversation are shown there."""
    waiting = [p for p in conversations.waiting(state.services(), actor, project.id) if p.conversation_id is None]
    for one in waiting:
        with st.container(border=True, key=f"asked_{one.id}", gap="small"), shown():
            st.markdown(f":blue-badge[From a program]  :gray[asked {f.moment(one.created_at)}]")
            st.subheader(f.safe(one.title), anchor=False)
            st.markdown("\n".join(f"- {f.safe(line)}" for line in one.lines))
            with st.container(horizontal=True):
                if st.button("Yes, do it", type="primary", key=f"asked_yes_{one.id}"):
                    _confirm(actor, project, one.id)
                if st.button("No", key=f"asked_no_{one.id}"):
                    conversations.decline(state.services(), actor, one.id)
                    st.rerun()
    return bool(waiting)


def draft_plan(actor: Actor, project: Project) -> bool:
    """Say where a draft waits for its decision; whether there is one."""
    plan = plans.latest_plan(state.services(), actor, project.id)
    if plan is None or plan.status is not PlanStatus.DRAFT:
        return False
    with st.container(
        border=True, key="asked_plan", horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"
    ):
        words = f":orange-badge[Draft {plan.version}] The research plan waits for a decision on the Plan page."
        st.markdown(words, width="content")
        if st.button("Open the plan", key="asked_plan_open"):
            state.go("plan")
    return True


def _confirm(actor: Actor, project: Project, proposal_id: str) -> None:
    # The agents' room is loaded when somebody says yes, not when the page is drawn.
    from mmm_core.agents.tools import acting
    from mmm_core.agents.tools.kinds import Context

    done = acting.confirm(Context(state.services(), actor, project.id), proposal_id)
    state.flash(done.outcome)
    st.rerun()
