"""Words and pictures of the causal parts."""

import json
from datetime import date

import plotly.graph_objects as go
import pytest

from mmm_core.causal.past import Answer, Question
from mmm_core.domain.project import CausalEdge, CausalNode, Diagram, NodeRole
from mmm_core.domain.results import Interval
from pages.ui import charts_past, diagram, past
from pages.ui.palette import DARK, LIGHT, Scheme
from tests.fakes.some_results import some_results


def answer(mean: float, *, level: float = 100.0) -> Answer:
    around = Interval(mean, mean - 10, mean, mean + 10)
    weeks = (date(2024, 1, 1), date(2024, 1, 8), date(2024, 1, 15))
    return Answer(
        Question("tv", weeks[0], weeks[1], level=level), 400.0, 2 * level, around, around, around,
        0.97 if mean > 0 else 0.03, 0.25, weeks, (mean / 2, mean / 4, mean / 4), (0.0,) * 3, (mean,) * 3, False,
    )  # fmt: skip


def test_the_answer_says_which_way_how_sure_and_how_much_came_later() -> None:
    more, less = (past.sentence(answer(v), some_results()) for v in (5_000.0, -5_000.0))
    assert "With that on TV from 1 Jan 2024 to 8 Jan 2024, revenue would have been €5k more" in more
    assert "probability of 97%" in more
    assert "25% of it would have come after those weeks" in more
    assert "€5k less" in less
    assert "probability of 97%" in less
    assert "nothing changes" in past.sentence(answer(0.0), some_results())


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
def test_the_pictures_draw_and_shade_the_window(scheme: Scheme) -> None:
    results = some_results()
    figures: list[go.Figure] = [
        charts_past.difference(answer(5_000.0), results, scheme),
        charts_past.spent(answer(5_000.0), [1.0, 2.0, 3.0, 4.0], results, scheme),
    ]
    for fig in figures:
        drawn = json.loads(fig.to_json())
        assert drawn["data"]
        shaded = [s for s in drawn["layout"]["shapes"] if s["type"] == "rect"]
        assert [(s["x0"], s["x1"]) for s in shaded] == [("2024-01-01", "2024-01-08")]


def test_a_cause_of_several_things_is_drawn_before_them_all() -> None:
    roles = {
        "sales": NodeRole.KPI, "search": NodeRole.CHANNEL, "demand": NodeRole.UNOBSERVED, "price": NodeRole.CONTROL,
    }  # fmt: skip
    edges = (CausalEdge("demand", "search"), CausalEdge("demand", "sales"), CausalEdge("price", "sales"))
    text = diagram.dot(
        Diagram("p", tuple(CausalNode(n, r) for n, r in roles.items()), edges), {"search": "#111111"}, LIGHT
    )
    assert '"demand" -> "sales"' in text
    assert '"demand" -> "search"' in text
    assert '"sales" -> "price"' in text
    assert "dir=back" in text
