"""What a typed answer means, by rules: names of the data, arrows, lines, or a word such as skip and back."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from mmm_core.causal.holdings import key
from mmm_core.domain.plan_talk import Hypothesis, Topic
from mmm_core.reports import plan_words
from mmm_core.use_cases.planning_known import Known

LONGEST = 300
"""Characters of one item."""
MOST = 60


class Word(StrEnum):
    SKIP = "skip"
    BACK = "back"
    YES = "yes"
    NONE = "none"
    WHY = "why"


WORDS = {
    Word.SKIP: r"skip(?: (?:it|this))?|next|later|überspringen|weiter|später|passer|suivant",
    Word.BACK: r"(?:go )?back|previous|zurück|retour",
    Word.YES: r"yes|y|ok(?:ay)?|sure|fine|agreed?|take (?:these|them|it)|as proposed|looks? good|ja|passt|oui|d'accord",
    Word.NONE: r"none|no|nothing|nein|keine?|nichts|aucun[e]?|non|rien",
    Word.WHY: r"why(?: (?:do you ask|these|this|that))?|warum|wieso|pourquoi",
}
COMMANDS = {word: re.compile(rf"\W*(?:{pattern})\W*", re.IGNORECASE) for word, pattern in WORDS.items()}
APART = re.compile(r"\s*(?:[,;\n]|\band\b|\bund\b|\bet\b|&|\+)\s*", re.IGNORECASE)
EXCEPT = re.compile(
    r"^\W*(?:all|everything|these|them|alle|alles|tout(?:es)?)?\W*"
    r"(?:except|but(?: not)?|without|außer|ohne|sauf|sans)\b",
    re.IGNORECASE,
)
PLUS = re.compile(r"^\W*(?:(?:these|all|them)\s+)?(?:plus|also|and|add|dazu|auch|aussi)\b", re.IGNORECASE)
ALL = re.compile(r"^\W*(?:all|all of (?:them|these)|everything|alle|alles|tous|toutes)\W*$", re.IGNORECASE)
BULLET = re.compile(r"^\s*(?:[-*•]|\d{1,2}[.)])\s*")
FILLER = re.compile(r"^(?:the|our|also|only|just|paid|die|der|das|unser[e]?|nur|le|la|les|nos)\s+", re.IGNORECASE)
LAG = re.compile(
    r"\b(?:after|nach|après)\s+(\d{1,2})\s+(?:weeks?|wochen?|semaines?)\b|\b(\d{1,2})\s+weeks?\s+later\b", re.I
)
SURE = ((re.compile(r"\b(?:surely|certainly|definitely|sicher)\b", re.I), 0.8),
        (re.compile(r"\b(?:maybe|perhaps|possibly|might|vielleicht|peut-être)\b", re.I), 0.3))  # fmt: skip
FORWARD = re.compile(
    r"\s*(?:->|→|=>|\b(?:drives?|causes?|lifts?|raises?|increases?|feeds?|moves?|leads? to|boosts?|brings?|treibt|hebt)"
    r"\b)\s*",
    re.IGNORECASE,
)
BACKWARD = re.compile(
    r"\s*(?:<-|←|\b(?:follows?|depends? on|comes? from|(?:is|are) (?:driven|caused|lifted) by|catches|folgt)\b)\s*",
    re.I,
)
TAIL = re.compile(r"\s*(?:\b(?:because|since|weil)\b|:)\s*(?P<how>.+)$", re.IGNORECASE | re.DOTALL)
LONGEST_NAME = 40


@dataclass(frozen=True)
class Said:
    """An answer as it was read; ``question`` where it has to be asked back."""

    word: Word | None = None
    texts: tuple[str, ...] = ()
    arrows: tuple[Hypothesis, ...] = ()
    question: str = ""


def read(topic: Topic, text: str, known: Known, proposed: Sequence[str], target: str) -> Said:
    """Read one typed answer.

    Parameters
    ----------
    proposed
        What "all", "yes" and "all but" are said about.
    """
    said = text.strip()[: LONGEST * 10]
    for word, pattern in COMMANDS.items():
        if pattern.fullmatch(said) and not (word is Word.NONE and topic in (Topic.QUESTION, Topic.TARGET)):
            return Said(word)
    if topic is Topic.QUESTION:
        return Said(texts=(" ".join(said.split())[: LONGEST * 2],))
    if topic is Topic.TARGET:
        return _target(said, known)
    if topic in (Topic.CHANNELS, Topic.CONTROLS):
        return _names(said, known, proposed)
    if topic is Topic.HYPOTHESES:
        return Said(arrows=tuple(hypothesis(line, known, target) for line in lines(said)))
    if topic is Topic.PRECEDENTS:
        return Said(Word.YES) if ALL.match(said) else Said(question="Tick what is to be taken over, or say “none”.")
    return Said(texts=lines(said))


def lines(text: str) -> tuple[str, ...]:
    found = [BULLET.sub("", part).strip() for part in re.split(r"[\n;]", text)]
    return tuple(dict.fromkeys(part[:LONGEST] for part in found if part))[:MOST]


def hypothesis(text: str, known: Known, target: str) -> Hypothesis:
    """An arrow where the sentence says what causes what; else the sentence."""
    words = " ".join(text.split()).rstrip(".")
    late, sure = LAG.search(words), next((c for pattern, c in SURE if pattern.search(words)), 0.5)
    bare = LAG.sub(" ", words)
    for pattern, _ in SURE:
        bare = pattern.sub(" ", bare)
    how = TAIL.search(bare)
    bare = TAIL.sub("", bare)
    for pattern, backward in ((BACKWARD, True), (FORWARD, False)):
        parts = [_name(p, known, target) for p in pattern.split(bare)]
        if len(parts) == 2 and all(parts) and key(parts[0]) != key(parts[1]):
            cause, effect = (parts[1], parts[0]) if backward else (parts[0], parts[1])
            lag = min(int(next(g for g in late.groups() if g)), 52) if late else 0
            way = how["how"].strip(" ,")[:LONGEST] if how else ""
            return plan_words.hypothesis(cause, effect, way, lag, sure)
    return Hypothesis(words[:LONGEST])


def _name(text: str, known: Known, target: str) -> str:
    """A variable's name as the data have it; empty where the words are too many for a name."""
    words = _bare(text, known)
    if key(words) in (key(target), "kpi", "sales", "the kpi", "umsatz") and target:
        return known.find(words) or target
    return known.find(words) or (words if words and len(words) <= LONGEST_NAME and len(words.split()) <= 3 else "")


