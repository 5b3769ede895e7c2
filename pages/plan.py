"""Plan: the question, what the model looks at, the causal diagram, and the approval."""

import streamlit as st

from mmm_core.use_cases import datasets, plans
from pages.ui import chrome, diagram, elicitation, guard, knowledge, plan, plan_talk, state, workflow

actor = guard.enter()
project = chrome.need_project(actor, "Plan")
chrome.head("Plan", actor, project, lead="What is asked, of which data, and what is believed to cause what.")
now = plans.latest_plan(state.services(), actor, project.id)
version = datasets.latest_dataset(state.services(), actor, project.id)
workflow.section(actor, project)
plan.status(actor, project, now)
asked, causes, people, background, settings = st.tabs(
    ["Research plan", "Causal diagram", "What people believe", "Background", "Project"]
)
with asked:
    if not plan_talk.section(actor, project, now):
        plan.form(actor, project, now, version)
with causes:
    diagram.editor(actor, project, now, version)
with people:
    elicitation.panel(actor, project, now, version)
with background:
    knowledge.tab(actor, project)
with settings:
    plan.project_form(actor, project)
