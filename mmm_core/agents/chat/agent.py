"""The assistant with a language model: LangChain's agent over the tools, its text let through by the gate.

The model sees results of tools and never a table or a key; it cannot name an organisation, confirm a proposal, or show
a figure that no result holds. Rounds and calls are counted, so that it ends.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog

from mmm_core.agents.chat.answers import harmless
from mmm_core.agents.chat.assistant import evidence_of
from mmm_core.agents.chat.figures import Evidence, Gate, Released
from mmm_core.agents.chat.routing import Counted, Limits, Routed
from mmm_core.agents.chat.talk import Again, Began, Draft, Event, Text, channels_before, facts_told
from mmm_core.agents.llm.gateway import About, Gateway
from mmm_core.agents.llm.providers import keep_to_ourselves
from mmm_core.agents.tools import registry
from mmm_core.agents.tools.kinds import Context, Result, Tool
from mmm_core.domain.conversation import Message, Speaker, to_record
from mmm_core.domain.errors import CarryoverError
from mmm_core.domain.llm import Task
from mmm_core.reports.number_names import NAMED
from mmm_core.use_cases import projects

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage
    from langchain_core.tools import BaseTool

log = structlog.get_logger(__name__)

PROMPT = Path(__file__).parent / "prompts" / "chat.md"
REMEMBERED = 12
"""Earlier messages that a model is handed."""
LONGEST_RESULT = 12_000
"""Characters of a tool's result."""
UNTRUSTED = frozenset(
    ("sample_rows", "get_top_values", "search_knowledge", "get_analysis_history", "list_reports", "list_scenarios",
     "inspect_data", "ask_user", "ask_user_to_choose", "look_up", "execute_query", "use_custom_tool",
     "list_custom_tools", "inspect_custom_tool")
)  # fmt: skip
"""Tools whose results hold texts that others wrote; no figure with a unit is believed from them."""


@dataclass(frozen=True)
class Kit:
    """What an assistant has: its instructions, its tools and how they are called, and which route answers."""

    prompt: Callable[[Context], str]
    tools: Callable[[], Sequence[Tool]] = registry.inventory
    call: Callable[[Context, str, Mapping[str, Any]], Result] = registry.call
    task: Task = Task.CHAT
    untrusted: frozenset[str] = UNTRUSTED


@dataclass
class Turn:
    """What happened while one message was answered."""

    context: Context
    evidence: Evidence
    draft: Draft
    limits: Limits
    kit: Kit
    queue: list[Event] = field(default_factory=list)
    question: str = ""

    def call(self, tool: Tool, arguments: dict[str, Any]) -> str:
        """Call a tool as the model asked; whatever goes wrong is a sentence that the model reads."""
        self.queue.append(Began(tool.name))
        self.limits.tool(tool.name, arguments)
        self.draft.tools = (*self.draft.tools, tool.name)
        try:
            result = self.kit.call(self.context, tool.name, arguments)
        except CarryoverError as error:
            return json.dumps({"error": str(error)}, ensure_ascii=False)
        except Exception as error:
            log.error("tool.failed", tool=tool.name, exc_info=error)
            return json.dumps({"error": "The tool failed on our side; it was logged."})
        self.take(tool, result)
        return json.dumps(result.said, ensure_ascii=False, default=str)[:LONGEST_RESULT]

    def take(self, tool: Tool, result: Result) -> None:
        self.evidence.add(result.facts, result.said, trusted=tool.name not in self.kit.untrusted)
        self.draft.changes = tuple(to_record(c) for c in result.changes) or self.draft.changes
        if result.proposal:
            self.draft.proposals = (*self.draft.proposals, result.proposal)
        if result.ends_turn:
            self.question = result.question
            self.draft.asks, self.draft.options, self.draft.unclear = True, result.options, result.unclear
            self.limits.ended = True


def stream(
    gateway: Gateway, context: Context, text: str, before: Sequence[Message], kit: Kit | None = None
) -> Iterator[Event | Draft]:
    """Answer with a language model; ModelFailed where nobody gives a usable answer."""
    kit = kit or Kit(_prompt)
    keep_to_ourselves()
    context = replace(context, before=channels_before(before), told=facts_told(before))
    turn = Turn(context, _evidence(context, before), Draft(said=text), Limits(), kit)
    about = About(context.actor, kit.task, context.project_id, context.conversation_id)
    routed = Routed(gateway, about, turn.limits, turn.queue)
    told = _Told(turn.evidence, text)
    for kind, piece in _run(turn, routed, text, before):
        turn.limits.in_time(routed.name_of_last)
        for event in _drained(turn):
            yield Again(told.back()) if isinstance(event, Again) else event
        yield from told.end(more=bool(piece)) if kind == "end" else told.feed(piece)
    yield from _drained(turn)
    yield from _question(turn, told.shown)
    yield _finished(turn, routed.counted, told)


