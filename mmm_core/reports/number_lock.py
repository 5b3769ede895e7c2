"""Free text whose every figure is a claim about a stored metric: ``TV returned [[2.4×|channel.tv.roi.p50]]``.

Text that a language model wrote is checked before anybody sees it: a figure without a metric, a metric that is not
stored, a figure that is not the metric at the digits it shows, a wrong unit, another channel's name, or words that name
another metric, end of the interval, period, place or plan are refused. Where the words around a figure are not all
understood, or do not say what it is, the product writes that beside it: ``2.4× [TV: return on spend, …]``.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from mmm_core.domain.report import Fact
from mmm_core.reports import number_known, number_subject, wording
from mmm_core.reports.number_known import Scene, Told
from mmm_core.reports.number_names import beside
from mmm_core.reports.number_subject import NOTHING, Around
from mmm_core.reports.story import spell

CLAIM = re.compile(r"\[\[([^\[\]|]+)\|([^\[\]|]+)\]\]")
SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+\s*")
CLAUSE = re.compile(r"[,;:]\s+|\s+(?:and|but|while|whereas|against|than|versus|vs\.?)\s+", re.IGNORECASE)
FIGURE = re.compile(
    r"(?P<sign>[+\-−])?\s*(?P<before>R\$|A\$|C\$|[€$£¥₹]|[A-Z]{3}(?=\s?\d))?\s*(?P<digits>\d[\d,\u202f\u00a0]*(?:\.\d+)?)\s*"
    r"(?P<scale>k|m|bn|thousand|million|billion)?\s*"
    r"(?P<after>percentage points?|points?|pts?|pp|%|percent|×|x|times|weeks?|periods?|€|\$|£|[A-Z]{3})?",
)
BARE = re.compile(r"(?<![\w.,])[€$£+−-]?(?!20\d\d\b)\d[\d.,]*(?:\s?(?:[€$£×%]|[kmx]\b|bn\b))?")
"""A figure without a reference: what stands beyond it is said of it."""
MEANT = re.compile(r"\b(?:it|its|this channel)\b", re.IGNORECASE)
"""A channel that was named before."""
OURS = re.compile(r"\b(?:we|our|us|i|you|your|all|channels|media)\b", re.IGNORECASE)
"""A clause with another subject than the channel of the figure before it."""
SCALES = {"k": 1e3, "thousand": 1e3, "m": 1e6, "million": 1e6, "bn": 1e9, "billion": 1e9}
TENS = "twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety"
ONES = (
    "two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|"
    "eighteen|nineteen"
)
ABROAD = (
    r"(?:ver)?(?:doppel|dreifach|vierfach|fünffach|zehnfach|halbier)\w*|doppelt\w*|h(?:a|ä)lften?|halb(?:e[nmrs]?|so)?|"
    r"(?:ein |zwei )?(?:drittel|viertel|fünftel|zehntel)|(?:zwei|drei|vier|fünf|zehn)mal|hundert\w*|tausende?\w*|"
    r"million(?:en)?|milliard(?:en?|e)|dutzend\w*|le double|doubl(?:e[rsz]?|ent|é\w*|ait)|tripl(?:e[rsz]?|ent|é\w*)|"
    r"(?:la )?moitié|demi|(?:deux|trois|quatre|cinq|dix|vingt|cent|mille) fois|un tiers|deux tiers|"
    r"un quart|trois quarts|un dixième|mille|milliers?|milliards?|centaines?|dizaines?|douzaines?|"
    r"(?:zwanzig|dreißig|vierzig|fünfzig|sechzig|siebzig|achtzig|neunzig|zehn|fünf|zwei|drei|vier) prozent|"
    r"(?:vingt|trente|quarante|cinquante|soixante|dix|cinq|deux|trois|quatre)[- ]?\w* pour cent"
)
"""Sizes in German and French words: an answer may come in the person's language."""
WORDS = re.compile(
    rf"\b(?:{ABROAD}|{ONES}|{TENS}|hundreds?|thousands?|millions?|billions?|dozens?|twice|thrice|doubled?|doubles|doubling|"
    r"tripled?|triples|tripling|halved?|halves|halving|half|two[- ]thirds|a third|(?:two|three|four|five|ten)fold)\b",
    re.IGNORECASE,
)
POINTS = ("point", "points", "pt", "pts", "pp", "percentage point", "percentage points")
ROUNDING = 1e-9


class Fault(StrEnum):
    UNREFERENCED = "unreferenced"
    UNKNOWN = "unknown"
    VALUE = "value"
    UNIT = "unit"
    CHANNEL = "channel"
    METRIC = "metric"
    PART = "part"
    """The low end, the high end, or the middle."""
    PERIOD = "period"
    PLACE = "place"
    PLAN = "plan"
    DIRECTION = "direction"


@dataclass(frozen=True)
class Finding:
    fault: Fault
    shown: str
    """The figure as the text has it."""
    sentence: str
    """One sentence on what is wrong, for whoever wrote the text."""


