"""What language models say in a session: a proposal, a reading, an argument; every call is a line of the history."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mmm_core.agents.llm.gateway import SHAPED, read
from mmm_core.agents.tuning.state import Told
from mmm_core.agents.workflow.desk import Desk
from mmm_core.domain.errors import CarryoverError
from mmm_core.domain.llm import Answer, Task
from mmm_core.domain.tuning import TuningRole
from mmm_core.domain.workflow import EventKind
from mmm_core.reports import quantities

PROMPTS = Path(__file__).parent / "prompts"
LONGEST = 600
TRIES = 2


class Proposed(BaseModel):
    model_config = ConfigDict(extra="forbid")

    changes: dict[str, Any] = Field(min_length=1, max_length=40)
    reason: str = Field(min_length=1, max_length=4000)


class Read(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reaches: bool
    why: str = Field(default="", max_length=600)


@dataclass(frozen=True)
class Said[T]:
    """A model's answer, with the lines of the calls that it took."""

    answer: T | None
    source: str = ""
    told: tuple[Told, ...] = ()


@dataclass
class Speaker:
    """A role's voice where a model is set."""

    desk: Desk
    role: TuningRole
    told: list[Told] = field(default_factory=list)

    @property
    def there(self) -> bool:
        models = self.desk.services.models
        return models is not None and models.available(self.desk.actor, Task.JUDGE)

    def propose(self, evidence: dict[str, Any]) -> Said[Proposed]:
        return self._shaped("propose", evidence, Proposed)

    def read(self, evidence: dict[str, Any]) -> Said[Read]:
        return self._shaped("read", evidence, Read)

    def argue(self, evidence: dict[str, Any], names: Iterable[str] = ()) -> str:
        """A sentence beside a verdict; nothing where there is no model, it fails, or it says how much."""
        if not self.there:
            return ""
        answer = self._ask(_prompt("argue", self.role), _document(evidence), "argument")
        if answer is None:
            return ""
        text = " ".join(answer.text.split())[:LONGEST]
        # Criteria stand beside it with their figures; which of them a sentence means cannot be known.
        strange = quantities.first(text, names)
        if strange:
            why = f"It said how much (“{strange}”); figures come from the trials alone."
            self.told.append(self._line("An argument was left out.", why))
            return ""
        return text

    def _shaped[S: BaseModel](self, name: str, evidence: dict[str, Any], shape: type[S]) -> Said[S]:
        if not self.there:
            return Said(None)
        system = f"{_prompt(name, self.role)}\n\n{SHAPED.format(schema=json.dumps(shape.model_json_schema()))}"
        asked, wrong = _document(evidence), ""
        for _ in range(TRIES):
            answer = self._ask(system, f"{asked}\n\n{wrong}" if wrong else asked, name)
            if answer is None:
                break
            try:
                return Said(read(answer.text, shape), str(answer.choice), tuple(self.told))
            except (ValidationError, RecursionError):
                wrong = "Your last answer did not fit the schema. Answer again."
                self.told.append(self._line("The language model's answer could not be used.", "It did not fit."))
        return Said(None, "", tuple(self.told))

    def _ask(self, system: str, asked: str, what: str) -> Answer | None:
        models = self.desk.services.models
        assert models is not None
        try:
            answer = models.ask(self.desk.actor, Task.JUDGE, system, asked, project_id=self.desk.workflow.project_id)
        except CarryoverError as error:
            self.told.append(self._line("The language model gave no answer; rules go on.", str(error)))
            return None
        used = answer.usage
        detail = {
            "asked_for": what,
            "assistant": str(answer.choice),
            "input_tokens": used.input_tokens,
            "output_tokens": used.output_tokens,
            "cost": used.cost,
            "seconds": used.seconds,
            "said": answer.text[:4000],
        }
        self.told.append(Told("model", f"{answer.choice} was asked.", "", self.role, detail, EventKind.REMARK))
        return answer

    def _line(self, text: str, why: str) -> Told:
        return Told("model", text, why, self.role, {}, EventKind.REMARK)


def _document(evidence: dict[str, Any]) -> str:
    return json.dumps(evidence, ensure_ascii=False, default=str)


@cache
def _prompt(name: str, role: TuningRole) -> str:
    return (PROMPTS / f"{name}.md").read_text(encoding="utf-8").replace("{role}", role.value)
