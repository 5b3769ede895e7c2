"""Tools that are written while the product runs, and code on a project's data that keeps its variables."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol


class ToolStatus(StrEnum):
    PROPOSED = "proposed"
    APPROVED = "approved"
    REJECTED = "rejected"
    REMOVED = "removed"


class ParameterKind(StrEnum):
    TEXT = "text"
    NUMBER = "number"
    WHOLE = "whole number"
    YES_NO = "yes or no"


@dataclass(frozen=True)
class Parameter:
    name: str
    kind: ParameterKind
    description: str = ""
    default: Any = None
    """None where it has to be given."""


@dataclass(frozen=True)
class RuntimeTool:
    """One version of a tool: Python that defines ``tool(data, ...)``, and what people decided about it."""

    id: str
    project_id: str
    name: str
    version: int
    description: str
    source: str
    parameters: tuple[Parameter, ...]
    written_by: str
    """A person's name, or the assistant's with whose it acted for."""
    written_at: datetime
    status: ToolStatus = ToolStatus.PROPOSED
    decided_by: str | None = None
    decided_at: datetime | None = None
    reason: str = ""


@dataclass(frozen=True)
class CodeStep:
    """One piece of code that ran in a session."""

    source: str
    output: str
    result: Any
    error: str
    """One sentence where it did not end well; its variables are then as they were before."""
    names: tuple[str, ...]
    """Variables that are there afterwards."""
    lost: tuple[str, ...]
    """Variables that could not be kept for the next step."""
    seconds: float
    at: datetime


@dataclass(frozen=True)
class CodeSession:
    """A person's code on a project's data, step by step."""

    project_id: str
    user_id: str
    steps: tuple[CodeStep, ...] = ()
    kept: dict[str, Any] = field(default_factory=dict)
    """Variables between steps, as plain values."""


class RuntimeTools(Protocol):
    def add(self, tool: RuntimeTool) -> None: ...
    def update(self, tool: RuntimeTool) -> None: ...
    def get(self, tool_id: str) -> RuntimeTool: ...
    def list(self, project_id: str) -> Sequence[RuntimeTool]:
        """By name, newest version first; removed ones too."""
        ...


class CodeSessions(Protocol):
    """Of the acting person alone."""

    def get(self, project_id: str) -> CodeSession: ...
    def put(self, session: CodeSession, at: datetime) -> None: ...
    def end(self, project_id: str) -> None: ...
