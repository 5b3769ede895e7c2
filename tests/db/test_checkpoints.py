"""LangGraph's real saver on the application's role: one organisation cannot read another's threads."""

from typing import Any, TypedDict

import psycopg
import pytest

from db import checkpoints
from mmm_core.domain.errors import BadInput
from mmm_core.domain.identity import Actor


class State(TypedDict):
    words: list[str]


def _graph(saver: Any) -> Any:
    from langgraph.graph import END, START, StateGraph
    from langgraph.types import interrupt

    def ask(state: State) -> State:
        answer = interrupt({"question": "Approve?"})
        return {"words": [*state["words"], answer]}

    graph = StateGraph(State)
    graph.add_node("ask", ask)
    graph.add_edge(START, "ask")
    graph.add_edge("ask", END)
    return graph.compile(checkpointer=saver)


def _config(organisation: str, name: str) -> Any:
    return {"configurable": {"thread_id": checkpoints.thread_id(organisation, name)}}


def test_a_thread_waits_in_the_database_and_goes_on_in_another_process(database: Any, actor: Actor) -> None:
    from langgraph.types import Command

    config = _config(actor.organisation_id, "one")
    with checkpoints.saver(database.app, actor.organisation_id) as saver:
        _graph(saver).invoke({"words": ["plan"]}, config, durability="sync")
    with checkpoints.saver(database.app, actor.organisation_id) as saver:
        assert _graph(saver).invoke(Command(resume="yes"), config) == {"words": ["plan", "yes"]}
        assert len(list(saver.list(config))) >= 2


def test_another_organisation_can_neither_read_nor_write_it(database: Any, actor: Actor, stranger: Actor) -> None:
    config = _config(actor.organisation_id, "two")
    with checkpoints.saver(database.app, actor.organisation_id) as saver:
        _graph(saver).invoke({"words": ["secret"]}, config, durability="sync")
    with checkpoints.saver(database.app, stranger.organisation_id) as saver:
        assert saver.get_tuple(config) is None
        assert list(saver.list(config)) == []
        assert list(saver.list(None)) == []
        saver.delete_thread(config["configurable"]["thread_id"])
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"):
            _graph(saver).invoke({"words": ["forged"]}, config, durability="sync")
    with checkpoints.saver(database.app, actor.organisation_id) as saver:
        assert _graph(saver).get_state(config).values == {"words": ["secret"]}


def test_a_reset_leads_back_to_the_same_organisation(database: Any, actor: Actor) -> None:
    with checkpoints.saver(database.app, actor.organisation_id) as saver, saver.conn.connection() as link:
        link.execute("SELECT set_config('app.organisation', 'other', false)")
        link.execute("RESET ALL")
        row = link.execute("SELECT current_setting('app.organisation') AS organisation").fetchone()
        assert row == {"organisation": actor.organisation_id}


def test_tables_of_the_agents_cannot_be_altered_by_the_application(database: Any, actor: Actor) -> None:
    with checkpoints.saver(database.app, actor.organisation_id) as saver, saver.conn.connection() as link:
        for statement in (
            "DROP TABLE agents.checkpoints",
            "TRUNCATE agents.checkpoints",
            "CREATE TABLE agents.x (y int)",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                link.execute(statement)


@pytest.mark.parametrize("odd", ["", "a:b", "a b", "a\nb", "a -c role=postgres"])
def test_an_id_that_would_say_more_than_one_thing_is_refused(database: Any, odd: str) -> None:
    with pytest.raises(BadInput), checkpoints.saver(database.app, odd):
        pass
