"""From tokens to words with a meaning: channels, phrases of the vocabulary, numbers; nothing is passed over."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from mmm_core.grammar import lexicon, questions
from mmm_core.grammar.beyond import other_matters
from mmm_core.grammar.names import Found, Names
from mmm_core.grammar.text import Token

IGNORED = frozenset("()[]{}\"“”„«»…'#_")
SIGNS: Mapping[str, Mapping[str, str]] = {
    "+": {"plus": ""},
    "-": {"minus": ""},
    "–": {"minus": "", "sep": ""},
    "—": {"sep": ""},
    "→": {"prep": "to"},
    "-->": {"prep": "to"},
    ">>": {"prep": "to"},
    "↑": {"up": ""},
    "↓": {"down": ""},
    "->": {"prep": "to"},
    "=>": {"prep": "to"},
    "±": {"within": ""},
    "+/-": {"within": ""},
    "+-": {"within": ""},
    "×": {"fold": ""},
    "*": {"fold": ""},
    "/": {"per": "", "sep": ""},
    "=": {"prep": "at"},
    "~": {"filler": ""},
    "@": {"prep": "at"},
    "<=": {"atmost": ""},
    "≤": {"atmost": ""},
    "<": {"atmost": ""},
    ">=": {"atleast": ""},
    "≥": {"atleast": ""},
    ">": {"atleast": ""},
    "!": {"sep": ""},
    "?": {"sep": ""},
    "…": {"sep": ""},
    "|": {"sep": ""},
}


CLITICS = {"le": "one", "la": "one", "les": "many"}
"""French pronouns behind a verb's hyphen."""


@dataclass(frozen=True)
class Word:
    """A phrase of the sentence with every meaning that it may have."""

    text: str
    start: int
    end: int
    means: Mapping[str, str] = field(default_factory=dict)
    channels: tuple[str, ...] = ()
    token: Token | None = None
    """Set where it is a number written in digits."""

    def has(self, *kinds: str) -> bool:
        return any(kind in self.means for kind in kinds)


def words(found: Sequence[Token], names: Names, original: str) -> list[Word]:
    """The sentence as words; raises ``Unclear`` at what is neither a channel nor in the vocabulary."""
    plain = [t.text for t in found]
    language = lexicon.language_of(plain)
    out: list[Word] = []
    strangers: list[Word] = []
    place = 0
    while place < len(found):
        token = found[place]
        if _hyphen(found, place):
            place += 1
            if found[place].text in CLITICS and language == "fr":
                one = found[place]
                out.append(Word(one.text, one.start, one.end, {"pron": CLITICS[one.text]}))
                place += 1
            continue
        if token.text == ":" and _halved(found, place):
            word, used = Word(":", token.start, token.end, {"sep": ""}), 1
        elif token.is_number:
            word, used = _number(found, place, language)
        else:
            ahead = _run(found, place)
            word, used = _meaning(ahead, names, language, token, found, place, original)
        if not (word.means or word.channels or word.token):
            strangers.append(word)
        if not (token.text in IGNORED and not word.means):
            out.append(word)
        place += used
    strangers = [w for w in strangers if w.text not in IGNORED]
    if strangers:
        # What kind of sentence it is says more than its first strange word.
        other_matters(out, original)
        for word in out:
            if word.has("command"):
                raise questions.command(word.text)
            if word.has("stop") and not any(w.channels for w in out):
                raise questions.results(original)
        text = original[strangers[0].start : strangers[0].end]
        raise questions.unknown(text, names.closest(text))
    return out


def _halved(found: Sequence[Token], place: int) -> bool:
    """A colon after an amount begins anew; after a name alone it only sets it off."""
    begins = max((n for n, t in enumerate(found[:place]) if t.text in (",", ";", ".", "and", "und", "et")), default=0)
    return any(t.is_number for t in found[begins:place]) and len(found) > place + 1


