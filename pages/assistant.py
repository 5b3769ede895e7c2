"""Assistant: which language model answers what, and what that has cost; for administrators."""

import streamlit as st

from mmm_core.domain.identity import TeamRole
from pages.ui import chrome, guard, providers, state

actor = guard.enter()
chrome.head("Assistant", actor, None, lead="Who answers in the chat and in the workflow, and what it has cost so far.")
if not actor.role.covers(TeamRole.ADMIN):
    with chrome.empty("For administrators", f"Your role is {actor.role}. Ask an administrator of your team."):
        if st.button("Go to Home", type="primary", key="assistant_home"):
            state.go("home")
    st.stop()
routes, cost = st.tabs(["Who answers", "Cost so far"], on_change="rerun", key="assistant_tabs")
if routes.open:
    with routes:
        providers.routes(actor)
if cost.open:
    with cost:
        providers.cost(actor)
