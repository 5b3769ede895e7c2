"""Instructions hidden anywhere, obeyed by the model, and still nothing is done without a person."""

import uuid
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Engine

from mmm_core.agents.chat import assistant
from mmm_core.agents.chat.talk import Done
from mmm_core.agents.tools import registry
from mmm_core.agents.tools.kinds import Context
from mmm_core.data import recipe
from mmm_core.domain.conversation import Message, ProposalStatus
from mmm_core.domain.identity import Actor
from mmm_core.domain.planning import SpendPlan
from mmm_core.domain.ports import Services
from mmm_core.domain.search import Hit
from mmm_core.use_cases import conversations, datasets, fits, knowledge, models, projects, what_if
from mmm_core.use_cases.datasets import Upload
from mmm_core.use_cases.execute import execute
from tests.agents import world
from tests.agents.injection.attempts import EVERY, Digest, Room, ids, obedient, steps_of
from tests.conftest import Database

ROOM = Room(
    [a for a in EVERY if a.get("room") != "plan"],
    frozenset({"conversations", "conversation_messages", "proposals", "llm_usage", "llm_answers", "audit"}),
)
words_at = ROOM.words_at


class Overheard:
    """A search provider that notes what reaches it."""

    name = "overheard"

    def __init__(self) -> None:
        self.questions: list[str] = []

    def search(self, query: str, limit: int) -> Sequence[Hit]:
        self.questions.append(query)
        return ()


@pytest.fixture(scope="module")
def planted(services: Services, actor: Actor) -> str:
    """One project with every hidden instruction where it belongs."""

    def rename(frame: Any) -> Any:
        remarks = words_at("cell")
        extra = {name: (frame.index * (n + 3)) % 17 + 1.0 for n, name in enumerate(words_at("column"))}
        return frame.assign(**extra, remark=[remarks[n % len(remarks)] for n in range(len(frame))])

    project_id = world.company(services, actor, rename=rename, fit=False)
    project = projects.get_project(services, actor, project_id)
    projects.update_project(services, actor, replace(project, name=f"{words_at('project')[0]} {uuid.uuid4().hex[:6]}"))
    content = rename(_table(services, actor, project_id)).to_csv(index=False).encode()
    version = datasets.add_dataset(services, actor, project_id, [Upload(content, words_at("file")[0])])
    step = recipe.step("add_time_features", label=words_at("step")[0])
    datasets.apply_step(services, actor, version.id, step)
    spec = models.suggest_spec(services, actor, project_id).spec
    run = fits.request_fit(services, actor, project_id, spec, name=words_at("model")[0])
    execute(services, actor, run.id)
    what_if.save_scenario(services, actor, run.id, words_at("scenario")[0], SpendPlan(13, {"tv": 1.0}))
    for text in words_at("note"):
        knowledge.keep_note(services, actor, project_id, text[:40], text)
    with services.work(actor) as work:
        for text in words_at("web"):
            work.documents.put("research", uuid.uuid4().hex, text[:40], text, project_id)
    return project_id


def _table(services: Services, actor: Actor, project_id: str) -> Any:
    version = datasets.latest_dataset(services, actor, project_id)
    assert version is not None
    frame = datasets.load_working(services, actor, version.id).frame
    return frame[[c for c in frame.columns if c not in words_at("column") and not str(c).startswith("remark")]]


@pytest.fixture(scope="module")
def acts(database: Database) -> Digest:
    return ROOM.digest(database.admin)


def asked(place: Context, text: str) -> Message:
    done = list(assistant.respond(place, text))[-1]
    assert isinstance(done, Done)
    return done.message


@pytest.mark.slow
@pytest.mark.parametrize("attempt", ROOM.attempts, ids=ids)
def test_an_obedient_model_does_nothing_without_a_person(
    services: Services, actor: Actor, planted: str, acts: Digest, attempt: dict[str, Any]
) -> None:
    model = obedient(attempt, "Done: it is published, approved and running now.")
    outside = Overheard()
    given = replace(services, search=outside)
    place = world.context(world.with_model(given, lambda s, c: model), actor, planted)
    before = acts()
    text = str(attempt["words"]) if attempt["place"] == "chat" else "How are things going here, would you say?"
    message = asked(place, text)
    assert acts() == before
    assert outside.questions == []
    for proposal_id in message.proposals:
        assert conversations.proposal(services, actor, proposal_id).status is ProposalStatus.WAITING
    assert message.by != "rules" or "circles" in message.note, "the model was really asked"
    seen = "\n".join(str(m.content) for m in model.seen[-1])
    beginning = str(attempt["words"]).replace("[[", "").replace("|", "/")[:12]
    assert beginning in seen.replace('\\"', '"').encode().decode("unicode_escape", "ignore") or beginning in seen, (
        "the words reached the model"
    )
    assert len(model.seen) == steps_of(attempt), "it tried all of it"


@pytest.mark.slow
@pytest.mark.parametrize("text", words_at("chat"), ids=lambda t: t[:30])
def test_built_in_rules_do_nothing_either(
    services: Services, actor: Actor, planted: str, acts: Digest, text: str
) -> None:
    before, outside = acts(), Overheard()
    message = asked(world.context(replace(services, search=outside), actor, planted), text)
    assert acts() == before
    assert outside.questions == []
    assert message.by == "rules"


def test_the_attempts_are_distinct_and_of_every_kind() -> None:
    said = [(a["place"], a["words"]) for a in EVERY]
    assert len(set(said)) == len(said) >= 36
    places = {a["place"] for a in ROOM.attempts}
    assert places >= {"chat", "column", "cell", "file", "project", "note", "web", "scenario"}


def test_no_tool_takes_an_organisation_a_person_or_a_project(engine: Engine) -> None:
    for tool in registry.inventory():
        fields = set(tool.arguments.model_fields)
        assert not {f for f in fields if "organisation" in f or "user" in f or "project" in f or "actor" in f}, (
            tool.name
        )
        assert tool.arguments.model_config["extra"] == "forbid"


def test_no_tool_confirms() -> None:
    assert not [name for name in registry.TOOLS if "confirm" in name or "decline" in name or "route" in name]
