"""Tasks of programs: kept with their person, so that any web process finds them, also after a restart (A10)."""

from collections.abc import Sequence

from mmm_core.domain.identity import Actor
from mmm_core.domain.ports import Services
from mmm_core.domain.remote_tasks import RemoteTask

MOST = 200
"""Tasks that are kept of one person; the oldest go first."""


def keep(services: Services, actor: Actor, task_id: str, content: str) -> None:
    with services.work(actor) as work:
        is_new = work.remote_tasks.find(task_id) is None
        work.remote_tasks.put(RemoteTask(task_id, content, services.now()))
        if is_new:
            work.remote_tasks.keep_newest(MOST)


def find(services: Services, actor: Actor, task_id: str) -> RemoteTask | None:
    with services.work(actor) as work:
        return work.remote_tasks.find(task_id)


def list_tasks(services: Services, actor: Actor) -> Sequence[RemoteTask]:
    with services.work(actor) as work:
        return work.remote_tasks.list()


def forget(services: Services, actor: Actor, task_id: str) -> None:
    with services.work(actor) as work:
        work.remote_tasks.delete(task_id)
