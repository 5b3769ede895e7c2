"""Asking people what a channel brings: links on the Plan page, and what became of them."""

from collections.abc import Sequence
from datetime import UTC, datetime
from urllib.parse import urlsplit

import streamlit as st

from mmm_core.domain.dataset import DatasetVersion, Role
from mmm_core.domain.elicitation import Inquiry
from mmm_core.domain.identity import Actor, TeamRole
from mmm_core.domain.project import Plan, Project
from mmm_core.reports import wording as f
from mmm_core.use_cases import elicitation, plans
from pages.ui import elicitation_answers as answers
from pages.ui import state
from pages.ui.errors import shown
from server.web import backend

NEW = "new_inquiry"
DAYS = (7, 14, 30, 90)


def panel(actor: Actor, project: Project, plan: Plan | None, version: DatasetVersion | None) -> None:
    st.markdown(
        ":gray[Ask people who know the business what each channel brings, before any model speaks. They answer under a "
        "link, without signing in; what is accepted here becomes the prior of the channel.]"
    )
    with shown():
        asked = elicitation.list_inquiries(state.services(), actor, project.id)
        if actor.role.covers(TeamRole.ANALYST):
            with st.expander("Ask somebody", expanded=not asked):
                _ask(actor, project, _channels(plan, version))
        _new(project)
        if asked:
            answers.section(actor, project, version)
            _links(actor, asked)


def _channels(plan: Plan | None, version: DatasetVersion | None) -> list[str]:
    """The plan's, else the data's; without those that no money is spent on, which have no return."""
    roles = version.recognition.roles if version else ()
    paid = {n for r in roles if r.role is Role.SPEND for n in (r.column, r.channel)}
    unpaid = {n for r in roles if r.role is Role.ORGANIC for n in (r.column, r.channel)} - paid
    named = plan.channels if plan and plan.channels else plans.plan_columns(version.recognition)[1] if version else ()
    return [c for c in named if c not in unpaid]


def _ask(actor: Actor, project: Project, channels: list[str]) -> None:
    with st.form("ask_form", border=False, clear_on_submit=False):
        person = st.text_input(
            "Who is asked?", key=f"ask_person_{project.id}", max_chars=elicitation.LONGEST_NAME,
            placeholder="Maria Lopez, sales: the belief will carry this name",
        )  # fmt: skip
        chosen = st.multiselect(
            "About which channels?", channels, default=channels, key=f"ask_channels_{project.id}_{len(channels)}",
            format_func=f.plain, accept_new_options=True, placeholder="Choose, or type a name and press Enter",
        )  # fmt: skip
        left, right = st.columns(2)
        days = left.selectbox("Closes after", DAYS, index=1, format_func=lambda d: f"{d} days")
        passcode = right.text_input("Passcode (optional)", type="password", autocomplete="off", key="ask_passcode")
        if st.form_submit_button("Create the link", type="primary"):
            with shown():
                made, token = elicitation.ask(
                    state.services(), actor, project.id, person=person, channels=chosen, days=days,
                    passcode=passcode or None,
                )  # fmt: skip
                st.session_state[NEW] = (project.id, made.person, address(token))
                st.rerun()


def _new(project: Project) -> None:
    kept = st.session_state.get(NEW)
    if kept and kept[0] == project.id:
        st.success(f"Send this link to {f.safe(kept[1])} now; it is shown this once.")
        st.code(kept[2], language=None, wrap_lines=True)


def address(token: str) -> str:
    here = urlsplit(st.context.url or "http://127.0.0.1:8501")
    base = (backend().settings.public_url or f"{here.scheme}://{here.netloc}").rstrip("/")
    return f"{base}/b/{token}"


def _links(actor: Actor, asked: Sequence[Inquiry]) -> None:
    st.markdown("**Links**")
    for inquiry in asked:
        with st.container(
            border=True, horizontal=True, vertical_alignment="center", horizontal_alignment="distribute",
            key=f"inquiry_{inquiry.id}",
        ):  # fmt: skip
            st.markdown(_words(inquiry), width="content")
            may = _is_open(inquiry) and actor.role.covers(TeamRole.ANALYST)
            if may and st.button("Revoke", key=f"revoke_inquiry_{inquiry.id}", type="tertiary"):
                with shown():
                    elicitation.revoke(state.services(), actor, inquiry.id)
                    st.session_state.pop(NEW, None)
                    state.flash("The link is revoked; what was answered stays.")
                    st.rerun()


def _is_open(inquiry: Inquiry) -> bool:
    return inquiry.revoked_at is None and inquiry.expires_at > datetime.now(UTC)


def _words(inquiry: Inquiry) -> str:
    live = _is_open(inquiry)
    badge = ":green-badge[Open]" if live else f":gray-badge[{'Revoked' if inquiry.revoked_at else 'Closed'}]"
    when = f"until {f.day(inquiry.expires_at)}" if live else f"on {f.day(inquiry.revoked_at or inquiry.expires_at)}"
    lock = ", with a passcode" if inquiry.has_passcode else ""
    count = f"{len(inquiry.channels)} channel{'' if len(inquiry.channels) == 1 else 's'}"
    opened = f"opened {inquiry.views} time{'' if inquiry.views == 1 else 's'}"
    who = f"**{f.safe(inquiry.person)}**"
    return f"{badge} {who} {when}{lock} :gray[· {count} · {opened} · by {f.safe(inquiry.created_by)}]"
