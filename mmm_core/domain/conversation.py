"""Conversations with the assistant, and the actions that it proposes and a person decides on."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from mmm_core.domain.instructions import (
    Add,
    Change,
    Hold,
    Length,
    Limit,
    Move,
    Multiply,
    Optimise,
    Per,
    SetTo,
    Total,
)
from mmm_core.domain.report import Fact

CHANGES = {kind.__name__.lower(): kind for kind in (Multiply, Add, SetTo, Move, Hold, Limit, Total, Length, Optimise)}


class Speaker(StrEnum):
    PERSON = "person"
    ASSISTANT = "assistant"


@dataclass(frozen=True)
class Conversation:
    """One person's talk about one project, or about none yet."""

    id: str
    project_id: str | None
    user_id: str
    title: str
    created_at: datetime
    updated_at: datetime
    remote: str | None = None
    """What a program calls it that talks on the person's behalf; None of one that the person leads."""


@dataclass(frozen=True)
class Call:
    """One call of a tool, so that it can be seen later what an answer rests on."""

    tool: str
    arguments: dict[str, Any]
    result: str
    """The beginning of what it said, as JSON."""
    digest: str
    """SHA-256 of all that it said."""
    milliseconds: int
    failed: bool = False


@dataclass(frozen=True)
class Message:
    id: str
    conversation_id: str
    number: int
    speaker: Speaker
    text: str
    """Markdown of ours; names in it are made harmless already."""
    at: datetime
    by: str
    """Who said it: the person's name, 'rules', or provider and model."""
    page: str = ""
    """The page that was open."""
    said: str = ""
    """The person's own sentence that an answer is about."""
    changes: tuple[dict[str, Any], ...] = ()
    """Changes of a plan to look at before they run, as ``to_record`` writes them."""
    options: tuple[str, ...] = ()
    """Answers to choose from, where something is asked back."""
    unclear: str = ""
    """The part of ``said`` that an option stands for; empty where options are whole sentences."""
    places: tuple[str, ...] = ()
    """Pages that the message may belong to, where the assistant itself has no answer."""
    routed: str = ""
    """The routing behind ``places``, which learns where the person goes."""
    proposals: tuple[str, ...] = ()
    """Ids of proposed actions that wait for the person."""
    facts: tuple[Fact, ...] = ()
    """The stored numbers that the answer rests on."""
    tools: tuple[str, ...] = ()
    """Names of the tools that were called, in order."""
    calls: tuple[Call, ...] = ()
    """The same calls with their arguments, results and times."""
    asks: bool = False
    """Whether it asks the person back; ``options`` may hold answers."""
    note: str = ""
    """What the product has to say about the answer: a fallback, figures withheld."""
    input_tokens: int = 0
    output_tokens: int = 0
    seconds: float = 0.0
    cost: float | None = None


class ProposalStatus(StrEnum):
    WAITING = "waiting"
    CONFIRMED = "confirmed"
    """A person said yes; it is being carried out."""
    DONE = "done"
    DECLINED = "declined"
    FAILED = "failed"


@dataclass(frozen=True)
class Proposal:
    """An act that a tool would carry out; it runs only when a person confirms it, and once."""

    id: str
    conversation_id: str | None
    project_id: str | None
    user_id: str
    tool: str
    arguments: dict[str, Any]
    title: str
    lines: tuple[str, ...]
    """What it will change, line by line."""
    status: ProposalStatus
    created_at: datetime
    decided_by: str | None = None
    decided_at: datetime | None = None
    outcome: str = ""
    """One sentence on what came of it."""


class Conversations(Protocol):
    """Of the acting person alone: nobody reads another's."""

    def add(self, conversation: Conversation) -> None: ...
    def get(self, conversation_id: str) -> Conversation: ...
    def list(self, project_id: str | None) -> Sequence[Conversation]:
        """Those that the person leads, newest first."""
        ...

    def of_program(self, project_id: str | None, remote: str) -> Conversation | None: ...
    def newest_of_program(self, remote: str) -> Conversation | None:
        """Whichever project it is about."""
        ...

    def delete(self, conversation_id: str) -> None: ...
    def say(self, message: Message) -> None:
        """Keep a message as the conversation's next."""
        ...

    def messages(self, conversation_id: str) -> Sequence[Message]: ...


class Proposals(Protocol):
    def add(self, proposal: Proposal) -> None: ...
    def get(self, proposal_id: str) -> Proposal: ...
    def waiting(self, project_id: str | None) -> Sequence[Proposal]: ...
    def decide(self, proposal: Proposal) -> None:
        """Move it on from WAITING, once; Conflict where somebody was faster."""
        ...

    def conclude(self, proposal_id: str, status: ProposalStatus, outcome: str) -> None:
        """Say what came of a decided one."""
        ...


def to_record(change: Change) -> dict[str, Any]:
    values = {k: v.value if isinstance(v, Per) else v for k, v in asdict(change).items()}
    return {"change": type(change).__name__.lower(), **values}


def from_record(record: dict[str, Any]) -> Change:
    values: dict[str, Any] = {k: Per(v) if k in ("per", "unit") else v for k, v in record.items() if k != "change"}
    made: Change = CHANGES[record["change"]](**values)
    return made
