"""The router: a linear classifier on sentence vectors, words and rules, that says "unsure" where it might be wrong."""

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
STRENGTH = 0.5
"""Of the data against the pull of weights to zero."""
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
    from sklearn.model_selection import StratifiedKFold

    texts = [e.text for e in examples]
    rarity = rarity_of(texts)
    given, wanted = features(texts, readers, rarity), np.array([PLACES.index(e.place) for e in examples])
    unseen = np.zeros((len(texts), len(PLACES)))
    for learn, judge in StratifiedKFold(FOLDS, shuffle=True, random_state=1).split(given, wanted):
        unseen[judge] = _fitted(given[learn], wanted[learn]).predict_proba(given[judge])
    whole = _fitted(given, wanted)
    return Learnt(whole.coef_.T, whole.intercept_, rarity, _sure(unseen, wanted), readers.names)


def probabilities(given: Numbers, model: Learnt) -> Numbers:
    scores = given @ model.weights + model.offset
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


def _fitted(given: Numbers, wanted: Any) -> Any:
    from scipy.sparse import csr_array
    from sklearn.linear_model import LogisticRegression

    # Nine in ten of the numbers are zero.
    return LogisticRegression(C=STRENGTH, max_iter=500).fit(csr_array(given), wanted)


def _sure(unseen: Numbers, wanted: Any) -> float:
    """The least confidence at which few enough are placed wrongly; a message for nobody is no placing."""
    best, confidence = unseen.argmax(axis=1), unseen.max(axis=1)
    wrong = (best != wanted) & (best != PLACES.index(Place.UNSURE))
    worst = np.sort(confidence[wrong])[::-1]
    allowed = int(WRONG_AND_SURE * len(wanted))
    limit = float(worst[allowed]) + 1e-6 if len(worst) > allowed else 0.0
    return max(limit, LEAST_SURE)
