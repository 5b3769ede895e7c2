"""Tasks of programs, kept with their person, so that any web process finds them, also after a restart; and their calls,
each on the audit trail (A10, A11)."""

from collections.abc import Sequence

from mmm_core.domain.identity import Actor
from mmm_core.domain.ports import Services
from mmm_core.domain.remote_tasks import RemoteTask

MOST = 200
"""Tasks that are kept of one person; the oldest go first."""


def note_call(services: Services, actor: Actor, protocol: str, what: str, project_id: str | None = None) -> None:
    """Which tool or talk a program asked for with the person's token, before it is answered."""
    with services.work(actor) as work:
        detail = {"tool": what, "project": project_id}
        work.audit.record(f"{protocol}.called", project_id or actor.user_id, detail)


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
