"""Code that an agent wrote: what it gets, what it may use up, and what came of it."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol


@dataclass(frozen=True)
class CodeLimits:
    seconds: float = 20.0
    """Wall time, after which it is killed."""
    memory_mb: int = 512
    """Beside what Python, NumPy and pandas take themselves."""
    output_characters: int = 20_000
    """Of what it prints; the rest is cut."""
    result_bytes: int = 2_000_000
    """Of its result as JSON."""


@dataclass(frozen=True)
class Program:
    source: str
    """Python; it sees ``tables``, ``arguments``, ``np`` and ``pd``, and leaves its answer in ``result``."""
    tables: dict[str, bytes] = field(default_factory=dict)
    """Data frames by name, as Parquet."""
    arguments: dict[str, Any] = field(default_factory=dict)
    """Plain values."""
    limits: CodeLimits = CodeLimits()


class CodeStatus(StrEnum):
    DONE = "done"
    FAILED = "failed"
    """The code itself stopped with an error."""
    STOPPED = "stopped"
    """It ran into a limit or was killed."""


@dataclass(frozen=True)
class CodeOutcome:
    status: CodeStatus
    result: Any = None
    """Plain values, as JSON holds them."""
    output: str = ""
    error: str = ""
    """One sentence where it is not done."""
    seconds: float = 0.0


class CodeRunner(Protocol):
    """Runs code where it can harm nothing."""

    def run(self, program: Program) -> CodeOutcome:
        """Run it; ``Unavailable`` where no isolation is to be had."""
        ...
