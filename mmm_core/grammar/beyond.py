"""Questions that sound like a change of spend and are none: prices and effect, the past, what others say."""

import re
from collections.abc import Sequence
from itertools import groupby
from typing import Protocol

from mmm_core.grammar import questions

DONE_EN = (
    r"(?:(?!need\b|indeed\b|speed\b)\w+ed|been|had|done|made|put|set|cut|run|kept|held|left|gone|given|taken|bought|sold|risen|grown|fallen|"
    r"spent|built|lost|shut|gotten|got|begun|driven|chosen|stuck|brought)"
)
DONE_DE = (
    r"(?:(?!gesamt|geht\b|gebt\b|gegen\b|geben\b|gehen\b|gelten\b|gewinnt\b|gewinnen\b)\w*ge\w+(?:t|en)|\w+iert|"
    r"erhöht|verdoppelt|verdreifacht|halbiert|verschoben|verringert|verlagert|verzichtet|belassen|behalten|"
    r"passiert|geschehen|verteilt|erreicht|verloren|bekommen)"
)
DONE_FR = (
    r"(?:\w{2,}(?:é|ée|és|ées)|réduite?s?|mise?s?|investie?s?|fait|pris|eu|maintenue?s?|suspendue?s?|perdu|vendu|"
    r"interrompue?s?|ete|passe)"
)
PAST = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"\b(?:would|could|might)(?:n't| not)?(?:'ve| have) (?:\w+ ){{0,2}}?{DONE_EN}\b",
        rf"\b(?:would|could|might) (?:\w+ ){{1,4}}?have {DONE_EN}\b",
        rf"\bhad(?:n't)? (?:\w+ ){{0,3}}?{DONE_EN}\b",
        r"\b(?:we|i|you|they)'d (?:not |never )?(?:(?!need\b)\w+ed|been|spent|given|taken|gone|kept|held|left)\b",
        rf"\bhätte(?:n|st|t)?\b.*\b{DONE_DE}\b|\b{DONE_DE}\b.*\bhätte(?:n|st|t)?\b",
        r"\bwäre(?:n|st|t)?\b.*\b(?:gewesen|passiert|geschehen|ge\w{2,}en|ausgefallen)\b",
        rf"\b(?:gewesen|worden|geworden)\b.*\bwäre(?:n|st|t)?\b|\b{DONE_DE} worden\b",
        rf"\b(?:aurai(?:t|s|ent)|auri(?:ons|ez))\b(?:[ -]\w+){{0,3}}?[ -]{DONE_FR}(?!\w)",
        rf"\b(?:avai(?:t|s|ent)|avi(?:ons|ez))\b(?: (?!(?:un )?peu\b)\w+){{0,2}}? {DONE_FR}(?!\w)",
        r"\bserai(?:t|ent)\b(?:[ -]\w+){0,3}?[ -](?:passée?s?|arrivée?s?|produite?s?|restée?s?|devenue?s?)(?!\w)",
    )
)
"""A condition of the past, by its verbs: 'had been', 'would have ...', 'hätten ... gekürzt', 'aurait été'."""
SIZES = ("more", "less", "times", "fold")
DOING = ("up", "down", "move", "give", "take", "put")
"""'Raise the TV that works by 10%' says what is to be done with its spend."""


class Said(Protocol):
    """A word with its meanings."""

    @property
    def means(self) -> object: ...
    @property
    def channels(self) -> object: ...
    def has(self, *kinds: str) -> bool: ...


def past(original: str) -> None:
    """Ask where a sentence is about what would have been; a plan can only be changed ahead."""
    plain = original.replace("’", "'")
    if any(pattern.search(plain) for pattern in PAST):
        raise questions.past(original)


WHICH_CHANNEL = re.compile(
    r"(?i)\W*(?:which|what|welche[rsnm]?|quel(?:le)?s?)\s+(?:of\s+(?:the|our)\s+)?"
    r"(?:channels?|medi(?:um|a|en)|kan(?:al|äle[n]?)|cana(?:l|ux)|médias?)\b"
)
"""A question after channels ('which channel brings the most') asks for results, however much 'most' sounds like the
best split."""


def other_matters(words: Sequence[Said], original: str) -> None:
    """Ask where a price, an effect, an opinion or what channels did is what the sentence speaks of."""
    if WHICH_CHANNEL.match(original) and not any(word.channels for word in words):
        raise questions.results(original)
    if any(word.has("opinion") for word in words):
        raise questions.opinion(original)
    if any(word.has("price") for word in words):
        raise questions.price(original)
    for parted, clause in groupby(words, key=lambda word: word.has("sep") and not word.has("per")):
        if not parted and _priced(list(clause)):
            raise questions.price(original)


def _priced(clause: Sequence[Said]) -> bool:
    """'TV costs 10% more', 'search effective twice': the size said is that of a price or of an effect."""
    for place, word in enumerate(clause):
        before, after = clause[:place], clause[place + 1 :]
        if word.has("costs") and any(w.has(*SIZES, "up", "down") for w in after):
            return True
        sized = any(w.has(*SIZES, "percent") for w in clause)
        if word.has("works") and sized and not any(w.has(*DOING) for w in before):
            return True
    return False
