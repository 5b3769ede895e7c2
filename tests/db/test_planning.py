"""The planning conversation without a language model: from the first question to a plan that waits for approval."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Engine

from mmm_core.data import simulate
from mmm_core.domain.errors import BadInput, Conflict, NotAllowed, NotFound, PlanError
from mmm_core.domain.identity import Actor, TeamRole
from mmm_core.domain.plan_talk import DraftPlan, PlanTalk, TalkStatus, Topic, Voice
from mmm_core.domain.ports import Services
from mmm_core.domain.project import PlanStatus, Project
from mmm_core.reports import plan_words
from mmm_core.use_cases import datasets, planning, planning_writing, plans, projects
from mmm_core.use_cases.datasets import Upload
from tests.agents import world


@pytest.fixture(scope="module")
def services(engine: Engine) -> Services:
    return world.services_on(engine)


@pytest.fixture(scope="module")
def content() -> bytes:
    return simulate.company("national", 5, weeks=90, channels=3).frame.to_csv(index=False).encode()


@pytest.fixture
def project(services: Services, actor: Actor) -> Project:
    return projects.create_project(services, actor, name=f"Acme {services.new_id()}")


@pytest.fixture
def ready(services: Services, actor: Actor, project: Project, content: bytes) -> Project:
    datasets.add_dataset(services, actor, project.id, [Upload(content, "acme.csv")])
    return project


class Person:
    """Somebody who talks a plan over."""

    def __init__(self, services: Services, actor: Actor, project: Project) -> None:
        self.services, self.actor, self.project = services, actor, project
        self.talk: PlanTalk = planning.begin(services, actor, project.id)

    def say(self, text: str) -> str:
        """The assistant's last words to it."""
        self.talk = planning.say(self.services, self.actor, self.talk, text)
        return self.talk.turns[-1].text

    def asked(self) -> planning.Asked:
        return planning.asked(self.services, self.actor, self.talk)

    def do(self, verb: Callable[..., PlanTalk], *given: Any, **more: Any) -> None:
        self.talk = verb(self.services, self.actor, self.talk, *given, **more)

    @property
    def draft(self) -> DraftPlan:
        return self.talk.draft

    @property
    def told(self) -> list[str]:
        return [t.text for t in self.talk.turns if t.voice is Voice.ASSISTANT]


def test_eight_answers_make_a_plan_that_waits_for_approval(services: Services, actor: Actor, ready: Project) -> None:
    me = Person(services, actor, ready)
    assert me.told == [plan_words.GREETING, plan_words.ASKS[Topic.QUESTION]]
    assert me.say("Can we cut radio?") == plan_words.ASKS[Topic.TARGET]
    assert me.say("yes") == plan_words.ASKS[Topic.CHANNELS]
    assert me.draft.target == "revenue"
    channels = [s.text for s in me.asked().offers]
    me.say("all")
    assert me.draft.channels == tuple(channels)
    me.say("ok")
    assert me.draft.controls
    me.say("demand drives search because people look for it\nTV lifts search after 2 weeks, maybe\nPeople like our ads")
    first, second, third = me.draft.hypotheses
    assert (first.cause, first.effect, first.mechanism) == ("demand", "search", "people look for it")
    assert (second.cause, second.effect, second.lag_weeks, second.confidence) == ("tv", "search", 2, 0.3)
    assert (third.text, third.is_arrow) == ("People like our ads", False)
    assert me.talk.topic is Topic.PRECEDENTS
    me.say("none")
    assert "More history: two years at least" in [s.text for s in me.asked().offers]
    assert "Something that measures demand" in [s.text for s in me.asked().offers]
    me.say("yes")
    me.say("A geo test of search in spring; one of TV")
    assert me.told[-1] == plan_words.DONE
    assert me.talk.topic is None
    assert plans.latest_plan(services, actor, ready.id) is None, "nothing is written before the person says so"
    assert not plans.get_diagram(services, actor, ready.id).nodes

    found = planning_writing.changes(services, actor, me.talk)
    assert found.version == 1
    assert all(line.added for line in found.lines)
    assert found.first_diagram
    assert [a.text for a in found.arrows] == [first.text, second.text]
    talk, plan = planning_writing.write_down(services, actor, me.talk)
    assert talk.status is TalkStatus.WRITTEN
    assert plan.status is PlanStatus.DRAFT
    assert plan.question == "Can we cut radio?"
    assert plan.experiments == ("A geo test of search in spring", "one of TV")
    assert plan.hypotheses == tuple(h.text for h in me.draft.hypotheses)
    diagram = plans.get_diagram(services, actor, ready.id)
    arrows = {(e.cause, e.effect): e for e in diagram.edges}
    assert arrows["tv", "search"].lag_weeks == 2
    assert ("tv", "revenue") in arrows, "a first diagram is drawn around them"
    assert plans.approve_plan(services, actor, ready.id).status is PlanStatus.APPROVED
    again = planning.latest(services, actor, ready.id)
    assert again is not None
    assert again.turns == talk.turns, "it survives"


