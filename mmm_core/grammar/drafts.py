"""What a clause asks for before its period is settled: money that may still have to say 'a week'."""

from dataclasses import dataclass

from mmm_core.domain.instructions import Per
from mmm_core.grammar.items import Amount


@dataclass(frozen=True)
class Money:
    amount: float
    per: Per | None
    text: str
    """How it was said, to ask about."""


@dataclass(frozen=True)
class DAdd:
    channel: str
    money: Money


@dataclass(frozen=True)
class DSet:
    channel: str
    money: Money
    way: int = 0
    """Whether the words say that this is more (1) or less (-1) than today."""
    text: str = ""


@dataclass(frozen=True)
class DMove:
    source: str
    target: str
    money: Money


@dataclass(frozen=True)
class DLimit:
    channel: str
    low: Money | None = None
    high: Money | None = None


@dataclass(frozen=True)
class DTotal:
    money: Money
    is_budget: bool
    """Said of a budget, which counts over the plan where no period is said."""
    way: int = 0
    text: str = ""


def money(amount: Amount, text: str, times: float = 1.0) -> Money:
    return Money(amount.value * times, amount.per, text)
