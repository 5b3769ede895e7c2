"""The first line of every page: who is asking, checked anew at each run."""

import time
from typing import NoReturn

import streamlit as st

from mmm_core.domain.errors import CarryoverError
from mmm_core.domain.identity import Actor, TeamRole
from mmm_core.reports.wording import safe
from server.web import backend

ACTOR = "actor"
SUBJECT = "actor_subject"


def enter() -> Actor:
    """The signed-in person; anybody else sees the way in and the page ends here."""
    settings = backend().settings
    if not settings.sign_in:
        return _local()
    if not st.user.is_logged_in:
        _door("Sign in to see your team's projects.")
    if _expired():
        st.session_state.pop(ACTOR, None)
        _door("Your sign-in has expired. Sign in again to go on where you were.")
    return _member()


def has_come_in() -> bool:
    """Whether there is somebody to show a menu to; what they may see is for ``enter`` to say."""
    return not backend().settings.sign_in or bool(st.user.is_logged_in)


def administers() -> bool:
    """For the menu alone: whether an administrator is asking; what they may do is for ``enter`` and the use cases."""
    if not backend().settings.sign_in:
        return True
    if not st.user.is_logged_in or _expired():
        return False
    try:
        actor = _known()
    except CarryoverError:
        return False
    return actor is not None and actor.role.covers(TeamRole.ADMIN)


def _expired() -> bool:
    return float(st.user.get("exp") or 0) <= time.time()


def _local() -> Actor:
    people, known = backend().people, st.session_state.get(ACTOR)
    actor = (people.still_member(known) if known else None) or people.local()
    st.session_state[ACTOR] = actor
    return actor


def _member() -> Actor:
    actor = _known()
    if actor is None:
        st.session_state.pop(ACTOR, None)
        claims = st.user.to_dict()
        _stranger(str(claims.get("email") or claims.get("name") or "This account"))
    return actor


def _known() -> Actor | None:
    """Our own row decides, not the cookie: it may have been disabled since."""
    people, known = backend().people, st.session_state.get(ACTOR)
    claims = st.user.to_dict()
    same = known is not None and st.session_state.get(SUBJECT) == claims.get("sub")
    actor = people.still_member(known) if same else people.sign_in(claims)
    if actor is not None:
        st.session_state[ACTOR], st.session_state[SUBJECT] = actor, claims.get("sub")
    return actor


def _stranger(who: str) -> NoReturn:
    _, middle, _ = st.columns([1, 2, 1])
    with middle, st.container(border=True, key="stranger"):
        st.title("No team knows you yet", anchor=False)
        st.write(
            f"{safe(who)} is signed in, but belongs to no organisation here. Ask your administrator for an invitation."
        )
        if st.button("Sign out", key="stranger_out"):
            st.logout()
    st.stop()


def _door(sentence: str) -> NoReturn:
    """The sign-in page; the wanted address is kept by a cookie of the web server."""
    _, middle, _ = st.columns([1, 2, 1])
    with middle, st.container(border=True, key="door"):
        st.title("Carryover", anchor=False)
        st.write(sentence)
        if st.button("Sign in", type="primary", width="stretch", key="sign_in"):
            st.login()
    st.stop()