@pytest.mark.slow
def test_without_data_names_are_taken_as_they_are(services: Services, actor: Actor, project: Project) -> None:
    me = Person(services, actor, project)
    for text in ("What works?", "orders", "tv, search and radio", "price", "skip", "skip"):
        me.say(text)
    assert (me.draft.target, me.draft.channels, me.draft.controls) == ("orders", ("tv", "search", "radio"), ("price",))
    assert "TV by week" in [s.text for s in me.asked().offers]


@pytest.mark.slow
def test_back_skip_why_and_what_is_not_understood(services: Services, actor: Actor, ready: Project) -> None:
    me = Person(services, actor, ready)
    me.say("skip")
    assert me.talk.topic is Topic.TARGET
    me.say("back")
    assert me.talk.topic is Topic.QUESTION
    me.say("What works?")
    assert me.say("why?").startswith(plan_words.WHY[Topic.TARGET])
    assert "no column of that name" in me.say("something entirely different")
    assert me.talk.topic is Topic.TARGET
    me.say("the revenue")
    assert me.draft.target == "revenue"
    answer = me.say("well it depends on what you mean by that, and we have many opinions about this")
    assert "could not read names" in answer
    me.say("all but paid social")
    assert "paid_social" not in me.draft.channels
    assert me.draft.channels
    me.do(planning.back)
    me.say("plus tiktok")
    assert "tiktok" in me.draft.channels
    assert any("no channel called Tiktok" in t for t in me.told), "said in one sentence at once"


@pytest.mark.slow
def test_what_contradicts_is_said_in_one_sentence_and_mended_at_a_click(
    services: Services, actor: Actor, ready: Project
) -> None:
    me = Person(services, actor, ready)
    price = me.asked().known.suggested[2][0]
    draft = DraftPlan(
        "Does paid social work?", "revenue", ("tv", "search", "tik tok"), ("tv", "revenue", "week", price)
    )
    me.do(planning.edit, draft)
    me.do(planning.turn_to, Topic.HYPOTHESES)
    me.say(f"tv drives {price}; search drives tv; {price} drives search")
    found = {g.key: g for g in me.asked().gaps}
    assert set(found) >= {
        "both:tv",
        "target_control",
        "stranger:tik tok",
        f"mediator:{price}",
        "circle",
        "asked:paid_social",
    }
    assert any(k.startswith("part:") or k == "stranger:week" for k in found), "the date is no control"
    assert all(g.text.count(". ") == 0 for g in found.values()), "one sentence each"
    for _ in range(20):
        left = [g for g in me.asked().gaps if g.mends]
        if not left:
            break
        me.do(planning.edit, left[0].mends[-1].draft)
    assert me.asked().gaps == ()
    assert "paid_social" in me.draft.channels
    assert "tv" not in me.draft.controls or "tv" not in me.draft.channels


@pytest.mark.slow
def test_what_is_near_is_offered(services: Services, actor: Actor, ready: Project) -> None:
    me = Person(services, actor, ready)
    me.do(planning.edit, DraftPlan("?", "revenue", ("serch", "tv")))
    (gap,) = [g for g in me.asked().gaps if g.key == "stranger:serch"]
    assert [m.label for m in gap.mends] == ["Meant Search", "Note it as data needed", "Leave it out"]
    assert gap.mends[0].draft.channels == ("tv", "search")
    assert gap.mends[1].draft.data_needed == ("Serch by week",)


@pytest.mark.slow
def test_two_people_do_not_overwrite_each_other(services: Services, actor: Actor, ready: Project) -> None:
    me = Person(services, actor, ready)
    you = Person(services, actor, ready)
    assert you.talk.id == me.talk.id
    me.say("What works?")
    with pytest.raises(Conflict, match="Somebody else has just gone on"):
        you.say("Something else?")


