"""What somebody typed into the form of a link, and what of it can be used; nothing typed is ever lost."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from mmm_core.domain.elicitation import Inquiry, Statement, Sure, problem
from mmm_core.use_cases.elicitation import LONGEST_REASON

ENDS = (("low", "surely more than"), ("high", "surely less than"), ("best", "best guess"))
LONGEST_NUMBER = 30
NUMBER = re.compile(r"\d+(?:[.,]\d+)?|[.,]\d+")
GROUPED = re.compile(r"[1-9]\d{0,2}(?:(?:,\d{3})+\.\d{1,2}|(?:\.\d{3})+,\d{1,2}|(?:,\d{3}){2,}|(?:\.\d{3}){2,})")
UNSURE = re.compile(r"[1-9]\d{0,2}[.,]\d{3}")
"""1,200 is twelve hundred to one reader and 1.2 to another."""


@dataclass(frozen=True)
class Entry:
    """One channel of the form, as typed."""

    channel: str
    low: str = ""
    best: str = ""
    high: str = ""
    sure: str = Sure.GUESS.value
    why: str = ""
    cannot: bool = False
    error: str = ""
    statement: Statement | None = None
    """What it says, where that can be used."""

    @property
    def empty(self) -> bool:
        return not (self.low or self.best or self.high)


def start(inquiry: Inquiry, last: Sequence[Statement] = ()) -> tuple[Entry, ...]:
    """The form as it opens: empty, or with what was sent before."""
    said = {s.channel: s for s in last}
    return tuple(_filled(said[c]) if c in said else Entry(c) for c in inquiry.channels)


def read(inquiry: Inquiry, fields: Mapping[str, str]) -> tuple[Entry, ...]:
    """Each channel as typed, with its statement or with one sentence about what is wrong with it."""
    return tuple(_checked(_typed(c, i, fields)) for i, c in enumerate(inquiry.channels))


def number(text: str, currency: str = "") -> float:
    """A number with a point or a comma; ValueError with the rest of a sentence where it has two readings or none."""
    bare = re.sub(rf"[\s'’_]|[€$£¥]|{re.escape(currency)}" if currency else r"[\s'’_]|[€$£¥]", "", text, flags=re.I)
    if UNSURE.fullmatch(bare):
        whole, decimals = bare[:-4], bare[-3:].rstrip("0") or "0"
        raise ValueError(f"“{text.strip()}” can be read in two ways; write {whole}{bare[-3:]} or {whole}.{decimals}.")
    if GROUPED.fullmatch(bare):
        bare = re.sub(r"[.,](?=\d{3}(?!\d))", "", bare)
    elif not NUMBER.fullmatch(bare):
        raise ValueError(f"“{text.strip()}” is not a number; write it like 1.5 or 1,5.")
    return float(bare.replace(",", "."))


def _typed(channel: str, i: int, fields: Mapping[str, str]) -> Entry:
    def field(name: str, longest: int = LONGEST_NUMBER) -> str:
        return fields.get(f"{name}_{i}", "").strip()[:longest]

    sure = field("sure")
    return Entry(
        channel,
        low=field("low"),
        best=field("best"),
        high=field("high"),
        sure=sure if sure in set(Sure) else Sure.GUESS.value,
        why=field("why", LONGEST_REASON),
        cannot=f"cannot_{i}" in fields,
    )


def _checked(entry: Entry) -> Entry:
    if entry.cannot and not entry.empty:
        return replace(entry, error="you gave numbers and ticked “I cannot say”; please keep one of the two.")
    found: dict[str, float | None] = {}
    for name, words in ENDS:
        text = getattr(entry, name)
        try:
            found[name] = number(text) if text else None
        except ValueError as error:
            return replace(entry, error=f"“{words}”: {error}")
    said = Statement(entry.channel, found["low"], found["best"], found["high"], Sure(entry.sure), entry.why)
    if wrong := problem(said):
        return replace(entry, error=wrong)
    return replace(entry, statement=said)


def _filled(said: Statement) -> Entry:
    numbers = {name: _written(getattr(said, name)) for name, _ in ENDS}
    return Entry(said.channel, **numbers, sure=said.sure.value, why=said.why, cannot=not said.known, statement=said)


def _written(value: float | None) -> str:
    if value is None:
        return ""
    text = f"{value:.12g}"
    # One more digit, and it can no longer be taken for thousands.
    return f"{text}0" if UNSURE.fullmatch(text) else text
