"""The assistant beside every page: a column of its own where there is room, above the page on a phone."""

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from mmm_core.agents.chat import answers, assistant
from mmm_core.agents.chat.talk import RULES, Done
from mmm_core.agents.tools.kinds import Context
from mmm_core.domain.conversation import Conversation, Message
from mmm_core.domain.identity import Actor
from mmm_core.domain.ports import Services
from mmm_core.reports import wording as f
from mmm_core.use_cases import conversations, fits, transcripts
from mmm_core.use_cases.fits import Fitted
from pages.ui import chat_message, state
from pages.ui.errors import shown
from pages.ui.palette import scheme

OPEN = "chat_open"
SEND = "chat_send"
WHICH = "chat_conversation"
NEW = "new"

_CSS = """<style>
.st-key-chat_toggle{position:fixed;top:.7rem;right:4.2rem;z-index:999991;width:auto!important}
.st-key-chat_toggle button{min-height:2rem;padding:.1rem .8rem;background:PAPER}
.st-key-chat{background:PAPER;gap:.5rem}
.st-key-chat [data-testid="stChatMessage"]{padding:.35rem .1rem;gap:.5rem}
.st-key-chat [data-testid="stChatMessage"] p,.st-key-chat [data-testid="stChatMessage"] li{font-size:.92rem}
.st-key-chat_history{overflow-x:hidden}
.st-key-chat_head p{margin:0}
@media (min-width:1100px){
  .st-key-chat{position:fixed;top:3.75rem;right:0;bottom:0;width:26rem!important;z-index:99;padding:.8rem 1rem;
    border-left:1px solid rgba(128,128,128,.25)}
  [data-testid="stLayoutWrapper"]:has(>.st-key-chat_history),.st-key-chat_history{
    height:calc(100dvh - 12.5rem)!important}
  [data-testid="stMain"]:has(.st-key-chat) .stMainBlockContainer{margin-right:26rem;max-width:calc(100% - 26rem)}
}
@media (max-width:767px){
  .stApp:has([data-testid="stSidebar"][data-collapsed="false"]) .st-key-chat_toggle{display:none}
}
@media (max-width:1099px){
  .st-key-chat{border:1px solid rgba(128,128,128,.25);border-radius:.6rem;padding:.6rem .7rem;margin-bottom:.6rem}
  .st-key-chat_history{max-height:55vh;height:auto!important}
}
</style>"""


def draw(actor: Actor, page: str) -> None:
    """The button in the header's empty strip and, where it is open, the panel."""
    st.html(_CSS.replace("PAPER", scheme().paper))
    opened = bool(st.session_state.get(OPEN))
    with st.container(key="chat_toggle"):
        st.button("Close" if opened else "Ask", key="chat_button", icon=":material/forum:", on_click=_toggle)
    if opened:
        with st.container(key="chat"):
            _panel(actor, page)


def _toggle() -> None:
    st.session_state[OPEN] = not st.session_state.get(OPEN)


@st.fragment
def _panel(actor: Actor, page: str) -> None:
    chat_message.turn_to_where_it_applies()
    with shown():
        project = state.open_project(actor)
        context = Context(state.services(), actor, project.id if project else None, page=page, load=_Memory())
        talk = _talk(context)
        _head(context, talk)
        history = st.container(key="chat_history", height=420, border=False)
        typed = st.chat_input("Ask, or say what to change", key="chat_input", max_chars=conversations.LONGEST)
        said = st.session_state.pop(SEND, None) or typed
        found = conversations.messages(context.services, actor, talk.id) if talk else ()
        with history:
            _history(context, found, asked=bool(said))
            if said:
                _answer(context, talk, str(said))


class _Memory:
    """Keeps a model's draws for one run of the script; tools of an agent run in threads that no page cache knows."""

    def __init__(self) -> None:
        self._kept: dict[str, Fitted] = {}

    def __call__(self, services: Services, actor: Actor, run_id: str) -> Fitted:
        if run_id not in self._kept:
            in_script = st.runtime.scriptrunner.get_script_run_ctx(suppress_warning=True) is not None
            self._kept[run_id] = state.fitted(actor, run_id) if in_script else fits.load_fitted(services, actor, run_id)
        return self._kept[run_id]


def _talk(context: Context) -> Conversation | None:
    """The conversation that is open: the one chosen, else the person's newest about this project."""
    known = conversations.list_conversations(context.services, context.actor, context.project_id)
    chosen = st.session_state.get(WHICH)
    if chosen == (NEW, context.project_id):
        return None
    return next((c for c in known if c.id == chosen), known[0] if known else None)


def _head(context: Context, talk: Conversation | None) -> None:
    who = assistant.who_answers(context.services, context.actor)
    with st.container(key="chat_head", horizontal=True, vertical_alignment="center"):
        words = "Built-in rules answer, no language model." if who == RULES else f"{who} answers."
        st.caption(f.safe(words), width="stretch")
        with st.popover("Talks", icon=":material/history:"):
            _talks(context, talk)


def _talks(context: Context, talk: Conversation | None) -> None:
    st.button("New conversation", key="chat_new", on_click=_choose, args=((NEW, context.project_id),))
    for one in conversations.list_conversations(context.services, context.actor, context.project_id)[:8]:
        label = f"{f.safe(one.title)}  :gray[{f.moment(one.updated_at)}]"
        st.button(label, key=f"chat_talk_{one.id}", type="tertiary", on_click=_choose, args=(one.id,))
    if talk:
        st.download_button(
            "Download (JSON)",
            lambda: transcripts.as_json(transcripts.transcript(context.services, context.actor, talk.id)),
            file_name=f"talk-{talk.id[:8]}.json",
            mime="application/json",
            key="chat_download",
            type="tertiary",
        )
    if talk and st.button("Forget this conversation", key="chat_forget", type="tertiary"):
        conversations.forget(context.services, context.actor, talk.id)
        st.session_state.pop(WHICH, None)
        st.rerun(scope="fragment")


def _choose(which: object) -> None:
    st.session_state[WHICH] = which


def _history(context: Context, found: Sequence[Message], *, asked: bool) -> None:
    if not found and not asked:
        st.markdown(":gray[Ask about the data, the model or a number, or say what to change.]")
        for place, words in enumerate(answers.SUGGESTIONS):
            st.button(words, key=f"chat_suggest_{place}", on_click=send, args=(words,))
    for message in found:
        chat_message.draw(context, message, live=message is found[-1] and not asked)


def send(text: str) -> None:
    st.session_state[SEND] = text


def _answer(context: Context, talk: Conversation | None, text: str) -> None:
    """Show the person's words, then the answer as it comes; what is kept is drawn again at the end."""
    with st.chat_message("user", avatar=chat_message.PERSON):
        st.markdown(f.safe(text))
    place = replace(context, conversation_id=talk.id if talk else None)
    with st.chat_message("assistant", avatar=chat_message.ASSISTANT):
        for event in chat_message.streamed(assistant.respond(place, text)):
            if isinstance(event, Done):
                st.session_state[WHICH] = event.message.conversation_id
    st.rerun(scope="fragment")
