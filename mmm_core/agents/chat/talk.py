"""What both assistants share: the events of an answer, and what a conversation has said so far."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from mmm_core.domain.conversation import Message, Speaker, from_record
from mmm_core.domain.instructions import Reading
from mmm_core.domain.report import Fact
from mmm_core.grammar import channels_of

RULES = "rules"
"""Who answers where no language model does."""


@dataclass(frozen=True)
class Text:
    """A piece of the answer that may be shown."""

    text: str


@dataclass(frozen=True)
class Began:
    """A tool is being called."""

    tool: str


@dataclass(frozen=True)
class Again:
    """What was shown of this answer after ``keep`` is void: another try or another model begins anew."""

    keep: str = ""


@dataclass(frozen=True)
class Done:
    """The answer as it is kept."""

    message: Message


Event = Text | Began | Again | Done


@dataclass
class Draft:
    """An answer in the making."""

    text: str = ""
    by: str = RULES
    said: str = ""
    changes: tuple[dict[str, Any], ...] = ()
    options: tuple[str, ...] = ()
    asks: bool = False
    unclear: str = ""
    places: tuple[str, ...] = ()
    routed: str = ""
    proposals: tuple[str, ...] = ()
    facts: tuple[Fact, ...] = ()
    tools: tuple[str, ...] = ()
    notes: list[str] = field(default_factory=list)
    input_tokens: int = 0
    output_tokens: int = 0
    seconds: float = 0.0
    cost: float | None = None


def channels_before(messages: Sequence[Message]) -> tuple[str, ...]:
    """Channels of the last changes that were understood: what 'it' and 'both' mean next."""
    for message in reversed(messages):
        if message.changes:
            return channels_of(Reading(tuple(from_record(c) for c in message.changes)))
    return ()


def facts_told(messages: Sequence[Message]) -> tuple[Fact, ...]:
    """Numbers that earlier answers rest on; of two with one key the later one."""
    found = {f.key: f for m in messages for f in m.facts}
    return tuple(found.values())


def sentence_before(messages: Sequence[Message]) -> str:
    """The last sentence that was understood as changes: what 'the same' means next."""
    return next((m.said for m in reversed(messages) if m.changes and m.said), "")


def meant(messages: Sequence[Message], text: str) -> str:
    """What an answer to the question that was asked back stands for: a choice takes the place of what was unclear."""
    asked = messages[-1] if messages else None
    if asked is None or asked.speaker is not Speaker.ASSISTANT:
        return text
    said = text.strip().rstrip(".!").casefold()
    option = next((o for o in asked.options if o.casefold() == said), None)
    return text if option is None else chosen(asked, option)


def chosen(message: Message, option: str) -> str:
    """The sentence that an answer makes: it takes the place of what was unclear."""
    place = message.said.casefold().find(message.unclear.casefold()) if message.unclear else -1
    if place < 0:
        return option
    return message.said[:place] + option + message.said[place + len(message.unclear) :]
