"""Approvals: what waits for an answer with its evidence, how the analysis stands, and everything that it did."""

import streamlit as st

from mmm_core.use_cases import approvals as use_case
from mmm_core.use_cases import workflows
from pages.ui import approvals, chrome, guard, state, tools_asked, workflow, workflow_history

actor = guard.enter()
project = state.open_project(actor)
chrome.head(
    "Approvals", actor, project, lead="What the analysis asks, the evidence beside it, and everything it did and why."
)
waiting = use_case.open_approvals(state.services(), actor)
here = [a for a in waiting if project and a.project_id == project.id]
now = workflows.latest(state.services(), actor, project.id) if project else None
asked = False
if project:
    if now is not None:
        workflow.standing(actor, project, now)
    for one in here:
        approvals.card(actor, project, one)
    asked = tools_asked.section(actor, project)
    if now is None or now.status.ended:
        asked = tools_asked.draft_plan(actor, project) or asked
approvals.elsewhere(actor, [a for a in waiting if a not in here])
if project:
    workflow_history.section(actor, project)
if not waiting and not asked and now is None:
    with chrome.empty("Nothing waits for an answer", "Run the analysis of a project; its questions come here."):
        if st.button("Go to Plan" if project else "Go to Home", type="primary", key="approvals_start"):
            state.go("plan" if project else "home")
