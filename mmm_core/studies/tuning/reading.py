"""The guard's second look: the words of a proposal, read for an attempt at the method by another way.

The first look compares specifications, so that no wording can change one; this one tells who tried, and turns away
proposals whose tunable settings are meant to stand in for a protected one. What cannot be read is not let through.
"""

import base64
import binascii
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from rapidfuzz.distance import OSA

from mmm_core.modeling.spec import ModelSpec

Tokens = tuple[str, ...]
SENTENCE = re.compile(r"[;!?\n]|\.(?=\s|$)|:(?=\s)|\bbut\b|\bhowever\b|\baber\b|\bmais\b", re.IGNORECASE)
CLAUSE = re.compile(r",|\b(?:and|und|et)\b")
TOKEN = re.compile(r"[a-z0-9]+(?:'[a-z]+)?")
HIDDEN = re.compile(r"[A-Za-z0-9+/]{12,}={0,2}")
LEET = str.maketrans("0134578$", "oieastbs")
BEFORE = re.compile(r"\b(?:the )?same as (?:before|now|today|until now|it was|it is|in the baseline|the baseline)\b")
CHANNEL, COLUMN = "channelname", "columnname"
LONG = 6
"""From this length on a letter wrong does not hide a word."""
NEAR = 3
"""Words that may stand between a verb and what it is done to."""
FAR = 5
"""The same between getting around and what is got around."""
ASIDE = {"with", "against", "than"}
ANOTHER = {"another", "different", "other", "new", "richer", "alternative", "andere", "anderer", "autre"}
NOT = {"not", "without", "nicht", "kein", "pas"}
NONE_OF_ITS_OWN = {"belief", "beliefs", "prior", "priors", "range", "s", "glaube"}


@dataclass(frozen=True)
class Vocabulary:
    families: Mapping[str, Mapping[str, tuple[Tokens, ...]]]
    lists: Mapping[str, tuple[Tokens, ...]]
    protected: tuple[tuple[Tokens, ...], ...]

    def __getitem__(self, name: str) -> tuple[Tokens, ...]:
        return self.lists[name]


@cache
def vocabulary() -> Vocabulary:
    raw: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "words.yaml").read_text(encoding="utf-8"))
    families = {
        kind: {name: _phrases(words) for name, words in found.items()}
        for kind, found in raw["families"].items()
        if kind != "other"
    }
    lists = {name: _phrases(words) for name, words in raw.items() if name not in ("families", "protected")}
    lists["other_families"] = _phrases(raw["families"]["other"])
    return Vocabulary(families, lists, tuple(_phrases(words) for words in raw["protected"]))


def _phrases(words: Sequence[str]) -> tuple[Tokens, ...]:
    out = []
    for phrase in words:
        star = phrase.endswith("*")
        tokens = tuple(TOKEN.findall(_plain(phrase)))
        out.append((*tokens[:-1], tokens[-1] + "*") if star else tokens)
    return tuple(out)


def read(reason: str, spec: ModelSpec, columns: Sequence[str] = ()) -> tuple[str, ...]:
    """What a reason is after that it may not be; nothing where it is honest."""
    if len(reason.strip()) < 10:
        return ("A proposal needs a reason in words.",)
    strange = next((c for c in reason if c.isalpha() and not unicodedata.name(c, "").startswith("LATIN")), None)
    if strange:
        return (f"The reason cannot be read (“{strange}” is no Latin letter), and what cannot be read is refused.",)
    found: list[str] = []
    for text in (reason, *_decoded(reason)):
        plain = BEFORE.sub(" unchanged ", _named(_plain(text), spec, columns))
        for sentence in SENTENCE.split(plain):
            parts = [p for p in CLAUSE.split(sentence) if p.strip()]
            for unit in dict.fromkeys((*parts, sentence)):
                found += _unit(_tokens(unit), spec)
    return tuple(dict.fromkeys(found))


