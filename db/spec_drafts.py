"""Specifications as they were left on the Model page, one for each project."""

from sqlalchemy import delete, select

from db.rows import Rows
from db.schema import spec_drafts as table
from mmm_core.domain.spec_draft import SpecDraft


class SpecDrafts(Rows):
    def put(self, draft: SpecDraft) -> None:
        values = {
            "project_id": draft.project_id, "spec_yaml": draft.spec_yaml, "saved_by": draft.saved_by,
            "saved_at": draft.saved_at,
        }  # fmt: skip
        self._put(table, ("project_id",), values)

    def find(self, project_id: str) -> SpecDraft | None:
        row = self._first(select(table).where(table.c.project_id == project_id))
        return SpecDraft(row.project_id, row.spec_yaml, row.saved_by, row.saved_at) if row else None

    def delete(self, project_id: str) -> None:
        self._connection.execute(delete(table).where(table.c.project_id == project_id))
