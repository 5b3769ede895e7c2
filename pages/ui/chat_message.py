"""One message of the chat: its words, who said them at what cost, and what the person can do about it."""

from collections.abc import Iterator

import streamlit as st

from mmm_core.agents.chat.talk import RULES, Again, Began, Event, Text, chosen
from mmm_core.agents.tools import acting
from mmm_core.agents.tools.kinds import Context
from mmm_core.domain.conversation import Message, Proposal, ProposalStatus, Speaker, from_record
from mmm_core.domain.errors import CarryoverError
from mmm_core.domain.fit import Run
from mmm_core.domain.instructions import Reading
from mmm_core.domain.results import Results
from mmm_core.domain.routing import Place
from mmm_core.reports import wording as f
from mmm_core.use_cases import conversations, routing, sentences
from pages.ui import sentence, state
from pages.ui.errors import shown
from pages.ui.sentence import Asked

PERSON, ASSISTANT = ":material/person:", ":material/insights:"
CHIPS = "chat_chips"
GO = "chat_go"
APART = 100_000
"""Chips of the chat are numbered apart from those of the What-If page."""


def draw(context: Context, message: Message, *, live: bool) -> None:
    mine = message.speaker is Speaker.PERSON
    with st.chat_message("user" if mine else "assistant", avatar=PERSON if mine else ASSISTANT):
        st.markdown(f.safe(message.text) if mine else message.text)
        if mine:
            return
        if message.note:
            st.caption(f":material/info: {f.safe(message.note)}")
        if message.by != RULES:
            st.caption(f.safe(cost_of(message)))
        for proposal_id in message.proposals:
            act_that_waits(context, proposal_id)
        if live and message.changes:
            _chips(context, message)
        if live and message.options:
            _options(message)
        if live and message.places:
            _places(context, message)


def cost_of(message: Message) -> str:
    """Who answered, and what it took."""
    tokens = message.input_tokens + message.output_tokens
    money = "price not known" if message.cost is None else f"${message.cost:.4f}".rstrip("0").rstrip(".")
    return f"{message.by} · {tokens:,} tokens · {f.duration(message.seconds)} · {money}"


# ---- an act that waits -----------------------------------------------------------------------------------------------


def act_that_waits(context: Context, proposal_id: str) -> None:
    with shown():
        now = conversations.proposal(context.services, context.actor, proposal_id)
        with st.container(border=True, key=f"chat_proposal_{now.id}", gap="small"):
            st.markdown(f"**{f.safe(now.title)}**")
            st.markdown("\n".join(f"- {f.safe(line)}" for line in now.lines))
            if now.status is not ProposalStatus.WAITING:
                st.caption(f.safe(_ended(now)))
                return
            with st.container(horizontal=True):
                yes, no = f"chat_yes_{now.id}", f"chat_no_{now.id}"
                if st.button("Yes, do it", type="primary", key=yes):
                    acting.confirm(context, now.id)
                    st.rerun()
                if st.button("No", key=no):
                    conversations.decline(context.services, context.actor, now.id)
                    st.rerun(scope="fragment")


def _ended(now: Proposal) -> str:
    who = f"{now.decided_by}, {f.moment(now.decided_at)}"
    if now.status is ProposalStatus.CONFIRMED:
        return f"Confirmed by {who}; its outcome is not known."
    return f"{now.outcome} ({who})"


# ---- changes of a plan -----------------------------------------------------------------------------------------------


def _chips(context: Context, message: Message) -> None:
    """The changes to look at and edit; Apply moves the sliders of the What-If page and turns there."""
    run, results = _model(context)
    kept: dict[str, Asked] = st.session_state.setdefault(CHIPS, {})
    if message.id not in kept:
        kept.clear()
        changes = [from_record(c) for c in message.changes]
        reading = Reading(tuple(changes))
        kept[message.id] = Asked(run.id, message.said, reading, changes, APART + message.number)
    asked = kept[message.id]
    if not asked.changes:
        st.caption("Discarded.")
        return
    with st.container(horizontal=True, gap="small", key=f"chat_chips_{message.id}"):
        for place in range(len(asked.changes)):
            asked.changes[place] = sentence.chip(asked, place, results)
    one, problem = None, ""
    try:
        response = context.fitted().response
        one = sentences.applied(response, results, asked.changes, response.current_plan(13))
    except CarryoverError as error:
        problem = str(error)
    if problem:
        st.warning(f.safe(problem))
    with st.container(horizontal=True):
        st.button(
            "Apply on What-If", type="primary", key=f"chat_apply_{message.id}", disabled=one is None,
            on_click=_apply, args=(one, asked, run, results),
        )  # fmt: skip
        st.button("Discard", key=f"chat_discard_{message.id}", on_click=asked.changes.clear)


def _model(context: Context) -> tuple[Run, Results]:
    run = context.run()
    return run, state.results(context.actor, run.id)


def _apply(one: sentences.Applied, asked: Asked, run: Run, results: Results) -> None:
    sentence.apply_changes(one, asked, run, results)
    asked.changes.clear()
    st.session_state[GO] = "what_if"


def turn_to_where_it_applies() -> None:
    """A callback cannot turn the page; the next run of the panel does."""
    page = st.session_state.pop(GO, None)
    if page:
        state.go(page)


# ---- a question back -------------------------------------------------------------------------------------------------


def _options(message: Message) -> None:
    from pages.ui import chat

    with st.container(horizontal=True, gap="small"):
        for place, option in enumerate(message.options):
            st.button(
                f.safe(option if " " in option else f.plain(option)),
                key=f"chat_option_{message.id}_{place}",
                on_click=chat.send,
                args=(chosen(message, option),),
            )


def _places(context: Context, message: Message) -> None:
    """Where the message may belong; where the person goes is what the router learns from."""
    pages = st.session_state.get("pages", {})
    with st.container(horizontal=True, gap="small"):
        for place in message.places:
            if place in pages and st.button(f"Go to {pages[place].title}", key=f"chat_place_{message.id}_{place}"):
                if message.routed:
                    with shown():
                        routing.went_to(context.services, context.actor, message.routed, Place(place))
                state.go(place)


def streamed(events: Iterator[Event]) -> Iterator[Event]:
    """Show an answer as it comes; what is not shown is handed on."""
    words, doing, told = st.empty(), st.empty(), ""
    doing.caption("Thinking …")
    for event in events:
        if isinstance(event, Text):
            told += event.text
            words.markdown(told)
        elif isinstance(event, Again):
            told = event.keep
            words.markdown(told)
        elif isinstance(event, Began):
            doing.caption(f"Looking: {event.tool.replace('_', ' ')} …")
        else:
            yield event
