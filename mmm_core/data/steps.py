"""What every recipe step works on: a table with its roles, and the step's checked arguments."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import pandas as pd

from mmm_core.domain.dataset import ColumnRole, Recognition, Role
from mmm_core.domain.errors import DataError

ADDITIVE = (Role.KPI, Role.SPEND, Role.EXPOSURE, Role.ORGANIC, Role.REACH)
"""Roles whose values add up over time and geographies."""

MEDIA = (Role.SPEND, Role.EXPOSURE, Role.ORGANIC, Role.REACH, Role.FREQUENCY)


@dataclass(frozen=True)
class Table:
    """A frame with what its columns are; steps return a new one and never change their input."""

    frame: pd.DataFrame
    recognition: Recognition

    def one(self, role: Role, what: str) -> str:
        """The column with this role; ``what`` names it for the person when there is none."""
        column = self.recognition.one(role)
        if column is None:
            raise DataError(f"No column is marked as {what}: choose one on the Data page first.")
        if column not in self.frame.columns:
            raise DataError(f"Column {column}, marked as {what}, is no longer in the data.")
        return column

    @property
    def keys(self) -> list[str]:
        """Columns that tell rows apart: the date and, for a panel, the geography."""
        geo = self.recognition.one(Role.GEO)
        return [self.one(Role.DATE, "the date"), *([geo] if geo in self.frame.columns and geo else [])]

    def of(self, *roles: Role) -> list[str]:
        """Columns of the frame with one of these roles, in the frame's order."""
        wanted = {r.column for r in self.recognition.roles if r.role in roles}
        return [c for c in self.frame.columns if c in wanted]

    def role_of(self, column: str) -> Role | None:
        return next((r.role for r in self.recognition.roles if r.column == column), None)

    def with_frame(self, frame: pd.DataFrame) -> "Table":
        """The same roles over another frame; roles of columns that are gone are dropped."""
        kept = tuple(r for r in self.recognition.roles if r.column in frame.columns)
        return Table(frame, replace(self.recognition, roles=kept))

    def with_role(self, role: ColumnRole) -> "Table":
        """Give one column a role, in place where it had one, else at the end."""
        roles = list(self.recognition.roles)
        at = next((i for i, r in enumerate(roles) if r.column == role.column), None)
        if at is None:
            roles.append(role)
        else:
            roles[at] = role
        return Table(self.frame, replace(self.recognition, roles=tuple(roles)))

    def note(self, sentence: str) -> "Table":
        return Table(self.frame, replace(self.recognition, notes=(*self.recognition.notes, sentence)))


@dataclass(frozen=True)
class Arguments:
    """A step's arguments as stored, read with one clear sentence for each thing that can be wrong."""

    step: str
    values: dict[str, Any]

    def _bad(self, name: str, wanted: str) -> DataError:
        return DataError(f"The step {self.step} needs {name} to be {wanted}.")

    def columns(self, frame: pd.DataFrame, default: Sequence[str] | None = None) -> list[str]:
        """Columns named by ``columns`` (a list) or ``column``; each must be in the frame."""
        found = self.values.get("columns", self.values.get("column"))
        if found is None:
            if default is None:
                raise self._bad("columns", "a list of column names")
            return list(default)
        names = [found] if isinstance(found, str) else list(found)
        if not names or not all(isinstance(n, str) for n in names):
            raise self._bad("columns", "a list of column names")
        for name in names:
            if name not in frame.columns:
                raise DataError(f"The step {self.step} needs column {name}, which is not in the data.")
        return list(dict.fromkeys(names))

    def numbers(self, frame: pd.DataFrame, default: Sequence[str] | None = None) -> list[str]:
        """As :meth:`columns`, and each must hold numbers."""
        names = self.columns(frame, default)
        for name in names:
            if not pd.api.types.is_numeric_dtype(frame[name]):
                raise DataError(f"The step {self.step} needs numbers, but column {name} holds text or dates.")
        return names

    def text(self, name: str, default: str | None = None) -> str:
        value = self.values.get(name, default)
        if not isinstance(value, str) or not value.strip():
            raise self._bad(name, "a text")
        return value

    def choice(self, name: str, allowed: Sequence[str], default: str) -> str:
        value = self.values.get(name, default)
        if value not in allowed:
            raise self._bad(name, f"one of {', '.join(allowed)}")
        return str(value)

    def number(self, name: str, default: float, low: float, high: float) -> float:
        value = self.values.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise self._bad(name, f"a number from {low:g} to {high:g}")
        return float(value)

    def day(self, name: str) -> pd.Timestamp | None:
        value = self.values.get(name)
        if value is None or value == "":
            return None
        try:
            found = pd.Timestamp(value.isoformat() if isinstance(value, date) else str(value))
        except (ValueError, OverflowError):
            raise self._bad(name, "a date such as 2024-01-29") from None
        if not isinstance(found, pd.Timestamp) or found.tzinfo is not None:
            raise self._bad(name, "a date such as 2024-01-29")
        return found


StepFunction = Callable[[Table, Arguments], Table]


@dataclass(frozen=True)
class StepKind:
    """A kind of step: its name in recipes, the words on its button, and what it does."""

    name: str
    label: str
    run: StepFunction


def listed(names: Sequence[str], most: int = 3) -> str:
    """Names for a sentence: ``a, b and 3 more``."""
    shown = list(names[:most])
    rest = len(names) - len(shown)
    if rest:
        return f"{', '.join(shown)} and {rest} more"
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}" if shown else "none"
