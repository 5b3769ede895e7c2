"""Tasks of programs, of the acting person alone."""

from sqlalchemy import delete, select

from db.codec import clean
from db.rows import Many, Rows
from db.schema import remote_tasks as table
from mmm_core.domain.remote_tasks import RemoteTask


class RemoteTasks(Rows):
    def put(self, task: RemoteTask) -> None:
        values = {
            "id": task.id, "user_id": self._actor.user_id, "content": task.content, "changed_at": task.changed_at,
        }  # fmt: skip
        self._put(table, ("user_id", "id"), values)

    def find(self, task_id: str) -> RemoteTask | None:
        row = self._first(select(table).where(table.c.id == clean(task_id)))
        return RemoteTask(row.id, row.content, row.changed_at) if row else None

    def list(self) -> Many[RemoteTask]:
        query = select(table).order_by(table.c.changed_at.desc(), table.c.id)
        return [RemoteTask(row.id, row.content, row.changed_at) for row in self._all(query)]

    def delete(self, task_id: str) -> None:
        self._connection.execute(delete(table).where(table.c.id == clean(task_id)))

    def keep_newest(self, count: int) -> None:
        older = select(table.c.id).order_by(table.c.changed_at.desc(), table.c.id).offset(count)
        self._connection.execute(delete(table).where(table.c.id.in_(older)))