def _hyphen(found: Sequence[Token], place: int) -> bool:
    """A hyphen within a word, as in TV-Budget."""
    if found[place].text not in ("-", "_") or not 0 < place < len(found) - 1:
        return False
    before, after = found[place - 1], found[place + 1]
    joined = before.end == found[place].start and after.start == found[place].end
    return joined and before.text.isalpha() and after.text.isalpha()


def _run(found: Sequence[Token], place: int) -> list[Token]:
    """Tokens up to the next number; hyphens and underscores within a name do not part its words."""
    out = []
    for token in found[place:]:
        if token.is_number or token.text in IGNORED - {"_"}:
            break
        out.append(token)
    return out


def _meaning(
    ahead: list[Token], names: Names, language: str, token: Token, found: Sequence[Token], place: int, original: str
) -> tuple[Word, int]:
    if token.text in SIGNS:
        return Word(token.text, token.start, token.end, SIGNS[token.text]), 1
    if not ahead:
        return Word(token.text, token.start, token.end), 1
    # A number may belong to a phrase ("to 0", "2 times") or to a name ("Channel 4").
    reach = found[place : place + lexicon.LONGEST_PHRASE + 1]
    pure = [t for t in ahead if t.text not in ("-", "_")] if token.text not in ("-", "_") else ahead
    said = [t.text for t in pure]
    channel = names.exact(_with_numbers(reach))
    length, means = lexicon.longest([t.text for t in reach], language)
    if channel is None:
        joined = names.near(_with_numbers(reach))
        if joined is not None and joined.words > max(length, 1) and len(joined.channels) == 1:
            channel = joined
    phrase = length and (channel is None or (length > channel.words and not set(means) <= {"noun", "filler"}))
    if phrase:
        return _joined(found, place, length, means, original), length
    if channel is not None:
        return _channel(channel, found, place, original)
    if not token.text[0].isalpha():
        return Word(token.text, token.start, token.end), 1
    return _guessed(said, names, language, token, found, place, original)


def _guessed(
    said: list[str], names: Names, language: str, token: Token, found: Sequence[Token], place: int, original: str
) -> tuple[Word, int]:
    """A part of a name, or a word with letters wrong, whichever is nearest."""
    part = names.part(said)
    if part is not None and part.distance == 0:
        return _channel(part, found, place, original)
    near = names.near(said)
    meant = lexicon.typo(token.text, language)
    if meant is not None and (near is None or (meant[0] < near.distance and near.words == 1)):
        return Word(token.text, token.start, token.end, meant[1]), 1
    if near is not None and (meant is None or near.distance < meant[0] or near.words > 1):
        return _channel(near, found, place, original)
    if part is not None and meant is None:
        return _channel(part, found, place, original)
    return Word(token.text, token.start, token.end), 1


def _channel(channel: Found, found: Sequence[Token], place: int, original: str) -> tuple[Word, int]:
    """A word for a channel that took ``channel.words`` words, hyphens between them not counted."""
    used = left = 0
    while left < channel.words:
        left += found[place + used].text not in ("-", "_")
        used += 1
    start, end = found[place].start, found[place + used - 1].end
    if len(channel.channels) > 1:
        raise questions.several(original[start:end], channel.channels)
    return Word(original[start:end], start, end, {}, channel.channels), used


def _with_numbers(reach: Sequence[Token]) -> list[str]:
    return [t.text for t in reach if t.text not in ("-", "_")]


def _joined(found: Sequence[Token], place: int, length: int, means: Mapping[str, str], original: str) -> Word:
    start, end = found[place].start, found[place + length - 1].end
    return Word(original[start:end], start, end, means)


def _number(found: Sequence[Token], place: int, language: str) -> tuple[Word, int]:
    token = found[place]
    length, means = lexicon.longest([t.text for t in found[place : place + lexicon.LONGEST_PHRASE]], language)
    if length > 1:
        return Word(
            " ".join(t.text for t in found[place : place + length]), token.start, found[place + length - 1].end, means
        ), length
    return Word(token.text, token.start, token.end, {}, (), token), 1
