"""What a person asked for in words: changes of a plan, limits for the optimiser, or what has to be asked back."""

from dataclasses import dataclass
from enum import StrEnum


class Per(StrEnum):
    """What an amount of money is counted over."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"
    PLAN = "plan"


@dataclass(frozen=True)
class Multiply:
    """Times today's spend: +20% is 1.2, half is 0.5, off is 0."""

    channel: str
    factor: float


@dataclass(frozen=True)
class Add:
    """More money than today, or less if negative."""

    channel: str
    amount: float
    per: Per


@dataclass(frozen=True)
class SetTo:
    channel: str
    amount: float
    per: Per


@dataclass(frozen=True)
class Move:
    """Money from one channel to another: an amount, or a share of what the source spends today."""

    source: str
    target: str
    amount: float | None = None
    per: Per = Per.PLAN
    share: float | None = None


@dataclass(frozen=True)
class Hold:
    """A channel stays as it is, whatever else moves."""

    channel: str


@dataclass(frozen=True)
class Limit:
    """A channel's least and most: money, or multiples of today's spend where ``relative``."""

    channel: str
    low: float | None = None
    high: float | None = None
    per: Per = Per.PLAN
    relative: bool = False


@dataclass(frozen=True)
class Total:
    """The whole budget: money, or a multiple of today's where ``relative``."""

    amount: float
    per: Per = Per.PLAN
    relative: bool = False


@dataclass(frozen=True)
class Length:
    """How long the plan is."""

    amount: float
    unit: Per


@dataclass(frozen=True)
class Optimise:
    """Find the best split within the limits of the same sentence."""


Change = Multiply | Add | SetTo | Move | Hold | Limit | Total | Length | Optimise


@dataclass(frozen=True)
class Reading:
    """Changes in the order they were said; or one question, with answers to choose from, and nothing is changed."""

    changes: tuple[Change, ...] = ()
    question: str | None = None
    options: tuple[str, ...] = ()
    unclear: str = ""
    """The part of the sentence that an option would stand for; empty where options are whole sentences."""
    about: str = ""
    """What it speaks of where that is no change at all: 'price', 'past', 'opinion', 'results', 'command'."""
