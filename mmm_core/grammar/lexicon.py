"""What words mean, in English, German and French; the words themselves stand in ``words/*.yaml``."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

import yaml
from rapidfuzz import process
from rapidfuzz.distance import OSA

from mmm_core.grammar.text import folded, tidy, tokens

WORDS = Path(__file__).parent / "words"
_Plain = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
"""Every word as it is written: 'on' and 'no' are no truth values here."""
LANGUAGES = ("en", "de", "fr")
LONGEST_PHRASE = 8
SHORTEST_TYPO = 4
"""Words below this many letters are taken as they are written."""
UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})

Meanings = Mapping[str, str]
"""Kinds of a phrase, each with its value."""
Phrases = Mapping[tuple[str, ...], Meanings]


@lru_cache(maxsize=len(LANGUAGES))
def phrases(language: str) -> Phrases:
    listed = yaml.load((WORDS / f"{language}.yaml").read_text("utf-8"), Loader=_Plain)  # noqa: S506
    out: dict[tuple[str, ...], dict[str, str]] = {}
    for key, entries in listed.items():
        kind, _, value = key.replace('"', "").partition(" ")
        for entry in entries:
            for spelling in {entry, entry.translate(UMLAUTS)}:
                words = tuple(t.text for t in tokens(tidy(spelling)))
                out.setdefault(words, {}).setdefault(kind, value)
    if language == "de":
        for word, number in _german_numbers().items():
            out.setdefault((word,), {}).setdefault("number", str(number))
    return out


@lru_cache(maxsize=len(LANGUAGES))
def single_words(language: str) -> frozenset[str]:
    return frozenset(word for phrase in phrases(language) for word in phrase)


def language_of(words: Sequence[str]) -> str:
    """The language that knows most of the words; English where two know as many."""
    known = dict.fromkeys(LANGUAGES, 0)
    for word in words:
        speak = [language for language in LANGUAGES if word in single_words(language)]
        for language in speak:
            known[language] += 2 if len(speak) == 1 else 1
    return max(LANGUAGES, key=lambda language: (known[language], -LANGUAGES.index(language)))


def longest(words: Sequence[str], language: str) -> tuple[int, Meanings]:
    """The longest phrase that ``words`` begin with: how many words, and what it means; (0, {}) for none."""
    for one in (language, *(other for other in LANGUAGES if other != language)):
        known = phrases(one)
        for length in range(min(LONGEST_PHRASE, len(words)), 0, -1):
            found = known.get(tuple(words[:length]))
            if found is not None:
                return length, found
    return 0, {}


def allowed(length: int) -> int:
    """Letters that may be wrong in a word so long."""
    return 0 if length < 4 else 1 if length < 8 else 2


@lru_cache(maxsize=len(LANGUAGES))
def _long_words(language: str) -> tuple[str, ...]:
    return tuple(phrase[0] for phrase in phrases(language) if len(phrase) == 1 and len(phrase[0]) >= SHORTEST_TYPO)


@lru_cache(maxsize=1024)
def typo(word: str, language: str) -> tuple[int, Meanings] | None:
    """Distance and meaning of the one word that was probably meant; None where there is none, or two that differ."""
    if len(word) < SHORTEST_TYPO or not word.isalpha():
        return None
    known, least = phrases(language), allowed(len(word))
    found = process.extract(word, _long_words(language), scorer=OSA.distance, score_cutoff=least, limit=None)
    # In four letters only two that changed places are surely a slip.
    near = [(int(d), (other,)) for other, d, _ in found if len(word) > 4 or sorted(word) == sorted(other)]
    if not near:
        return None
    best = min(distance for distance, _ in near)
    # Opposites such as increase and decrease lie two letters apart: whatever is as near must mean the same.
    meanings = [known[phrase] for distance, phrase in near if distance <= best]
    if any(set(m) != set(meanings[0]) for m in meanings[1:]):
        return None
    return best, meanings[0]


def _german_numbers() -> dict[str, int]:
    """Compounds such as fuenfundzwanzig, zweihundert and zehntausend."""
    ones = ["", "ein", "zwei", "drei", "vier", "fuenf", "sechs", "sieben", "acht", "neun", "zehn", "elf", "zwolf"]
    tens = ["zwanzig", "dreissig", "vierzig", "funfzig", "sechzig", "siebzig", "achtzig", "neunzig"]
    small = {word.replace("ue", "u"): number for number, word in enumerate(ones) if word}
    small["fuenf"] = 5
    below = dict(small)
    for place, ten in enumerate(tens, 2):
        below[ten] = 10 * place
        below |= {f"{one}und{ten}": 10 * place + number for one, number in small.items() if number < 10}
    below["fuenfzig"], below["fuenfzehn"], below["funfzehn"] = 50, 15, 15
    out = {word: number for word, number in below.items() if word not in ("ein",)}
    for one, number in below.items():
        out[f"{one}hundert"] = 100 * number
        out[f"{one}tausend"] = 1000 * number
        if number < 10:
            out[f"{one}hunderttausend"] = 100_000 * number
    return {folded(word): number for word, number in out.items()}
