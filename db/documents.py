"""Texts for retrieval, cut into passages with a vector each where a sentence model is at hand.

Vectors are compared exactly: an organisation's passages are thousands, and an approximate index would first find other
organisations' rows and then lose them to the policy.
"""

from typing import Any

from sqlalchemy import Connection, Text, cast, delete, func, select, text
from sqlalchemy.dialects.postgresql import TSQUERY

from db.codec import clean
from db.rows import Rows
from db.schema import documents as table
from db.schema import passages
from db.vectors import Vectors
from mmm_core.domain.identity import Actor
from mmm_core.domain.knowledge import Embedder
from mmm_core.domain.passages import cut

FUSION = 60
DEEP = 50
"""How many of each ranking enter the fusion."""


class Documents(Rows):
    def __init__(self, connection: Connection, actor: Actor, embedder: Embedder | None = None) -> None:
        super().__init__(connection, actor)
        self._vectors = Vectors(connection, actor, embedder)

    def put(
        self,
        kind: str,
        key: str,
        title: str,
        body: str,
        project_id: str | None,
        *,
        address: str = "",
        published: str = "",
    ) -> None:
        self._put(
            table,
            ("kind", "key"),
            {
                "kind": kind,
                "key": key,
                "project_id": project_id,
                "title": title,
                "body": body,
                "at": func.clock_timestamp(),
                "address": address,
                "published": published,
            },
        )
        write_passages(self, self._vectors, kind, key, title, body)

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
        distance = self._vectors.distance(query)
        if distance is None:
            return []
        nearest = func.min(distance)
        statement = (
            select(passages.c.kind, passages.c.key, passages.c.title)
            .where(self._vectors.comparable())
            .group_by(passages.c.kind, passages.c.key, passages.c.title)
            .order_by(nearest, passages.c.key)
        )
        return self._all(statement.limit(DEEP))


def write_passages(rows: Rows, vectors: Vectors, kind: str, key: str, title: str, body: str) -> None:
    """Take the place of a document's former passages."""
    connection, organisation = rows.place
    mine = (passages.c.kind == kind, passages.c.key == key)
    connection.execute(delete(passages).where(*mine))
    pieces = cut(clean(body)) or [""]
    made = vectors.of([f"{title}\n{piece}" for piece in pieces])
    connection.execute(
        passages.insert(),
        [
            {"organisation_id": organisation, "kind": kind, "key": key, "number": n, "title": title, "text": p, **v}
            for n, (p, v) in enumerate(zip(pieces, made, strict=True))
        ],
    )
