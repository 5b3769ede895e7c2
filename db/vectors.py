"""Vectors beside passages: which model made them, and how near a question is to each."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection

from db.rows import Rows
from db.schema import passages
from mmm_core.domain.identity import Actor
from mmm_core.domain.knowledge import Embedder

NONE: dict[str, Any] = {"embedder": None, "dimensions": None, "embedding": None}


class Vectors(Rows):
    """Empty answers where no sentence model is at hand."""

    def __init__(self, connection: Connection, actor: Actor, embedder: Embedder | None) -> None:
        super().__init__(connection, actor)
        self._embedder = embedder
        self._asked: dict[str, list[float]] = {}

    @property
    def model(self) -> str | None:
        return self._embedder.name if self._embedder else None

    def of(self, texts: Sequence[str]) -> list[dict[str, Any]]:
        """The three columns of each text."""
        if self._embedder is None:
            return [NONE] * len(texts)
        given = [n for n, t in enumerate(texts) if t.strip()]
        made = dict(zip(given, self._embedder.embed([texts[n] for n in given]), strict=True))
        name = self._embedder.name
        return [
            {"embedder": name, "dimensions": len(made[n]), "embedding": made[n]} if n in made else NONE
            for n in range(len(texts))
        ]

    def distance(self, question: str) -> ColumnElement[float] | None:
        """Cosine distance of each passage; None where there is nothing to compare."""
        if self._embedder is None or not question.strip():
            return None
        if question not in self._asked:
            (self._asked[question],) = self._embedder.embed([question])
        found: ColumnElement[float] = passages.c.embedding.cosine_distance(self._asked[question])
        return found

    def comparable(self) -> ColumnElement[bool]:
        return passages.c.embedder == self.model
