"""Whether a source holds what a sentence says of it: the same numbers with the same units, and words of quantity."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from mmm_core.reports import quantities, wording

SMALL = {word: str(n) for n, word in enumerate(quantities.ONES.split("|")[:19], 2)}
TENS = {word: str(10 * n) for n, word in enumerate(quantities.ONES.split("|")[19:], 3)}
SPELLED = re.compile(rf"\b(?:{'|'.join((*SMALL, *TENS))})\b(?!-)", re.IGNORECASE)
SCALES = {
    "k": 3, "thousand": 3, "tsd": 3, "m": 6, "mn": 6, "million": 6, "millions": 6, "millionen": 6, "mio": 6,
    "bn": 9, "billion": 9, "billions": 9, "milliarden": 9, "milliards": 9, "mrd": 9,
}  # fmt: skip
UNITS = {
    "%": "%", "percent": "%", "pct": "%", "prozent": "%", "pourcent": "%",
    "point": "points", "points": "points", "pp": "points", "pts": "points", "prozentpunkte": "points",
    "×": "times", "x": "times", "times": "times", "fold": "times", "mal": "times", "fois": "times", "fach": "times",
    "euro": "EUR", "euros": "EUR", "dollar": "USD", "dollars": "USD", "pound": "GBP", "pounds": "GBP",
    "cent": "cents", "cents": "cents", "rupees": "INR", "yen": "JPY",
    **{symbol.strip(): code for code, symbol in wording.SYMBOLS.items()},
    **{code.lower(): code for code in wording.CURRENCIES},
    "second": "seconds", "s": "seconds", "sec": "seconds", "minute": "minutes", "min": "minutes", "hour": "hours",
    "day": "days", "tag": "days", "tage": "days", "tagen": "days", "jour": "days",
    "week": "weeks", "woche": "weeks", "wochen": "weeks", "semaine": "weeks", "semaines": "weeks",
    "month": "months", "monat": "months", "monate": "months", "monaten": "months", "mois": "months",
    "year": "years", "jahr": "years", "jahre": "years", "jahren": "years", "ans": "years",
}  # fmt: skip
WORDS = r"per ?cent\b|percentage points?\b|[%×€$£¥₹](?!\d)|[^\W\d_]+"
SPACE = r"[\s\u202f\u00a0-]"
NUMBER = re.compile(
    r"(?P<sign>(?<![\w)])[-−])?(?P<before>R\$|A\$|C\$|[€$£¥₹]|(?<![A-Za-z])[A-Z]{3}(?=\s?\d))?\s?"
    rf"(?P<digits>\d+(?:[.,\u202f\u00a0'’]\d+)*){SPACE}?(?P<after>{WORDS})?(?:{SPACE}(?P<then>{WORDS}))?"
)
RANGE = re.compile(rf"\s*(?:{'|'.join(SCALES)})?\s*(?:to|and|or|bis|und|à|et|[-–—])\s*[€$£¥₹]?", re.IGNORECASE)
GROUPS = re.compile(r"\d{1,3}(?:[.,\u202f\u00a0'’]\d{3})+")
YEAR = re.compile(r"(?:19|20)\d\d")
WORD = re.compile(r"[^\W\d_]{4,}")
NEAR = 60
"""Characters to each side in which a number without a unit has to be about the same thing."""
STEM = 5


@dataclass(frozen=True)
class Figure:
    sizes: frozenset[float]
    """One, or two where a separator may group thousands or begin the decimals."""
    unit: str
    around: frozenset[str]
    is_year: bool

    def stands_for(self, said: "Figure") -> bool:
        if not self.sizes & said.sizes or self.unit != said.unit:
            return False
        return bool(self.unit or said.is_year or not said.around or self.around & said.around)


def missing(text: str, sources: Iterable[str]) -> str:
    """The first figure or word of quantity that none of the sources has like this; empty where all of them stand."""
    wholes = [SPELLED.sub(_digits, source) for source in sources]
    known = [f for whole in wholes for _, f in read(whole)]
    told = SPELLED.sub(_digits, text)
    for shown, figure in read(told):
        if not any(one.stands_for(figure) for one in known):
            return shown
    words = {w.casefold() for whole in wholes for w in _quantities(whole)}
    return next((w for w in _quantities(told) if w.casefold() not in words), "")


def read(text: str) -> Iterator[tuple[str, Figure]]:
    """The figures of a text, each as it is written there and as it is meant."""
    found = list(NUMBER.finditer(text))
    for n, match in enumerate(found):
        scale, unit = _unit(match)
        following = found[n + 1] if n + 1 < len(found) else None
        if following and RANGE.fullmatch(text[match.end("digits") : following.start("digits")]):
            # Both ends of "2 to 3%" are percentages, and of "€2 to €3 million" millions.
            scale, unit = scale or _unit(following)[0], unit or _unit(following)[1]
        digits = match["digits"]
        ahead, behind = text[max(0, match.start() - NEAR) : match.start()], text[match.end("digits") :][:NEAR]
        around = f"{ahead} {behind}"
        stems = frozenset(w.casefold()[:STEM] for w in WORD.findall(around))
        sizes = frozenset(size * 10.0**scale * (-1 if match["sign"] else 1) for size in _sizes(digits))
        yield match.group(0).strip(), Figure(sizes, unit, stems, not scale and bool(YEAR.fullmatch(digits)))


def _unit(match: re.Match[str]) -> tuple[int, str]:
    """Powers of ten, and the unit's one name; empty where what follows is no unit."""
    before, after, then = (match[name] or "" for name in ("before", "after", "then"))
    scale = SCALES.get(after.lower(), 0)
    word = then if scale else after
    return scale, _named(before) or _named(word)


def _named(word: str) -> str:
    lower = word.lower().replace("per cent", "percent")
    if lower.startswith("percentage point"):
        return "points"
    return UNITS.get(word) or UNITS.get(lower) or UNITS.get(lower.removesuffix("s"), "")


def _sizes(digits: str) -> set[float]:
    plain = re.sub(r"[\u202f\u00a0'’]", "", digits)
    sizes = set()
    if GROUPS.fullmatch(digits):
        sizes.add(float(re.sub(r"[.,]", "", plain)))
    marks = re.findall(r"[.,]", plain)
    if len(marks) <= 1:
        sizes.add(float(plain.replace(",", ".")))
    elif marks[-1] != marks[0]:
        whole, mark, part = plain.rpartition(marks[-1])
        sizes.add(float(f"{re.sub(r'[.,]', '', whole)}.{part}" if mark else plain))
    return sizes or {float(re.sub(r"[.,]", "", plain))}


def _digits(match: re.Match[str]) -> str:
    word = match.group(0).casefold()
    return SMALL.get(word) or TENS[word]


def _quantities(text: str) -> Iterator[str]:
    return (m.group(0) for m in quantities.WORDS.finditer(NUMBER.sub(" ", text)))
