"""How well sentences are read: exact, asked though clear, or wrong; by language and kind."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, fields
from enum import StrEnum

from mmm_core import grammar
from mmm_core.domain.instructions import Change, Reading
from tests.grammar.sentences import Case


class Grade(StrEnum):
    EXACT = "exact"
    ASKED = "asked though clear"
    WRONG = "wrong change"
    NO_OPTION = "asked without the channels to choose from"


@dataclass(frozen=True)
class Scored:
    case: Case
    reading: Reading
    grade: Grade


def scored(cases: Sequence[Case]) -> list[Scored]:
    return [Scored(c, r := answer(c), grade(c, r)) for c in cases]


def answer(case: Case) -> Reading:
    one = case.context
    context = grammar.Context(dict(one.channels), one.currency, one.period_days, one.periods)
    before = grammar.channels_of(grammar.read(case.before, context)) if case.before else ()
    return grammar.read(case.say, context, before)


def grade(case: Case, reading: Reading) -> Grade:
    if reading.question is not None:
        if case.expected is not None:
            return Grade.ASKED
        return Grade.EXACT if set(case.options) <= set(reading.options) else Grade.NO_OPTION
    if case.expected is None:
        return Grade.WRONG
    return Grade.EXACT if plain(reading.changes) == plain(case.expected) else Grade.WRONG


def plain(changes: Sequence[Change]) -> Counter[tuple[object, ...]]:
    """Changes to four digits, whatever their order: each counts from today, so that order changes nothing."""
    return Counter((type(c).__name__, *(_digits(getattr(c, f.name)) for f in fields(c))) for c in changes)


def _digits(value: object) -> object:
    return round(value, 4) if isinstance(value, float) else value


def totals(found: Sequence[Scored]) -> Counter[Grade]:
    return Counter(s.grade for s in found)
