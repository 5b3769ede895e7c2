"""From words to what a clause is made of: amounts, lengths, channels with their prepositions, verbs and other marks."""

from dataclasses import dataclass, replace

from mmm_core.domain.instructions import Per

LEAST_MONEY = 1000
"""A number without any unit is money from here on where its period is said."""


@dataclass(frozen=True)
class Amount:
    kind: str
    """'money', 'share' (0.2 is 20%), 'times' (2 is twice) or 'bare'."""
    value: float
    currency: str | None = None
    per: Per | None = None
    sign: int = 0
    sure: bool = True
    """False for a bare number without currency or magnitude."""


@dataclass(frozen=True)
class Item:
    kind: str
    value: str = ""
    text: str = ""
    start: int = 0
    end: int = 0
    roles: frozenset[str] = frozenset()
    """What its preposition may say: by, to, from, of, on, at."""
    channels: tuple[str, ...] = ()
    amount: Amount | None = None
    upper: Amount | None = None
    """The other end of a range."""
    also: frozenset[str] = frozenset()
    """Other kinds that the same word may be."""


def ratio(text: str) -> float:
    """A value of the vocabulary: '0.5', '1/3'."""
    top, _, bottom = text.partition("/")
    return float(top) / float(bottom or 1)


def alike(low: Amount, high: Amount) -> tuple[Amount, Amount]:
    """Two ends of a range: what only the second says (a unit, thousands) holds for the first."""
    if low.kind == "bare" and high.kind == "share":
        return replace(low, kind="share", value=low.value / 100), high
    if low.kind == "bare" and high.kind == "money":
        scale = next(
            (s for s in (1e6, 1e3) if high.value >= s and low.value < s / 10 and low.value * s <= high.value), 1.0
        )
        return replace(low, kind="money", value=low.value * scale, currency=high.currency, per=high.per), high
    return low, high
