"""What a kind of study is: how it plans its steps, computes one, and concludes from all of them.

A kind is one module with a ``KIND`` and one line in ``registry``. The module imports nothing that compiles at its top
(JAX, PyMC, the engine): the web process and the worker import it to plan and to conclude; ``run_step`` alone is called
in a process that may import them, so such imports stand inside the functions that need them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, ClassVar

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from mmm_core.data import read
from mmm_core.domain.errors import BadInput
from mmm_core.domain.fit import ModelData, Posterior, Progress
from mmm_core.domain.results import Results
from mmm_core.domain.study import ModelInput, StepState, StudyOutcome
from mmm_core.domain.study import Step as Step
from mmm_core.modeling import artifact, prepare
from mmm_core.modeling.spec import ModelSpec

Earlier = Mapping[str, dict[str, Any]]
"""Results of the steps that are finished, by name."""


LONGER = "More of them are steadier and take longer."


class Options(BaseModel):
    """What a person may choose; a kind adds its own. A study's fits are small: many of them answer its question.

    What has a title is offered as a setting; the rest belongs to what is asked.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    fitting: ClassVar[bool] = True
    """Whether the study draws from posteriors of its own, so that the number of draws matters."""

    draws: Annotated[int, Field(ge=50, le=2000, title="Draws per chain", description=LONGER)] = 300
    tune: Annotated[int, Field(ge=50, le=2000, title="Warm-up draws per chain", description=LONGER)] = 300
    chains: Annotated[int, Field(ge=1, le=8, title="Chains", description=LONGER)] = 2
    seed: Annotated[
        int, Field(ge=0, le=2**31 - 1, title="Random seed", description="Another one tells chance from finding.")
    ] = 1


@dataclass(frozen=True)
class Model:
    """A model as a study sees it; what is derived is derived once."""

    source: ModelInput

    @property
    def name(self) -> str:
        return self.source.name

    @cached_property
    def spec(self) -> ModelSpec:
        return ModelSpec.from_yaml(self.source.spec_yaml)

    @cached_property
    def frame(self) -> pd.DataFrame:
        """The working table, any row order."""
        return read.from_parquet(self.source.table)

    @cached_property
    def data(self) -> ModelData:
        return prepare.prepare(self.frame, self.spec)

    @property
    def results(self) -> Results:
        """What the fit found; only where there was one."""
        if self.source.results is None:
            raise BadInput("This study needs a fitted model.")
        return self.source.results

    @cached_property
    def posterior(self) -> Posterior:
        if self.source.draws is None:
            raise BadInput("This study needs a fitted model.")
        return artifact.load(self.source.draws)


@dataclass(frozen=True)
class Inputs:
    model: Model
    compared: Model | None = None

    @property
    def other(self) -> Model:
        """The model it is compared with."""
        if self.compared is None:
            raise BadInput("Choose a second model to compare with.")
        return self.compared


@dataclass(frozen=True)
class Tools:
    """What ``run_step`` may use of the process it runs in."""

    say: Callable[[Progress], None] = lambda _: None
    """Tells how far a fit inside the step is."""
    cache_dir: str | None = None
    """Folder of compiled programs."""
    threads: int | None = None


@dataclass(frozen=True)
class Kind[O: Options]:
    name: str
    title: str
    question: str
    """What it answers, as a sentence for a person."""
    options: type[O]
    plan: Callable[[Inputs, O], Sequence[Step]]
    """The steps, named apart; what cannot be studied is refused here with a sentence (BadInput), before it waits."""
    run_step: Callable[[Step, Inputs, O, Earlier, Tools], dict[str, Any]]
    """Computes one step; gives plain values (numbers, text, lists, dictionaries, NumPy arrays)."""
    conclude: Callable[[Inputs, O, Sequence[StepState]], StudyOutcome]
    """What the finished steps say."""
    needs_run: bool = True
    """It asks about a fitted model; False where data and a specification are enough."""
    needs_other: bool = False
    before_plan: bool = False
    """It fits only made-up companies, so that it may be asked before anybody has decided on the plan."""
    tolerant: bool = False
    """A step that fails with a sentence is kept as failed and the others go on; else it ends the study."""


def results_of(states: Sequence[StepState]) -> dict[str, dict[str, Any]]:
    """Results of the steps that are done, by name."""
    return {s.step.name: s.result for s in states if s.result is not None}
