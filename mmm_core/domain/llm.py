"""Language models as the product sees them: what they are asked for, who answers, and what that cost."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from pydantic import BaseModel

from mmm_core.domain.identity import Actor


class Task(StrEnum):
    """Kinds of work that may go to different models."""

    CHAT = "chat"
    PLAN = "plan"
    JUDGE = "judge"
    WRITE = "write"
    RESEARCH = "research"


@dataclass(frozen=True)
class Choice:
    provider: str
    """Name of a configured provider: 'openai', 'anthropic', 'google', 'ollama', 'compatible'."""
    model: str

    def __str__(self) -> str:
        return f"{self.provider} · {self.model}"


@dataclass(frozen=True)
class Route:
    """Who answers a kind of task: the first, and where it fails the next. Names alone; a key is never part of it."""

    task: Task
    choices: tuple[Choice, ...]
    set_by: str = ""
    set_at: datetime | None = None


@dataclass(frozen=True)
class Price:
    """What a model costs the organisation, in US dollars per million tokens."""

    choice: Choice
    input: float
    output: float
    set_by: str = ""
    set_at: datetime | None = None

    def cost(self, input_tokens: int, output_tokens: int) -> float:
        return (self.input * input_tokens + self.output * output_tokens) / 1e6


class Ending(StrEnum):
    """How a call of a model ended."""

    ANSWERED = "answered"
    CACHED = "cached"
    TIMED_OUT = "timed out"
    RATE_LIMITED = "rate limited"
    SERVER_ERROR = "server error"
    UNREACHABLE = "unreachable"
    KEY_REFUSED = "key refused"
    BAD_REQUEST = "bad request"
    REFUSED = "refused"
    EMPTY = "empty answer"
    MALFORMED = "malformed answer"
    LOOPED = "endless loop"
    FAILED = "failed"


@dataclass(frozen=True)
class Usage:
    """One call of a model, as it is kept."""

    id: str
    at: datetime
    user_id: str
    project_id: str | None
    conversation_id: str | None
    task: Task
    provider: str
    model: str
    ending: Ending
    input_tokens: int
    output_tokens: int
    seconds: float
    cost: float | None
    """US dollars; None where the price of the model is not known."""


@dataclass(frozen=True)
class Spent:
    """Calls added up."""

    task: Task
    provider: str
    model: str
    calls: int
    failed: int
    input_tokens: int
    output_tokens: int
    seconds: float
    cost: float
    """Of the calls whose price is known."""
    unpriced: int
    """Calls that answered at a price that is not known."""


@dataclass(frozen=True)
class Answer:
    text: str
    choice: Choice
    usage: Usage


class LanguageModels(Protocol):
    """What other parts ask of a language model; the real one routes, retries, falls back, caches and counts."""

    def available(self, actor: Actor, task: Task) -> bool:
        """Whether anybody would answer; where not, the caller goes its own way without a model."""
        ...

    def ask(
        self, actor: Actor, task: Task, system: str, prompt: str, *, project_id: str | None = None, cached: bool = True
    ) -> Answer:
        """Free text; ModelFailed with one sentence where nobody gave a usable answer."""
        ...

    def ask_for[T: BaseModel](
        self, actor: Actor, task: Task, system: str, prompt: str, shape: type[T], *, project_id: str | None = None
    ) -> T:
        """An answer of a given shape; what does not fit it is asked again once, then ModelFailed."""
        ...


class Routes(Protocol):
    def get(self, task: Task) -> Route | None: ...
    def list(self) -> Sequence[Route]: ...
    def put(self, route: Route) -> None: ...
    def remove(self, task: Task) -> None: ...


class PriceList(Protocol):
    """Prices that administrators entered; they go before the operator's list."""

    def get(self, choice: Choice) -> Price | None: ...
    def list(self) -> Sequence[Price]: ...
    def put(self, price: Price) -> None: ...
    def remove(self, choice: Choice) -> None: ...


class UsageLog(Protocol):
    """Rows are added and read, never changed."""

    def add(self, usage: Usage) -> None: ...
    def of_conversation(self, conversation_id: str) -> Sequence[Usage]: ...
    def spent(self, since: datetime | None = None) -> Sequence[Spent]: ...


class AnswerCache(Protocol):
    """Answers of models by a digest of what was asked."""

    def get(self, key: str, not_before: datetime) -> str | None: ...
    def put(self, key: str, answer: str, at: datetime) -> None: ...
