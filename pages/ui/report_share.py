"""Links that open without login, and the report as files."""

from datetime import UTC, datetime
from urllib.parse import urlsplit

import streamlit as st

from mmm_core.domain.identity import Actor
from mmm_core.domain.report import Report, ShareLink
from mmm_core.reports import wording as f
from mmm_core.use_cases import reports
from pages.ui import state
from pages.ui.errors import shown
from server.web import backend

KINDS = {"html": "Web page (HTML)", "xlsx": "Workbook (Excel)", "md": "Text (Markdown)"}
NEW = "new_link"


def panel(actor: Actor, report: Report) -> None:
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.subheader("Share a link", anchor=False)
        _create(actor, report)
        _links(actor, report)
    with right:
        st.subheader("Take it with you", anchor=False)
        _exports(actor, report)


def address(token: str) -> str:
    here = urlsplit(st.context.url or "http://127.0.0.1:8501")
    base = (backend().settings.public_url or f"{here.scheme}://{here.netloc}").rstrip("/")
    return f"{base}/r/{token}"


def _create(actor: Actor, report: Report) -> None:
    st.markdown(
        ":gray[Anybody with the link can read this version, without signing in, until it expires or you revoke it.]"
    )
    with st.form("share_form", border=False):
        left, right = st.columns(2)
        days = left.selectbox("Expires after", [7, 30, 90, 365], index=1, format_func=lambda d: f"{d} days")
        passcode = right.text_input("Passcode (optional)", type="password", autocomplete="off")
        if st.form_submit_button("Create the link", type="primary"):
            with shown():
                made = reports.share(state.services(), actor, report.id, days=days, passcode=passcode or None)
                st.session_state[NEW] = (report.id, address(made.token))
    kept = st.session_state.get(NEW)
    if kept and kept[0] == report.id:
        st.success("Copy the link now; it is shown this once.")
        st.code(kept[1], language=None)


def _links(actor: Actor, report: Report) -> None:
    for link in sorted(
        reports.list_links(state.services(), actor, report.id), key=lambda x: x.created_at, reverse=True
    ):
        with st.container(
            border=True,
            horizontal=True,
            vertical_alignment="center",
            horizontal_alignment="distribute",
            key=f"link_{link.id}",
        ):
            st.markdown(_words(link), width="content")
            if _is_open(link) and st.button("Revoke", key=f"revoke_{link.id}", type="tertiary"):
                with shown():
                    reports.revoke(state.services(), actor, report.id, link.id)
                    st.session_state.pop(NEW, None)
                    state.flash("The link is revoked.")
                    st.rerun()


def _is_open(link: ShareLink) -> bool:
    return link.revoked_at is None and link.expires_at > datetime.now(UTC)


def _words(link: ShareLink) -> str:
    badge = (
        ":green-badge[Open]"
        if _is_open(link)
        else ":gray-badge[Revoked]"
        if link.revoked_at
        else ":gray-badge[Expired]"
    )
    until = f"until {f.day(link.expires_at)}" if _is_open(link) else f"on {f.day(link.revoked_at or link.expires_at)}"
    lock = ", with a passcode" if link.has_passcode else ""
    views = f"{link.views} view{'' if link.views == 1 else 's'}"
    return f"{badge} {until}{lock} :gray[· {views} · by {f.safe(link.created_by)}]"


def _exports(actor: Actor, report: Report) -> None:
    for kind, label in KINDS.items():
        with shown():
            content, name, media = _file(actor.organisation_id, report.id, kind, actor)
            st.download_button(
                label, content, file_name=name, mime=media, key=f"export_{kind}", width="stretch", on_click="ignore"
            )


@st.cache_data(max_entries=30, show_spinner="Preparing the files")
def _file(organisation_id: str, report_id: str, kind: str, _actor: Actor) -> tuple[bytes, str, str]:
    return reports.export(state.services(), _actor, report_id, kind)
