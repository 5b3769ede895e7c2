"""The knowledge graph in two tables: nodes known by (kind, key), edges between them, walked with recursive CTEs."""

from typing import Any

from sqlalchemy import delete, func, select, text
from sqlalchemy.dialects.postgresql import insert

from db import schema
from db.codec import decode, decode_plain, encode
from db.rows import Rows
from mmm_core.domain.errors import NotFound
from mmm_core.domain.project import CausalEdge, CausalNode, Diagram
from mmm_core.domain.report import LineageStep

CAUSAL_NODE = "causal_variable"
CAUSES = "causes"
MAX_DEPTH = 40

LINEAGE = text("""
    WITH RECURSIVE walk (id, depth) AS (
        SELECT id, 0 FROM carryover.nodes WHERE kind = :kind AND key = :key
      UNION
        SELECT e.target_id, w.depth + 1
          FROM walk w JOIN carryover.edges e ON e.source_id = w.id
         WHERE e.kind <> :causes AND w.depth < :deepest
    ), nearest AS (
        SELECT id, min(depth) AS depth FROM walk GROUP BY id
    )
    SELECT n.depth, node.kind, node.label, node.properties, node.created_at
      FROM nearest n JOIN carryover.nodes node ON node.id = n.id
     ORDER BY n.depth, node.kind, node.created_at, node.label
""")
"""UNION drops a node met again at the same depth, and the depth is bounded: a cycle ends, and paths never multiply."""


class Graph(Rows):
    def put_node(self, kind: str, key: str, label: str, properties: dict[str, Any], project_id: str) -> str:
        values = {"label": label, "properties": encode(properties), "project_id": project_id}
        statement = insert(schema.nodes).values(
            organisation_id=self._actor.organisation_id, kind=kind, key=key, **values
        )
        statement = statement.on_conflict_do_update(
            index_elements=["organisation_id", "kind", "key"], set_={**values, "updated_at": func.now()}
        )
        return str(self._connection.execute(statement.returning(schema.nodes.c.id)).scalar_one())

    def put_edge(
        self, source: tuple[str, str], kind: str, target: tuple[str, str], properties: dict[str, Any] | None = None
    ) -> None:
        self._put(
            schema.edges,
            ("source_id", "kind", "target_id"),
            {
                "source_id": self._id(source),
                "kind": kind,
                "target_id": self._id(target),
                "properties": encode(properties or {}),
            },
        )

    def remove_edges(self, project_id: str, kind: str) -> None:
        mine = select(schema.nodes.c.id).where(schema.nodes.c.project_id == project_id)
        edges = schema.edges
        self._connection.execute(delete(edges).where(edges.c.kind == kind, edges.c.source_id.in_(mine)))

    def remove_nodes(self, project_id: str, kind: str) -> None:
        nodes = schema.nodes
        self._connection.execute(delete(nodes).where(nodes.c.project_id == project_id, nodes.c.kind == kind))

    def remove_node(self, kind: str, key: str) -> None:
        nodes = schema.nodes
        self._connection.execute(delete(nodes).where(nodes.c.kind == kind, nodes.c.key == key))

    def save_diagram(self, diagram: Diagram) -> None:
        project = diagram.project_id
        self.remove_edges(project, CAUSES)
        kept = [_key(project, node.name) for node in diagram.nodes]
        nodes = schema.nodes
        gone = (nodes.c.project_id == project, nodes.c.kind == CAUSAL_NODE, nodes.c.key.not_in(kept))
        self._connection.execute(delete(nodes).where(*gone))
        for place, node in enumerate(diagram.nodes):
            properties = {**encode(node), "place": place}
            self.put_node(CAUSAL_NODE, _key(project, node.name), node.name, properties, project)
        for place, edge in enumerate(diagram.edges):
            ends = [(CAUSAL_NODE, _key(project, name)) for name in (edge.cause, edge.effect)]
            self.put_edge(ends[0], CAUSES, ends[1], {**encode(edge), "place": place})

    def diagram(self, project_id: str) -> Diagram:
        nodes, edges = schema.nodes, schema.edges
        points = select(nodes.c.id, nodes.c.properties).where(
            nodes.c.project_id == project_id, nodes.c.kind == CAUSAL_NODE
        )
        arrows = select(edges.c.properties).where(
            edges.c.kind == CAUSES, edges.c.source_id.in_(points.with_only_columns(nodes.c.id))
        )
        return Diagram(
            project_id,
            tuple(decode(CausalNode, p) for p in _in_place(self._all(points))),
            tuple(decode(CausalEdge, p) for p in _in_place(self._all(arrows))),
        )

    def lineage(self, kind: str, key: str) -> list[LineageStep]:
        """The node itself (depth 0) and everything it was made from, nearest first."""
        start = {"kind": kind, "key": key, "causes": CAUSES, "deepest": MAX_DEPTH}
        return [
            LineageStep(row.depth, row.kind, row.label, _detail(row.properties), row.created_at)
            for row in self._all(LINEAGE, start)
        ]

    def _id(self, node: tuple[str, str]) -> str:
        table = schema.nodes
        row = self._first(select(table.c.id).where(table.c.kind == node[0], table.c.key == node[1]))
        if row is None:
            raise NotFound(f"The knowledge graph has no {node[0]} {node[1]}.")
        return str(row.id)


def _key(project_id: str, name: str) -> str:
    return f"{project_id}/{name}"


def _in_place(rows: list[Any]) -> list[dict[str, Any]]:
    return sorted((row.properties for row in rows), key=lambda p: int(p["place"]))


def _detail(properties: dict[str, Any]) -> str:
    """The properties as one line of words."""
    parts = []
    for name, value in decode_plain(properties).items():
        words = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        if words and value is not None and not isinstance(value, dict):
            parts.append(f"{name.replace('_', ' ')}: {words}")
    return "; ".join(parts)