class _Told:
    """What the person has been shown of an answer, and how much of it stands."""

    def __init__(self, evidence: Evidence, asked: str) -> None:
        self._evidence, self._asked = evidence, asked
        self._gate = Gate(evidence, asked)
        self.shown = self._stands = ""
        self.withheld: list[str] = []
        self._standing = 0
        self.named = self._named = 0

    def feed(self, piece: str) -> Iterator[Text]:
        yield from self._let(self._gate.feed(piece))

    def end(self, *, more: bool) -> Iterator[Text]:
        """A message of the model is whole; what it says before it calls a tool is a paragraph of its own."""
        yield from self._let(self._gate.close())
        if more and self.shown.strip():
            yield from self._let([Released("\n\n")])
        self._stands, self._standing, self._named = self.shown, len(self.withheld), self.named

    def back(self) -> str:
        """Forget what an answer that failed has said."""
        self._gate = Gate(self._evidence, self._asked)
        self.shown, self.withheld, self.named = self._stands, self.withheld[: self._standing], self._named
        return self.shown

    def _let(self, released: Iterable[Released]) -> Iterator[Text]:
        for one in released:
            text = harmless(one.text)
            self.shown += text
            self.withheld += one.withheld
            self.named += one.named
            yield Text(text)


def _question(turn: Turn, shown: str) -> Iterator[Event]:
    if turn.question:
        yield Text(("\n\n" if shown.strip() else "") + harmless(turn.question))


def _finished(turn: Turn, counted: Counted, told: _Told) -> Draft:
    draft, shown, withheld = turn.draft, told.shown, told.withheld
    asked = harmless(turn.question) if turn.question else ""
    draft.text = "\n\n".join(part for part in (shown.strip(), asked) if part)
    draft.facts = tuple(turn.evidence.facts.values())[-80:]
    draft.by, draft.notes = counted.by, [*counted.notes]
    draft.input_tokens, draft.output_tokens = counted.input_tokens, counted.output_tokens
    draft.seconds, draft.cost = counted.seconds, counted.cost
    if withheld:
        draft.notes.append(
            "A figure was withheld: no result holds it."
            if len(withheld) == 1
            else f"{len(withheld)} figures were withheld: no result holds them."
        )
    if told.named:
        draft.notes.append(NAMED)
    return draft


def _drained(turn: Turn) -> Iterator[Event]:
    while turn.queue:
        yield turn.queue.pop(0)


def _run(turn: Turn, routed: Routed, text: str, before: Sequence[Message]) -> Iterator[tuple[str, str]]:
    """('token', text) as the model speaks; ('end', 'more' or '') after each of its messages."""
    from langchain.agents import create_agent
    from langchain_core.language_models.fake_chat_models import FakeListChatModel
    from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage

    from mmm_core.agents.llm.failures import text_of

    # The model that the graph is built with is never asked: each call is routed anew.
    graph = create_agent(
        FakeListChatModel(responses=[""]),
        [_as_langchain(turn, tool) for tool in turn.kit.tools()],
        system_prompt=turn.kit.prompt(turn.context),
        middleware=[routed],
    )
    messages: list[BaseMessage] = [*_history(before), HumanMessage(text)]
    config: Any = {"recursion_limit": 100}
    streamed = False
    for mode, value in graph.stream({"messages": messages}, config, stream_mode=["messages", "updates"]):  # type: ignore[call-overload]
        if mode == "messages":
            message = value[0]
            if isinstance(message, AIMessageChunk):
                piece = text_of(message)
                streamed = streamed or bool(piece)
                yield "token", piece
        elif "model" in value:
            for message in (value["model"] or {}).get("messages", []):
                if isinstance(message, AIMessage):
                    if not streamed:
                        yield "token", text_of(message)
                    yield "end", "more" if message.tool_calls else ""
            streamed = False
        else:
            yield "token", ""


def _as_langchain(turn: Turn, tool: Tool) -> BaseTool:
    from langchain_core.tools import StructuredTool

    def run(**arguments: Any) -> str:
        return turn.call(tool, {k: v.model_dump() if hasattr(v, "model_dump") else v for k, v in arguments.items()})

    return StructuredTool.from_function(
        run, name=tool.name, description=tool.says, args_schema=tool.arguments, handle_validation_error=_misfit
    )


def _misfit(_: Any) -> str:
    return json.dumps({"error": "The arguments do not fit; look at the tool's fields."})


def _prompt(context: Context) -> str:
    project, state = "none is open", "no project"
    if context.project_id is not None:
        project = projects.get_project(context.services, context.actor, context.project_id).name
        now = projects.stamp(context.services, context.actor, context.project_id)
        state = f"data through {now.data_through}, " if now.data_through else "no data yet, "
        state += f"model of {now.model_of}" if now.model_of else "no model yet"
    quoted = json.dumps(project[:80], ensure_ascii=False)
    return PROMPT.read_text(encoding="utf-8").format(project=quoted, page=context.page or "home", state=state)


def _history(before: Sequence[Message]) -> list[BaseMessage]:
    from langchain_core.messages import AIMessage, HumanMessage

    return [
        HumanMessage(m.text) if m.speaker is Speaker.PERSON else AIMessage(m.text[:2000]) for m in before[-REMEMBERED:]
    ]


def _evidence(context: Context, before: Sequence[Message]) -> Evidence:
    """What earlier results of this conversation hold still counts."""
    evidence = evidence_of(context)
    for message in before[-REMEMBERED:]:
        if message.speaker is Speaker.ASSISTANT:
            evidence.add(message.facts, message.text if message.by == "rules" else "", trusted=True)
    return evidence