def _plain(text: str) -> str:
    """Lower case without accents, invisible signs or joints."""
    whole = unicodedata.normalize("NFKD", text)
    kept = "".join(c for c in whole if not unicodedata.combining(c) and unicodedata.category(c) != "Cf")
    return re.sub(r"[-_/‐-―]", " ", kept.casefold().replace("’", "'")).replace("ß", "ss")


def _named(plain: str, spec: ModelSpec, columns: Sequence[str]) -> str:
    """The text with names of channels and columns taken for names: what they say is no intent of the proposal."""
    families = {p for kind in vocabulary().families.values() for words in kind.values() for p in words}
    names = [(n, CHANNEL) for c in spec.channels for n in (c.name, *c.columns)]
    names += [(n, COLUMN) for n in (*spec.controls, *spec.holidays, *columns)]
    for name, mark in sorted(names, key=lambda one: -len(one[0])):
        words = _plain(name).strip()
        # A channel that is called like a family would hide the word.
        if words and not any(_at(tuple(TOKEN.findall(words)), 0, p) for p in families):
            plain = re.sub(rf"(?<![a-z0-9]){re.escape(words)}(?![a-z0-9])", f" {mark} ", plain)
    return plain


def _decoded(text: str) -> Iterator[str]:
    """Words that hide in a code."""
    for token in HIDDEN.findall(text):
        try:
            raw = base64.b64decode(token + "=" * (-len(token) % 4), validate=True).decode("ascii")
        except (binascii.Error, UnicodeDecodeError):
            continue
        if raw.isprintable():
            yield raw


def _tokens(unit: str) -> Tokens:
    """Words, those spelled out letter by letter joined again."""
    out: list[str] = []
    run = ""
    for token in (*TOKEN.findall(re.sub(r"(?<=\b[a-z])\.(?=[a-z]\b)", " ", unit)), "  "):
        if len(token) == 1:
            run += token
            continue
        out += [run] if len(run) > LONG - 3 else list(run)
        run = ""
        out.append(token)
    return tuple(out[:-1])


def _at(tokens: Tokens, place: int, phrase: Tokens) -> bool:
    return place + len(phrase) <= len(tokens) and all(
        _same(tokens[place + n], wanted) for n, wanted in enumerate(phrase)
    )


def _same(token: str, wanted: str) -> bool:
    if wanted.endswith("*"):
        return token.startswith(wanted[:-1])
    return token == wanted


def _loosely(tokens: Tokens, place: int, phrase: Tokens) -> bool:
    """As ``_at``, also with a letter wrong, figures for letters, or backwards."""
    if _at(tokens, place, phrase):
        return True
    if len(phrase) > 1 or place >= len(tokens):
        return False
    stem = phrase[0].removesuffix("*")
    token = tokens[place]
    if len(stem) < LONG:
        return token.translate(LEET) == stem != token
    joined = token + tokens[place + 1] if place + 1 < len(tokens) else token
    forms = {token, token.translate(LEET), token[::-1], joined}
    return any(f[: len(stem)] == stem or OSA.distance(f[: len(stem) + 1], stem, score_cutoff=1) <= 1 for f in forms)


def _places(tokens: Tokens, phrases: Sequence[Tokens], *, loose: bool = False) -> list[tuple[int, int]]:
    """Where any of them stands: first word, and the one after the last."""
    fits = _loosely if loose else _at
    return [(n, n + len(p)) for n in range(len(tokens)) for p in phrases if fits(tokens, n, p)]


def _unit(tokens: Tokens, spec: ModelSpec) -> list[str]:
    words = vocabulary()
    emulates = _places(tokens, words["emulate"])
    kept = bool(_places(tokens, words["keep"])) and not emulates
    found = [*_evasion(tokens), *_tricks(tokens)]
    if not kept:
        found += [*_families(tokens, spec), *_shapes(tokens), *_protected(tokens)]
    return found


