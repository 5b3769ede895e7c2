"""Conversations, proposals, routes and what answers cost: in and out again, and each person's own."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine

from db.work import PostgresWork
from mmm_core.domain.conversation import ProposalStatus
from mmm_core.domain.errors import Conflict, NotFound
from mmm_core.domain.identity import Actor
from mmm_core.domain.llm import Ending, Task
from tests.db import some

Open = Callable[[], PostgresWork]


def test_a_conversation_comes_back_whole_and_newest_first(work: Open, actor: Actor) -> None:
    spring = some.project()
    first, second = some.talk(spring.id, actor.user_id), some.talk(spring.id, actor.user_id)
    alone = some.talk(None, actor.user_id)
    later = replace(some.message(second), at=some.NOW + timedelta(minutes=5))
    with work() as w:
        w.projects.add(spring)
        for talk in (first, second, alone):
            w.conversations.add(talk)
        w.conversations.say(some.message(first))
        w.conversations.say(later)
    with work() as w:
        assert [c.id for c in w.conversations.list(spring.id)] == [second.id, first.id]
        assert w.conversations.messages(second.id) == [later]
        assert alone in w.conversations.list(None)
        w.conversations.delete(second.id)
    with work() as w:
        assert [c.id for c in w.conversations.list(spring.id)] == [first.id]
        assert w.conversations.messages(second.id) == []


def test_a_programs_talk_is_found_by_its_own_name_and_not_among_the_persons(
    work: Open, engine: Engine, actor: Actor
) -> None:
    spring = some.project()
    mine = some.talk(spring.id, actor.user_id)
    theirs = replace(some.talk(spring.id, actor.user_id), remote="context 1")
    with work() as w:
        w.projects.add(spring)
        w.conversations.add(mine)
        w.conversations.add(theirs)
    with work() as w:
        assert w.conversations.list(spring.id) == [mine]
        assert w.conversations.of_program(spring.id, "context 1") == theirs
        assert w.conversations.of_program(spring.id, "context 2") is None
        assert w.conversations.of_program(None, "context 1") is None
    with pytest.raises(Conflict), work() as w:
        w.conversations.add(replace(some.talk(spring.id, actor.user_id), remote="context 1"))
    with PostgresWork(engine, replace(actor, user_id="somebody else")) as w:
        assert w.conversations.of_program(spring.id, "context 1") is None


def test_two_messages_cannot_have_one_number(work: Open, actor: Actor) -> None:
    talk = some.talk(None, actor.user_id)
    with work() as w:
        w.conversations.add(talk)
        w.conversations.say(some.message(talk))
    with pytest.raises(Conflict), work() as w:
        w.conversations.say(some.message(talk))


def test_a_colleague_cannot_read_what_one_asked(engine: Engine, actor: Actor, database: Any) -> None:
    talk = some.talk(None, actor.user_id)
    with PostgresWork(engine, actor) as w:
        w.conversations.add(talk)
        w.conversations.say(some.message(talk))
    colleague = replace(actor, user_id="somebody else")
    with PostgresWork(engine, colleague) as w:
        assert w.conversations.list(None) == []
        assert w.conversations.messages(talk.id) == []
        with pytest.raises(NotFound):
            w.conversations.get(talk.id)
        with pytest.raises(NotFound):
            w.conversations.say(some.message(talk, 1))
    with psycopg.connect(database.app, autocommit=True) as raw:
        raw.execute("SELECT set_config('app.organisation', %s, false)", [actor.organisation_id])
        assert raw.execute("SELECT * FROM carryover.conversation_messages").fetchall() == []
        raw.execute("SELECT set_config('app.user', %s, false)", [actor.user_id])
        assert len(raw.execute("SELECT * FROM carryover.conversations WHERE id = %s", [talk.id]).fetchall()) == 1


def test_a_proposal_is_decided_once(work: Open) -> None:
    made = some.proposal(None)
    yes = replace(made, status=ProposalStatus.CONFIRMED, decided_by="Ada", decided_at=some.NOW)
    with work() as w:
        w.proposals.add(made)
    with work() as w:
        assert made in w.proposals.waiting(None)
        w.proposals.decide(yes)
    with pytest.raises(Conflict, match="already"), work() as w:
        w.proposals.decide(yes)
    with work() as w:
        w.proposals.conclude(made.id, ProposalStatus.DONE, "Report 3 is published.")
        assert w.proposals.get(made.id) == replace(yes, status=ProposalStatus.DONE, outcome="Report 3 is published.")
        assert made.id not in {p.id for p in w.proposals.waiting(None)}


def test_routes_and_answers_are_replaced_and_usage_only_grows(work: Open, database: Any, actor: Actor) -> None:
    with work() as w:
        w.routes.put(some.route())
        w.routes.put(replace(some.route(), set_by="Bea"))
        assert [r.set_by for r in w.routes.list()] == ["Bea"]
        w.routes.remove(Task.CHAT)
        assert w.routes.get(Task.CHAT) is None
        w.prices.put(some.price())
        w.prices.put(replace(some.price(), input=2.0))
        assert [p.input for p in w.prices.list()] == [2.0]
        assert w.prices.get(some.price().choice) == replace(some.price(), input=2.0)
        w.prices.remove(some.price().choice)
        assert w.prices.get(some.price().choice) is None
        w.answers.put("k", "one", some.NOW)
        w.answers.put("k", "two", some.NOW)
        assert w.answers.get("k", some.NOW) == "two"
        assert w.answers.get("k", some.NOW + timedelta(seconds=1)) is None
        for usage in (some.usage(None), some.usage(None, cost=None), some.usage(None, ending=Ending.TIMED_OUT)):
            w.usage.add(usage)
        (spent,) = w.usage.spent()
        assert (spent.calls, spent.failed, spent.unpriced, spent.input_tokens) == (3, 1, 1, 300)
        assert spent.cost == pytest.approx(0.5)
        assert w.usage.spent(some.NOW + timedelta(days=1)) == []
    with psycopg.connect(database.app, autocommit=True) as raw:
        raw.execute("SELECT set_config('app.organisation', %s, false)", [actor.organisation_id])
        for statement in ("UPDATE carryover.llm_usage SET cost = 0", "DELETE FROM carryover.llm_usage"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                raw.execute(statement)


def test_the_usage_of_one_conversation(work: Open, actor: Actor) -> None:
    talk = some.talk(None, actor.user_id)
    mine = replace(some.usage(None), conversation_id=talk.id)
    with work() as w:
        w.conversations.add(talk)
        w.usage.add(mine)
        w.usage.add(some.usage(None))
        assert w.usage.of_conversation(talk.id) == [mine]
