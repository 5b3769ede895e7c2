"""How often a question finds what answers it among the best five, by each way of searching and by all of them."""

import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.engine import RESULTS, ROOT
from mmm_core.domain.errors import Unavailable


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
    questions, base = asking.questions(), asking.knowledge_base()
    say(f"retrieval: {len(questions)} questions over {len(base['documents'])} documents")
    with tempfile.TemporaryDirectory() as folder, embedded.servers(Path(folder), durable=False) as urls:
        migrate.upgrade(urls.admin)
        engine = connect.engine(connect.application_url(urls.admin))
        with PostgresWork(engine, identity.local_actor(engine), sentences) as work:
            asking.seed(work)
            found, seconds = {}, {}
            for way, routes in asking.WAYS.items():
                began = time.perf_counter()
                found[way] = asking.ask_all(work, routes)
                seconds[way] = time.perf_counter() - began
        engine.dispose()
    lines = [
        "# Retrieval",
        "",
        f"{len(questions)} questions with known answers over {len(base['documents'])} documents and a graph of two "
        "projects, all written by",
        f"hand. *Recall at {asking.BEST}*: the share of a question's answers among the best {asking.BEST} documents, "
        "averaged. The weights of",
        "the fusion were chosen on these questions, so the last row is what it was fitted to, not a forecast.",
        f"Vectors: {sentences.name}. Milliseconds per question are those of one run, for their order alone.",
        "",
        "| Way | Recall | asked by meaning | by exact words | by what belongs together | ms |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for way, asked in found.items():
        by = [asking.recall(asked, lambda q, route=route: q.route == route) for route in ("meaning", "words", "graph")]
        ms = 1000 * seconds[way] / len(asked)
        lines.append(f"| {way} | {asking.recall(asked):.3f} | " + " | ".join(f"{r:.2f}" for r in by) + f" | {ms:.0f} |")
    lines += ["", "## Not found by all three together", "", *_missed(found["all three"])]
    table = "\n".join(lines) + "\n"
    results.mkdir(exist_ok=True)
    (results / "retrieval.md").write_text(table, encoding="utf-8")
    return table


def _missed(asked: Sequence) -> list[str]:
    missed = [a for a in asked if a.recall < 1]
    return [
        "| Question | Missing |", "|---|---|",
        *(f"| {a.question.ask} | {', '.join(x for x in a.question.answer if x not in a.found[:5])} |" for a in missed),
    ]  # fmt: skip
