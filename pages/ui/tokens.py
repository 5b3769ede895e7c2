"""Personal tokens: how a program of a person's own connects."""

import json

import streamlit as st

from mmm_core.domain.identity import Actor
from mmm_core.reports import wording as f
from mmm_core.use_cases import tokens
from pages.ui import state
from pages.ui.errors import shown
from server.web import backend

NEW = "token_new"


def button(actor: Actor) -> None:
    if st.button("Connect a program", key="connect", type="tertiary", icon=":material/link:"):
        st.session_state.pop(NEW, None)
        _dialog(actor)


@st.dialog("Connect a program", width="medium")
def _dialog(actor: Actor) -> None:
    address = (backend().settings.public_url or str(st.context.url or "")).split("?")[0]
    base = "/".join(address.split("/")[:3])
    st.markdown(
        "A program with a token acts for you, with your role. What it would change is proposed, and a person confirms "
        "it on the Approvals page."
    )
    st.markdown(
        f"**MCP** `{base}/mcp`  \n**A2A** `{base}/.well-known/agent-card.json`  \n:gray[Each call sends the token as "
        "`Authorization: Bearer …`. On this machine `mmm mcp` answers on standard input and needs none.]"
    )
    with shown():
        if (secret := st.session_state.get(NEW)) is not None:
            st.success("Copy it now: it is shown once.")
            st.code(secret, language=None, wrap_lines=True)
            with st.expander("As settings of an MCP client"):
                st.code(_settings(base, secret), language="json", wrap_lines=True)
        with st.form("token_form", border=False, clear_on_submit=True):
            left, right = st.columns([3, 2], vertical_alignment="bottom")
            name = left.text_input("What uses it?", key="token_name", max_chars=80, placeholder="My laptop")
            days = right.selectbox(
                "Open for", [7, 30, 90, 365], index=2, format_func=lambda d: f"{d} days", key="token_days"
            )
            if st.form_submit_button("Make a token", type="primary"):
                with shown():
                    st.session_state[NEW] = tokens.make_token(state.services(), actor, name, days=days).secret
                    st.rerun(scope="fragment")
        for token in tokens.list_tokens(state.services(), actor):
            with st.container(border=True, horizontal=True, vertical_alignment="center", key=f"token_{token.id}"):
                used = f"last used {f.moment(token.used_at)}" if token.used_at else "not used yet"
                st.markdown(
                    f"**{f.safe(token.name)}**  \n:gray[until {f.day(token.expires_at)} · {used}]", width="stretch"
                )
                if st.button("Revoke", key=f"token_revoke_{token.id}", type="tertiary"):
                    tokens.revoke_token(state.services(), actor, token.id)
                    st.rerun(scope="fragment")


def _settings(base: str, secret: str) -> str:
    """As many clients read it from their file of servers."""
    server = {"type": "http", "url": f"{base}/mcp", "headers": {"Authorization": f"Bearer {secret}"}}
    return json.dumps({"mcpServers": {"carryover": server}}, indent=2)
