"""What people say a channel brings, before any data: who was asked, what they answered, what was accepted of it."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

MOST = 1e9
"""Nothing brings more per amount of money than this; what is typed beyond it is a slip."""


class Sure(StrEnum):
    """What somebody's range rests on."""

    GUESS = "guess"
    EXPERIENCE = "experience"
    MEASURED = "measured"


@dataclass(frozen=True)
class Statement:
    """One channel's range: surely more than ``low``, surely less than ``high``; None where somebody cannot say."""

    channel: str
    low: float | None = None
    best: float | None = None
    high: float | None = None
    sure: Sure = Sure.GUESS
    why: str = ""

    @property
    def known(self) -> bool:
        return self.low is not None and self.high is not None


@dataclass(frozen=True)
class Inquiry:
    """A link under which one person is asked, with the question as it was put."""

    id: str
    project_id: str
    person: str
    channels: tuple[str, ...]
    kpi: str
    is_count: bool
    """What comes back is counted (orders), not money."""
    currency: str
    per: int
    """Amount of money that the question is about."""
    created_by: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None
    has_passcode: bool = False
    views: int = 0


@dataclass(frozen=True)
class Reply:
    """What was sent under a link; a later one takes the place of an earlier one."""

    id: str
    inquiry_id: str
    number: int
    statements: tuple[Statement, ...]
    at: datetime


@dataclass(frozen=True)
class AcceptedBelief:
    """A range that became the prior of a channel, in the words of the specification."""

    project_id: str
    channel: str
    kind: str
    """'roi', or 'cost_per_target' where what comes back is counted."""
    low: float
    high: float
    source: str
    replies: tuple[str, ...]
    """Ids of the replies that it rests on: one person's, or those that were pooled."""
    accepted_by: str
    accepted_at: datetime
    withdrawn_at: datetime | None = None


@dataclass(frozen=True)
class OpenInquiry:
    """What the holder of a link sees."""

    inquiry: Inquiry
    last: Reply | None


def problem(statement: Statement) -> str:
    """What is wrong with a range, in one sentence without its subject; empty where nothing is."""
    low, best, high = statement.low, statement.best, statement.high
    if low is None and high is None and best is None:
        return ""
    if low is None or high is None:
        missing = "“surely more than”" if low is None else "“surely less than”"
        return f"please fill in {missing} too, or tick “I cannot say”."
    if not all(math.isfinite(v) and v < MOST for v in (low, high, best or 1.0)):
        return "one of the numbers is too large to be meant."
    if low <= 0:
        return "“surely more than” has to be above zero; if it may bring next to nothing, write a small number."
    if low >= high:
        return f"“surely more than” ({low:g}) has to be smaller than “surely less than” ({high:g})."
    if best is not None and not low < best < high:
        return f"the best guess ({best:g}) has to lie between {low:g} and {high:g}."
    return ""


class Inquiries(Protocol):
    def add(self, inquiry: Inquiry, token_hash: str, passcode_hash: str | None) -> None: ...
    def get(self, inquiry_id: str) -> Inquiry: ...
    def list(self, project_id: str) -> Sequence[Inquiry]:
        """Newest first."""
        ...

    def revoke(self, inquiry_id: str, at: datetime) -> None: ...
    def replies(self, project_id: str) -> Sequence[Reply]:
        """The newest of each inquiry."""
        ...

    def keep_accepted(self, accepted: AcceptedBelief) -> None:
        """Takes the place of what was accepted for the channel before."""
        ...

    def accepted(self, project_id: str) -> Sequence[AcceptedBelief]:
        """One for each channel, withdrawn ones too."""
        ...


class InquiryDoor(Protocol):
    """The door without an organisation: what the token of an inquiry's link opens."""

    def open(self, token: str, passcode: str | None, viewer: str) -> OpenInquiry:
        """NotFound for a wrong token, NotAllowed (with why) for expired, revoked, passcode."""
        ...

    def answer(
        self, token: str, passcode: str | None, viewer: str, settle: Callable[[Inquiry], tuple[Statement, ...]]
    ) -> Reply:
        """Keeps what ``settle`` makes of the question; what it raises is raised, and nothing is kept."""
        ...
