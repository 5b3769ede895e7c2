"""A message in numbers: its sentence vectors, its words and parts of words by hash, and what the rules say."""

import re
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from mmm_core.agents.router import rules
from mmm_core.domain.knowledge import Embedder

BUCKETS = 4096
LANGUAGES, ENGLISH, PARTS, HINTS = 1.0, 1.0, 0.84, 0.18
"""How much each kind of feature weighs before the classifier weighs it anew. The rules' words were written beside the
examples, so that they look better in training than they are: their weight is small."""
FORM = 2
"""Of the features; weights that were learnt with another one are of no use."""
MOST_HITS = 3.0
_CHANNEL = re.compile(
    r"\b(paid (?:search|social)|brand search|online video|out of home|retail media|social media|tv|television|radio|"
    r"search|display|social|newsletter|influencers?|video|podcasts?|facebook|sponsoring|posters?|ooh|youtube|print)\b"
)
_AMOUNT = re.compile(r"\b\d[\d.,]*\s*(?:k|m|%|percent|million|mio)?")

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Readers:
    """The sentence models that messages are read with."""

    english: Embedder
    languages: Embedder

    @property
    def names(self) -> str:
        return f"{self.languages.name} {self.english.name} {FORM}"


def masked(text: str) -> str:
    """Which channel and how much says nothing about whom the message is for."""
    return _AMOUNT.sub("some ", _CHANNEL.sub("advertising", text.casefold()))


def features(texts: Sequence[str], readers: Readers, rarity: Numbers) -> Numbers:
    """(messages, features); ``rarity`` weighs the hashed parts."""
    meant = np.array(readers.languages.embed(texts), dtype=np.float64)
    english = np.array(readers.english.embed([masked(t) for t in texts]), dtype=np.float64)
    hints = np.array([[min(found, MOST_HITS) for found in rules.hits(t).values()] for t in texts])
    parts = np.array([counted(t) for t in texts]) * rarity
    parts /= np.maximum(np.linalg.norm(parts, axis=1, keepdims=True), 1e-9)
    return np.hstack([LANGUAGES * meant, ENGLISH * english, PARTS * parts, HINTS * hints])


def counted(text: str) -> Numbers:
    """How often each bucket's words, pairs of words and parts of words occur, damped."""
    words = re.findall(r"[\w-]+", masked(text))
    found = Counter(words) + Counter(f"{a} {b}" for a, b in pairwise(words))
    for word in words:
        padded = f"<{word}>"
        for size in (3, 4, 5):
            found.update(f"#{padded[i : i + size]}" for i in range(len(padded) - size + 1))
    out = np.zeros(BUCKETS)
    for part, count in found.items():
        out[zlib.crc32(part.encode()) % BUCKETS] += 1.0 + np.log(count)
    return out


def rarity_of(texts: Sequence[str]) -> Numbers:
    seen = np.sum([counted(t) > 0 for t in texts], axis=0)
    rare: Numbers = np.log((1.0 + len(texts)) / (1.0 + seen)) + 1.0
    return rare
