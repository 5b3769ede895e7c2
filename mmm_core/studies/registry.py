"""The kinds of studies by name; a module is imported when its kind is first asked for."""

import importlib
from typing import Any

from pydantic import ValidationError

from mmm_core.domain.errors import BadInput
from mmm_core.domain.study import ModelInput
from mmm_core.modeling import refusals
from mmm_core.studies.kind import Inputs, Kind, Model, Options

KINDS: dict[str, str] = {
    "holdout": "mmm_core.studies.holdout",
    "expanding": "mmm_core.studies.expanding",
    "refresh": "mmm_core.studies.refresh",
    "perturbation": "mmm_core.studies.perturbation",
    "placebo": "mmm_core.studies.placebo",
    "changes": "mmm_core.studies.changes",
    "sbc": "mmm_core.studies.sbc",
    "ladder": "mmm_core.studies.ladder",
    "recoverability": "mmm_core.studies.recoverability",
    "doctor": "mmm_core.studies.doctor",
    "causal": "mmm_core.studies.causal",
    "counterfactual": "mmm_core.studies.counterfactual",
    "sensitivity": "mmm_core.studies.sensitivity",
    "trial": "mmm_core.studies.trial",
}
"""Name to the module that holds its ``KIND``."""


def find(name: str) -> Kind[Any]:
    """The kind of that name; BadInput where there is none."""
    if name not in KINDS:
        raise BadInput(f"There is no study called {name}; known are {', '.join(KINDS)}.")
    found: Kind[Any] = importlib.import_module(KINDS[name]).KIND
    return found


def read_options(kind: Kind[Any], given: dict[str, Any]) -> Options:
    """Options as the kind's own type; BadInput with one sentence where they are none."""
    try:
        read: Options = kind.options.model_validate(given)
    except ValidationError as error:
        raise BadInput(f"{kind.title}: {refusals.first(error, given)}.") from None
    return read


def inputs(model: ModelInput, other: ModelInput | None = None) -> Inputs:
    return Inputs(Model(model), None if other is None else Model(other))