@pytest.mark.slow
def test_a_conversation_ends_once(services: Services, actor: Actor, ready: Project) -> None:
    me = Person(services, actor, ready)
    with pytest.raises(PlanError, match="at least one channel"):
        planning_writing.write_down(services, actor, me.talk)
    me.do(planning.leave)
    with pytest.raises(Conflict, match="has ended"):
        me.say("hello")
    anew = Person(services, actor, ready)
    assert anew.talk.id != me.talk.id
    with pytest.raises(BadInput, match="Type an answer"):
        anew.say("  ")


@pytest.mark.slow
def test_a_new_conversation_starts_from_the_plan(services: Services, actor: Actor, ready: Project) -> None:
    plans.save_plan(services, actor, ready.id, question="Q?", target="revenue", channels=["tv"], hypotheses=["So."])
    me = Person(services, actor, ready)
    assert (me.draft.question, me.draft.channels, me.draft.hypotheses[0].text) == ("Q?", ("tv",), "So.")
    me.do(planning.edit, replace(me.draft, channels=("tv", "search"), hypotheses=()))
    found = planning_writing.changes(services, actor, me.talk)
    assert [(x.topic, x.added, x.text) for x in found.lines] == [
        (Topic.CHANNELS, True, "search"), (Topic.HYPOTHESES, False, "So."),
    ]  # fmt: skip
    assert (found.version, found.arrows) == (1, ())


@pytest.mark.slow
def test_a_viewer_may_look_and_not_talk(services: Services, actor: Actor, ready: Project) -> None:
    me = Person(services, actor, ready)
    viewer = replace(actor, role=TeamRole.VIEWER)
    assert planning.latest(services, viewer, ready.id) is not None
    with pytest.raises(NotAllowed):
        planning.say(services, viewer, me.talk, "What works?")
    with pytest.raises(NotAllowed):
        planning_writing.write_down(services, viewer, me.talk)


def test_another_organisation_finds_nothing(services: Services, actor: Actor, stranger: Actor, ready: Project) -> None:
    me = Person(services, actor, ready)
    assert planning.latest(services, stranger, ready.id) is None
    with pytest.raises(NotFound):
        planning.begin(services, stranger, ready.id)
    with pytest.raises(NotFound):
        planning.say(services, stranger, me.talk, "What works?")
    with pytest.raises(NotFound):
        planning_writing.write_down(services, stranger, replace(me.talk, draft=DraftPlan("?", "x", ("y",))))


@pytest.mark.slow
def test_approved_plans_of_the_organisation_are_offered(
    services: Services, actor: Actor, stranger: Actor, ready: Project, content: bytes
) -> None:
    other = projects.create_project(services, actor, name=f"Earlier {services.new_id()}")
    version = datasets.add_dataset(services, actor, other.id, [Upload(content, "acme.csv")])
    target, channels, controls = plans.plan_columns(version.recognition)
    plan = plans.save_plan(services, actor, other.id, question="?", target=target, channels=channels, controls=controls)
    first = plans.first_diagram(other, plan)
    arrow = plan_words.hypothesis("paid_social", "tv", "they run together", 3, 0.9)
    plans.save_diagram(services, actor, plans.with_arrows(first, [arrow], plan, set()))
    plans.approve_plan(services, actor, other.id)

    me = Person(services, actor, ready)
    me.do(planning.edit, replace(me.draft, target=target, channels=tuple(channels)))
    me.do(planning.turn_to, Topic.CHANNELS)
    assert all(other.name in s.why for s in me.asked().offers)
    me.do(planning.turn_to, Topic.HYPOTHESES)
    (mine,) = [s for s in me.asked().offers if s.link == other.id and s.arrow and s.arrow.cause == "paid_social"]
    assert mine.arrow is not None
    assert (mine.arrow.lag_weeks, mine.arrow.confidence) == (3, 0.9)
    assert other.name in mine.why

    theirs = projects.create_project(services, stranger, name="Theirs")
    datasets.add_dataset(services, stranger, theirs.id, [Upload(content, "acme.csv")])
    you = Person(services, stranger, theirs)
    you.do(planning.turn_to, Topic.CHANNELS)
    assert not [s for s in you.asked().offers if "Also in the approved plan" in s.why]
