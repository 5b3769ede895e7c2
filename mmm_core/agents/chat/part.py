"""Which part of the data a question is about, read by rules: periods, a geo, and what it names that cannot be followed.

Nothing that narrows a question is passed over: what stands here in ``left`` has to be said in front of the answer.
"""

import re
from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from dateutil.easter import easter  # type: ignore[import-untyped,unused-ignore]

from mmm_core.agents.chat.part_words import CLAUSE, KNOWN, LATELY, MONTHS, NARROWING, NUMBERS, UNITS
from mmm_core.grammar.text import tidy

UNIT = "|".join(sorted(UNITS, key=len, reverse=True))
MONTH = "|".join(sorted(MONTHS, key=len, reverse=True))
COUNT = rf"(?P<n>\d{{1,3}}|{'|'.join(NUMBERS)})"
LAST = re.compile(
    rf"\b(?:last|past|previous|prior|(?:letzt|vergangen|vorig)(?:e|en|er|es|em)) (?:{COUNT} )?(?P<unit>{UNIT})\b"
    rf"|\b(?:(?P<fn>\d{{1,3}}|{'|'.join(NUMBERS)}) )?derni(?:er|ère|ers|ères) (?P<funit>{UNIT})\b"
    rf"|\b(?P<gunit>{UNIT}) (?:derni(?:er|ère)|passée?)\b"
)
THIS = re.compile(
    rf"\b(?:this|current|diese[rsmn]?|laufende[rsmn]?|cette|cet|ce) (?P<unit>{UNIT})\b|\b(?P<ytd>ytd|year to date)\b"
)
BEFORE_THAT = re.compile(
    rf"\b(?:the )?(?:one|(?:{UNIT})) (?:before|earlier)(?: that)?\b|\bprevious one\b|\byear on year\b|\bdavor\b"
    r"|\b(?:le|la|celui|celle) (?:d'avant|précédente?)\b"
)
POINT = re.compile(
    r"(?P<iso>\b(?:19|20)\d\d-\d\d-\d\d\b)"
    r"|\b(?:q|quarter |quartal |trimestre |t)(?P<q>[1-4])(?:[ /]*(?:of |in |de )?(?P<qy>(?:19|20)\d\d))?\b"
    rf"|\b(?P<m>{MONTH})\.? (?:of |de )?(?P<my>(?:19|20)\d\d)\b"
    r"|\b(?P<feast>christmas|xmas|weihnachten|noël|easter|ostern|pâques) (?:of |de )?(?P<fy>(?:19|20)\d\d)\b"
    rf"|\b(?:in|im|en|during|since|seit|depuis|before|vor|avant|after|nach|après|until|bis) (?P<alone>{MONTH})\b"
    r"(?!\.? (?:of |de )?(?:19|20)\d\d)"
    r"|\b(?P<y>(?:19|20)\d\d)\b"
)
BEFORE = re.compile(r"\b(?:before|vor|avant)(?: the| dem| le)?\W*$")
UNTIL = re.compile(r"\b(?:until|till|up to|through|bis|jusqu'(?:à|en|au))(?: the| zum)?\W*$")
AFTER = re.compile(r"\b(?:after|nach|après)(?: the| dem| le)?\W*$")
SINCE = re.compile(r"\b(?:since|starting|from|seit|ab|depuis|von|de)(?: the| dem| le)?\W*$")
RANGE = re.compile(r"^\s*(?:-|–|to|and|until|through|bis|und|à|et)\s*$")
RANGED = re.compile(r"\b(?:between|from|zwischen|von|entre|de)\W*$")


@dataclass(frozen=True)
class Span:
    first: date
    last: date
    months: int = 0
    """How long it is, for the one before; in days where it is no whole number of months."""

    def before(self) -> "Span":
        if self.months:
            return _months(self.first, -self.months, self.months)
        length = self.last - self.first
        return Span(self.first - length - timedelta(days=1), self.first - timedelta(days=1))


@dataclass(frozen=True)
class Known:
    """What the data are of."""

    first: date
    end: date
    """Last day of the last period."""
    period_days: int
    geos: Sequence[str] = ()
    names: Sequence[str] = ()
    """Channels and the KPI, in their spelled form: words that narrow nothing further."""


@dataclass(frozen=True)
class Part:
    spans: tuple[Span, ...] = ()
    geo: str = ""
    left: str = ""
    """The words of a restriction that was not understood."""


def part_of(text: str, known: Known) -> Part:
    low = tidy(text).casefold()
    spans, low = _relative(low, known)
    points, low = _points(low, known)
    spans += points
    if spans and (match := BEFORE_THAT.search(low)):
        spans = [spans[0], spans[0].before(), *spans[1:]]
        low = _blank(low, match)
    geo, low = _geo(low, known.geos)
    for name in sorted(known.names, key=len, reverse=True):
        low = re.sub(rf"(?<!\w){re.escape(name.casefold())}(?!\w)", " ", low)
    return Part(tuple(dict.fromkeys(spans)), geo, _left(low))


def _blank(text: str, match: re.Match[str]) -> str:
    return f"{text[: match.start()]} {text[match.end() :]}"


