"""The planning conversation: what is asked, what was answered, and the draft plan that it fills."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from mmm_core.domain.conversation import Call
from mmm_core.domain.project import Precedent


class Topic(StrEnum):
    """Parts of a plan, in the order in which they are asked about; each is a field of ``DraftPlan``."""

    QUESTION = "question"
    TARGET = "target"
    CHANNELS = "channels"
    CONTROLS = "controls"
    HYPOTHESES = "hypotheses"
    PRECEDENTS = "precedents"
    DATA_NEEDED = "data_needed"
    EXPERIMENTS = "experiments"


@dataclass(frozen=True)
class Hypothesis:
    """What is believed to cause what; without cause and effect it is a sentence that no arrow can hold."""

    text: str
    """As it stands in the plan."""
    cause: str = ""
    effect: str = ""
    mechanism: str = ""
    lag_weeks: int = 0
    confidence: float = 0.5
    evidence: str = ""

    @property
    def is_arrow(self) -> bool:
        return bool(self.cause and self.effect)


@dataclass(frozen=True)
class DraftPlan:
    """The plan in the making; nothing of it is in the project's plan or diagram before a person writes it there."""

    question: str = ""
    target: str = ""
    channels: tuple[str, ...] = ()
    controls: tuple[str, ...] = ()
    hypotheses: tuple[Hypothesis, ...] = ()
    precedents: tuple[Precedent, ...] = ()
    data_needed: tuple[str, ...] = ()
    experiments: tuple[str, ...] = ()


@dataclass(frozen=True)
class Suggestion:
    """One item for the draft that somebody proposes, with the reason."""

    key: str
    """Unique among what is proposed at one time."""
    topic: Topic
    text: str
    """What a person reads and may change: a name, a sentence, the words of an arrow or of a precedent."""
    why: str = ""
    by: str = ""
    """Empty for the product's own rules; else provider and model."""
    advised: bool = True
    """Whether it is ticked before the person looks."""
    arrow: Hypothesis | None = None
    precedent: Precedent | None = None
    link: str = ""
    """Id of the project that it comes from."""


class Voice(StrEnum):
    PERSON = "person"
    ASSISTANT = "assistant"


@dataclass(frozen=True)
class Turn:
    """One thing that was said."""

    voice: Voice
    text: str
    """Plain words: whoever shows them makes them harmless."""
    at: datetime
    by: str
    """The person's name, 'rules', or provider and model."""
    topic: Topic | None = None
    note: str = ""
    input_tokens: int = 0
    output_tokens: int = 0
    seconds: float = 0.0
    cost: float | None = None
    proposals: tuple[str, ...] = ()
    """Ids of acts that wait for a yes: a question that would leave the machine."""
    calls: tuple[Call, ...] = ()
    """Tools that a language model called for it."""


class TalkStatus(StrEnum):
    OPEN = "open"
    WRITTEN = "written"
    """Its draft became the project's plan."""
    LEFT = "left"
    """Somebody began anew."""


@dataclass(frozen=True)
class PlanTalk:
    """A project's planning conversation: whoever may write the plan sees it and goes on with it."""

    id: str
    project_id: str
    number: int
    """One more with every change, so that two people do not overwrite each other."""
    status: TalkStatus
    topic: Topic | None
    """What is asked now; None once everything was asked."""
    draft: DraftPlan
    turns: tuple[Turn, ...]
    answered: tuple[Topic, ...]
    begun_by: str
    begun_at: datetime
    changed_at: datetime
    suggested: tuple[Suggestion, ...] = ()
    """What a language model proposed and nobody has decided on."""
    options: tuple[str, ...] = ()
    """Answers to choose from, where a language model asked."""
    wrote: str = ""
    """Id of the plan that it became."""


class PlanTalks(Protocol):
    def add(self, talk: PlanTalk) -> None:
        """Conflict where the project has an open one."""
        ...

    def latest(self, project_id: str) -> PlanTalk | None: ...
    def get(self, talk_id: str) -> PlanTalk: ...
    def put(self, talk: PlanTalk) -> None:
        """Keep the next state; Conflict unless ``number`` is one above the kept one's."""
        ...
