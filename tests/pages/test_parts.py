"""Parts of pages that read what a person typed."""

from datetime import UTC, date, datetime
from typing import Any

import pandas as pd

from mmm_core.domain.checks import CheckReport
from mmm_core.domain.dataset import ColumnRole, DatasetVersion, Recognition, Role, Shape
from mmm_core.domain.project import CausalEdge, CausalNode, Diagram, NodeRole
from pages.ui import data_roles, diagram
from pages.ui.data_checks import changed_cells
from pages.ui.palette import LIGHT


def version(*roles: ColumnRole) -> DatasetVersion:
    recognition = Recognition(Shape.NATIONAL, "plain", 7, roles)
    at = datetime(2026, 1, 5, tzinfo=UTC)
    return DatasetVersion(
        "v", "p", 1, "hash", "f.csv", "blob", recognition, (), CheckReport(), 104, date(2024, 1, 1), date(2025, 12, 22),
        None, "ann", at,
    )  # fmt: skip


def test_only_roles_that_a_person_changed_become_theirs() -> None:
    now = version(ColumnRole("tv", Role.CONTROL, 0.4, "a guess"), ColumnRole("sales", Role.KPI, 0.9, "its name"))
    rows = [("tv", "spend", "tv", 0.4, "a guess"), ("sales", "kpi", None, 0.9, "its name")]
    changed = data_roles.changes(now, pd.DataFrame(rows, columns=data_roles.COLUMNS))
    assert changed == {"tv": ColumnRole("tv", Role.SPEND, 1.0, "set by a person", "tv")}


def test_half_filled_rows_of_the_diagram_are_left_out() -> None:
    nodes = pd.DataFrame([("sales", "kpi"), ("tv", "channel"), (None, "control")], columns=["name", "role"])
    columns = list(diagram.EDGE_COLUMNS)
    edges = pd.DataFrame([("tv", "sales", None, None, None, None), ("tv", None, "", 0, 0.5, "")], columns=columns)
    read = diagram.read("p", nodes, edges)
    assert [n.name for n in read.nodes] == ["sales", "tv"]
    assert read.edges == (CausalEdge("tv", "sales", "", 0, 0.5, ""),)


def test_a_name_cannot_leave_its_quotes_in_the_drawing() -> None:
    odd = 'a"]; evil [label="'
    nodes = (CausalNode("sales", NodeRole.KPI), CausalNode(odd, NodeRole.CHANNEL))
    text = diagram.dot(Diagram("p", nodes, (CausalEdge(odd, "sales"),)), {odd: "#123456"}, LIGHT)
    assert '"a\\"]; evil [label=\\"" -> "sales"' in text


def test_a_preview_shows_the_cells_that_change_old_beside_new() -> None:
    before = pd.DataFrame({"week": ["a", "b", "c"], "tv": [1.0, None, 3.0], "x": [1, 1, 1]})
    after: Any = before.assign(tv=[1.0, 0.0, 3.0])
    seen = changed_cells(before, after, "week")
    assert seen is not None
    assert list(seen.columns) == ["week", "tv, before", "tv, after"]
    assert seen["week"].tolist() == ["b"]
    assert changed_cells(before, before.head(2), "week") is None
