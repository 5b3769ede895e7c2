"""The planning conversation with a language model, scripted: it asks, proposes typed rows, and writes nothing."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from mmm_core.agents.chat.talk import Again, Began, Event, Text
from mmm_core.agents.planning import assistant, tools
from mmm_core.agents.tools.kinds import Context
from mmm_core.data import simulate
from mmm_core.domain.conversation import ProposalStatus
from mmm_core.domain.errors import BadInput, NotAllowed
from mmm_core.domain.identity import Actor, TeamRole
from mmm_core.domain.llm import Task
from mmm_core.domain.plan_talk import PlanTalk, Topic, Voice
from mmm_core.domain.ports import Services
from mmm_core.use_cases import conversations, datasets, planning, planning_writing, plans, projects
from mmm_core.use_cases.datasets import Upload
from tests.agents import world
from tests.agents.scripted import Scripted

pytestmark = pytest.mark.slow
Start = Callable[..., tuple[Context, Scripted, PlanTalk]]


@pytest.fixture(scope="module")
def content() -> bytes:
    return simulate.company("national", 5, weeks=90, channels=3).frame.to_csv(index=False).encode()


def project_of(services: Services, actor: Actor, content: bytes) -> str:
    project = projects.create_project(services, actor, name=f"Acme {services.new_id()}", question="What works?")
    datasets.add_dataset(services, actor, project.id, [Upload(content, "acme.csv")])
    return project.id


@pytest.fixture(scope="module")
def shared(services: Services, actor: Actor, content: bytes) -> str:
    """A project with data in which nothing is ever written."""
    return project_of(services, actor, content)


@pytest.fixture
def begun(services: Services, actor: Actor, content: bytes, shared: str) -> Start:
    """A project with data, a conversation that begins, and a model that follows a script."""

    def start(*steps: Any, own: bool = False, **settings: Any) -> tuple[Context, Scripted, PlanTalk]:
        model = Scripted(steps=list(steps))
        ready = world.with_model(services, lambda s, c: model, **settings)
        project_id = project_of(ready, actor, content) if own else shared
        last = planning.latest(ready, actor, project_id)
        if last is not None:
            planning.leave(ready, actor, last)
        return world.context(ready, actor, project_id), model, planning.begin(ready, actor, project_id)

    return start


def said(place: Context, talk: PlanTalk, text: str) -> tuple[PlanTalk, list[Event]]:
    events = list(assistant.respond(place, talk, text))
    return planning.get(place.services, place.actor, talk.id), events


def result(messages: Sequence[Any]) -> str:
    return str(messages[-1].content)


ROWS: dict[str, Any] = {
    "target": "revenue", "channels": ["tv", "search"], "controls": ["price_index"],
    "hypotheses": [{"cause": "tv", "effect": "search", "mechanism": "people look it up", "lag_weeks": 1}],
    "experiments": ["A geo test of search"], "why": "You said so.",
}  # fmt: skip


def test_what_a_model_proposes_waits_as_rows_and_only_a_person_takes_them(begun: Start) -> None:
    place, model, talk = begun(
        [("look_at_plan", {})], [("propose_for_plan", ROWS)], "Have a look at these rows.", own=True
    )
    talk, events = said(place, talk, "We do TV and search, and I think TV makes people search.")
    assert [e.tool for e in events if isinstance(e, Began)] == ["look_at_plan", "propose_for_plan"]
    assert "".join(e.text for e in events if isinstance(e, Text)) == "Have a look at these rows."
    assert (talk.turns[-1].text, talk.turns[-1].by) == ("Have a look at these rows.", "compatible · small")
    assert talk.turns[-1].input_tokens == 300
    assert talk.turns[-2].voice is Voice.PERSON
    assert talk.draft.channels == (), "nothing is in the draft yet"
    arrow = "TV → Search: people look it up, 1 week later"
    assert [s.text for s in talk.suggested] == ["revenue", "tv", "search", "price_index", "A geo test of search", arrow]
    assert '"price_index"' in result(model.seen[1]), "it saw the columns"
    assert set(model.tools) == set(tools.TOOLS), "and no other tool"
    chosen = {s.key: s.text for s in talk.suggested if s.text != "price_index"}
    chosen[talk.suggested[4].key] = "A geo test of search in May"
    talk = planning.take(place.services, place.actor, talk, chosen)
    assert (talk.draft.target, talk.draft.channels, talk.draft.controls) == ("revenue", ("tv", "search"), ())
    assert talk.draft.experiments == ("A geo test of search in May",)
    assert talk.draft.hypotheses[0].lag_weeks == 1
    assert talk.suggested == ()
    assert talk.topic is Topic.QUESTION, "what nobody answered is still asked"
    assert plans.latest_plan(place.services, place.actor, place.project) is None
    _, plan = planning_writing.write_down(place.services, place.actor, talk)
    assert plan.channels == ("tv", "search")


def test_what_would_contradict_is_told_to_the_model(begun: Start) -> None:
    given = {"channels": ["tv", "moon"], "controls": ["tv"]}
    place, model, talk = begun([("propose_for_plan", given)], "Moon is no column of yours.")
    talk, _ = said(place, talk, "tv and moon, controlled for tv")
    assert "The data have no channel called Moon." in result(model.seen[-1])
    assert "a channel and a control at once" in result(model.seen[-1])


def test_a_question_with_choices_ends_the_turn(begun: Start) -> None:
    asked = {"question": "Which target?", "options": ["revenue", "orders"]}
    place, _, talk = begun([("ask_user_to_choose", asked)], "never said")
    talk, _ = said(place, talk, "Let us start")
    assert talk.turns[-1].text == "Which target?"
    assert talk.options == ("revenue", "orders")
    talk = planning.spoken(place.services, place.actor, talk, "revenue")
    assert talk.options == ()


@pytest.mark.parametrize(
    ("call", "answer"),
    [
        (("propose_for_plan", {"channels": "tv", "approve": True}), "do not fit"),
        (("propose_for_plan", {"hypotheses": [{"cause": "tv"}]}), "do not fit"),
        (("propose_for_plan", {"take_over": ["nothing"]}), "no lesson nothing"),
        (("approve_plan", {}), "not a valid tool"),
        (("write_plan", {"question": "?", "target": "x", "channels": ["y"]}), "not a valid tool"),
    ],
)
def test_a_wrong_call_is_told_and_does_nothing(begun: Start, call: tuple[str, Any], answer: str) -> None:
    place, model, talk = begun([call], "That did not work.")
    after, _ = said(place, talk, "Do it")
    assert answer in result(model.seen[-1])
    assert (after.draft, after.suggested) == (talk.draft, ())
    assert plans.latest_plan(place.services, place.actor, place.project) is None


@pytest.mark.parametrize(
    "failure", [TimeoutError("slow"), ValueError("odd"), "", [("look_at_plan", {})]],
    ids=["time-out", "crash", "empty", "loop"],
)  # fmt: skip
def test_where_the_model_fails_the_rules_read_the_answer(begun: Start, failure: Any) -> None:
    place, _, talk = begun(failure, llm_retries=0)
    talk, events = said(place, talk, "Can we cut TV?")
    assert any(isinstance(e, Again) for e in events)
    assert any("Built-in rules read your answer." in t.text for t in talk.turns)
    assert talk.draft.question == "Can we cut TV?"
    assert talk.topic is Topic.TARGET
    assert [t.text for t in talk.turns].count("Can we cut TV?") == 1


def test_a_figure_that_no_tool_gave_is_withheld(begun: Start) -> None:
    place, _, talk = begun("TV will surely return 4.2× to you.")
    talk, events = said(place, talk, "What will TV bring?")
    assert not [e for e in events if isinstance(e, Text) and "4.2" in e.text]
    assert "withheld" in talk.turns[-1].note


def test_lessons_of_earlier_models_are_taken_over_by_their_keys_alone(
    begun: Start, services: Services, actor: Actor
) -> None:
    place, _, talk = begun("x")
    world.company(services, actor)
    talk = planning.edit(place.services, place.actor, talk, planning.DraftPlan("?", "revenue", ("tv", "search")))
    said_by_tool = tools.call(place, "look_at_plan", {}).said
    assert any("grade" in sentence for sentence in said_by_tool["what worked before"])
    for key in said_by_tool["lessons to take over"]:
        tools.call(place, "propose_for_plan", {"take_over": [key]})
    now = planning.get(place.services, place.actor, talk.id)
    assert {s.key for s in now.suggested} == set(said_by_tool["lessons to take over"])
    with pytest.raises(BadInput, match="numbers"):
        tools.call(place, "propose_for_plan", {"numbers": {"tv": 3}})


def test_the_route_of_planning_decides_who_answers(begun: Start) -> None:
    place, _, _ = begun("Hello", model="")
    assert assistant.who_answers(place.services, place.actor) == "rules"
    with place.services.work(place.actor) as work:
        work.routes.put(world.route_to("planner", Task.PLAN))
    assert assistant.who_answers(place.services, place.actor) == "compatible · planner"
    with place.services.work(place.actor) as work:
        work.routes.remove(Task.PLAN)


def test_a_viewer_cannot_propose(begun: Start, actor: Actor) -> None:
    place, _, _ = begun("x")
    watching = replace(place, actor=replace(actor, role=TeamRole.VIEWER))
    with pytest.raises(NotAllowed):
        tools.call(watching, "propose_for_plan", {"channels": ["tv"]})


class Web:
    name = "loopback"
    asked: tuple[str, ...] = ()

    def search(self, question: str, limit: int) -> Sequence[Any]:
        self.asked = (*self.asked, question)
        return []


def test_a_question_for_the_web_waits_for_a_person(begun: Start) -> None:
    place, _, talk = begun([("look_up", {"question": "How long does television work?"})], "It waits for your yes.")
    web: Any = Web()
    place = replace(place, services=replace(place.services, search=web))
    talk, _ = said(place, talk, "What does research say about television?")
    (waiting,) = talk.turns[-1].proposals
    assert conversations.proposal(place.services, place.actor, waiting).status is ProposalStatus.WAITING
    assert web.asked == (), "nothing left the machine"
