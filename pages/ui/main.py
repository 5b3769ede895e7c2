"""The script that Streamlit runs: who is asking, which pages there are, and the frame around them."""

from pathlib import Path

import streamlit as st

PAGES = Path(__file__).resolve().parent.parent
ICON = Path(__file__).resolve().parent / "assets" / "icon.svg"

# A local picture: Streamlit fetches the icons it knows by name from the internet.
st.set_page_config(page_title="Carryover", page_icon=str(ICON), layout="wide", initial_sidebar_state="auto")

from pages.ui import chat, errors, guard, sidebar  # noqa: E402
from server.web import backend  # noqa: E402

pages = {
    "home": st.Page(PAGES / "home.py", title="Home", icon=":material/home:", default=True),
    "plan": st.Page(PAGES / "plan.py", title="Plan", icon=":material/edit_note:"),
    "data": st.Page(PAGES / "data.py", title="Data", icon=":material/table_chart:"),
    "model": st.Page(PAGES / "model.py", title="Model", icon=":material/insights:"),
    "what_if": st.Page(PAGES / "what_if.py", title="What-If", icon=":material/tune:", url_path="what-if"),
    "report": st.Page(PAGES / "report.py", title="Report", icon=":material/summarize:"),
    "approvals": st.Page(PAGES / "approvals.py", title="Approvals", icon=":material/approval:"),
    "assistant": st.Page(
        PAGES / "assistant.py",
        title="Assistant",
        icon=":material/forum:",
        visibility="visible" if guard.administers() else "hidden",
    ),
    "team": st.Page(
        PAGES / "team.py",
        title="Team" if backend().settings.sign_in else "Audit trail",
        icon=":material/group:" if backend().settings.sign_in else ":material/history:",
        visibility="visible" if guard.administers() else "hidden",
    ),
}
page = st.navigation(list(pages.values()), position="sidebar" if guard.has_come_in() else "hidden")
st.session_state["pages"] = pages
actor = guard.enter()
errors.bring_back()
sidebar.draw(actor)
chat.draw(actor, page.title)
page.run()
