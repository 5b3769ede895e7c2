"""What an organisation knows, in pieces that can be found again, and how much of it a model is handed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class Embedder(Protocol):
    """Turns text into vectors; those of different ``name`` are never compared."""

    @property
    def name(self) -> str: ...

    def embed(self, texts: Sequence[str]) -> list[list[float]]: ...


@dataclass(frozen=True)
class Document:
    kind: str
    """'plan', 'dataset', 'model', 'report', 'decision', 'scenario', 'note', 'research', ..."""
    key: str
    title: str
    body: str
    project_id: str | None
    """None for what belongs to the whole organisation."""
    at: datetime
    address: str = ""
    """Where on the web it was read; text with an address was written by strangers."""
    published: str = ""
    """When, as the search provider said it; ``at`` is when it was kept."""


@dataclass(frozen=True)
class Passage:
    """One piece of a document, or a node of the graph in words."""

    kind: str
    key: str
    number: int
    title: str
    text: str
    project_id: str | None
    at: datetime
    address: str = ""
    published: str = ""

    @property
    def document(self) -> tuple[str, str]:
        return self.kind, self.key


class Route(StrEnum):
    """A way on which a passage is found."""

    MEANING = "meaning"
    WORDS = "words"
    GRAPH = "graph"


@dataclass(frozen=True)
class Found:
    """A document with its best passages first."""

    passages: tuple[Passage, ...]
    score: float
    routes: tuple[Route, ...]

    @property
    def best(self) -> Passage:
        return self.passages[0]


class Phase(StrEnum):
    """What the knowledge is wanted for."""

    PLAN = "plan"
    DATA = "data"
    MODEL = "model"
    INTERPRET = "interpret"
    CHAT = "chat"


@dataclass(frozen=True)
class Retrieved:
    """What a model is handed: passages with their headings, within ``budget`` tokens."""

    phase: Phase
    budget: int
    used: int
    passages: tuple[Passage, ...]
    text: str


class Knowledge(Protocol):
    """Three rankings of what the organisation knows; documents of other projects only where ``project_id`` is None."""

    def by_meaning(self, question: str, limit: int, project_id: str | None) -> Sequence[Passage]:
        """Nearest vectors; empty where no sentence model is at hand."""
        ...

    def by_words(self, question: str, limit: int, project_id: str | None) -> Sequence[Passage]:
        """Full text, rare words first."""
        ...

    def by_graph(self, question: str, limit: int, project_id: str | None) -> Sequence[Passage]:
        """What is near the things that the question names."""
        ...

    def get(self, kind: str, key: str) -> Document: ...
    def list(self, project_id: str | None, kinds: Sequence[str], limit: int) -> Sequence[Document]:
        """Newest first; every project's where ``project_id`` is None."""
        ...

    def remove(self, kind: str, key: str) -> None: ...
    def index(self, limit: int) -> int:
        """Cut and embed documents that the present sentence model has not seen; how many there were."""
        ...
