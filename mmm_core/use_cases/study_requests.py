"""A study of a model asked for by name, by a chat or a program: what it needs beside settings is found here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mmm_core.domain.errors import BadInput, Conflict, NotFound
from mmm_core.domain.fit import Run, RunStatus
from mmm_core.domain.identity import Actor
from mmm_core.domain.ports import Services
from mmm_core.domain.study import Step, Study
from mmm_core.studies import choices, registry
from mmm_core.use_cases import causal, fits, studies, what_if

KINDS = (
    "holdout", "expanding", "refresh", "perturbation", "placebo", "sbc", "recoverability", "ladder", "doctor",
    "sensitivity", "changes", "causal", "counterfactual",
)  # fmt: skip
"""Kinds that can be asked of a fitted model; a trial belongs to a tuning session."""

PAST = {"channel", "first", "last"}


@dataclass(frozen=True)
class Ask:
    kind: str
    options: Mapping[str, Any] = field(default_factory=dict)
    scenario: str = ""
    """Name of the saved scenario that ``sensitivity`` asks about."""
    other: str = ""
    """Name of the model that ``changes`` compares with; the one before where left out."""


@dataclass(frozen=True)
class Planned:
    """What would be done, before anybody said yes."""

    title: str
    model: str
    settings: tuple[tuple[str, Any], ...]
    """Title and value of what was asked for otherwise than it is by itself."""
    steps: tuple[Step, ...]


def plan(services: Services, actor: Actor, run: Run, ask: Ask) -> Planned:
    """Refused with one sentence wherever the request would be."""
    other, options = _complete(services, actor, run, ask)
    steps = studies.plan_study(
        services, actor, run.project_id, ask.kind, run_id=run.id, other_run_id=other, options=options
    )
    said = tuple((choice.title, value) for choice, value in choices.changed(ask.kind, options))
    return Planned(registry.find(ask.kind).title, run.name, said, steps)


def request(services: Services, actor: Actor, run: Run, ask: Ask) -> Study:
    other, options = _complete(services, actor, run, ask)
    return studies.request_study(
        services, actor, run.project_id, ask.kind, run_id=run.id, other_run_id=other, options=options
    )


def _complete(services: Services, actor: Actor, run: Run, ask: Ask) -> tuple[str | None, dict[str, Any]]:
    """The model to compare with, if any, and all options."""
    if ask.kind not in KINDS:
        raise BadInput(f"A study of a model is one of {', '.join(KINDS)}.")
    given = dict(ask.options)
    if ask.kind == causal.COUNTERFACTUAL and not given.keys() >= PAST:
        raise BadInput(
            "Say which channel, from which day to which, and what it would have had: a factor, or a level per period."
        )
    if ask.kind in (causal.CHECKS, causal.COUNTERFACTUAL):
        return None, {**given, **causal.drawn_options(services, actor, run.id)[1]}
    if ask.kind == "sensitivity":
        return None, {**given, **_scenario(services, actor, run, ask.scenario)}
    if ask.kind == "changes":
        return _other(services, actor, run, ask.other).id, given
    return None, given


def _scenario(services: Services, actor: Actor, run: Run, name: str) -> dict[str, Any]:
    known = [s for s in what_if.list_scenarios(services, actor, run.project_id) if s.run_id == run.id]
    if not known:
        raise Conflict(f"There is no saved scenario of {run.name} to ask about; save one on the What-If page first.")
    named = [s for s in known if s.name.casefold() == name.strip().casefold()]
    if not named and (name or len(known) > 1):
        raise BadInput(f"Say which scenario it is about: {', '.join(s.name for s in known)}.")
    found = (named or known)[0]
    return {
        "name": found.name,
        "periods": found.plan.periods,
        "spend": dict(found.plan.spend),
        "scenario": found.id,
    }


def _other(services: Services, actor: Actor, run: Run, name: str) -> Run:
    runs = fits.list_runs(services, actor, run.project_id)
    known = [r for r in runs if r.status is RunStatus.DONE and r.id != run.id]
    if not known:
        raise Conflict(f"{run.name} is the only model that is done, so there is none to compare it with.")
    named = [r for r in known if r.name.casefold() == name.strip().casefold()]
    if name and not named:
        raise NotFound(
            f"There is no model called {name} to compare with; there are {', '.join(r.name for r in known)}."
        )
    return (named or known)[0]
