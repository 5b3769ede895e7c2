"""Charts of results: they add up, they keep their colours, they draw in both schemes."""

import json
from collections.abc import Callable

import numpy as np
import plotly.graph_objects as go
import pytest

from mmm_core.domain.results import Results
from mmm_core.reports import colours
from pages.ui import charts
from pages.ui.palette import DARK, LIGHT, Scheme, channel_colours
from tests.fakes.some_results import some_results

PICTURES: dict[str, Callable[[Results, Scheme], go.Figure]] = {
    "contributions": charts.contributions,
    "component": lambda r, s: charts.component(r, "tv", s),
    "predicted": charts.predicted,
    "returns": lambda r, s: charts.returns(r, s, truth={"tv": 1.5}),
    "curve": lambda r, s: charts.curve(r.channels[0], r, s),
    "carryover": lambda r, s: charts.carryover(r.channels[0], r, s),
    "shares": charts.shares,
    "waterfall": charts.waterfall,
}


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("name", list(PICTURES))
def test_each_picture_draws_in_our_own_template(name: str, scheme: Scheme) -> None:
    drawn = json.loads(PICTURES[name](some_results(), scheme).to_json())
    assert drawn["data"]
    assert drawn["layout"]["template"]["layout"]["font"]["color"] == scheme.ink
    assert drawn["layout"]["template"]["layout"]["paper_bgcolor"] == "rgba(0,0,0,0)"


def test_the_stack_ends_at_the_sum_of_its_parts() -> None:
    results = some_results()
    fig = charts.contributions(results, LIGHT)
    parts = [s for s in results.series if s.group in ("channel", "baseline", "seasonality", "controls")]
    top = next(t for t in reversed(fig.data) if t.name != "Actual")
    np.testing.assert_allclose(top.y, np.sum([s.mean for s in parts], axis=0))


def test_a_channel_has_the_colour_of_the_report_whatever_order_names_come_in() -> None:
    names = ["tv", "Search", "radio"]
    assert channel_colours(names) == channel_colours(reversed(names)) == colours.channel_colours(names)


def test_a_channel_that_is_not_in_the_model_takes_nobodys_colour() -> None:
    with_more = channel_colours(["tv", "search"], ["audio", "tv"])
    assert with_more["tv"] == channel_colours(["tv", "search"])["tv"]
    assert len(set(with_more.values())) == 3
