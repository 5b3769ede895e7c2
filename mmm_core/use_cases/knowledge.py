"""What is kept to be found again: notes, decisions, models in words (A8, A9)."""

from collections.abc import Sequence

from mmm_core.domain.checks import Status
from mmm_core.domain.errors import BadInput, NotAllowed
from mmm_core.domain.identity import Actor, TeamRole
from mmm_core.domain.knowledge import Document
from mmm_core.domain.ports import Services, Work
from mmm_core.domain.results import Results
from mmm_core.domain.words import counted
from mmm_core.modeling.spec import ModelSpec
from mmm_core.use_cases.access import require

KEPT = ("note", "research")
"""What people and assistants put in, and may take out again."""
ALL_KINDS = ("research", "note", "decision", "plan", "dataset", "model", "scenario", "report")
LONGEST_NOTE = 20_000
BATCH = 200


def keep_note(services: Services, actor: Actor, project_id: str, title: str, text: str) -> Document:
    """Keep an insight of a person, or of an assistant on their behalf."""
    require(actor, TeamRole.ANALYST, "keep a note")
    title, text = title.strip()[:200], text.strip()
    if not title or not text:
        raise BadInput("A note needs a title and a text.")
    if len(text) > LONGEST_NOTE:
        raise BadInput(f"A note has at most {LONGEST_NOTE:,} characters.")
    key = services.new_id()
    with services.work(actor) as work:
        work.projects.get(project_id)
        work.graph.put_node("note", key, title, {"by": actor.name}, project_id)
        work.graph.put_edge(("note", key), "part_of", ("project", project_id))
        work.documents.put("note", key, title, text, project_id)
        work.audit.record("note.kept", key, {"title": title})
        return work.knowledge.get("note", key)


def list_kept(
    services: Services, actor: Actor, project_id: str | None, kinds: Sequence[str] = ALL_KINDS, limit: int = 100
) -> Sequence[Document]:
    """Newest first: a project's and what belongs to the whole organisation; everything without a project."""
    with services.work(actor) as work:
        return work.knowledge.list(project_id, kinds, limit)


def forget(services: Services, actor: Actor, kind: str, key: str) -> None:
    """Take a note or a finding out; what the product itself wrote stays with what it is about."""
    require(actor, TeamRole.ANALYST, "remove what is kept")
    if kind not in KEPT:
        raise NotAllowed("Only notes and findings can be removed; the rest stays with what it is about.")
    with services.work(actor) as work:
        document = work.knowledge.get(kind, key)
        work.knowledge.remove(kind, key)
        work.graph.remove_node(kind, key)
        work.audit.record(f"{kind}.removed", key, {"title": document.title, "address": document.address})


def index(services: Services, actor: Actor) -> int:
    """Have the present sentence model read whatever it has not seen; how many documents there were."""
    require(actor, TeamRole.ANALYST, "index what is known")
    count = 0
    while True:
        with services.work(actor) as work:
            done = work.knowledge.index(BATCH)
        count += done
        if done < BATCH:
            return count


def remember_decision(
    work: Work, subject: tuple[str, str], title: str, reason: str, by: str, project_id: str, *, key: str = ""
) -> None:
    """Keep who decided what and why beside the thing itself, so that it is found when somebody asks."""
    key = key or f"{subject[1]}:decision"
    why = reason.strip() or "No reason was given."
    work.graph.put_node("decision", key, title, {"by": by, "reason": reason.strip()}, project_id)
    work.graph.put_edge(subject, "decided_by", ("decision", key))
    work.documents.put("decision", key, title, f"{title}, by {by}. {why}", project_id)


# ---- models ---------------------------------------------------------------------------------------------------------


def model_in_words(spec: ModelSpec, results: Results) -> str:
    """What a fitted model is and found, in sentences of its own metrics."""
    lines = [results.verdict, f"It explains {results.kpi} with {shape_in_words(spec)}."]
    if spec.controls:
        lines.append(f"Controls: {', '.join(map(str, spec.controls))}.")
    lines += [f"{c.channel}: {c.action}. {c.action_reason} {c.evidence_reason}" for c in results.channels]
    lines += [f"Check {c.title} ({c.status}): {c.message}" for c in results.checks if c.status is not Status.PASS]
    return "\n".join(lines)


def shape_in_words(spec: ModelSpec) -> str:
    """A model's families and sizes."""
    counts = (counted(len(spec.channels), "channel"), counted(len(spec.controls), "control"))
    controls = f", {counts[1]}" if spec.controls else ""
    return f"{counts[0]}, {_word(spec.adstock)} memory, {_word(spec.saturation)} saturation{controls}"


def _word(name: str) -> str:
    return name.replace("_", " ")
