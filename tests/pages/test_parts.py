"""Parts of pages that read what a person typed."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pandas as pd
import pytest

from mmm_core.domain.checks import Check, CheckReport, Status
from mmm_core.domain.dataset import ColumnRole, DatasetVersion, Recognition, Role, Shape
from mmm_core.domain.planning import Bounds
from mmm_core.domain.project import CausalEdge, CausalNode, Diagram, NodeRole
from mmm_core.reports import wording
from pages.ui import chrome, data_roles, diagram, optimise, team_audit
from pages.ui.data_checks import changed_cells
from pages.ui.figure import ticks, written
from pages.ui.palette import LIGHT
from tests.fakes.some_results import some_plan, some_results


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


@pytest.mark.parametrize(
    ("least", "most", "locked", "expected"),
    [
        (None, None, False, None),
        (None, None, True, Bounds(50.0, 200.0, locked=True)),
        (80.0, None, False, Bounds(80.0, 200.0)),
        (None, 30.0, False, Bounds(30.0, 30.0)),
        (300.0, None, False, Bounds(300.0, 300.0)),
    ],
)
def test_a_channel_is_free_until_a_limit_is_typed(
    least: float | None, most: float | None, locked: bool, expected: Bounds | None
) -> None:
    row = {"Least": least, "Most": most, "Lock": locked}
    assert optimise._bounds(row, Bounds(50.0, 200.0)) == expected


def test_each_move_stands_beside_its_evidence() -> None:
    results, plan = some_results(), some_plan("base")
    today = replace(plan.outcome.plan, spend={c: 2 * v for c, v in plan.outcome.plan.spend.items()})
    rows = optimise.moves(today, plan, results).splitlines()[2:]
    assert len(rows) == len(today.spend)
    assert all("−50%" in row.replace("\\", "") for row in rows)
    assert all(any(words in row for words in wording.EVIDENCE.values()) for row in rows)


def test_an_axis_is_written_in_round_steps() -> None:
    settings = written(0.0, 1_180_000.0, lambda v: wording.money(v, "EUR"))
    assert settings["tickvals"] == [0.0, 2e5, 4e5, 6e5, 8e5, 1e6]
    assert settings["ticktext"][1] == "€200k"
    assert ticks(5.0, 5.0) == [5.0]
    assert ticks(float("nan"), 1.0) == []


def test_the_trail_cuts_identifiers_and_tails_of_numbers() -> None:
    assert team_audit.brief(17.40426881899839) == "17.4"
    assert team_audit.brief("67422baf14cf4b36a5465be7d97383da") == "67422baf…"
    assert team_audit.details({"recipe": [], "name": "First"}) == "name: First"


def test_a_checks_number_is_told_from_its_limit() -> None:
    def said(value: float, limit: float | None) -> str:
        return chrome.measured(Check("x", "X", Status.REVIEW, "", value, limit))

    assert "1.015 · limit 1.01" in said(1.0149, 1.01)
    assert "0.5 · limit 0.5" in said(0.5, 0.5)
    assert "under 0.001 · limit 0.05" in said(1.5e-5, 0.05)
    assert said(-0.362, None).replace("\u2060", "") == "  :gray[−0.362]"


def test_an_axis_repeats_no_label() -> None:
    axis = written(1.418e6, 1.451e6, lambda v: wording.money(v, "EUR"))
    assert len(set(axis["ticktext"])) == len(axis["ticktext"]) >= 2
    assert [float(text.strip("€m")) * 1e6 for text in axis["ticktext"]] == pytest.approx(axis["tickvals"])
