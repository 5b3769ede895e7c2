"""Tools made at run time, and code sessions."""

from datetime import datetime
from typing import Any

from sqlalchemy import delete, select

from db.codec import decode, encode
from db.rows import Many, Rows
from db.schema import code_sessions, runtime_tools
from mmm_core.domain.runtime_tools import CodeSession, RuntimeTool


class RuntimeTools(Rows):
    def add(self, tool: RuntimeTool) -> None:
        self._insert(runtime_tools, id=tool.id, **_columns(tool))

    def update(self, tool: RuntimeTool) -> None:
        self._update(runtime_tools, tool.id, "tool", **_columns(tool))

    def get(self, tool_id: str) -> RuntimeTool:
        return decode(RuntimeTool, self._get(runtime_tools, tool_id, "tool").document)

    def list(self, project_id: str) -> Many[RuntimeTool]:
        table = runtime_tools
        query = select(table.c.document).where(table.c.project_id == project_id)
        return [
            decode(RuntimeTool, row.document) for row in self._all(query.order_by(table.c.name, table.c.version.desc()))
        ]


class CodeSessions(Rows):
    def get(self, project_id: str) -> CodeSession:
        row = self._first(select(code_sessions.c.document).where(code_sessions.c.project_id == project_id))
        return decode(CodeSession, row.document) if row else CodeSession(project_id, self._actor.user_id)

    def put(self, session: CodeSession, at: datetime) -> None:
        values = {
            "project_id": session.project_id, "user_id": self._actor.user_id, "document": encode(session), "at": at,
        }  # fmt: skip
        self._put(code_sessions, ("project_id", "user_id"), values)

    def end(self, project_id: str) -> None:
        self._connection.execute(delete(code_sessions).where(code_sessions.c.project_id == project_id))


def _columns(tool: RuntimeTool) -> dict[str, Any]:
    return {
        "project_id": tool.project_id, "name": tool.name, "version": tool.version, "status": tool.status.value,
        "document": encode(tool), "written_at": tool.written_at,
    }  # fmt: skip
