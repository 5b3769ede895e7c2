"""The side of every page: logo, the open project, who is signed in."""

from pathlib import Path

import streamlit as st

from mmm_core.domain.identity import Actor
from mmm_core.use_cases import projects
from pages.ui import state, tokens
from pages.ui.palette import scheme
from server.web import backend

ASSETS = Path(__file__).resolve().parent / "assets"


def draw(actor: Actor) -> None:
    st.logo(
        str(ASSETS / f"logo-{'dark' if scheme().dark else 'light'}.svg"),
        size="large",
        icon_image=str(ASSETS / "icon.svg"),
    )
    with st.sidebar:
        _projects(actor)
        with st.container(key="who"):
            st.caption(f"{actor.name} · {actor.role}" if backend().settings.sign_in else "On this machine, no sign-in")
        tokens.button(actor)
        if backend().settings.sign_in and st.button("Sign out", key="sign_out", type="tertiary"):
            st.logout()


def _projects(actor: Actor) -> None:
    found = {p.id: p for p in projects.list_projects(state.services(), actor)}
    if not found:
        return
    now = state.open_project(actor)
    # The widget follows the address; a key of its own would hold on to the project it showed last.
    ids = list(found)
    chosen = st.selectbox(
        "Project",
        ids,
        index=ids.index(now.id) if now and now.id in found else None,
        format_func=lambda i: found[i].name,
        placeholder="Open a project",
        key=f"project_of_{now.id if now else ''}",
    )
    if chosen and (now is None or chosen != now.id):
        state.remember(chosen)
        st.rerun()