@dataclass(frozen=True)
class Checked:
    text: str
    """Without the marks, with names beside figures; to be shown only where nothing was found."""
    findings: tuple[Finding, ...]
    references: tuple[str, ...]
    names: tuple[str, ...] = ()
    """For each figure what the product writes beside it; '' where the text's own words say it."""

    @property
    def holds(self) -> bool:
        return not self.findings


def check(
    text: str, facts: Mapping[str, Fact], channels: Sequence[str], currency: str, is_revenue: bool, asked: str = ""
) -> Checked:
    """Hold every figure of a text against the metric that it names.

    Parameters
    ----------
    facts
        Stored metrics by key.
    channels
        Names as the model has them; the text may write them as the product shows them.
    asked
        What the text answers; a period or a place may stand in the question alone.
    """
    named = _names(channels)
    places = sorted({place for key in facts if (place := number_subject.place_of(key))})
    findings = list(_unreferenced(text, named))
    names: list[str] = []
    references: dict[str, None] = {}
    before: set[str] = set()
    scene = Scene(_nameless(asked, named))
    for piece in _pieces(text):
        sentence = piece.strip()
        scene.open(sentence)
        spoken = _spoken(CLAIM.sub(" ", sentence), named)
        told = _told(sentence, named, places)
        for clause, match, around, earlier in _claims(sentence):
            shown, key = match.group(1).strip(), match.group(2).strip()
            references[key] = None
            close = _spoken(CLAIM.sub(" ", clause), named)
            near = close or spoken or (before if len(before) == 1 else set())
            fault = _fault(shown, key, facts.get(key), near, currency, is_revenue)
            fault = fault or _subject(shown, facts[key], around, places, told)
            if fault:
                findings.append(fault)
            known = key not in facts or _is_understood(facts[key], match, around, told, scene, near, close, earlier)
            names.append("" if known else beside(facts[key]))
        before = spoken or before
        scene.close(piece, told.naked)
    return Checked(with_names(text, names), tuple(findings), tuple(references), tuple(names))


def with_names(text: str, names: Sequence[str]) -> str:
    """The text without marks; behind each figure that has one, its name."""
    left = iter(names)

    def shown(match: re.Match[str]) -> str:
        name = next(left, "")
        return f"{match.group(1).strip()} [{name}]" if name else match.group(1).strip()

    return CLAIM.sub(shown, text)


def _pieces(text: str) -> Iterator[str]:
    """Its sentences, each with the white space that ends it."""
    start = 0
    for end in SENTENCE.finditer(text):
        if text[start : end.end()].strip():
            yield text[start : end.end()]
        start = end.end()
    if text[start:].strip():
        yield text[start:]


def _told(sentence: str, named: Mapping[str, str], places: Sequence[str]) -> Told:
    keys = tuple(m.group(2).strip() for m in CLAIM.finditer(sentence))
    own = {place for key in keys if (place := number_subject.place_of(key))}
    return Told(_nameless(CLAIM.sub(" | ", sentence), named), keys, tuple(p for p in places if p in own))


def _is_understood(
    fact: Fact,
    match: re.Match[str],
    around: Around,
    told: Told,
    scene: Scene,
    near: set[str],
    close: set[str],
    earlier: Sequence[str],
) -> bool:
    """``close`` are the channels of the figure's own clause; ``near`` those before it where the clause names none."""
    own = _channel_of(fact.key)
    others = {c for m in CLAIM.finditer(match.string) if (c := _channel_of(m.group(2).strip()))}
    if (own is not None and own not in near) or near - others:
        return False
    goes_on = any(_channel_of(k) == own for k in earlier) and not OURS.search(match.string)
    if own is not None and own not in close and not goes_on and not MEANT.search(match.string):
        return False
    return number_known.is_named(fact, match.group(1), around, earlier) and not told.strange(
        f"{scene.words} {told.naked}"
    )


def _claims(sentence: str) -> Iterator[tuple[str, re.Match[str], Around, tuple[str, ...]]]:
    """Every figure of a sentence with its clause, the words around it, and the keys of the figures before it."""
    clauses = CLAUSE.split(sentence)
    free = tuple(c for c in clauses if not CLAIM.search(c))
    keys = [m.group(2).strip() for m in CLAIM.finditer(sentence)]
    words, earlier = CLAIM.sub(" ", sentence), ""
    gone: tuple[str, ...] = ()
    for clause in clauses:
        found = list(CLAIM.finditer(clause))
        for n, match in enumerate(found):
            start = found[n - 1].end() if n else 0
            end = found[n + 1].start() if n + 1 < len(found) else len(clause)
            ahead = BARE.split(clause[start : match.start()])[-1]
            behind, *more = BARE.split(clause[match.end() : end])
            last = n + 1 == len(found) and not more
            others = frozenset(k for k in keys if k != match.group(2).strip())
            yield clause, match, Around(ahead, behind, earlier, free, words, last, others), gone
            gone = (*gone, match.group(2).strip())
        earlier = f"{earlier} {CLAIM.sub(' ', clause)}"


