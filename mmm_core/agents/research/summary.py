"""What the sources say about a question: by a language model that must cite, or as their own best sentences."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from pydantic import BaseModel, Field

from mmm_core.agents.research import figures
from mmm_core.domain.errors import CarryoverError
from mmm_core.domain.identity import Actor
from mmm_core.domain.llm import Task
from mmm_core.domain.ports import Services
from mmm_core.use_cases.research import LookUp, dates
from mmm_core.use_cases.retrieval import FENCE

PROMPT = Path(__file__).parent / "prompts" / "summary.md"
WORD = re.compile(r"[^\W\d_]{4,}")
SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")
LONGEST = 1800
"""Characters of a source that a model is shown."""
QUOTED = 280
MOST = 8


@dataclass(frozen=True)
class Source:
    number: int
    title: str
    text: str
    address: str
    """Empty for what the team itself wrote."""
    dated: str = ""
    """When it was published and kept, as far as that is known."""


@dataclass(frozen=True)
class Statement:
    text: str
    sources: tuple[int, ...]


@dataclass(frozen=True)
class Summary:
    statements: tuple[Statement, ...]
    sources: tuple[Source, ...]
    by: str
    """Provider and model; empty where the statements are the sources' own sentences."""
    note: str = ""
    """What was left out, and why."""


class Said(BaseModel):
    text: str = Field(min_length=1, max_length=800)
    sources: list[int] = Field(min_length=1, max_length=MOST)


class Sentences(BaseModel):
    sentences: list[Said] = Field(min_length=1, max_length=8)


def summarise(services: Services, actor: Actor, project_id: str, found: LookUp) -> Summary:
    sources = sources_of(found)
    if not sources:
        return Summary((), (), "")
    models = services.models
    if models is None or not models.available(actor, Task.RESEARCH):
        return quoted(found.question, sources)
    try:
        said = models.ask_for(
            actor, Task.RESEARCH, _prompt(), _question(found.question, sources), Sentences, project_id=project_id
        )
    except CarryoverError as error:
        own = quoted(found.question, sources)
        return Summary(own.statements, own.sources, "", str(error))
    return checked(said, sources)


def sources_of(found: LookUp) -> tuple[Source, ...]:
    """Pages from the web first, then what is kept; the same address once."""
    rows = [(h.title, h.text, h.address, dates(h.published)) for h in found.hits]
    rows += [
        (f.best.title, "\n".join(p.text for p in f.passages), f.best.address, dates(f.best.published, f.best.at))
        for f in found.known
    ]
    once: dict[str, tuple[str, str, str, str]] = {}
    for row in rows:
        once.setdefault(row[2] or f"{row[0]}\n{row[1]}", row)
    usable = [row for row in once.values() if row[1].strip()][:MOST]
    return tuple(Source(n, *row) for n, row in enumerate(usable, 1))


def checked(said: Sentences, sources: Sequence[Source]) -> Summary:
    """Sentences whose sources exist and hold what is said of them, figure and unit; the others are left out."""
    texts = {s.number: f"{s.title} {s.dated} {s.text}" for s in sources}
    kept, dropped = [], 0
    for one in said.sentences:
        cited = tuple(dict.fromkeys(one.sources))
        if not set(cited) <= set(texts) or figures.missing(one.text, [texts[n] for n in cited]):
            dropped += 1
        else:
            kept.append(Statement(" ".join(one.text.split()), cited))
    note = f"{dropped} sentence{'' if dropped == 1 else 's'} left out: the sources named do not hold what was said."
    return Summary(tuple(kept), tuple(sources), "language model", note if dropped else "")


def quoted(question: str, sources: Sequence[Source]) -> Summary:
    """Of each source that shares words with the question, its nearest sentence; of the best one where none does."""
    asked = set(WORD.findall(question.casefold()))
    found = []
    for source in sources:
        sentences = [s.strip() for s in SENTENCE.split(source.text) if s.strip()]
        title = len(asked & set(WORD.findall(source.title.casefold())))
        shared, best = max(
            ((len(asked & set(WORD.findall(s.casefold()))), s) for s in sentences), key=lambda one: one[0]
        )
        found.append((title + shared, source, f"“{best[:QUOTED]}{'…' if len(best) > QUOTED else ''}”"))
    kept = [one for one in found if one[0]] or found[:1]
    cited = [replace(source, number=n) for n, (_, source, _) in enumerate(kept, 1)]
    statements = tuple(Statement(words, (n,)) for n, (_, _, words) in enumerate(kept, 1))
    return Summary(statements, tuple(cited), "")


def _question(question: str, sources: Sequence[Source]) -> str:
    written = [
        f"[{s.number}] {s.title}{f' ({s.dated})' if s.dated else ''}{f' {FENCE}' if s.address else ''}"
        f"\n«{s.text[:LONGEST]}»"
        for s in sources
    ]
    return f"Question: {question}\n\nSources:\n" + "\n\n".join(written)


@cache
def _prompt() -> str:
    return PROMPT.read_text(encoding="utf-8")
