"""Background for a project: ask, look up on the web where that is set, keep sources and notes, see what is kept."""

import streamlit as st

from mmm_core.domain.identity import Actor, TeamRole
from mmm_core.domain.knowledge import Document
from mmm_core.domain.project import Project
from mmm_core.reports import wording as f
from mmm_core.use_cases import knowledge, research
from pages.ui import state
from pages.ui.errors import shown

FOUND = "looked_up"
KINDS = {
    "research": "Sources", "note": "Notes", "decision": "Decisions", "model": "Models", "report": "Reports",
    "scenario": "Scenarios", "plan": "Plans", "dataset": "Data",
}  # fmt: skip
EXCERPT = 600


def tab(actor: Actor, project: Project) -> None:
    online = state.services().search
    lead = f"Your question goes to {online.name}; nothing else leaves this server." if online else research.OFFLINE
    st.markdown(f":gray[{f.safe(lead)}]")
    with st.form("research_form", border=False):
        question = st.text_input(
            "What do you want to know?", key="research_question", max_chars=research.LONGEST_QUESTION,
            placeholder="How long does television advertising work?",
        )  # fmt: skip
        if st.form_submit_button("Look it up" if online else "Search what is kept", type="primary"):
            with shown(), st.spinner("Looking it up"):
                _look_up(actor, project, question)
    with shown():
        if (found := st.session_state.get(f"{FOUND}_{project.id}")) is not None:
            _answer(actor, project, *found)
        _kept(actor, project)


def _look_up(actor: Actor, project: Project, question: str) -> None:
    # The agents' room is loaded when it is asked, not when the page is drawn.
    from mmm_core.agents.research.summary import summarise

    found = research.look_up(state.services(), actor, project.id, question)
    st.session_state[f"{FOUND}_{project.id}"] = (found, summarise(state.services(), actor, project.id, found))


def _answer(actor: Actor, project: Project, found: research.LookUp, summary: object) -> None:
    from mmm_core.agents.research.summary import Summary

    assert isinstance(summary, Summary)
    with st.container(border=True, key="research_answer"):
        st.markdown(f"**{f.safe(found.question)}**")
        if not summary.sources:
            web = ", and the web search found nothing" if found.provider else ""
            st.markdown(f"Nothing is kept about this{web}.")
            return
        for said in summary.statements:
            st.markdown(f"- {f.safe(said.text)} {' '.join(f'`{n}`' for n in said.sources)}")
        by = "Summarised by a language model from these sources" if summary.by else "The sources' own words"
        st.caption(f"{by}; weigh them. {f.safe(summary.note)}")
        for source in summary.sources:
            where = f" · {f.safe(source.address)}" if source.address else " · kept by your team"
            dated = f" · {f.safe(source.dated)}" if source.dated else ""
            st.markdown(f"`{source.number}` {f.safe(source.title)}:gray[{where}{dated}]")
        if found.hits and actor.role.covers(TeamRole.ANALYST):
            chosen = st.multiselect(
                "Keep for next time", range(len(found.hits)), default=list(range(len(found.hits))),
                format_func=lambda n: found.hits[n].title, key="research_chosen",
            )  # fmt: skip
            if st.button("Keep these sources", key="research_keep") and chosen:
                research.keep_sources(
                    state.services(), actor, project.id, found.question, [found.hits[n] for n in chosen]
                )
                st.session_state.pop(f"{FOUND}_{project.id}")
                state.flash("The sources are kept; the next question finds them.")
                st.rerun()


def _kept(actor: Actor, project: Project) -> None:
    st.subheader("What is kept", anchor=False)
    documents = knowledge.list_kept(state.services(), actor, project.id)
    if actor.role.covers(TeamRole.ANALYST):
        _note(actor, project)
    there = [k for k in KINDS if any(d.kind == k for d in documents)]
    if not there:
        st.markdown(":gray[Nothing yet. Plans, data, models, decisions and reports are kept as they are made.]")
        return
    kind = st.segmented_control(
        "Kind", there, default=there[0], required=True, key="kept_kind", label_visibility="collapsed",
        format_func=lambda k: f"{KINDS[k]} ({sum(d.kind == k for d in documents)})",
    )  # fmt: skip
    for document in [d for d in documents if d.kind == kind]:
        _document(actor, document)


def _note(actor: Actor, project: Project) -> None:
    with st.popover("Write a note", key="note_ask"), st.form("note_form", border=False, clear_on_submit=True):
        title = st.text_input("Title", key="note_title", max_chars=200)
        text = st.text_area("Note", key="note_text", max_chars=knowledge.LONGEST_NOTE)
        if st.form_submit_button("Keep", type="primary"):
            with shown():
                knowledge.keep_note(state.services(), actor, project.id, title, text)
                st.rerun()


def _document(actor: Actor, document: Document) -> None:
    with st.container(border=True, key=f"kept_{document.kind}_{document.key}", gap="small"):
        st.markdown(f"**{f.safe(document.title)}** :gray[{f.day(document.at)}]")
        body = document.body[:EXCERPT] + ("…" if len(document.body) > EXCERPT else "")
        st.markdown(f.safe(body).replace("\n", "  \n"))
        if document.address:
            dated = research.dates(document.published, document.at)
            st.caption(f"Quoted from {f.safe(document.address)}, {f.safe(dated)}")
        may = document.kind in knowledge.KEPT and actor.role.covers(TeamRole.ANALYST)
        if may and st.button("Remove", type="tertiary", key=f"forget_{document.key}"):
            with shown():
                knowledge.forget(state.services(), actor, document.kind, document.key)
                st.rerun()
