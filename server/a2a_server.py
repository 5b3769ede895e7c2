"""The agent-to-agent endpoint: a card that says what we do, and tasks that the same assistant answers as on the pages.

A task is a message about one project, which its metadata name (``project``); later ones of the same context need not.
Where the assistant asks back, the task waits for input and the next message to it is the answer. What a task would
change is proposed, and a person confirms it in the app.
"""

from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import structlog
from starlette.requests import Request

from mmm_core.domain.conversation import Message
from mmm_core.domain.errors import BadInput, CarryoverError
from mmm_core.domain.identity import Actor
from mmm_core.domain.ports import Services
from server import protocol_tools

log = structlog.get_logger(__name__)

ENDPOINT, CARD = "/a2a", "/.well-known/agent-card.json"
SKILLS = (
    ("ask", "Ask about the model", "What channels brought, how sure that is, and where a number comes from.",
     ["What did TV bring?", "Where does the return of search come from?"]),
    ("what_if", "What if", "What a change of spend would bring, read from a sentence.",
     ["What if we raise TV by 20% and cut search by 10k a week?"]),
    ("data", "Ask about the data", "What is in the data and what its checks found.", ["Is the data good enough?"]),
)  # fmt: skip
UNEXPECTED = "Something went wrong on the server's side; it has been logged."


def card(address: str) -> Any:
    from a2a.types import (
        AgentCapabilities,
        AgentCard,
        AgentInterface,
        AgentSkill,
        HTTPAuthSecurityScheme,
        SecurityRequirement,
        SecurityScheme,
        StringList,
    )

    bearer = SecurityScheme(
        http_auth_security_scheme=HTTPAuthSecurityScheme(
            scheme="bearer", description="A personal token, made on the page where people see their tokens."
        )
    )
    return AgentCard(
        name="Carryover",
        description="Marketing-mix modelling: what each channel brought, how sure that is, and what if money moves.",
        version=version("carryover"),
        supported_interfaces=[
            AgentInterface(url=f"{address}{ENDPOINT}", protocol_binding="JSONRPC", protocol_version="1.0")
        ],
        capabilities=AgentCapabilities(streaming=True, push_notifications=False),
        default_input_modes=["text/plain"],
        default_output_modes=["text/markdown", "application/json"],
        security_schemes={"token": bearer},
        security_requirements=[SecurityRequirement(schemes={"token": StringList(list=[])})],
        skills=[
            AgentSkill(id=key, name=name, description=says, tags=["marketing", "mmm"], examples=examples)
            for key, name, says, examples in SKILLS
        ],
    )


def dispatcher(services: Callable[[], Services]) -> Any:
    """What answers a JSON-RPC request whose person is in its scope; tasks are rows of that person."""
    from a2a.server.agent_execution import AgentExecutor
    from a2a.server.request_handlers import DefaultRequestHandler
    from a2a.server.routes.jsonrpc_dispatcher import JsonRpcDispatcher

    from server.a2a_tasks import KeptTasks

    class Executor(AgentExecutor):
        async def execute(self, context: Any, event_queue: Any) -> None:
            await _work(services, context, event_queue)

        async def cancel(self, context: Any, event_queue: Any) -> None:
            await _updater(context, event_queue).cancel()

    handler = DefaultRequestHandler(Executor(), KeptTasks(services), card(""))
    return JsonRpcDispatcher(handler, context_builder=_builder())


def _builder() -> Any:
    from a2a.auth.user import User
    from a2a.server.context import ServerCallContext
    from a2a.server.routes.common import ServerCallContextBuilder

    class Person(User):
        def __init__(self, actor: Actor) -> None:
            self.actor = actor

        @property
        def is_authenticated(self) -> bool:
            return True

        @property
        def user_name(self) -> str:
            """Whose tasks are whose: the same name in two organisations is two people."""
            return f"{self.actor.organisation_id}/{self.actor.user_id}"

    class Builder(ServerCallContextBuilder):
        def build(self, request: Request) -> ServerCallContext:
            actor: Actor = request.scope["carryover.actor"]
            return ServerCallContext(user=Person(actor), state={"headers": dict(request.headers), "actor": actor})

    return Builder()


def _updater(context: Any, event_queue: Any) -> Any:
    from a2a.server.tasks import TaskUpdater

    return TaskUpdater(event_queue, context.task_id, context.context_id)


async def _work(services: Callable[[], Services], context: Any, event_queue: Any) -> None:
    import anyio
    from a2a.helpers.proto_helpers import new_data_part, new_task, new_text_part
    from a2a.types import TaskState
    from google.protobuf.json_format import MessageToDict

    actor: Actor = context.call_context.user.actor
    text, wanted = context.get_user_input().strip(), MessageToDict(context.message.metadata)
    if context.current_task is None:
        begun = TaskState.TASK_STATE_SUBMITTED
        await event_queue.enqueue_event(new_task(context.task_id, context.context_id, begun, history=[context.message]))
    updater = _updater(context, event_queue)
    await updater.start_work()
    try:
        about = (wanted.get("project"), context.context_id)
        said, facts, asks = await anyio.to_thread.run_sync(_answer, services, actor, *about, text)
    except CarryoverError as error:
        await updater.failed(updater.new_agent_message([new_text_part(str(error))]))
    except Exception:
        log.exception("a2a.failed")
        await updater.failed(updater.new_agent_message([new_text_part(UNEXPECTED)]))
    else:
        parts = [new_text_part(said, "text/markdown"), new_data_part(facts, "application/json")]
        if asks:
            await updater.requires_input(updater.new_agent_message(parts))
            return
        await updater.add_artifact(parts, name="answer")
        await updater.complete()


def _answer(
    services: Callable[[], Services], actor: Actor, project: Any, context_id: str, text: str
) -> tuple[str, dict[str, Any], bool]:
    """The assistant's answer in the talk that the program's context stands for, and whether it asks back."""
    from mmm_core.agents.chat import assistant
    from mmm_core.agents.chat.talk import Done
    from mmm_core.agents.tools.kinds import Context
    from mmm_core.use_cases import conversations, remote_tasks

    if not text:
        raise BadInput("Send the question as text.")
    opened = services()
    known = project or conversations.project_of_program(opened, actor, context_id)
    about = protocol_tools.find_project(opened, actor, known)
    remote_tasks.note_call(opened, actor, "a2a", "ask", about.id)
    talk = conversations.of_program(opened, actor, about.id, context_id, text)
    *_, last = assistant.respond(Context(opened, actor, about.id, talk.id, remote=True), text[: conversations.LONGEST])
    assert isinstance(last, Done)
    facts = {"project": about.name, **_facts(last.message)}
    return protocol_tools.words(last.message.text), facts, last.message.asks


def _facts(message: Message) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "by": message.by,
        "figures": [{"key": f.key, "value": f.value, "unit": f.unit} for f in message.facts],
    }
    more = {"note": message.note, "changes": message.changes, "choices": message.options, "pages": message.places}
    facts |= {key: list(value) if isinstance(value, tuple) else value for key, value in more.items() if value}
    if message.proposals:
        facts["proposals"] = list(message.proposals)
        facts["next"] = "Nothing has been changed. A person confirms or declines this on the Approvals page."
    return facts
