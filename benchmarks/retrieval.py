"""How often a question finds what answers it among the best five, by each way of searching and by all of them."""

import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.engine import RESULTS, ROOT
from mmm_core.domain.errors import Unavailable

FRESH = "fresh_questions"


def bench(say: Callable[[str], None] = print, results: Path = RESULTS) -> str:
    if not (ROOT / "tests" / "agents" / "retrieval").is_dir():
        raise Unavailable("The questions are not part of an installed copy; run this in the project's folder.")
    from db import connect, identity, migrate
    from db.work import PostgresWork
    from jobs.embeddings import embedder
    from server import embedded
    from tests.agents.retrieval import asking

    sentences = embedder()
    if sentences is None:
        raise Unavailable("The sentence model's packages are not installed.")
    base = asking.knowledge_base()
    say(f"retrieval: two sets of questions over {len(base['documents'])} documents")
    with tempfile.TemporaryDirectory() as folder, embedded.servers(Path(folder), durable=False) as urls:
        migrate.upgrade(urls.admin)
        engine = connect.engine(connect.application_url(urls.admin))
        with PostgresWork(engine, identity.local_actor(engine), sentences) as work:
            asking.seed(work)
            chosen = {way: _timed(lambda r=routes: asking.ask_all(work, r)) for way, routes in asking.WAYS.items()}
            fresh = {
                way: _timed(lambda r=routes: asking.ask_all(work, r, FRESH)) for way, routes in asking.WAYS.items()
            }
        engine.dispose()
    lines = [
        "# Retrieval",
        "",
        f"Questions with known answers over {len(base['documents'])} documents and a graph of two projects, all "
        "written by hand. *Recall",
        f"at {asking.BEST}*: the share of a question's answers among the best {asking.BEST} documents, averaged. "
        f"Vectors: {sentences.name}.",
        "Milliseconds per question are those of one run, for their order alone.",
        "",
        f"## {len(fresh['all three'][0])} fresh questions",
        "",
        "Written when the weights of the fusion had been chosen; nothing was chosen or mended by them.",
        "",
        *_by_way(fresh),
        "",
        f"## {len(chosen['all three'][0])} questions that the weights were chosen on",
        "",
        "The last row is what it was fitted to, not a forecast.",
        "",
        *_by_way(chosen),
        "",
        "## Not found by all three together",
        "",
        "Of the fresh questions:",
        "",
        *_missed(fresh["all three"][0]),
        "",
        "Of the others:",
        "",
        *_missed(chosen["all three"][0]),
    ]
    table = "\n".join(lines) + "\n"
    results.mkdir(exist_ok=True)
    (results / "retrieval.md").write_text(table, encoding="utf-8")
    return table


def _timed(ask: Callable[[], list]) -> tuple[list, float]:
    began = time.perf_counter()
    found = ask()
    return found, time.perf_counter() - began


def _by_way(answered: dict[str, tuple[list, float]]) -> list[str]:
    from tests.agents.retrieval import asking

    lines = [
        "| Way | Recall | asked by meaning | by exact words | by what belongs together | ms |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for way, (asked, seconds) in answered.items():
        by = [asking.recall(asked, lambda q, route=route: q.route == route) for route in ("meaning", "words", "graph")]
        split = " | ".join(f"{r:.2f}" for r in by)
        lines.append(f"| {way} | {asking.recall(asked):.3f} | {split} | {1000 * seconds / len(asked):.0f} |")
    return lines


def _missed(asked: Sequence) -> list[str]:
    missed = [a for a in asked if a.recall < 1]
    return [
        "| Question | Missing |", "|---|---|",
        *(f"| {a.question.ask} | {', '.join(x for x in a.question.answer if x not in a.found[:5])} |" for a in missed),
    ]  # fmt: skip
