"""Who should answer a message: a role with its page, or nobody in particular."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class Place(StrEnum):
    PLAN = "plan"
    DATA = "data"
    MODEL = "model"
    WHAT_IF = "what_if"
    REPORT = "report"
    RESEARCH = "research"
    """Background from the web and from what is kept."""
    ANALYSIS = "analysis"
    """Code on the project's data, and tools made of it."""
    TEAM = "team"
    """People, permissions, settings, the audit trail."""
    UNSURE = "unsure"
    """Nobody should claim it: the person is asked."""


@dataclass(frozen=True)
class Routing:
    place: Place
    confidence: float
    """Of the likeliest place, 0 to 1."""
    candidates: tuple[Place, ...]
    """Likeliest first; what a person is offered where the answer is unsure."""
    by: str
    """'sentences' or 'rules'."""


@dataclass(frozen=True)
class Example:
    """A message and where it belonged."""

    text: str
    place: Place


@dataclass(frozen=True)
class Routed:
    """A message of the organisation's history."""

    id: str
    text: str
    routing: Routing
    went_to: Place | None
    """Where the person went with it or said it belongs; None until somebody did."""
    at: datetime


class Router(Protocol):
    def route(self, text: str, learnt: bytes | None = None) -> Routing:
        """Place a message, with what an organisation has taught the router if anything."""
        ...

    def learn(self, examples: Sequence[Example]) -> bytes:
        """Train on the product's own examples and these; Unavailable where there is no sentence model."""
        ...


class Routings(Protocol):
    """The organisation's messages, and what the router learnt from them."""

    def add(self, routed: Routed) -> None: ...
    def get(self, routed_id: str) -> Routed: ...
    def settle(self, routed_id: str, place: Place) -> None: ...
    def settled(self) -> Sequence[Example]: ...
    def learnt(self) -> bytes | None: ...
    def keep_learnt(self, weights: bytes, examples: int, at: datetime) -> None: ...
