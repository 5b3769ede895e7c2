"""``mmm router`` and ``mmm knowledge``: who answers a message, and what is kept about a question."""

import sys

from mmm_core.domain.errors import Unavailable
from mmm_core.use_cases import knowledge, retrieval, routing


def train(product: bool) -> None:
    if product:
        return _ship()
    from server.local import local_services

    with local_services() as (services, actor):
        learnt = routing.learn(services, actor)
    _say(f"Learnt from {learnt.examples} messages; {learnt.changed} of them go elsewhere now.")


def _ship() -> None:
    from jobs.embeddings import embedder, readers
    from mmm_core.agents.router import sentences

    models = readers(embedder())
    if models is None:
        raise Unavailable("The router cannot learn here: its sentence models are not installed.")
    learnt = sentences.trained(sentences.own_examples(), models)
    sentences.WEIGHTS.write_bytes(sentences.written(learnt))
    _say(f"{sentences.WEIGHTS} written; answers from a confidence of {learnt.sure:.2f}.")


def ask(message: str) -> None:
    from jobs.embeddings import embedder, readers
    from mmm_core.agents.router.sentences import SentenceRouter

    found = SentenceRouter(readers(embedder())).route(message)
    offered = ", ".join(p.value for p in found.candidates)
    _say(f"{found.place.value} ({found.confidence:.2f}, by {found.by}); likeliest: {offered}")


def index() -> None:
    from server.local import local_services

    with local_services() as (services, actor):
        count = knowledge.index(services, actor)
    _say(f"{count} document{'' if count == 1 else 's'} read.")


def search(question: str) -> None:
    from server.local import local_services

    with local_services() as (services, actor):
        found = retrieval.search(services, actor, question)
    for one in found:
        best = one.best
        first = next(iter(best.text.strip().splitlines()), "")[:160]
        _say(f"{best.kind.replace('_', ' ')}: {best.title} ({best.at:%Y-%m-%d})\n  {first}")
    if not found:
        _say("Nothing is kept about this.")


def _say(words: str) -> None:
    sys.stdout.write(words + "\n")
