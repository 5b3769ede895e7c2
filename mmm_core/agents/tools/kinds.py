"""What a tool is: a thin wrapper of use cases with typed arguments, whose every figure is a fact with a key.

A tool reads, or it proposes: one that would change something shows what, and a person confirms it on the page. The
organisation, the person and the project come from the context; no argument of a tool names them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ConfigDict

from mmm_core.domain.conversation import Call
from mmm_core.domain.errors import NotFound
from mmm_core.domain.fit import Run
from mmm_core.domain.identity import Actor, TeamRole
from mmm_core.domain.instructions import Change
from mmm_core.domain.ports import Services
from mmm_core.domain.report import Fact
from mmm_core.domain.results import Results
from mmm_core.reports.story import spell
from mmm_core.use_cases import datasets, fits
from mmm_core.use_cases.fits import Fitted

LONGEST_NAME = 80
"""Names come from files; no instruction of any length fits into one."""


class Arguments(BaseModel):
    """What a model fills in; a field that a tool does not know is refused."""

    model_config = ConfigDict(extra="forbid", str_max_length=4000, allow_inf_nan=False)


class Nothing(Arguments):
    """No arguments."""


@dataclass(frozen=True)
class Context:
    """Where a tool works: who asks, about which project, in which conversation."""

    services: Services
    actor: Actor
    project_id: str | None
    conversation_id: str | None = None
    page: str = ""
    remote: bool = False
    """Whether a program asks: what it proposes waits on the Approvals page, not in a talk that somebody has open."""
    before: tuple[str, ...] = ()
    """Channels of the last change in this conversation, for 'it' and 'both'."""
    told: tuple[Fact, ...] = ()
    """Numbers that answers of this conversation rest on: plans that were tried, statistics of the data."""
    load: Callable[[Services, Actor, str], Fitted] = fits.load_fitted
    """Loads a model's draws; a page hands in its own, which keeps them."""
    calls: list[Call] = field(default_factory=list, compare=False)
    """Tools that were called while one message was answered."""

    @property
    def project(self) -> str:
        if self.project_id is None:
            raise NotFound("No project is open; open one on the Home page first.")
        return self.project_id

    def run(self) -> Run:
        found = fits.latest_done(self.services, self.actor, self.project)
        if found is None:
            raise NotFound("This project has no fitted model yet; fit one on the Model page.")
        return found

    def results(self) -> Results:
        return fits.get_results(self.services, self.actor, self.run().id)

    def fitted(self) -> Fitted:
        return self.load(self.services, self.actor, self.run().id)

    def working(self) -> datasets.Working:
        version = datasets.latest_dataset(self.services, self.actor, self.project)
        if version is None:
            raise NotFound("This project has no data yet; add a file on the Data page.")
        return datasets.load_working(self.services, self.actor, version.id)


@dataclass(frozen=True)
class Result:
    """What came of a call."""

    said: Any
    """For a model: plain values; each figure is written ``[[2.4×|channel.tv.roi.p50]]``."""
    facts: tuple[Fact, ...] = ()
    lineage_of: str = ""
    """The model run that the facts are stored with."""
    changes: tuple[Change, ...] = ()
    """Changes of a plan for the person to look at."""
    question: str = ""
    options: tuple[str, ...] = ()
    unclear: str = ""
    proposal: str = ""
    """Id of a proposed act that waits for the person."""

    @property
    def ends_turn(self) -> bool:
        """Whether the person is to speak next."""
        return bool(self.question)


@dataclass
class Sheet:
    """Collects facts while a tool writes its figures."""

    currency: str = "EUR"
    is_revenue: bool = True
    facts: dict[str, Fact] = field(default_factory=dict)

    def n(self, key: str, value: float | None, unit: str) -> str | None:
        """The figure with its reference, as a text may take it over."""
        if value is None or value != value:
            return None
        return self.of(Fact(key, float(value), unit))

    def of(self, fact: Fact) -> str:
        self.facts[fact.key] = fact
        return f"[[{spell(fact, self.currency, self.is_revenue)}|{fact.key}]]"

    def result(self, said: Any, **more: Any) -> Result:
        return Result(said, tuple(self.facts.values()), **more)


def sheet_of(results: Results) -> Sheet:
    return Sheet(results.currency, results.is_revenue)


def name(text: Any) -> str:
    """A name from a file, on one line and short; marks of references are taken out of it."""
    words = " ".join(str(text).replace("[[", "").replace("]]", "").replace("|", "/").split())
    return words if len(words) <= LONGEST_NAME else words[: LONGEST_NAME - 1] + "…"


@dataclass(frozen=True)
class Tool:
    """One entry of the inventory."""

    name: str
    group: str
    """'data', 'model', 'plan' or 'meta'."""
    says: str
    """For the model: what it does and when to use it."""
    wraps: str
    """The use cases behind it, for the documentation."""
    arguments: type[Arguments]
    run: Callable[[Context, Any], Result] | None = None
    """Of a tool that reads. One that reads outside this machine has the other three too, and proposes by itself."""
    preview: Callable[[Context, Any], Sequence[str]] | None = None
    """Of a tool that writes: what it will change, line by line; raises where it cannot be done."""
    act: Callable[[Context, Any], str] | None = None
    """Of a tool that writes: does it, after a person's yes, and says what was done in one sentence."""
    title: str = ""
    """Of a tool that writes: what the person confirms."""
    needs: TeamRole = TeamRole.VIEWER
    keeps: bool = False
    """Whether a call leaves something behind, though it changes nothing that the project is about."""
    outside: bool = False
    """Whether it may lead outside this machine, once the person agreed."""

    @property
    def writes(self) -> bool:
        return self.run is None
