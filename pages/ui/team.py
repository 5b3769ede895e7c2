"""Members with their roles, invitations and allowed e-mail domains."""

from datetime import UTC, datetime

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from mmm_core.domain.identity import Actor, TeamRole
from mmm_core.domain.team import AllowedDomain, Invitation, Member
from mmm_core.reports import wording as f
from mmm_core.use_cases import team
from pages.ui import state
from pages.ui.errors import shown
from server.web import backend

ROLES = {
    TeamRole.VIEWER: "Viewer: looks and downloads",
    TeamRole.ANALYST: "Analyst: brings data, fits, plans and reports",
    TeamRole.APPROVER: "Approver: also approves plans",
    TeamRole.ADMIN: "Admin: also keeps the team",
}


def members(actor: Actor) -> None:
    with shown():
        found = team.get_team(state.services(), actor)
        count = len(found.members)
        st.markdown(f":gray[{f.safe(found.organisation)} · {count} member{'' if count == 1 else 's'}]")
        for member in found.members:
            _member(actor, member)


def ways_in(actor: Actor) -> None:
    with shown():
        found = team.get_team(state.services(), actor)
        left, right = st.columns(2, gap="large")
        with left:
            _invitations(actor, found.invitations)
        with right:
            _domains(actor, found.domains)


def _member(actor: Actor, member: Member) -> None:
    with _row(f"member_{member.user_id}"):
        you = " :gray-badge[You]" if member.user_id == actor.user_id else ""
        seen = f":gray[{f.safe(member.email or 'no e-mail')} · last signed in {f.day(member.seen_at)}]"
        st.markdown(f"**{f.safe(member.name)}**{you}  \n{seen}", width="stretch")
        role = st.selectbox(
            f"Role of {member.name}",
            list(TeamRole),
            index=list(TeamRole).index(member.role),
            format_func=lambda r: r.value.capitalize(),
            # The role in the key has the box follow what is stored.
            key=f"role_{member.user_id}_{member.role}",
            label_visibility="collapsed",
            width=130,
        )
        if role is not member.role and st.button("Change", type="primary", key=f"change_{member.user_id}"):
            with shown():
                team.change_role(state.services(), actor, member.user_id, role)
                _done(f"{member.name} is {role} now.")
        with st.popover("Remove", key=f"ask_{member.user_id}"):
            st.write(f"{f.safe(member.name)} is out at the next click. Projects, models and reports stay.")
            if st.button(f"Remove {f.safe(member.name)} from the team", type="primary", key=f"remove_{member.user_id}"):
                with shown():
                    team.remove(state.services(), actor, member.user_id)
                    _done(f"{member.name} is no longer on the team.")


def _invitations(actor: Actor, open_now: tuple[Invitation, ...]) -> None:
    st.subheader("Invitations", anchor=False)
    where = backend().settings.public_url or "this address"
    st.markdown(
        f":gray[No mail is sent: tell the person to open {f.safe(where)} and sign in with this e-mail address.]"
    )
    with st.form("invite_form", border=False, clear_on_submit=False):
        email = st.text_input("E-mail address", key="invite_email", placeholder="name@company.com")
        left, right = st.columns([3, 2])
        role = left.selectbox("Role", list(TeamRole), index=1, format_func=ROLES.__getitem__, key="invite_role")
        days = right.selectbox(
            "Open for", [7, 14, 30, 90], index=1, format_func=lambda d: f"{d} days", key="invite_days"
        )
        if st.form_submit_button("Invite", type="primary"):
            with shown():
                made = team.invite(state.services(), actor, email, role, days=days)
                _done(f"{made.email} may come in until {f.day(made.expires_at)}.", "invite_email")
    for one in open_now:
        with _row(f"invitation_{one.email}"):
            expired = one.expires_at <= datetime.now(UTC)
            until = ":gray-badge[Expired]" if expired else f":gray[until {f.day(one.expires_at)}]"
            st.markdown(f"**{f.safe(one.email)}** · {one.role} · {until}", width="stretch")
            if st.button("Withdraw", type="tertiary", key=f"withdraw_{one.email}"):
                with shown():
                    team.withdraw(state.services(), actor, one.email)
                    _done(f"The invitation of {one.email} is withdrawn.")


def _domains(actor: Actor, allowed: tuple[AllowedDomain, ...]) -> None:
    st.subheader("Allowed e-mail domains", anchor=False)
    st.markdown(":gray[Everybody with a verified address at an allowed domain joins at their first sign-in.]")
    with st.form("domain_form", border=False, clear_on_submit=False):
        domain = st.text_input("Domain", key="domain_name", placeholder="company.com")
        roles = [r for r in TeamRole if r is not TeamRole.ADMIN]
        role = st.selectbox("They join as", roles, format_func=ROLES.__getitem__, key="domain_role")
        if st.form_submit_button("Allow", type="primary"):
            with shown():
                made = team.allow_domain(state.services(), actor, domain, role)
                _done(f"Everybody at {made.domain} may come in.", "domain_name")
    for one in allowed:
        with _row(f"domain_{one.domain}"):
            st.markdown(f"**{f.safe(one.domain)}** · {one.role}", width="stretch")
            if st.button("Remove", type="tertiary", key=f"disallow_{one.domain}"):
                with shown():
                    team.remove_domain(state.services(), actor, one.domain)
                    _done(f"{one.domain} is no longer allowed; who joined stays.")


def _row(key: str) -> DeltaGenerator:
    return st.container(border=True, horizontal=True, vertical_alignment="center", key=key)


def _done(words: str, *emptied: str) -> None:
    """Say it on the page that is drawn anew, with the fields of the form empty."""
    for key in emptied:
        st.session_state.pop(key, None)
    state.flash(words)
    st.rerun()
