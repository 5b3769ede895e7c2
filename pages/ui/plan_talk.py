"""The planning conversation on the Plan page: where it starts, what was said, and the line to answer in."""

import streamlit as st

from mmm_core.agents.chat.talk import RULES
from mmm_core.agents.planning import assistant
from mmm_core.agents.tools.kinds import Context
from mmm_core.domain.identity import Actor, TeamRole
from mmm_core.domain.plan_talk import PlanTalk, TalkStatus, Turn, Voice
from mmm_core.domain.project import Plan, Project
from mmm_core.reports import plan_words
from mmm_core.reports import wording as f
from mmm_core.use_cases import planning
from pages.ui import plan_talk_draft, plan_talk_question, state
from pages.ui.chat_message import ASSISTANT, PERSON, act_that_waits, streamed
from pages.ui.errors import shown

SEND = "plan_talk_send"
FORM = "plan_talk_form"
"""Where somebody would rather fill in the form."""
RECENT = 4
"""Turns that are seen at once; the earlier ones are folded away."""
_CSS = """<style>
.st-key-plan_talk [data-testid="stChatMessage"]{padding:.25rem .1rem;gap:.5rem}
.st-key-plan_talk [data-testid="stCheckbox"] p{font-size:.95rem}
.st-key-plan_talk_reasons [data-testid="stCaptionContainer"]{margin:0 0 .55rem 1.7rem}
.st-key-plan_talk_reasons [data-testid="stCaptionContainer"] p{margin:0}
</style>"""


def section(actor: Actor, project: Project, plan: Plan | None) -> bool:
    """Draw the conversation, or the way into it; whether it takes the form's place."""
    with shown():
        talk = planning.latest(state.services(), actor, project.id)
        going = talk is not None and talk.status is TalkStatus.OPEN
        if not actor.role.covers(TeamRole.ANALYST):
            return False
        if not going:
            _way_in(actor, project, talk)
            return False
        if st.session_state.get(FORM) == project.id:
            st.button("Back to the conversation", key="plan_talk_back_to", on_click=st.session_state.pop, args=(FORM,))
            return False
        st.html(_CSS)
        with st.container(key="plan_talk"):
            _conversation(actor, project.id)
        return True
    return False


def _way_in(actor: Actor, project: Project, last: PlanTalk | None) -> None:
    with st.container(
        border=True, key="plan_talk_start", horizontal=True, vertical_alignment="center",
        horizontal_alignment="distribute",
    ):  # fmt: skip
        words = f"**Plan in a conversation**  :gray[{plan_words.INVITATION}]"
        if last is not None and last.status is TalkStatus.WRITTEN:
            again = f"Written on {f.moment(last.changed_at)}; talk it over again to change it."
            words = f"**Planned in a conversation**  :gray[{again}]"
        with st.container(width="content"):
            st.markdown(words)
        with st.container(width="content", horizontal=True):
            if last is not None and last.status is TalkStatus.WRITTEN:
                with st.popover("What was said"):
                    _turns(last.turns)
            if st.button("Start" if last is None else "Start again", type="primary", key="plan_talk_begin"):
                with shown():
                    planning.begin(state.services(), actor, project.id)
                    st.session_state.pop(FORM, None)
                    st.rerun()


@st.fragment
def _conversation(actor: Actor, project_id: str) -> None:
    with shown():
        talk = planning.latest(state.services(), actor, project_id)
        if talk is None or talk.status is not TalkStatus.OPEN:
            st.rerun()
        assert talk is not None
        now = planning.asked(state.services(), actor, talk)
        left, right = st.columns([3, 2], gap="large")
        with left:
            _head(actor, talk)
            _history(actor, talk)
            fresh, below = st.container(), st.container()
            with below:
                plan_talk_question.card(actor, now)
                if talk.topic is None and not talk.suggested:
                    plan_talk_draft.writing(actor, now)
                said = st.session_state.pop(SEND, None) or _line(talk)
            if said:
                with fresh:
                    _answer(actor, talk, str(said))
        with right:
            plan_talk_draft.panel(actor, now)


def _head(actor: Actor, talk: PlanTalk) -> None:
    who = assistant.who_answers(state.services(), actor)
    words = "Built-in questions, no language model." if who == RULES else f"{who} asks and proposes."
    done = len(talk.answered)
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.caption(f.safe(f"{words} {done} of {len(plan_words.TITLES)} answered."), width="content")
        with st.popover("More", width="content"):
            st.button("Fill in the form instead", key="plan_talk_to_form", on_click=_to_form, args=(talk.project_id,))
            if st.button("End without writing", key="plan_talk_leave"):
                planning.leave(state.services(), actor, talk)
                st.rerun()


def _to_form(project_id: str) -> None:
    st.session_state[FORM] = project_id


def _history(actor: Actor, talk: PlanTalk) -> None:
    earlier, recent = talk.turns[:-RECENT], talk.turns[-RECENT:]
    if earlier:
        with st.expander(f"Earlier ({len(earlier)})"):
            _turns(earlier)
    _turns(recent, Context(state.services(), actor, talk.project_id, page="plan"))


def _turns(turns: tuple[Turn, ...], context: Context | None = None) -> None:
    """``context`` is where acts that wait can be agreed to."""
    for turn in turns:
        mine = turn.voice is Voice.PERSON
        with st.chat_message("user" if mine else "assistant", avatar=PERSON if mine else ASSISTANT):
            st.markdown(f.safe(turn.text).replace("\n", "  \n"))
            if turn.note:
                st.caption(f":material/info: {f.safe(turn.note)}")
            if not mine and turn.by != RULES:
                st.caption(f.safe(_cost(turn)))
            for proposal_id in turn.proposals if context else ():
                assert context is not None
                act_that_waits(context, proposal_id)


def _cost(turn: Turn) -> str:
    money = "price not known" if turn.cost is None else f"${turn.cost:.4f}".rstrip("0").rstrip(".")
    return f"{turn.by} · {turn.input_tokens + turn.output_tokens:,} tokens · {f.duration(turn.seconds)} · {money}"


def _line(talk: PlanTalk) -> str | None:
    hint = "Or answer in words; “skip”, “back” and “why” work too" if talk.topic else "Anything else?"
    return st.chat_input(hint, key="plan_talk_line", max_chars=planning.LONGEST)


def _answer(actor: Actor, talk: PlanTalk, text: str) -> None:
    """Show the person's words and what streams in; what is kept is drawn again at the end."""
    context = Context(state.services(), actor, talk.project_id, page="plan")
    with st.chat_message("user", avatar=PERSON):
        st.markdown(f.safe(text))
    with st.chat_message("assistant", avatar=ASSISTANT):
        for _ in streamed(assistant.respond(context, talk, text)):
            pass
    st.rerun(scope="fragment")


def send(text: str) -> None:
    st.session_state[SEND] = text
