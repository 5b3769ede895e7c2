"""The knowledge base and the questions of this folder, and how well each way of searching answers them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from mmm_core.domain.knowledge import Route
from mmm_core.domain.ports import Work
from mmm_core.domain.project import KpiUnit, Project
from mmm_core.use_cases.retrieval import found_in

HERE = Path(__file__).resolve().parent
BEST = 5
WAYS: dict[str, tuple[Route, ...]] = {
    "vectors": (Route.MEANING,),
    "text": (Route.WORDS,),
    "graph": (Route.GRAPH,),
    "all three": tuple(Route),
}


@dataclass(frozen=True)
class Question:
    ask: str
    answer: tuple[str, ...]
    """``kind/key`` of everything that answers it."""
    route: str


@dataclass(frozen=True)
class Asked:
    question: Question
    found: tuple[str, ...]

    @property
    def recall(self) -> float:
        """Share of the answers among the best."""
        return sum(a in self.found[:BEST] for a in self.question.answer) / len(self.question.answer)


def questions(file: str = "questions") -> list[Question]:
    """``fresh_questions`` are those that no weight was chosen on."""
    rows = yaml.safe_load((HERE / f"{file}.yaml").read_text(encoding="utf-8"))
    return [Question(r["ask"], tuple(r["answer"]), r["route"]) for r in rows]


def knowledge_base() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((HERE / "knowledge_base.yaml").read_text(encoding="utf-8"))
    return found


def seed(work: Work) -> None:
    """Write the knowledge base into an organisation, as the use cases would have."""
    base = knowledge_base()
    now = datetime(2025, 11, 3, tzinfo=UTC)
    for key, name in base["projects"].items():
        work.projects.add(Project(key, name, "", "sales", KpiUnit.REVENUE, None, "EUR", 0, "Ada", now))
        work.graph.put_node("project", key, name, {}, key)
    for d in base["documents"]:
        work.graph.put_node(d["kind"], d["key"], d["title"], {}, d["project"])
        work.documents.put(d["kind"], d["key"], d["title"], d["body"], d["project"], address=d.get("address", ""))
    for n in base["nodes"]:
        work.graph.put_node(n["kind"], n["key"], n["label"], n["properties"], n["project"])
    for source, kind, target, *properties in base["edges"]:
        work.graph.put_edge(_node(source), kind, _node(target), *properties)


def ask_all(work: Work, routes: Sequence[Route], file: str = "questions") -> list[Asked]:
    return [
        Asked(q, tuple("/".join(f.best.document) for f in found_in(work, q.ask, routes=routes)))
        for q in questions(file)
    ]


def recall(asked: Sequence[Asked], of: Callable[[Question], bool] = lambda _: True) -> float:
    mine = [a.recall for a in asked if of(a.question)]
    return sum(mine) / len(mine)


def _node(name: str) -> tuple[str, str]:
    kind, _, key = name.partition("/")
    return kind, key
