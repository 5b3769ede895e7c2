"""A model may phrase the report's summary; what it makes of a figure is held against the stored numbers."""

import re
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from mmm_core.agents.llm import narrative
from mmm_core.domain.identity import Actor
from mmm_core.domain.ports import Services
from mmm_core.reports.number_names import NAMED
from tests.agents import world
from tests.agents.scripted import Scripted

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def run_id(services: Services, actor: Actor, fitted: str) -> str:
    return world.context(services, actor, fitted).run().id


def told(services: Services, actor: Actor, run_id: str, *steps: Any) -> tuple[narrative.Narrative, Scripted]:
    model = Scripted(steps=list(steps))
    with services.work(actor) as work:
        # The cache would answer for a script that another test has read.
        work.routes.put(world.route_to(f"script-{uuid.uuid4()}"))
    return narrative.retell(world.with_model(services, lambda s, c: model), actor, run_id), model


def echo(change: Callable[[str], str]) -> Callable[[Any], str]:
    return lambda messages: change(str(messages[-1].content).partition("\n\nYour last text")[0])


def test_a_text_that_keeps_to_the_figures_is_shown(services: Services, actor: Actor, run_id: str) -> None:
    found, model = told(services, actor, run_id, echo(lambda text: text))
    assert found.by.startswith("compatible · script")
    assert found.note in ("", NAMED)
    assert "[[" not in found.text
    assert "channel.tv.roi.p50" in found.references
    assert "number" not in model.seen[0][0].content


@pytest.mark.parametrize(
    "change",
    [
        lambda text: re.sub(r"\[\[(\d)", r"[[9\1", text, count=1),
        lambda text: text + " Sales will grow by 30%.",
        lambda text: text.replace("|channel.tv.roi.p50]]", "|channel.search.roi.p50]]"),
        lambda text: text + " TV returned twice as much.",
        lambda text: text + " It is [[5.0×|made.up]].",
    ],
)
def test_a_text_that_does_not_is_asked_again_and_then_refused(
    services: Services, actor: Actor, run_id: str, change: Callable[[str], str]
) -> None:
    found, model = told(services, actor, run_id, echo(change))
    assert found.by == "template"
    assert "refused" in found.note
    assert len(model.seen) == 2
    assert "was refused" in str(model.seen[1][-1].content)
    assert "30%." not in found.text
    assert "twice" not in found.text


def test_a_figure_said_of_easter_gets_its_name(services: Services, actor: Actor, run_id: str) -> None:
    def tell(text: str) -> str:
        (claim, *_) = re.findall(r"\[\[[^|]*\|channel\.tv\.roi\.p50\]\]", text)
        return f"Think of the carnival and of what TV gave us, {claim}."

    found, _ = told(services, actor, run_id, echo(tell))
    assert found.text.endswith("× [TV: return on spend, whole period, middle estimate].")
    assert found.note == NAMED


def test_a_second_try_may_hold(services: Services, actor: Actor, run_id: str) -> None:
    found, _ = told(services, actor, run_id, echo(lambda t: t + " Up 30%."), echo(lambda t: t))
    assert found.by.startswith("compatible")


def test_without_a_model_or_with_one_that_fails_the_template_stands(
    services: Services, actor: Actor, run_id: str
) -> None:
    alone = narrative.retell(services, actor, run_id)
    assert (alone.by, alone.note) == ("template", "")
    failed, _ = told(services, actor, run_id, TimeoutError("slow"))
    assert failed.text == alone.text
    assert "did not answer in time" in failed.note
