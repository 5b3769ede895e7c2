"""What a tuning session remembers between its steps: ids, specifications and small facts; plain values alone."""

from dataclasses import dataclass, field
from typing import Annotated, Any, TypedDict

from pydantic import TypeAdapter

from mmm_core.agents.workflow.state import merged
from mmm_core.domain.tuning import Proposal, TuningRole
from mmm_core.domain.workflow import EventKind

Plain = dict[str, Any]
_PROPOSALS: TypeAdapter[Proposal] = TypeAdapter(Proposal)


class TuningState(TypedDict, total=False):
    project_id: str
    start: str
    """The specification that the session began with, YAML."""
    version_id: str
    """Of the data that every trial is fitted to."""
    data: str
    """Fingerprint of these data with their recipe."""
    best: str
    """The best specification so far, YAML."""
    best_trial: str
    baseline_trial: str
    trial: str
    """The study that is waited for or was read last."""
    candidate: str
    """The specification that it tries, YAML."""
    proposal: Plain | None
    iteration: int
    """Proposals so far, refused ones included."""
    rejections: int
    """In a row; a proposal that is kept, or a person's word, begins anew."""
    declined: int
    """Rejections by the executive, who looks at whole specifications: counted until a person has spoken."""
    seen: str
    """The trial that the executive rejected last."""
    rejected: list[Plain]
    """Those in a row: by whom, why, and what was proposed."""
    turn: str
    """The role that proposes next."""
    tried: list[str]
    """Marks of specifications that nobody needs to propose again."""
    spent: bool
    """Whether nobody has another idea."""
    way: str
    """The step that follows."""
    question: Plain | None
    how: str
    """How it ended; empty while it goes on."""
    approved: bool
    outcome: str
    visits: Annotated[Plain, merged]


@dataclass(frozen=True)
class Told:
    """One line of the history."""

    what: str
    """'proposal', 'verdict', 'escalation', 'trial', 'criteria', 'model' or 'result'."""
    text: str
    reason: str = ""
    role: TuningRole | None = None
    detail: Plain = field(default_factory=dict)
    kind: EventKind = EventKind.DECISION


@dataclass(frozen=True)
class Step:
    update: TuningState = field(default_factory=lambda: TuningState())
    told: tuple[Told, ...] = ()


def plain(proposal: Proposal) -> Plain:
    made: Plain = _PROPOSALS.dump_python(proposal, mode="json")
    return made


def proposal_of(document: Plain | None) -> Proposal:
    return _PROPOSALS.validate_python(document)