def _target(said: str, known: Known) -> Said:
    words = _bare(said, known)
    found = known.find(words)
    if found or known.version is None:
        return Said(texts=((found or words)[:LONGEST],))
    mentioned = _mentioned(said, known)
    if len(mentioned) == 1:
        return Said(texts=mentioned)
    near = known.near(words)
    hint = f" Did you mean {near}?" if near else ""
    return Said(question=f"The data have no column of that name.{hint} Choose one from the list, or type its name.")


def _names(said: str, known: Known, proposed: Sequence[str]) -> Said:
    if ALL.match(said):
        return Said(Word.YES)
    for pattern, keep in ((EXCEPT, True), (PLUS, False)):
        if pattern.match(said):
            named = _listed(pattern.sub("", said, count=1), known)
            if not named:
                break
            if not keep:
                return Said(texts=tuple(dict.fromkeys((*proposed, *named))))
            gone = {key(n) for n in named}
            strange = [n for n in named if key(n) not in {key(p) for p in proposed}]
            if strange:
                return Said(
                    question=f"{strange[0]} is not among them, so that it cannot be left out. Which do you mean?"
                )
            return Said(texts=tuple(p for p in proposed if key(p) not in gone))
    named = _listed(said, known)
    if named:
        return Said(texts=named)
    return Said(question="I could not read names in that. Name them with commas between, or choose from the list.")


def _listed(said: str, known: Known) -> tuple[str, ...]:
    """Names of the data, and short words that could be names; from prose, names of the data alone."""
    parts = [bare for p in APART.split(said) if (bare := _bare(p, known))]
    short = [p for p in parts if known.find(p) or (len(p) <= LONGEST_NAME and len(p.split()) <= 3)]
    if len(short) == len(parts):
        return tuple(dict.fromkeys(known.find(p) or p for p in parts))[:MOST]
    return _mentioned(said, known)


def _bare(text: str, known: Known) -> str:
    """A name without its article; one that the data have stays whole."""
    words = text.strip(" ,.!?\"'“”")
    return words if known.find(words) else FILLER.sub("", words)


def _mentioned(said: str, known: Known) -> tuple[str, ...]:
    spelled = f" {re.sub(r'[^\w]+', ' ', key(said))} "
    return tuple(dict.fromkeys(name for k, name in known.names.items() if f" {k} " in spelled))
