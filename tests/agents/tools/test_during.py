"""Returns of a part of the past: the tool, and what may be said beside its figures."""

from datetime import timedelta

import pytest

from mmm_core.agents.tools import registry
from mmm_core.agents.tools.kinds import Context
from mmm_core.domain.errors import NotFound
from mmm_core.domain.identity import Actor
from mmm_core.domain.ports import Services
from mmm_core.domain.report import Fact
from mmm_core.reports import number_lock, number_names
from mmm_core.reports.number_lock import Fault
from tests.agents import world

ROI = Fact("during.2024-01-01.2024-12-30.channel.tv.roi.p50", 2.1, "ratio")


@pytest.fixture
def place(services: Services, actor: Actor, fitted: str) -> Context:
    return world.context(services, actor, fitted)


@pytest.mark.slow
def test_every_figure_is_a_fact_of_its_days(place: Context) -> None:
    results = place.results()
    first, last = results.last_period - timedelta(weeks=3), results.last_period
    given = {"first": first.isoformat(), "last": last.isoformat(), "channels": [results.channels[0].channel]}
    found = registry.call(place, "returns_during", given)
    assert (found.said["first_period"], found.said["last_period"]) == (str(first), str(last))
    assert len(found.said["channels"]) == 1
    assert all(f.key.startswith(f"during.{first}.{last}.") for f in found.facts)
    whole = registry.call(place, "returns_during", {})
    stored = {c.channel: c.contribution.mean for c in results.channels}
    middle = {f.key.split(".")[-3]: f.value for f in whole.facts if f.key.endswith(".contribution.p50")}
    assert set(middle) == set(stored)
    with pytest.raises(NotFound, match="no channel called Blimp"):
        registry.call(place, "returns_during", {"channels": ["Blimp"]})
    with pytest.raises(NotFound, match="no geo called Atlantis"):
        registry.call(place, "returns_during", {"geo": "Atlantis"})


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("Last year TV returned {}.", set()),
        ("TV returned {} in those weeks.", set()),
        ("In 2023 TV returned {}.", {Fault.PERIOD}),
        ("Last year radio returned {}.", {Fault.CHANNEL}),
    ],
)
def test_a_year_beside_a_figure_is_the_figures_own(text: str, faults: set[Fault]) -> None:
    claim = f"[[2.1×|{ROI.key}]]"
    found = number_lock.check(text.format(claim), {ROI.key: ROI}, ["tv", "radio"], "EUR", is_revenue=True).findings
    assert {f.fault for f in found} - {Fault.UNREFERENCED} == faults


def test_a_figure_of_some_days_is_called_by_them() -> None:
    assert number_names.beside(ROI) == "TV: return on spend, 2024-01-01 to 2024-12-30, middle estimate"
