"""Tasks that programs of others gave us, as their protocol writes them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True)
class RemoteTask:
    id: str
    content: str
    """The task in the protocol's own JSON."""
    changed_at: datetime


class RemoteTasks(Protocol):
    """Of the acting person alone: nobody sees another's."""

    def put(self, task: RemoteTask) -> None: ...
    def find(self, task_id: str) -> RemoteTask | None: ...
    def list(self) -> Sequence[RemoteTask]:
        """Newest change first."""
        ...

    def delete(self, task_id: str) -> None: ...
    def keep_newest(self, count: int) -> None: ...