def _subject(shown: str, fact: Fact, around: Around, places: Sequence[str], told: Told) -> Finding | None:
    """Words that name something else; words that are not understood name nothing, and the figure gets its name."""
    found = number_subject.mistaken(fact, around, places)
    if found is None or not number_known.readable(told.naked):
        return None
    kind, said = found
    if said.startswith(NOTHING) and number_known.is_strange(told.naked):
        return None
    return Finding(Fault(kind), shown, f"“{shown}” is {fact.key}, but the words beside it say “{said}”.")


def _fault(shown: str, key: str, fact: Fact | None, near: set[str], currency: str, is_revenue: bool) -> Finding | None:
    if fact is None:
        return Finding(Fault.UNKNOWN, shown, f"“{shown}” refers to {key}, which is not among the stored metrics.")
    right = spell(fact, currency, is_revenue)
    read = FIGURE.fullmatch(shown)
    if read is None:
        return Finding(Fault.VALUE, shown, f"“{shown}” is no figure that can be held against {key} ({right}).")
    unit = _unit(read, currency)
    wanted = _wanted(fact, is_revenue)
    if unit not in wanted:
        return Finding(Fault.UNIT, shown, f"“{shown}” is not in the unit of {key}, which is {right}.")
    if not _is(read, fact.value * (100 if unit == "share" else 1)):
        return Finding(Fault.VALUE, shown, f"“{shown}” is not {key}, which is {right}.")
    own = _channel_of(key)
    if own is not None and near and own not in near:
        others = ", ".join(sorted(map(wording.plain, near)))
        return Finding(Fault.CHANNEL, shown, f"“{shown}” belongs to {wording.plain(own)}, but stands beside {others}.")
    return None


def _unreferenced(text: str, named: Mapping[str, str]) -> Iterator[Finding]:
    naked = _nameless(CLAIM.sub(" ", text), named)
    for match in (*re.finditer(r"\d[\d.,]*", naked), *WORDS.finditer(naked)):
        shown = match.group(0).rstrip(".,")
        yield Finding(Fault.UNREFERENCED, shown, f"“{shown}” has no stored metric behind it.")


def _is(read: re.Match[str], value: float) -> bool:
    """Whether the figure is the value at the digits that it shows."""
    digits = re.sub(r"[,\u202f\u00a0]", "", read["digits"])
    decimals = len(digits.partition(".")[2])
    scale = SCALES.get(read["scale"] or "", 1.0)
    shown = float(digits) * scale * (-1.0 if read["sign"] in ("-", "−") else 1.0)
    return abs(shown - value) <= (0.5 * 10.0**-decimals + ROUNDING) * scale


def _unit(read: re.Match[str], currency: str) -> str:
    before, after = read["before"], (read["after"] or "").lower()
    marks = {wording.symbol(currency).strip(), currency}
    if before or (read["after"] or "") in {*wording.SYMBOLS, *wording.SYMBOLS.values(), *wording.CURRENCIES}:
        return "money" if {before or "", read["after"] or ""} & marks else "other money"
    if after in ("%", "percent"):
        return "share"
    if after in POINTS:
        return "points"
    if after in ("×", "x", "times"):
        return "ratio"
    if after.startswith(("week", "period")):
        return "weeks"
    return "number"


def _wanted(fact: Fact, is_revenue: bool) -> tuple[str, ...]:
    if fact.unit == "kpi":
        return ("money",) if is_revenue else ("number",)
    if fact.unit in ("count", "weeks"):
        return ("number", "weeks")
    return {"price": ("money",)}.get(fact.unit, (fact.unit,))


def _channel_of(key: str) -> str | None:
    parts = key.split(".")
    if "channel" not in parts[:-1]:
        return None
    rest = key.split("channel.", 1)[1]
    # A channel's name may hold dots; what follows it never does more than two.
    for last in ("contribution_share", "contribution", "marginal_roi", "roi_prior", "roi", "spend_share", "spend"):
        name, mark, _ = rest.rpartition(f".{last}")
        if mark:
            return name
    return re.sub(r"\.(?:level|carryover|cost)\.\w+$", "", rest)


def _names(channels: Sequence[str]) -> dict[str, str]:
    """How a text may write each channel, in lower case, to its name in the model."""
    out: dict[str, str] = {}
    for name in channels:
        for written in (name, wording.plain(name), name.replace("_", " ")):
            out[written.casefold()] = name
    return out


def _nameless(text: str, named: Mapping[str, str]) -> str:
    for written in sorted(named, key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(written)}(?!\w)", " ", text, flags=re.IGNORECASE)
    return text


def _spoken(text: str, named: Mapping[str, str]) -> set[str]:
    """Channels that a piece of text names; the longest name first, so that a part of one is not another."""
    left, found = text.casefold(), set()
    for written in sorted(named, key=len, reverse=True):
        pattern = rf"(?<!\w){re.escape(written)}(?!\w)"
        if re.search(pattern, left):
            found.add(named[written])
            left = re.sub(pattern, " ", left)
    return found
