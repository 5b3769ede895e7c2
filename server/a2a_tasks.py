"""Where A2A tasks are kept: rows of their person, which any web process reads, also after a restart.

Imported on demand: the protocol's library is heavy.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from a2a.helpers.proto_helpers import new_text_message
from a2a.server.context import ServerCallContext
from a2a.server.tasks import InMemoryTaskStore, TaskStore
from a2a.types import ListTasksRequest, ListTasksResponse, Role, Task, TaskState
from anyio.to_thread import run_sync
from google.protobuf.json_format import MessageToJson, Parse

from mmm_core.domain.identity import Actor
from mmm_core.domain.ports import Services
from mmm_core.domain.remote_tasks import RemoteTask
from mmm_core.use_cases import remote_tasks

GIVEN_UP = timedelta(minutes=15)
"""A turn of the assistant ends well before; what still works then is of a process that is gone."""
GONE = "The server stopped while it worked on this; nothing was changed. Send the task again."
AT_WORK = (TaskState.TASK_STATE_SUBMITTED, TaskState.TASK_STATE_WORKING)


class KeptTasks(TaskStore):
    def __init__(self, services: Callable[[], Services]) -> None:
        self._services = services

    async def save(self, task: Task, context: ServerCallContext) -> None:
        content = MessageToJson(task, indent=None)
        await run_sync(lambda: remote_tasks.keep(self._services(), _person(context), task.id, content))

    async def get(self, task_id: str, context: ServerCallContext) -> Task | None:
        found = await run_sync(lambda: remote_tasks.find(self._services(), _person(context), task_id))
        return _read(found) if found else None

    async def list(self, params: ListTasksRequest, context: ServerCallContext) -> ListTasksResponse:
        """The library's own filters and pages, over the person's few tasks."""
        kept = await run_sync(lambda: remote_tasks.list_tasks(self._services(), _person(context)))
        sorted_out = InMemoryTaskStore()
        for one in kept:
            await sorted_out.save(_read(one), context)
        return await sorted_out.list(params, context)

    async def delete(self, task_id: str, context: ServerCallContext) -> None:
        await run_sync(lambda: remote_tasks.forget(self._services(), _person(context), task_id))


def _person(context: ServerCallContext) -> Actor:
    actor: Actor = context.state["actor"]
    return actor


def _read(kept: RemoteTask) -> Task:
    task: Task = Parse(kept.content, Task(), ignore_unknown_fields=True)
    if task.status.state in AT_WORK and datetime.now(UTC) - kept.changed_at > GIVEN_UP:
        task.status.state = TaskState.TASK_STATE_FAILED
        task.status.message.CopyFrom(new_text_message(GONE, role=Role.ROLE_AGENT))
    return task
