"""Background with sources: what is kept already, what the web says, and what of it is kept (P3, A9).

Whatever comes from the web is text to weigh: it is stored with its address, shown as quoted, and never obeyed.
"""

import hashlib
import html
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from mmm_core.domain.errors import BadInput
from mmm_core.domain.identity import Actor, TeamRole
from mmm_core.domain.knowledge import Document, Found
from mmm_core.domain.ports import Services
from mmm_core.domain.search import Hit
from mmm_core.reports import wording
from mmm_core.use_cases import retrieval
from mmm_core.use_cases.access import require

OFFLINE = (
    "No search provider is set, so nothing is looked up on the web. Whoever runs Carryover can set "
    "CARRYOVER_SEARCH_PROVIDER; what is kept already is searched all the same."
)
LONGEST_QUESTION = 400
KNOWN = 5
MOST_HITS = 10
_TAG = re.compile(r"<[^<>]{0,300}>")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


@dataclass(frozen=True)
class LookUp:
    question: str
    known: tuple[Found, ...]
    """What is kept about it, best first."""
    hits: tuple[Hit, ...]
    """What the web says; not kept yet."""
    provider: str
    """Who looked it up; empty where nobody did."""
    said: str
    """Why nothing was looked up on the web, if so."""


def asks_first(services: Services, actor: Actor, project_id: str) -> bool:
    """Whether a person has to agree before an assistant's question goes to the search provider."""
    with services.work(actor) as work:
        return services.search is not None and work.projects.get(project_id).asks_before_web


def asked(question: str) -> str:
    """The question as it is sent."""
    return " ".join(_CONTROL.sub("", question).split())[:LONGEST_QUESTION]


def look_up(
    services: Services, actor: Actor, project_id: str, question: str, *, web: bool = True, limit: int = 5
) -> LookUp:
    """Search what is kept, and the web where a provider is set; nothing but the question leaves the machine."""
    sent = asked(question)
    if not sent:
        raise BadInput("Ask something in a few words.")
    known = tuple(retrieval.search(services, actor, sent, project_id=project_id, limit=KNOWN))
    if not web or services.search is None:
        return LookUp(sent, known, (), "", "" if services.search else OFFLINE)
    require(actor, TeamRole.ANALYST, "look something up on the web")
    hits = tuple(_clean(hit) for hit in services.search.search(sent, min(limit, MOST_HITS)))
    with services.work(actor) as work:
        work.projects.get(project_id)
        detail = {"question": sent, "provider": services.search.name, "found": len(hits)}
        work.audit.record("research.looked_up", project_id, detail)
    return LookUp(sent, known, hits, services.search.name, "" if hits else "The web search found nothing about this.")


def keep_sources(
    services: Services, actor: Actor, project_id: str, question: str, hits: Sequence[Hit]
) -> Sequence[Document]:
    """Keep pages with their addresses, so that the next question finds them; a page kept before is kept anew."""
    require(actor, TeamRole.ANALYST, "keep a source")
    kept = []
    with services.work(actor) as work:
        work.projects.get(project_id)
        for hit in map(_clean, hits):
            if not hit.address.startswith(("https://", "http://")):
                raise BadInput("A source needs its address on the web.")
            key = source_key(project_id, hit.address)
            label = {"address": hit.address, "published": hit.published, "question": question, "by": actor.name}
            work.graph.put_node("research", key, hit.title, label, project_id)
            work.graph.put_edge(("research", key), "part_of", ("project", project_id))
            plan = work.projects.latest_plan(project_id)
            if plan is not None:
                work.graph.put_edge(("plan", plan.id), "cites", ("research", key))
            work.documents.put(
                "research", key, hit.title, hit.text, project_id, address=hit.address, published=hit.published
            )
            work.audit.record("research.kept", key, {"address": hit.address, "question": question})
            kept.append(work.knowledge.get("research", key))
    return kept


def dates(published: str, kept: datetime | None = None) -> str:
    """When a source was published, where its provider said so, and when it was kept."""
    said = published.strip()
    # Some providers give an age or a month, which is shown as it was said.
    with suppress(ValueError):
        said = wording.day(datetime.fromisoformat(said).date())
    parts = [f"published {said}" if said else "", f"kept {wording.day(kept)}" if kept else ""]
    return ", ".join(filter(None, parts))


def source_key(project_id: str, address: str) -> str:
    return f"{project_id}:{hashlib.sha256(address.encode()).hexdigest()[:24]}"


def _clean(hit: Hit) -> Hit:
    """Without markup, and without characters that hide what stands there."""
    return Hit(_plain(hit.title)[:200] or hit.address, hit.address.strip(), _plain(hit.text), _plain(hit.published))


def _plain(text: str) -> str:
    return _CONTROL.sub("", html.unescape(_TAG.sub(" ", text))).strip()