def _relative(low: str, known: Known) -> tuple[list[Span], str]:
    """'last month', 'the past 8 weeks', 'this year': counted back from the end of the data."""
    out: list[Span] = []
    while match := LAST.search(low):
        unit = match["unit"] or match["funit"] or match["gunit"]
        said = match["n"] or match["fn"] or "1"
        back = _back(UNITS[unit], int(said) if said.isdigit() else NUMBERS[said], known)
        # 'Last quarter and the previous quarter' are two.
        out.append(out[0].before() if out and back == out[0] else back)
        low = _blank(low, match)
    while match := THIS.search(low):
        unit, size = UNITS[match["unit"] or "year"]
        if unit == "day":
            out.append(_back((unit, size), 1, known))
        else:
            start = date(known.end.year, (known.end.month - 1) // size * size + 1, 1)
            out.append(Span(start, known.end))
        low = _blank(low, match)
    return out, low


def _back(unit: tuple[str, int], count: int, known: Known) -> Span:
    kind, size = unit
    if kind == "day":
        return Span(known.end - timedelta(days=size * count - 1), known.end)
    # A month counts where the data reach its end, to the period.
    edge = known.end + timedelta(days=known.period_days)
    start = date(edge.year, (edge.month - 1) // size * size + 1, 1)
    return _months(start, -size * count, size * count)


def _months(start: date, by: int, length: int) -> Span:
    first = _shifted(start, by)
    return Span(first, _shifted(first, length) - timedelta(days=1), length)


def _shifted(start: date, by: int) -> date:
    year, month = divmod(start.year * 12 + start.month - 1 + by, 12)
    return date(year, month + 1, 1)


def _points(low: str, known: Known) -> tuple[list[Span], str]:
    """Years, quarters, months and days, with what stands before them: 'since March 2024', 'before 2023'."""
    found = [(m, span) for m in POINT.finditer(low) if (span := _span(m, low, known)) is not None]
    out: list[Span] = []
    kept, place, skip = "", 0, False
    for n, (match, span) in enumerate(found):
        start = match.start("alone") if match["alone"] else match.start()
        ahead, kept, place = low[place:start], kept + low[place:start] + " ", match.end()
        if skip:
            skip = False
            continue
        after = found[n + 1] if n + 1 < len(found) else None
        if after and RANGED.search(ahead) and RANGE.match(low[match.end() : after[0].start()]):
            out.append(Span(span.first, after[1].last))
            skip = True
        elif BEFORE.search(ahead):
            out.append(Span(known.first, span.first - timedelta(days=1)))
        elif UNTIL.search(ahead):
            out.append(Span(known.first, span.last))
        elif AFTER.search(ahead):
            out.append(Span(span.last + timedelta(days=1), known.end))
        elif SINCE.search(ahead) and not (match["y"] and re.search(r"\bde\W*$", ahead)):
            out.append(Span(span.first, known.end))
        else:
            out.append(span)
        if out[-1].last < out[-1].first:
            out[-1] = span
    return out, kept + low[place:]


def _span(match: re.Match[str], low: str, known: Known) -> Span | None:
    """The days of one point; a month or a quarter without its year is the last of that name in the data."""
    if match["iso"]:
        try:
            day = date.fromisoformat(match["iso"])
        except ValueError:
            return None
        return Span(day, day)
    if match["y"]:
        return _months(date(int(match["y"]), 1, 1), 0, 12)
    if match["feast"]:
        year = int(match["fy"])
        day = easter(year) if match["feast"][0] in "eop" else date(year, 12, 24)
        return Span(day, day)
    if match["q"]:
        size, month, year_said = 3, 3 * int(match["q"]) - 2, match["qy"]
    else:
        size, month, year_said = 1, MONTHS[match["m"] or match["alone"]], match["my"]
    if not year_said:
        later = re.search(r"\b(?:19|20)\d\d\b", low[match.end() :])
        year_said = later.group() if later else ""
    year = int(year_said) if year_said else known.end.year
    last = date(year, month + size - 1, monthrange(year, month + size - 1)[1])
    if not year_said and last > known.end + timedelta(days=known.period_days):
        year -= 1
    return _months(date(year, month, 1), 0, size)


def _geo(low: str, geos: Sequence[str]) -> tuple[str, str]:
    found = [g for g in geos if re.search(rf"(?<!\w){re.escape(g.replace('_', ' ').casefold())}(?!\w)", low)]
    if len(found) != 1:
        return "", low
    shown = re.escape(found[0].replace("_", " ").casefold())
    return found[0], re.sub(rf"(?<!\w){shown}(?!\w)", " ", low)


def _left(low: str) -> str:
    """The first clause that narrows the question by something that was not read."""
    for match in CLAUSE.finditer(low):
        words = re.findall(r"[^\W_]+", match["rest"])
        strange = [w for w in words if w not in KNOWN and w not in NARROWING]
        if strange:
            return " ".join(match.group(0).split()).strip(" ?!.,")
    lately = LATELY.search(low)
    return lately.group(0) if lately else ""
