"""Which channel a word or two name: any case, spaces or hyphens, plurals, a letter or two wrong, a part of the name."""

from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz
from rapidfuzz.distance import OSA

from mmm_core.grammar.lexicon import allowed
from mmm_core.grammar.text import folded, tidy, tokens

GENERIC = frozenset(
    ("ads", "ad", "paid", "organic", "media", "spend", "marketing", "online", "offline", "channel", "the", "and", "of",
     "brand", "non", "other", "total", "all", "cost", "budget", "impressions", "clicks")
)  # fmt: skip
"""Too common in names to stand for one alone."""
OPTIONS = 6


@dataclass(frozen=True)
class Found:
    """Channels that words may mean: one, or several to ask about."""

    channels: tuple[str, ...]
    words: int
    distance: int = 0


class Names:
    def __init__(self, channels: Sequence[str], paid: Sequence[str]) -> None:
        self.channels, self.paid = tuple(channels), tuple(paid)
        self._words = {name: _words(name) for name in channels}
        self._longest = max((len(w) for w in self._words.values()), default=0)

    def exact(self, words: Sequence[str]) -> Found | None:
        """A whole name, however it is spaced, singular or plural."""
        for length in range(min(self._longest + 2, len(words)), 0, -1):
            said = "".join(words[:length])
            hits = tuple(n for n in self.channels if _same(said, "".join(self._words[n])))
            if hits:
                return Found(hits, length)
        return None

    def near(self, words: Sequence[str]) -> Found | None:
        """A whole name with a letter or two wrong."""
        best: Found | None = None
        for length in range(min(self._longest + 1, len(words)), 0, -1):
            said = "".join(words[:length])
            for name in self.channels:
                if length > 1 and length != len(self._words[name]):
                    continue
                full = "".join(self._words[name])
                distance = OSA.distance(said, full, score_cutoff=2)
                if distance > allowed(min(len(said), len(full))) or (len(full) < 6 and said[0] != full[0]):
                    continue
                if best is None or (distance, -length) < (best.distance, -best.words):
                    best = Found((name,), length, distance)
                elif (distance, length) == (best.distance, best.words):
                    best = Found((*best.channels, name), length, distance)
        return best

    def part(self, words: Sequence[str]) -> Found | None:
        """Channels that have the words as a part of their name."""
        for length in range(min(self._longest, len(words)), 0, -1):
            said = list(words[:length])
            if all(w in GENERIC for w in said):
                continue
            for distance in (0, 1):
                hits = tuple(n for n in self.channels if _within(said, self._words[n], distance))
                if not hits and not distance and length > 1:
                    # 'national radio' for radio_national
                    hits = tuple(n for n in self.channels if set(said) <= set(self._words[n]))
                if hits:
                    return Found(hits, length, distance)
        return None

    def closest(self, text: str) -> tuple[str, ...]:
        """Names of channels with spend, those most like ``text`` first."""
        said = folded(text)
        return tuple(sorted(self.paid, key=lambda n: -fuzz.WRatio(said, folded(n))))[:OPTIONS]


def _words(name: str) -> tuple[str, ...]:
    found = [t.text for t in tokens(tidy(name.replace("_", " "))) if any(c.isalnum() for c in t.text)]
    return tuple(found) or (folded(name),)


def _same(said: str, full: str) -> bool:
    return said == full or (len(full) > 1 and (said == full + "s" or said + "s" == full or said == full + "es"))


def _within(said: list[str], name: tuple[str, ...], distance: int) -> bool:
    for first in range(len(name) - len(said) + 1):
        pairs = list(zip(said, name[first:], strict=False))
        if all(_same(a, b) or (distance and len(b) >= 5 and OSA.distance(a, b) <= 1) for a, b in pairs):
            return True
    return False
