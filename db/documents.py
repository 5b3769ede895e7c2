"""Texts for retrieval: Postgres full text, and a vector beside it where an embedder is set.

Both rankings are combined by reciprocal rank fusion. Vectors are compared exactly: an organisation's documents are
thousands, and an approximate index would first find other organisations' rows and then lose them to the policy.
"""

from collections.abc import Sequence
from typing import Any, Protocol

from sqlalchemy import Connection, Text, cast, func, select, text
from sqlalchemy.dialects.postgresql import TSQUERY

from db.codec import clean
from db.rows import Rows
from db.schema import DIMENSIONS
from db.schema import documents as table
from mmm_core.domain.identity import Actor

FUSION = 60
DEEP = 50
"""How many of each ranking enter the fusion."""


class Embedder(Protocol):
    """Turns text into vectors of 384 numbers; vectors of different ``name`` are never compared."""

    @property
    def name(self) -> str: ...

    def embed(self, texts: Sequence[str]) -> "list[list[float]]": ...


class Documents(Rows):
    def __init__(self, connection: Connection, actor: Actor, embedder: Embedder | None = None) -> None:
        super().__init__(connection, actor)
        self._embedder = embedder

    def put(self, kind: str, key: str, title: str, body: str, project_id: str | None) -> None:
        vector = self._vector(f"{title}\n{body}")
        self._put(
            table,
            ("kind", "key"),
            {
                "kind": kind,
                "key": key,
                "project_id": project_id,
                "title": title,
                "body": body,
                "embedder": self._embedder.name if self._embedder and vector else None,
                "embedding": vector,
                "at": func.clock_timestamp(),
            },
        )

    def search(self, query: str, limit: int) -> "list[tuple[str, str, str]]":
        scores: dict[tuple[str, str, str], float] = {}
        for ranking in (self._by_words(query), self._by_meaning(query)):
            for place, row in enumerate(ranking):
                found = (row.kind, row.key, row.title)
                scores[found] = scores.get(found, 0.0) + 1.0 / (FUSION + place)
        best = sorted(scores, key=lambda found: (-scores[found], found))
        return best[:limit]

    def _by_words(self, query: str) -> list[Any]:
        """Any of the words counts: a question rarely holds just the words of its answer."""
        every = cast(func.plainto_tsquery(text("'english'"), clean(query)), Text)
        wanted = cast(func.replace(every, "&", "|"), TSQUERY)
        rank = func.ts_rank_cd(table.c.search, wanted)
        statement = (
            select(table.c.kind, table.c.key, table.c.title)
            .where(table.c.search.op("@@")(wanted))
            .order_by(rank.desc(), table.c.at.desc(), table.c.key)
        )
        return self._all(statement.limit(DEEP))

    def _by_meaning(self, query: str) -> list[Any]:
        vector = self._vector(query)
        if vector is None or self._embedder is None:
            return []
        statement = (
            select(table.c.kind, table.c.key, table.c.title)
            .where(table.c.embedder == self._embedder.name)
            .order_by(table.c.embedding.cosine_distance(vector), table.c.key)
        )
        return self._all(statement.limit(DEEP))

    def _vector(self, words: str) -> list[float] | None:
        if self._embedder is None or not words.strip():
            return None
        (vector,) = self._embedder.embed([words])
        if len(vector) != DIMENSIONS:
            raise ValueError(f"{self._embedder.name} gave {len(vector)} numbers instead of {DIMENSIONS}")
        return vector
