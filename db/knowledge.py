"""Three rankings of what an organisation knows: vectors, words, and what is near in the graph."""

import re
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, delete, or_, select, text, tuple_

from db import schema
from db.codec import clean, decode_plain
from db.documents import write_passages
from db.rows import Many, Rows, missing
from db.vectors import Vectors
from mmm_core.domain.identity import Actor
from mmm_core.domain.knowledge import Document, Embedder, Passage

NEAR = 0.15
"""Passages of a smaller cosine similarity have nothing to do with the question."""
FADES = 0.5
"""What a step along an edge leaves of a node's weight."""
STEPS = 3
WAYS_ONLY = ("variable", "project")
"""One walks through these; what they hold is a role or a name."""
ASKED_KINDS = {
    "decision": "decision", "decide": "decision", "decided": "decision", "why": "decision", "became": "decision",
    "approved": "decision", "rejected": "decision", "chose": "decision", "reason": "decision",
    "plan": "plan", "model": "model", "fit": "model", "file": "dataset", "data": "dataset", "table": "dataset",
    "scenario": "scenario", "tried": "scenario", "study": "study", "studies": "study", "test": "study",
    "report": "report", "note": "note", "notes": "note", "source": "research", "sources": "research",
    "research": "research", "drives": "causal_variable", "causes": "causal_variable", "affects": "causal_variable",
}  # fmt: skip
"""Words of a question that say which sort of thing would answer it."""
ASKED_FOR = 2.0
"""How much more such a thing counts than others as near."""
QUIET_NODES = ("metric", "file")
"""There are hundreds, and a figure is asked from the metrics themselves."""

WORDS = text("""
    WITH asked AS (
      SELECT lexeme FROM unnest(to_tsvector('english', :question)) WHERE lexeme !~ '[\\\\'']'
    ), hits AS (
      SELECT p.kind, p.key, p.number, a.lexeme, ts_rank(p.search, ('''' || a.lexeme || '''')::tsquery, 1) AS rank
        FROM asked a
        JOIN carryover.passages p ON p.search @@ ('''' || a.lexeme || '''')::tsquery
        JOIN carryover.documents d USING (organisation_id, kind, key)
       WHERE CAST(:project AS text) IS NULL OR d.project_id IS NULL OR d.project_id = :project
    ), rarity AS (
      SELECT lexeme, ln(1 + (SELECT count(*) FROM carryover.passages)::float / count(*)) AS weight
        FROM hits GROUP BY lexeme
    )
    SELECT kind, key, number, sum(weight * (0.2 + rank)) AS score
      FROM hits JOIN rarity USING (lexeme) GROUP BY kind, key, number ORDER BY score DESC, kind, key, number LIMIT :most
""")
"""Rare words count more, which the ranks that come with Postgres do not know."""

NAMED = text("""
    SELECT n.id, v.lexeme
      FROM carryover.nodes n, unnest(to_tsvector('english', translate(n.label, '_-.:', '    '))) v
     WHERE v.lexeme IN (SELECT lexeme FROM unnest(to_tsvector('english', translate(:question, '_-.:', '    '))))
       AND n.kind <> ALL(:quiet) AND (CAST(:project AS text) IS NULL OR n.project_id = :project)
""")

WALK = text("""
    WITH RECURSIVE walk (start, id, depth) AS (
        SELECT id, id, 0 FROM carryover.nodes WHERE id = ANY(:starts)
      UNION
        SELECT w.start, CASE WHEN e.source_id = w.id THEN e.target_id ELSE e.source_id END, w.depth + 1
          FROM walk w
          JOIN carryover.nodes n ON n.id = w.id AND (n.kind <> 'project' OR w.depth = 0)
          JOIN carryover.edges e ON e.source_id = w.id OR e.target_id = w.id
         WHERE w.depth < :steps
    )
    SELECT w.start, w.id, w.depth, n.kind, n.key, n.label, n.properties, n.project_id, n.updated_at
      FROM (SELECT start, id, min(depth) AS depth FROM walk GROUP BY start, id) w
      JOIN carryover.nodes n ON n.id = w.id
     WHERE n.kind <> ALL(:quiet)
""")
"""Edges are walked both ways; a project is near everything of it, so no way leads through one."""

