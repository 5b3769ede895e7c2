import hashlib
from collections.abc import Callable, Sequence

import pytest
from sqlalchemy import Engine

from db.work import PostgresWork
from mmm_core.domain.identity import Actor
from tests.db import some

Open = Callable[[], PostgresWork]


class Synonyms:
    """Words of one meaning share a direction of the vector."""

    name = "synonyms"
    MEANINGS = ({"tv", "television"}, {"discount", "promotion"}, {"rain", "weather"})

    def embed(self, texts: Sequence[str]) -> list[list[float]]:
        return [self._vector(set(t.lower().split())) for t in texts]

    def _vector(self, words: set[str]) -> list[float]:
        known = [1.0 if words & meaning else 0.01 for meaning in self.MEANINGS]
        noise = hashlib.sha256(" ".join(sorted(words)).encode()).digest()
        return known + [b / 25500 for b in noise] + [0.0] * (384 - len(known) - len(noise))


@pytest.fixture(autouse=True)
def documents(work: Open) -> None:
    with work() as w:
        w.documents.put("plan", "1", "Television in spring", "Does brand advertising pay?", None)
        w.documents.put("finding", "2", "Weather", "Rain keeps people at home.", None)
        w.documents.put("finding", "3", "Notes", "A promotion in May; people came.", None)


def test_words_find_titles_first_and_any_word_counts(work: Open) -> None:
    with work() as w:
        assert w.documents.search("people and weather?", 5) == [("finding", "2", "Weather"), ("finding", "3", "Notes")]
        assert (
            w.documents.search("people", 1) == [("finding", "3", "Notes")] or len(w.documents.search("people", 1)) == 1
        )
        assert w.documents.search("advertise", 5) == [("plan", "1", "Television in spring")]


@pytest.mark.parametrize("odd", ["", "   ", "the", "'); DROP TABLE", "a & | ! <-> b:*", "\x00", "(((", "'''"])
def test_odd_questions_find_what_they_can(work: Open, odd: str) -> None:
    with work() as w:
        assert isinstance(w.documents.search(odd, 3), list)


def test_a_document_is_replaced_under_its_key(work: Open) -> None:
    with work() as w:
        w.documents.put("finding", "2", "Sunshine", "", None)
        assert w.documents.search("weather rain", 5) == []
        assert w.documents.search("sunshine", 5) == [("finding", "2", "Sunshine")]


def test_an_embedder_finds_by_meaning_and_never_compares_with_another(engine: Engine, actor: Actor) -> None:
    with PostgresWork(engine, actor, Synonyms()) as w:
        w.documents.put("plan", "1", "Television in spring", "Does brand advertising pay?", None)
        w.documents.put("finding", "3", "Notes", "A promotion in May; people came.", None)
        assert w.documents.search("tv", 1) == [("plan", "1", "Television in spring")]
        assert w.documents.search("discount", 1) == [("finding", "3", "Notes")]
        other = Synonyms()
        other.name = "another"
    with PostgresWork(engine, actor, other) as w:
        assert w.documents.search("tv", 1) == []


def test_a_document_may_be_long(work: Open) -> None:
    with work() as w:
        spring = some.project()
        w.projects.add(spring)
        w.documents.put("page", "long", "Long", " ".join(f"word{i}" for i in range(150_000)), spring.id)
        assert w.documents.search("word77", 1) == [("page", "long", "Long")]
