"""Holds a model's free text against the results of its tools, sentence by sentence, before a person sees any of it.

A figure with a reference goes to the number lock. A figure without one is given the reference of a result that shows
the same figure and belongs to the channel that the clause names; where there is none, the figure is withheld. Where the
words do not say for certain what a figure is, its name is written beside it.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mmm_core.domain.report import Fact
from mmm_core.reports import number_lock
from mmm_core.reports.number_known import Scene
from mmm_core.reports.number_lock import ABROAD, CLAIM, Fault
from mmm_core.reports.story import spell
from mmm_core.reports.wording import CURRENCIES

WITHHELD = "▮▮"
"""What stands where a figure was taken out."""
END = re.compile(r"(?<=[.!?])\s+|\n+")
CODES = "|".join(CURRENCIES)
BARE = re.compile(
    rf"(?<![\w.,])(?P<sign>[+\-−])?\s?(?P<before>R\$|A\$|C\$|[€$£¥₹]|(?:{CODES})\s)?(?P<digits>\d[\d,\u202f\u00a0]*(?:\.\d+)?)"
    rf"(?P<scale>\s?(?:k|m|bn|thousand|million|billion)\b)?"
    rf"(?P<after>\s?(?:percentage points?|points?|pts?|pp|percent|times|weeks?|periods?|{CODES})\b|\s?[%×€$£]|x\b)?"
)
SIZES = re.compile(
    rf"\b(?:{ABROAD}|"
    r"twice|thrice|doubled?|doubles|doubling|tripled?|triples|tripling|halved?|halves|halving|half|two[- ]thirds|"
    r"a third|a quarter of|(?:two|three|four|five|ten)[- ]?fold|dozens?|hundreds?|thousands?|millions?|billions?|"
    r"(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty|forty|fifty|sixty|"
    r"seventy|eighty|ninety)(?:[- ]\w+)? (?:percent|per cent|times|weeks?|points?|euros?|dollars?|pounds?))\b",
    re.IGNORECASE,
)
"""Sizes said in words; small counts ("two channels") are left alone."""
NUMBERED = re.compile(r"^\s*(?:[-*]\s*)?\d{1,2}[.)](?=\s|$)")
DIGITS = re.compile(r"\S*\d\S*")
EDGES = ".,;:!?()[]{}\"'“”’*_`"
PLACE = re.compile(r"\x01(\d+)\x01")
LABEL = re.compile(r"[A-Za-z]+-?\d{1,2}")
"""Q3, R2, v4: names, not figures."""
INTERVAL = re.compile(r"90\s?%(?= (?:credible |uncertainty |posterior )?(?:interval|range))")
"""What every interval of the product is."""


@dataclass
class Evidence:
    """What the tools of a conversation said."""

    channels: Sequence[str] = ()
    currency: str = "EUR"
    is_revenue: bool = True
    facts: dict[str, Fact] = field(default_factory=dict)
    literals: set[str] = field(default_factory=set)
    """Words with digits in them that the product itself wrote: dates, versions, sentences of checks."""

    def add(self, facts: Sequence[Fact], said: Any, *, trusted: bool) -> None:
        """Take a result in; of what strangers may have written only dates and plain numbers count, never a figure
        with a unit."""
        self.facts |= {f.key: f for f in facts}
        for text in _strings(said):
            for found in DIGITS.findall(CLAIM.sub(" ", text)):
                word = found.strip(EDGES)
                if trusted or re.fullmatch(r"[\d.,:/\-]+", word):
                    self.literals.add(word)


@dataclass(frozen=True)
class Released:
    """A piece of text that may be shown."""

    text: str
    withheld: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    named: int = 0
    """Figures beside which stands what they are."""


class Gate:
    """Takes a text in as it comes and lets whole sentences out."""

    def __init__(self, evidence: Evidence, asked: str = "") -> None:
        self._evidence = evidence
        self._scene = Scene(asked)
        self._waiting = ""
        self._before = ""

    def feed(self, text: str) -> Iterator[Released]:
        self._waiting += text
        while found := END.search(self._waiting):
            sentence, self._waiting = self._waiting[: found.end()], self._waiting[found.end() :]
            yield self._check(sentence)

    def close(self) -> Iterator[Released]:
        rest, self._waiting = self._waiting, ""
        if rest:
            yield self._check(rest)
        self._scene.end()

    def _check(self, sentence: str) -> Released:
        self._scene.open(sentence)
        made = check(sentence, self._evidence, self._before, self._scene.words)
        self._before = PLACE.sub(" ", CLAIM.sub(" ", sentence))
        self._scene.close(sentence, self._before)
        return made


def check(sentence: str, evidence: Evidence, before: str = "", asked: str = "") -> Released:
    """One sentence with what may not be shown taken out.

    Parameters
    ----------
    asked
        The question and what else was said that the sentence may be about.
    """
    claims = [(m.group(1).strip(), m.group(2).strip()) for m in CLAIM.finditer(sentence)]
    places = iter(range(len(claims)))
    naked = CLAIM.sub(lambda _: f"\x01{next(places)}\x01", sentence).replace("[[", "").replace("]]", "")
    withheld: list[str] = []
    for start, end in reversed(list(_bare(naked, evidence))):
        shown = naked[start:end]
        key = _reference(naked, start, end, evidence, before, asked)
        if key is None:
            withheld.append(shown)
            naked = naked[:start] + WITHHELD + naked[end:]
        else:
            claims.append((shown, key))
            naked = f"{naked[:start]}\x01{len(claims) - 1}\x01{naked[end:]}"
    whole = PLACE.sub(lambda m: "[[{}|{}]]".format(*claims[int(m.group(1))]), naked)
    wrong, names = _faults(whole, evidence, before, asked)
    out, sizes = _sweep(PLACE.sub(lambda m: WITHHELD if claims[int(m.group(1))][0] in wrong else m.group(0), naked))
    beside = dict(zip((int(m.group(1)) for m in PLACE.finditer(naked)), names, strict=True))
    left = [int(m.group(1)) for m in PLACE.finditer(out)]
    out = PLACE.sub(lambda m: _shown(claims[int(m.group(1))][0], beside[int(m.group(1))]), out)
    kept = dict.fromkeys(key for shown, key in claims if shown not in wrong)
    return Released(out, (*withheld, *sorted(wrong), *sizes), tuple(kept), sum(bool(beside[n]) for n in left))


def _shown(figure: str, name: str) -> str:
    return f"{figure} [{name}]" if name else figure


def _bare(naked: str, evidence: Evidence) -> Iterator[tuple[int, int]]:
    """Where figures without a reference stand; what the product itself wrote word by word is none."""
    text = _blanked(naked, evidence)
    left = list(text)
    found = []
    for match in BARE.finditer(text):
        start = match.end() - len(match.group(0).lstrip())
        left[match.start() : match.end()] = " " * (match.end() - match.start())
        if not _is_literal(naked, start, match.end(), evidence):
            found.append((start, match.end()))
    for match in DIGITS.finditer("".join(left)):
        word = match.group(0).strip(EDGES)
        if word not in evidence.literals and not LABEL.fullmatch(word):
            found.append(match.span())
    return iter(sorted(found))


def _blanked(naked: str, evidence: Evidence) -> str:
    """The text without references, names of channels, numbers of a list, and the interval that all results have."""
    text = PLACE.sub(_spaces, naked)
    text = INTERVAL.sub(_spaces, NUMBERED.sub(_spaces, text))
    for channel in sorted(evidence.channels, key=len, reverse=True):
        for written in {channel, channel.replace("_", " ")}:
            text = re.sub(rf"(?<!\w){re.escape(written)}(?!\w)", _spaces, text, flags=re.IGNORECASE)
    return text


def _spaces(match: re.Match[str]) -> str:
    return " " * len(match.group(0))


def _is_literal(text: str, start: int, end: int, evidence: Evidence) -> bool:
    left = max(text.rfind(mark, 0, start) for mark in " \n\t") + 1
    stops = [p for p in (text.find(mark, end) for mark in " \n\t") if p >= 0]
    word = text[left : min(stops, default=len(text))].strip(EDGES)
    return word in evidence.literals or text[start:end].strip() in evidence.literals


def _reference(naked: str, start: int, end: int, evidence: Evidence, before: str, asked: str) -> str | None:
    """The key of a result that shows this very figure and belongs where the sentence says; None where there is none.
    One that the words name goes before one whose name has to be written beside it."""
    shown = naked[start:end]
    read = BARE.fullmatch(shown)
    if read is None:
        return None
    # A nought stands for each other figure: the words beyond it are that one's.
    ahead, after = PLACE.sub(" 0 ", naked[:start]), PLACE.sub(" 0 ", naked[end:])
    possible = []
    for key, fact in evidence.facts.items():
        if _near(read, fact):
            wrong, names = _faults(f"{ahead}[[{shown}|{key}]]{after}", evidence, before, asked)
            if shown not in wrong:
                if not any(names):
                    return key
                possible.append(key)
    return possible[0] if possible else None


def _near(read: re.Match[str], fact: Fact) -> bool:
    """A quick look at the size, before the number lock's own."""
    digits = re.sub(r"[,\u202f\u00a0]", "", read["digits"])
    scale = number_lock.SCALES.get((read["scale"] or "").strip(), 1.0)
    size = abs(fact.value) * (100 if fact.unit == "share" else 1)
    return abs(float(digits) * scale - size) <= (0.5 * 10.0 ** -len(digits.partition(".")[2]) + 1e-9) * scale