ARROWS = text("""
    SELECT e.source_id, e.target_id, e.kind, a.label AS source, b.label AS target, e.properties
      FROM carryover.edges e JOIN carryover.nodes a ON a.id = e.source_id JOIN carryover.nodes b ON b.id = e.target_id
     WHERE e.kind = 'causes' AND (e.source_id = ANY(:nodes) OR e.target_id = ANY(:nodes))
""")


class Knowledge(Rows):
    def __init__(self, connection: Connection, actor: Actor, embedder: Embedder | None = None) -> None:
        super().__init__(connection, actor)
        self._vectors = Vectors(connection, actor, embedder)

    # ---- rankings ---------------------------------------------------------------------------------------------------

    def by_meaning(self, question: str, limit: int, project_id: str | None) -> Many[Passage]:
        distance = self._vectors.distance(clean(question))
        if distance is None:
            return []
        query = self._passages(project_id).where(self._vectors.comparable(), distance < 1 - NEAR)
        return [_passage(row) for row in self._all(query.order_by(distance, schema.passages.c.key).limit(limit))]

    def by_words(self, question: str, limit: int, project_id: str | None) -> Many[Passage]:
        values = {"question": clean(question), "project": project_id, "most": limit}
        found = [(r.kind, r.key, r.number) for r in self._all(WORDS, values)]
        return self._in_order(found)

    def by_graph(self, question: str, limit: int, project_id: str | None) -> Many[Passage]:
        weights = self._named(question, project_id)
        if not weights:
            return []
        values = {"starts": list(weights), "steps": STEPS, "quiet": list(QUIET_NODES)}
        sums: dict[str, float] = defaultdict(float)
        nodes: dict[str, Any] = {}
        for row in self._all(WALK, values):
            sums[row.id] += weights[row.start] * FADES**row.depth
            nodes[row.id] = row
        scores = {i: s for i, s in sums.items() if nodes[i].kind not in WAYS_ONLY}
        for i in scores:
            if nodes[i].kind.removeprefix("feature_") in asked_kinds(question):
                scores[i] *= ASKED_FOR
        best = sorted(scores, key=lambda i: (-scores[i], nodes[i].kind, nodes[i].key))[:limit]
        return self._of_nodes([nodes[i] for i in best])

    def _named(self, question: str, project_id: str | None) -> dict[str, float]:
        """Nodes whose names hold words of the question; a word that many names hold says little."""
        values = {"question": clean(question), "quiet": list(QUIET_NODES), "project": project_id}
        rows = self._all(NAMED, values)
        holders: dict[str, int] = defaultdict(int)
        for row in rows:
            holders[row.lexeme] += 1
        weights: dict[str, float] = defaultdict(float)
        for row in rows:
            weights[row.id] += 1.0 / holders[row.lexeme]
        return weights

    def _of_nodes(self, nodes: Sequence[Any]) -> Many[Passage]:
        """The first passage of each node's document, the node's own properties where it has none."""
        keys = [(n.kind, n.key) for n in nodes]
        firsts = {p.document: p for p in self._in_order([(*k, 0) for k in keys])}
        bare = [n.id for n in nodes if (n.kind, n.key) not in firsts]
        arrows: dict[str, list[str]] = defaultdict(list)
        for row in self._all(ARROWS, {"nodes": bare}) if bare else []:
            for end in {row.source_id, row.target_id}:
                arrows[end].append(f"{row.source} → {row.target}: {in_words(row.properties, ('cause', 'effect'))}")
        return [
            firsts.get((n.kind, n.key))
            or Passage(n.kind, n.key, -1, n.label, _node_text(n, arrows[n.id]), n.project_id, n.updated_at)
            for n in nodes
        ]

    # ---- documents --------------------------------------------------------------------------------------------------

    def get(self, kind: str, key: str) -> Document:
        table = schema.documents
        row = self._first(select(table).where(table.c.kind == kind, table.c.key == key))
        if row is None:
            raise missing(kind.replace("_", " "))
        return _document(row)

    def list(self, project_id: str | None, kinds: Sequence[str], limit: int) -> Many[Document]:
        table = schema.documents
        query = select(table).where(table.c.kind.in_(kinds)).order_by(table.c.at.desc(), table.c.key).limit(limit)
        if project_id is not None:
            query = query.where(or_(table.c.project_id == project_id, table.c.project_id.is_(None)))
        return [_document(row) for row in self._all(query)]

    def remove(self, kind: str, key: str) -> None:
        table = schema.documents
        gone = self._connection.execute(delete(table).where(table.c.kind == kind, table.c.key == key))
        if gone.rowcount == 0:
            raise missing(kind.replace("_", " "))

    def index(self, limit: int) -> int:
        table, pieces, model = schema.documents, schema.passages, self._vectors.model
        seen = select(pieces.c.key).where(pieces.c.kind == table.c.kind, pieces.c.key == table.c.key)
        # A model that is there has to have seen it; without one any passage will do.
        seen = seen.where(pieces.c.embedder == model) if model else seen
        rows = self._all(select(table).where(~seen.exists()).order_by(table.c.at).limit(limit))
        for row in rows:
            write_passages(self, self._vectors, row.kind, row.key, row.title, row.body)
        return len(rows)

    # ---- rows -------------------------------------------------------------------------------------------------------

    def _passages(self, project_id: str | None) -> Any:
        pieces, table = schema.passages, schema.documents
        query = select(
            pieces.c.kind, pieces.c.key, pieces.c.number, pieces.c.title, pieces.c.text,
            table.c.project_id, table.c.at, table.c.address, table.c.published,
        ).join(
            table,
            (table.c.organisation_id == pieces.c.organisation_id)
            & (table.c.kind == pieces.c.kind) & (table.c.key == pieces.c.key),
        )  # fmt: skip
        if project_id is not None:
            query = query.where(or_(table.c.project_id == project_id, table.c.project_id.is_(None)))
        return query

    def _in_order(self, wanted: Many[tuple[str, str, int]]) -> Many[Passage]:
        if not wanted:
            return []
        pieces = schema.passages
        query = self._passages(None).where(tuple_(pieces.c.kind, pieces.c.key, pieces.c.number).in_(wanted))
        found = {(r.kind, r.key, r.number): _passage(r) for r in self._all(query)}
        return [found[w] for w in wanted if w in found]


def asked_kinds(question: str) -> set[str]:
    words = re.findall(r"\w+", question.casefold())
    return {ASKED_KINDS[w] for w in words if w in ASKED_KINDS}


def _passage(row: Any) -> Passage:
    return Passage(
        row.kind, row.key, row.number, row.title, row.text, row.project_id, row.at, row.address, row.published
    )


def _document(row: Any) -> Document:
    return Document(row.kind, row.key, row.title, row.body, row.project_id, row.at, row.address, row.published)


def _node_text(node: Any, arrows: Sequence[str]) -> str:
    return "\n".join([in_words(node.properties, ("place", "name")), *arrows]).strip()


def in_words(properties: dict[str, Any], without: Sequence[str] = ()) -> str:
    """The properties as one line."""
    parts = []
    for name, value in decode_plain(properties).items():
        words = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        if words and value is not None and not isinstance(value, dict) and name not in (*without, "place"):
            parts.append(f"{name.replace('_', ' ')}: {words}")
    return "; ".join(parts)