def _evasion(tokens: Tokens) -> Iterator[str]:
    words = vocabulary()
    if places := _places(tokens, words["evade_always"]):
        yield f"The reason tries to get around the approval (“{_quoted(tokens, places[0])}”)."
        return
    for _, end in _places(tokens, words["evade_verbs"]):
        if any(_at(tokens, n, o) for n in range(end, min(end + FAR + 1, len(tokens))) for o in words["evade_objects"]):
            yield f"The reason asks to get around a rule (“{' '.join(tokens[end - 1 : end + FAR + 1])}”)."
            return


def _tricks(tokens: Tokens) -> Iterator[str]:
    words = vocabulary()
    if places := _places(tokens, words["input_tricks"]):
        said = _quoted(tokens, places[0])
        yield f"The reason changes what enters the model (“{said}”), which stands for another curve."
    things = (*words["channel_words"], (CHANNEL,))
    for _, end in _places(tokens, words["channel_verbs"]):
        for first, last in _places(tokens, things):
            own = tokens[last] if last < len(tokens) else ""
            if end <= first <= end + NEAR - 1 and own not in NONE_OF_ITS_OWN and "from" not in tokens[end:first]:
                yield "The reason takes a channel out or makes another of it; which channels there are is not tuned."
                return
    if _places(tokens, things) and _places(tokens, words["as_control"]):
        yield "The reason makes a control of a channel; which channels there are is not tuned."


def _families(tokens: Tokens, spec: ModelSpec) -> Iterator[str]:
    words = vocabulary()
    own = {"adstock": spec.adstock.value, "saturation": spec.saturation.value}
    moved = bool(_places(tokens, (*words["change"], *words["gone"], *words["emulate"])))
    for kind, families in words.families.items():
        mine = families.get(own[kind], ())
        for name, phrases in families.items():
            for place in _places(tokens, phrases, loose=True):
                other = name != own[kind] and not any(_loosely(tokens, place[0], p) for p in mine)
                negated = place[0] > 0 and tokens[place[0] - 1] in NOT
                if (other and not negated) or (not other and moved):
                    yield f"The {kind} family is protected, and the reason reaches for it (“{_quoted(tokens, place)}”)."
                    return
    if places := _places(tokens, words["other_families"]):
        yield f"The families are protected, and the reason reaches for one (“{_quoted(tokens, places[0])}”)."
    if places := _places(tokens, words["likelihood_names"]):
        yield f"The likelihood is protected, and the reason reaches for it (“{_quoted(tokens, places[0])}”)."


def _shapes(tokens: Tokens) -> Iterator[str]:
    """'a different adstock', 'switch the shape of the curve'."""
    words = vocabulary()
    moved = bool(_places(tokens, (*words["change"], *words["gone"], *words["emulate"])))
    forms = {n for n, _ in _places(tokens, words["shape_words"])}
    for first, last in _places(tokens, words["shaped"]):
        near = any(first - NEAR <= n < last + NEAR for n in forms)
        another = first > 0 and tokens[first - 1] in ANOTHER
        if another or (near and (moved or ANOTHER & set(tokens[max(0, first - NEAR) : first]))):
            yield f"The families are protected, and the reason reaches for one (“{_quoted(tokens, (first, last))}”)."
            return


def _protected(tokens: Tokens) -> Iterator[str]:
    words = vocabulary()
    changes, gone, emulates = (_places(tokens, words[name]) for name in ("change", "gone", "emulate"))
    measures = {p[0] for p in words["not_the_thing"]}
    for phrases in words.protected:
        for first, last in _places(tokens, phrases):
            if last < len(tokens) and tokens[last] in measures:
                continue
            done = [(e, first) for _, e in (*changes, *emulates) if 0 <= first - e <= NEAR]
            done += [(last, b) for b, _ in (*gone, *emulates) if 0 <= b - last <= NEAR]
            if any(not ASIDE & set(tokens[a:b]) for a, b in done):
                said = " ".join(tokens)[:80]
                yield f"The {' '.join(phrases[0])} is protected, and the reason reaches for it (“{said}”)."
                return


def _quoted(tokens: Tokens, place: tuple[int, int]) -> str:
    return " ".join(tokens[place[0] : place[1]])