def _faults(text: str, evidence: Evidence, before: str, asked: str) -> tuple[set[str], tuple[str, ...]]:
    """Figures with references that do not hold, and what stands beside each figure."""
    whole = f"{before}\n{text}" if before else text
    about = evidence.channels, evidence.currency, evidence.is_revenue
    found = number_lock.check(whole, evidence.facts, *about, asked=asked)
    # 'over 99%' is how the product spells a chance, though no figure that could be measured.
    spelled = {
        m.group(1).strip() for m in CLAIM.finditer(text) if _is_spelled(m.group(1).strip(), m.group(2), evidence)
    }
    wrong = [f for f in found.findings if f.fault is not Fault.UNREFERENCED]
    return {f.shown for f in wrong if not (f.fault is Fault.VALUE and f.shown in spelled)}, found.names


def _is_spelled(shown: str, key: str, evidence: Evidence) -> bool:
    fact = evidence.facts.get(key.strip())
    return fact is not None and shown == spell(fact, evidence.currency, evidence.is_revenue)


def _sweep(text: str) -> tuple[str, list[str]]:
    """Sizes in words, which no result stands behind."""
    said: list[str] = []

    def out(match: re.Match[str]) -> str:
        said.append(match.group(0))
        return WITHHELD

    return SIZES.sub(out, text), said


def _strings(said: Any) -> Iterator[str]:
    if isinstance(said, str):
        yield said
    elif isinstance(said, Mapping):
        for key, value in said.items():
            yield str(key)
            yield from _strings(value)
    elif isinstance(said, list | tuple):
        for value in said:
            yield from _strings(value)
    elif isinstance(said, int | float) and not isinstance(said, bool):
        yield str(said)
