"""The specification of a project as somebody left it, before a model is fitted with it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True)
class SpecDraft:
    project_id: str
    spec_yaml: str
    saved_by: str
    saved_at: datetime


class SpecDrafts(Protocol):
    """One for each project: the last one who changes it has it."""

    def put(self, draft: SpecDraft) -> None: ...
    def find(self, project_id: str) -> SpecDraft | None: ...
    def delete(self, project_id: str) -> None: ...
