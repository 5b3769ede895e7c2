"""Team: who belongs to it, who may come, and the trail of what was done; for administrators."""

import streamlit as st

from mmm_core.domain.identity import TeamRole
from pages.ui import chrome, guard, state, team, team_audit
from server.web import backend

actor = guard.enter()
shared = backend().settings.sign_in
chrome.head(
    "Team" if shared else "Audit trail",
    actor,
    None,
    lead="Who works here, who may come in, and who did what." if shared else "What was done here, and when.",
)
if not actor.role.covers(TeamRole.ADMIN):
    with chrome.empty("For administrators", f"Your role is {actor.role}. Ask an administrator of your team."):
        if st.button("Go to Home", type="primary", key="team_home"):
            state.go("home")
    st.stop()
if not shared:
    team_audit.panel(actor)
    st.stop()
members, ways, trail = st.tabs(["Members", "Ways in", "Audit trail"], on_change="rerun", key="team_tabs")
if members.open:
    with members:
        team.members(actor)
if ways.open:
    with ways:
        team.ways_in(actor)
if trail.open:
    with trail:
        team_audit.panel(actor)
