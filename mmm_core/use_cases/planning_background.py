"""What the organisation has kept about the question that is asked: sources, notes, decisions (A9, P3)."""

from collections.abc import Sequence

from mmm_core.domain.identity import Actor
from mmm_core.domain.knowledge import Passage, Route
from mmm_core.domain.plan_talk import Topic
from mmm_core.domain.ports import Services
from mmm_core.reports import wording as f
from mmm_core.use_cases import retrieval
from mmm_core.use_cases.planning import Asked

ABOUT = {
    Topic.CONTROLS: "what else moves {target}: price, weather, season, competitors",
    Topic.HYPOTHESES: "what drives {target}: how {channels} act on each other and on demand",
    Topic.DATA_NEEDED: "data and measurement of {target} and {channels}",
    Topic.EXPERIMENTS: "experiment, lift test, geo test of {channels}",
}
KINDS = ("research", "note", "decision")
MOST = 3
QUOTED = 240


def kept_about(services: Services, actor: Actor, now: Asked) -> Sequence[Passage]:
    """The best passages that people kept; what the product wrote about models is shown as itself, not here."""
    wanted = ABOUT.get(now.talk.topic) if now.talk.topic else None
    draft = now.talk.draft
    if wanted is None or not draft.channels:
        return ()
    question = wanted.format(target=f.inside(draft.target or "sales"), channels=", ".join(map(f.plain, draft.channels)))
    found = retrieval.search(services, actor, question, limit=20)
    # A ranking always has a first: what only one route found, and not by its words, is seldom about the question.
    near = [x for x in found if x.best.kind in KINDS and (Route.WORDS in x.routes or len(x.routes) > 1)]
    return tuple(x.best for x in near[:MOST])


def excerpt(passage: Passage) -> str:
    words = " ".join(passage.text.split())
    return words if len(words) <= QUOTED else words[: QUOTED - 1] + "…"
