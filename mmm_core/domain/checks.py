"""One kind of finding for data quality, diagnostics and results alike."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Status(StrEnum):
    PASS = "PASS"  # noqa: S105 - a verdict, no password
    REVIEW = "REVIEW"
    FAIL = "FAIL"


@dataclass(frozen=True)
class Fix:
    """A recipe step that would mend the finding; ``recommended`` ones are applied by ``--auto-approve``."""

    step: str
    arguments: dict[str, Any]
    label: str
    recommended: bool = False


@dataclass(frozen=True)
class Check:
    """A finding with the number behind it.

    ``id`` is stable (``vif``, ``gaps``, ``rhat``...), ``message`` one plain sentence, ``columns`` what it is about,
    ``value`` the number compared with ``limit`` (None where there is none).
    """

    id: str
    title: str
    status: Status
    message: str
    value: float | None = None
    limit: float | None = None
    columns: tuple[str, ...] = ()
    fixes: tuple[Fix, ...] = ()
    waived_by: str | None = None
    waived_reason: str | None = None

    @property
    def waivable(self) -> bool:
        """Whether data with this finding can be fitted at all."""
        return self.id not in ESSENTIAL


ESSENTIAL = frozenset({"schema", "duplicate_periods"})
"""Checks of what every fit needs: date, KPI and channels, and one row per period. Nobody can let them stand."""


@dataclass(frozen=True)
class CheckReport:
    checks: tuple[Check, ...] = field(default=())

    @property
    def status(self) -> Status:
        open_ones = [c.status for c in self.checks if c.waived_by is None]
        for worst in (Status.FAIL, Status.REVIEW):
            if worst in open_ones:
                return worst
        return Status.PASS

    @property
    def blocking(self) -> tuple[Check, ...]:
        return tuple(c for c in self.checks if c.status is Status.FAIL and c.waived_by is None)
