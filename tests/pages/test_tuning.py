"""Tune on the Model page: the form with an example of the project's own channels, the course, the result taken over."""

import json
from dataclasses import replace
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from mmm_core.domain.identity import Actor, TeamRole
from mmm_core.domain.workflow import Verdict
from mmm_core.modeling.spec import ModelSpec
from mmm_core.use_cases import datasets, projects, tuning, tuning_history
from pages.ui import model_spec
from server import web
from tests.agents import world
from tests.agents.tuning.desk import Outcome, Session, open_session
from tests.pages.serving import press, seen

pytestmark = pytest.mark.slow


@pytest.fixture
def session(backend: web.Backend) -> Session:
    """A project on the page's own services; its trials find the third proposal in a row worse than the baseline."""
    actor = backend.people.local()
    project_id = world.company(backend.services, actor, fit=False)
    return open_session(backend.services, actor, project_id, lambda spec, n: Outcome(0.2 if n == 0 else 0.5))


def tuned(actor: Actor, one: Session, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    return seen("model", actor, one.project_id, monkeypatch, model_tabs="Tune")


def text(page: AppTest) -> str:
    return "\n".join(m.value for m in page.markdown)


def test_from_the_form_to_the_question_and_the_specification(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    one = session
    page = tuned(one.actor, one, monkeypatch)
    box = page.text_area(f"tuning_context_{one.project_id}")
    assert all(c.name in box.value for c in one.spec.channels), "the example is made from the project's own channels"
    box.set_value("adstock: weibull").run()
    press(page, "Start tuning")
    assert any("knows nothing called adstock" in e.value for e in page.error)
    assert tuning.latest(one.services, one.actor, one.project_id) is None
    box = page.text_area(f"tuning_context_{one.project_id}")
    box.set_value(one.context).run()
    page.number_input("tuning_goal").set_value(0.99).run()
    press(page, "Start tuning")
    found = tuning.latest(one.services, one.actor, one.project_id)
    assert found is not None
    assert found.options.tuning is not None
    assert (found.options.tuning.threshold, len(found.options.tuning.context.ranges)) == (0.99, 2)
    one.id = found.id
    one.on()
    page = tuned(one.actor, one, monkeypatch)
    said = text(page)
    assert "Rules propose and decide; no language model is set." in said
    assert "Business analyst rejects it" in said
    assert "Methodology guard lets it through" in said
    assert [s.value for s in page.subheader] == [one.asked.question.text]
    assert {"Keep it anyway", "End the session", "Stop"} <= {b.label for b in page.button}
    one.say(Verdict.APPROVE, "The trial is right.")
    page = tuned(one.actor, one, monkeypatch)
    assert one.now.outcome is not None
    assert "Not approved" in text(page)
    press(page, "Use this specification")
    version = datasets.latest_dataset(one.services, one.actor, one.project_id)
    assert version is not None
    key = model_spec.key_of(projects.get_project(one.services, one.actor, one.project_id), version)
    assert ModelSpec.from_yaml(page.session_state[key][0]) == ModelSpec.from_yaml(one.result["spec"])
    assert page.session_state["model_tabs"] == "Specification"
    history: dict[str, Any] = json.loads(json.dumps(tuning_history.history(one.seen), default=str))
    assert tuning_history.replay(history) == ()


def test_a_viewer_sees_and_starts_nothing(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tuned(replace(session.actor, role=TeamRole.VIEWER), session, monkeypatch)
    assert "Start tuning" not in {b.label for b in page.button}
    assert any("analyst starts a session" in c.value for c in page.caption)
