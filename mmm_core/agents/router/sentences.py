"""The router: a linear classifier on sentence vectors, words and rules, that says "unsure" where it might be wrong.

How sure is sure enough, and how sharply scores become chances, is found on messages that the classifier has not seen,
nor any message that says nearly the same: translations and other wordings of one thought are judged together.
"""

import io
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from mmm_core.agents.router import rules
from mmm_core.agents.router.features import Numbers, Readers, features, rarity_of
from mmm_core.domain.errors import Unavailable
from mmm_core.domain.routing import Example, Place, Routing

UTTERANCES = Path(__file__).with_name("utterances")
WEIGHTS = Path(__file__).with_name("weights.npz")
PLACES = tuple(Place)
PULL = 2.0
"""Of the weights to zero, against the data."""
SHARPNESS = (4.0, 6.0, 8.0, 10.0, 12.0, 15.0)
TWINS = 0.7
"""Likeness of two messages' vectors from which one must not be judged by what the other taught."""
FOLDS = 5
WRONG_AND_SURE = 0.01
"""Share of messages, each judged by a classifier that had not seen it, that may be placed wrongly unasked."""
LEAST_SURE = 0.5
LONGEST = 2000
"""Characters of a message that are read."""


@dataclass(frozen=True)
class Learnt:
    weights: Numbers
    """(features, places)."""
    offset: Numbers
    rarity: Numbers
    sure: float
    """Confidence from which an answer is given without asking."""
    made_of: str
    """Names of the sentence models; weights of other ones are of no use."""


class SentenceRouter:
    """``mmm_core.domain.routing.Router``; rules alone where the sentence models are not installed."""

    def __init__(self, readers: Readers | None) -> None:
        self._readers = readers
        self._lock = threading.Lock()
        self._known: tuple[bytes, Learnt] | None = None

    def route(self, text: str, learnt: bytes | None = None) -> Routing:
        said = text.strip()[:LONGEST]
        if self._readers is None or not said:
            return rules.route(said)
        model = self._own(learnt, self._readers.names) if learnt else shipped()
        chances = probabilities(features([said], self._readers, model.rarity), model)[0]
        ranked = np.argsort(-chances)
        best, confidence = PLACES[ranked[0]], float(chances[ranked[0]])
        place = best if confidence >= model.sure else Place.UNSURE
        offered = tuple(PLACES[i] for i in ranked if PLACES[i] is not Place.UNSURE)[:3]
        return Routing(place, confidence, offered, "sentences")

    def learn(self, examples: Sequence[Example]) -> bytes:
        if self._readers is None:
            raise Unavailable("The router cannot learn here: its sentence models are not installed.")
        return written(trained([*own_examples(), *examples], self._readers))

    def _own(self, learnt: bytes, names: str) -> Learnt:
        """What an organisation taught; what the product ships where it was taught with other sentence models."""
        with self._lock:
            if self._known is None or self._known[0] != learnt:
                own = read(learnt)
                self._known = (learnt, own if own.made_of == names else shipped())
            return self._known[1]


def trained(examples: Sequence[Example], readers: Readers) -> Learnt:
    from sklearn.model_selection import StratifiedGroupKFold

    texts = [e.text for e in examples]
    rarity = rarity_of(texts)
    given, wanted = features(texts, readers, rarity), np.array([PLACES.index(e.place) for e in examples])
    unseen, twins = np.zeros((len(texts), len(PLACES))), _twins(given[:, : len(readers.languages.embed(["a"])[0])])
    for learn, judge in StratifiedGroupKFold(FOLDS, shuffle=True, random_state=1).split(given, wanted, twins):
        unseen[judge] = given[judge] @ _fitted(given[learn], wanted[learn])
    sharp = min(SHARPNESS, key=lambda by: _surprise(_chances(by * unseen), wanted))
    offset = np.zeros(len(PLACES))
    sure = _sure(_chances(sharp * unseen), wanted)
    return Learnt(sharp * _fitted(given, wanted), offset, rarity, sure, readers.names)


def _twins(meant: Numbers) -> Numbers:
    """Which messages say nearly the same, by number of their group."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    unit = meant / np.maximum(np.linalg.norm(meant, axis=1, keepdims=True), 1e-9)
    groups: Numbers = connected_components(csr_array(unit @ unit.T > TWINS))[1]
    return groups


def probabilities(given: Numbers, model: Learnt) -> Numbers:
    return _chances(given @ model.weights + model.offset)


def _chances(scores: Numbers) -> Numbers:
    grown = np.exp(scores - scores.max(axis=1, keepdims=True))
    chances: Numbers = grown / grown.sum(axis=1, keepdims=True)
    return chances


def own_examples() -> list[Example]:
    return [
        Example(str(text), Place(place))
        for language in rules.LANGUAGES
        for place, texts in yaml.safe_load((UTTERANCES / f"{language}.yaml").read_text(encoding="utf-8")).items()
        for text in texts
    ]


@cache
def shipped() -> Learnt:
    """What the product's own examples taught; ``mmm router train --product`` writes it anew."""
    return read(WEIGHTS.read_bytes())


def written(model: Learnt) -> bytes:
    out = io.BytesIO()
    small = {name: getattr(model, name).astype(np.float16) for name in ("weights", "offset", "rarity")}
    np.savez_compressed(out, **small, sure=np.array(model.sure), made_of=np.array(model.made_of))
    return out.getvalue()


def read(content: bytes) -> Learnt:
    with np.load(io.BytesIO(content), allow_pickle=False) as found:
        arrays = {name: found[name].astype(np.float64) for name in ("weights", "offset", "rarity")}
        made_of = str(found["made_of"]) if "made_of" in found else ""
        return Learnt(**arrays, sure=float(found["sure"]), made_of=made_of)


def _fitted(given: Numbers, wanted: Any) -> Numbers:
    """Ridge regression on the places, solved over the messages: they are fewer than the features."""
    target = np.eye(len(PLACES))[wanted] - 1.0 / len(PLACES)
    weights: Numbers = given.T @ np.linalg.solve(given @ given.T + PULL * np.eye(len(given)), target)
    return weights


def _surprise(chances: Numbers, wanted: Any) -> float:
    return float(-np.log(chances[np.arange(len(wanted)), wanted] + 1e-12).mean())


def _sure(unseen: Numbers, wanted: Any) -> float:
    """The least confidence at which few enough are placed wrongly; a message for nobody is no placing."""
    best, confidence = unseen.argmax(axis=1), unseen.max(axis=1)
    wrong = (best != wanted) & (best != PLACES.index(Place.UNSURE))
    worst = np.sort(confidence[wrong])[::-1]
    allowed = int(WRONG_AND_SURE * len(wanted))
    limit = float(worst[allowed]) + 1e-6 if len(worst) > allowed else 0.0
    return max(limit, LEAST_SURE)
