"""Links under which people are asked, and what becomes of their answers."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import Engine

from db.elicitation import PostgresInquiryDoor
from db.work import PostgresWork
from mmm_core.domain.elicitation import Inquiry, Statement, Sure
from mmm_core.domain.errors import BadInput, CarryoverError, NotAllowed, NotFound, Unavailable
from mmm_core.domain.identity import Actor, TeamRole
from mmm_core.domain.ports import Services
from mmm_core.domain.project import KpiUnit
from mmm_core.modeling.spec import ModelSpec
from mmm_core.use_cases import elicitation, elicited, fits, models, projects
from mmm_core.use_cases.reports import hash_passcode, hash_token
from tests.agents import world
from tests.db import some

Open = Callable[[], PostgresWork]
TV = Statement("tv", 0.5, 1.2, 3.0, Sure.EXPERIENCE, "the spring flight")


@pytest.fixture
def services(engine: Engine) -> Services:
    made = world.services_on(engine)
    return replace(made, inquiries=PostgresInquiryDoor(engine, made.new_id))


@pytest.fixture
def project_id(services: Services, actor: Actor) -> str:
    return projects.create_project(services, actor, name=f"Spring {uuid4()}", question="What works?").id


def _link(work: Open, project_id: str, *, days: int = 30, passcode: str | None = None) -> Inquiry:
    """Its token is its id."""
    made = some.inquiry(project_id, days=days, passcode=passcode is not None)
    with work() as w:
        w.inquiries.add(made, hash_token(made.id), hash_passcode(passcode, made.id) if passcode else None)
        w.graph.put_node("inquiry", made.id, "Asked Maria", {}, project_id)
    return made


def test_a_link_opens_and_keeps_what_is_answered(work: Open, project_id: str, services: Services) -> None:
    link = _link(work, project_id)
    assert elicitation.open_link(services, link.id, None, "10.0.0.1").last is None
    reply = elicitation.answer(services, link.id, None, "10.0.0.1", [TV])
    opened = elicitation.open_link(services, link.id, None, "10.0.0.1")
    assert opened.last == reply
    assert reply.statements == (TV, Statement("search"))
    again = elicitation.answer(
        services, link.id, None, "", [replace(TV, high=4.0), Statement("search", 1.0, None, 2.0)]
    )
    with work() as w:
        assert list(w.inquiries.replies(project_id)) == [again]
        assert again.number == 2
        assert w.inquiries.get(link.id).views == 2
        whole = [(who, action) for _, who, action, subject, _ in w.audit.list(10) if subject == link.id]
    assert whole == [("Maria (by link)", "inquiry.answered")] * 2


@pytest.mark.parametrize("token", ["", "wrong", "'; --", "\x00", "\ud800x", "x" * 100_000])
def test_a_wrong_token_opens_nothing(services: Services, token: str) -> None:
    with pytest.raises(NotFound, match="opens no question"):
        elicitation.open_link(services, token, None, "")


def test_expired_and_revoked_links_neither_open_nor_take_answers(
    work: Open, project_id: str, services: Services, actor: Actor
) -> None:
    old, gone = _link(work, project_id, days=-1), _link(work, project_id)
    elicitation.revoke(services, actor, gone.id)
    for token, why in ((old.id, "expired"), (gone.id, "revoked")):
        with pytest.raises(NotAllowed, match=why):
            elicitation.open_link(services, token, None, "")
        with pytest.raises(NotAllowed, match=why):
            elicitation.answer(services, token, None, "", [TV])
    with work() as w:
        assert w.inquiries.replies(project_id) == []


def test_a_passcode_is_asked_for_each_time_and_guesses_are_counted(
    work: Open, project_id: str, services: Services, database: Any
) -> None:
    link = _link(work, project_id, passcode="spring")
    for wrong, sentence in ((None, "asks for a passcode"), ("summer", "is not right")):
        with pytest.raises(NotAllowed, match=sentence):
            elicitation.answer(services, link.id, wrong, "", [TV])
    assert elicitation.open_link(services, link.id, "spring", "").inquiry.person == "Maria"
    said: list[str] = []

    def guess(n: int) -> None:
        try:
            elicitation.open_link(services, link.id, f"guess {n}", "")
        except CarryoverError as error:
            said.append(str(error))

    threads = [threading.Thread(target=guess, args=(n,)) for n in range(12)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert sum("not right" in s for s in said) == 9
    with pytest.raises(NotAllowed, match="too many wrong passcodes"):
        elicitation.open_link(services, link.id, "spring", "")
    with psycopg.connect(database.admin) as owner:
        owner.execute("UPDATE carryover.inquiry_views SET at = at - interval '16 minutes'")
    assert elicitation.open_link(services, link.id, "spring", "")


def test_answers_cannot_be_sent_for_ever(work: Open, project_id: str, services: Services) -> None:
    link = _link(work, project_id)
    for _ in range(20):
        elicitation.answer(services, link.id, None, "", [TV])
    with pytest.raises(NotAllowed, match="too many answers"):
        elicitation.answer(services, link.id, None, "", [TV])


@pytest.mark.parametrize(
    ("statement", "sentence"),
    [
        (Statement("tv", 2.0, None, 1.0), "TV: .* has to be smaller"),
        (Statement("tv", 0.0, None, 1.0), "above zero"),
        (Statement("tv", 1.0, 3.0, 2.0), "between 1 and 2"),
        (Statement("tv", 1.0, None, None), "“surely less than” too"),
        (Statement("tv", 1.0, None, float("nan")), "too large"),
        (Statement("radio", 1.0, None, 2.0), "Nobody asked about Radio"),
    ],
)
def test_a_range_that_cannot_be_is_refused_in_a_sentence(
    work: Open, project_id: str, services: Services, statement: Statement, sentence: str
) -> None:
    link = _link(work, project_id)
    with pytest.raises(BadInput, match=sentence):
        elicitation.answer(services, link.id, None, "", [statement])


def test_the_token_is_nowhere_in_the_database(services: Services, actor: Actor, project_id: str, database: Any) -> None:
    made, token = elicitation.ask(services, actor, project_id, person=" Jo  Doe ", channels=["tv"], passcode="1234")
    assert (made.person, made.has_passcode, made.per) == ("Jo Doe", True, 1)
    with psycopg.connect(database.admin) as owner:
        rows = str(owner.execute("SELECT * FROM carryover.inquiries").fetchall())
        rows += str(owner.execute("SELECT * FROM carryover.audit").fetchall())
    assert token not in rows
    assert hash_token(token) in rows
    assert elicitation.open_link(services, token, "1234", "").inquiry.id == made.id


def test_another_organisation_sees_and_revokes_nothing(
    work: Open, project_id: str, services: Services, stranger: Actor, actor: Actor
) -> None:
    link = _link(work, project_id)
    elicitation.answer(services, link.id, None, "", [TV])
    assert elicitation.list_inquiries(services, stranger, project_id) == []
    assert elicited.heard(services, stranger, project_id) == ()
    with pytest.raises(NotFound):
        elicitation.revoke(services, stranger, link.id)
    with pytest.raises(NotFound):
        elicitation.ask(services, stranger, project_id, person="Eve", channels=["tv"])
    assert [i.id for i in elicitation.list_inquiries(services, actor, project_id)] == [link.id]


def test_who_may_ask_and_who_may_accept(work: Open, project_id: str, services: Services, actor: Actor) -> None:
    link = _link(work, project_id)
    reply = elicitation.answer(services, link.id, None, "", [TV])
    viewer, analyst = (replace(actor, role=r) for r in (TeamRole.VIEWER, TeamRole.ANALYST))
    with pytest.raises(NotAllowed, match="viewer"):
        elicitation.ask(services, viewer, project_id, person="Jo", channels=["tv"])
    with pytest.raises(NotAllowed, match="analyst"):
        elicited.accept(services, analyst, project_id, "tv", [reply.id])
    with pytest.raises(NotAllowed, match="analyst"):
        elicited.withdraw(services, analyst, project_id, "tv")


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        ({"person": " ", "channels": ["tv"]}, "who is asked"),
        ({"person": "x" * 81, "channels": ["tv"]}, "who is asked"),
        ({"person": "Jo", "channels": [" "]}, "channels to ask about"),
        ({"person": "Jo", "channels": ["tv"], "days": 0}, "lives from"),
        ({"person": "Jo", "channels": ["tv"], "passcode": "abc"}, "at least 4"),
    ],
)
def test_a_link_that_makes_no_sense_is_not_made(
    services: Services, actor: Actor, project_id: str, asked: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(BadInput, match=sentence):
        elicitation.ask(services, actor, project_id, **asked)


def test_without_a_door_it_is_one_sentence(services: Services) -> None:
    with pytest.raises(Unavailable, match="not opened here"):
        elicitation.open_link(replace(services, inquiries=None), "t", None, "")


def test_one_range_or_the_pool_becomes_the_prior_and_goes_again(services: Services, actor: Actor) -> None:
    project_id = world.company(services, actor, fit=False)
    spec = models.suggest_spec(services, actor, project_id).spec
    name = next(c.name for c in spec.channels if c.spend)

    def say(person: str, low: float, high: float) -> str:
        _, token = elicitation.ask(services, actor, project_id, person=person, channels=[name])
        return elicitation.answer(services, token, None, "", [Statement(name, low, None, high)]).id

    maria, jo = say("Maria", 0.5, 2.0), say("Jo", 3.0, 6.0)
    about = elicited.heard(services, actor, project_id)[0]
    assert about.apart is not None
    assert [v.inquiry.person for v in about.apart] == ["Maria", "Jo"]

    def belief(now: ModelSpec) -> Any:
        return next(c.belief for c in now.channels if c.name == name)

    elicited.accept(services, actor, project_id, name, [maria])
    one = models.suggest_spec(services, actor, project_id)
    assert (belief(one.spec).kind, belief(one.spec).low, belief(one.spec).high) == ("roi", 0.5, 2.0)
    assert belief(one.spec).source.startswith("Maria")
    assert any("Maria" in note for note in one.notes)
    models.check_spec(services, actor, project_id, one.spec)

    both = elicited.accept(services, actor, project_id, name, [maria, jo])
    assert 0.5 < both.low < 0.8
    assert 5.0 < both.high < 6.0
    assert "linear pool" in both.source
    fits.request_fit(services, actor, project_id, spec)
    assert belief(models.suggest_spec(services, actor, project_id).spec) is None
    elicited.accept(services, actor, project_id, name, [jo])
    assert belief(models.suggest_spec(services, actor, project_id).spec).low == 3.0
    fits.request_fit(services, actor, project_id, models.suggest_spec(services, actor, project_id).spec)
    elicited.withdraw(services, actor, project_id, name)
    assert belief(models.suggest_spec(services, actor, project_id).spec) is None
    with pytest.raises(NotFound, match="No belief"):
        elicited.withdraw(services, actor, project_id, name)


def test_an_answer_that_was_replaced_is_not_accepted(
    work: Open, project_id: str, services: Services, actor: Actor
) -> None:
    link = _link(work, project_id)
    old = elicitation.answer(services, link.id, None, "", [TV])
    elicitation.answer(services, link.id, None, "", [replace(TV, high=9.0)])
    with pytest.raises(NotFound, match="replaced by a newer one"):
        elicited.accept(services, actor, project_id, "tv", [old.id])


def test_what_is_counted_becomes_a_cost(services: Services, actor: Actor, project_id: str) -> None:
    project = projects.get_project(services, actor, project_id)
    projects.update_project(services, actor, replace(project, kpi_unit=KpiUnit.COUNT, kpi_name="orders"))
    link, token = elicitation.ask(services, actor, project_id, person="Jo", channels=["tv"])
    assert (link.per, link.is_count) == (1000, True)
    reply = elicitation.answer(services, token, None, "", [Statement("tv", 10.0, None, 50.0)])
    made = elicited.accept(services, actor, project_id, "tv", [reply.id])
    assert (made.kind, made.low, made.high) == ("cost_per_target", 20.0, 100.0)
    assert made.accepted_at <= datetime.now(UTC)
