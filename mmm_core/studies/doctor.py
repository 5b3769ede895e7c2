"""Fit doctor: the open checks of a model, their likely causes, and small fits that try what might mend them."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from mmm_core.data import recipe
from mmm_core.domain.errors import BadInput
from mmm_core.domain.study import StepState, StudyOutcome
from mmm_core.modeling.limits import Limits
from mmm_core.modeling.prepare import prepare
from mmm_core.modeling.priors import resolve
from mmm_core.modeling.spec import ModelSpec
from mmm_core.studies import doctor_words as words
from mmm_core.studies import small_fit
from mmm_core.studies.doctor_remedies import Remedy, open_checks, remedies
from mmm_core.studies.doctor_words import Seen
from mmm_core.studies.kind import Earlier, Inputs, Kind, Model, Options, Step, Tools, results_of
from mmm_core.studies.ladder_rungs import recognised

AS_IS, TOGETHER = "as it is", "together"


class DoctorOptions(Options):
    most: Annotated[int, Field(ge=1, le=12, title="Remedies that are tried")] = 8


def plan(inputs: Inputs, options: DoctorOptions) -> list[Step]:
    found = open_checks(inputs.model)
    if not found:
        raise BadInput(f"Every check of {inputs.model.name or 'this model'} passes; there is nothing to mend.")
    tried = _able(inputs.model)[: options.most]
    if not tried:
        named = ", ".join(c.title.lower() for c in found)
        raise BadInput(f"No change of the specification can mend what is open ({named}); an experiment would tell.")
    steps = [Step(AS_IS, "Fit the model as it is, with few draws")]
    steps += [Step(r.key, f"Try: {r.label[:1].lower()}{r.label[1:]}") for r in tried]
    if sum(not r.sampler for r in tried) > 1:
        steps.append(Step(TOGETHER, "Try together what helped"))
    return steps


def _able(model: Model) -> list[Remedy]:
    """Remedies that the data hold."""
    out = []
    for remedy in remedies(model):
        try:
            _prepared(model, [remedy])
        except BadInput:
            continue
        out.append(remedy)
    return out


def _prepared(model: Model, tried: Sequence[Remedy]) -> tuple[ModelSpec, Any]:
    spec, needs = changed(model.spec, tried)
    frame = recipe.apply(model.frame, recognised(model.spec), needs)[0] if needs else model.frame
    return spec, prepare(frame, spec)


def changed(spec: ModelSpec, tried: Sequence[Remedy]) -> tuple[ModelSpec, tuple[Any, ...]]:
    """The specification after remedies, one after the other, and the recipe steps that it needs."""
    for remedy in tried:
        spec = ModelSpec.model_validate(remedy.change(spec).model_dump())
    return spec, tuple(step for remedy in tried for step in remedy.needs)


def run_step(step: Step, inputs: Inputs, options: DoctorOptions, earlier: Earlier, tools: Tools) -> dict[str, Any]:
    """Fit, and the same checks as a real fit has."""
    model = inputs.model
    known = {r.key: r for r in _able(model)}
    if step.name == TOGETHER:
        tried = [known[key] for key in _helped(model, known, earlier)]
        if len(tried) < 2:
            return {"skipped": True}
    else:
        tried = [known[step.name]] if step.name in known else []
    return {"remedies": [r.key for r in tried], **_fitted(model, tried, options, tools)}


def _helped(model: Model, known: dict[str, Remedy], earlier: Earlier) -> list[str]:
    """Remedies of the model that mended something and harmed nothing."""
    seen = {k: words.read(r) for k, r in earlier.items() if "checks" in r}
    if AS_IS not in seen:
        return []
    return [
        key
        for key, remedy in known.items()
        if key in seen and not remedy.sampler and words.compare(seen[AS_IS], seen[key]).helps
    ]


def _fitted(model: Model, tried: Sequence[Remedy], options: DoctorOptions, tools: Tools) -> dict[str, Any]:
    from mmm_core.modeling import diagnostics

    spec, data = _prepared(model, tried)
    full = any(r.sampler for r in tried)
    own = spec.sampling
    how = options.model_copy(update={"draws": own.draws, "tune": own.tune, "chains": own.chains}) if full else options
    resolved = resolve(spec, data)
    posterior = small_fit.fit(spec, data, how, tools, priors=resolved)
    share = how.draws * how.chains / (own.draws * own.chains)
    checks = diagnostics.checks(posterior, data, spec, resolved, limits(share))
    money = small_fit.spent(data)
    worth = small_fit.brought(data, posterior)
    returns = {n: d / unit for n, d in worth.items() if (unit := money[n]) and np.isfinite(d).all()}
    return {
        "checks": [asdict(replace(c, fixes=())) for c in checks],
        "returns": {n: [float(d.mean()), *np.quantile(d, (0.05, 0.95)).tolist()] for n, d in returns.items()},
    }


def limits(share: float) -> Limits:
    """Limits for a fit with a share of the model's own draws: what counts draws is in proportion."""
    usual = Limits()
    if share >= 1:
        return usual
    return replace(
        usual,
        ess_review=usual.ess_review * share,
        ess_fail=usual.ess_fail * share,
        rhat_review=1 + (usual.rhat_review - 1) / share,
        rhat_fail=1 + (usual.rhat_fail - 1) / share,
    )


def conclude(inputs: Inputs, options: DoctorOptions, states: Sequence[StepState]) -> StudyOutcome:
    model = inputs.model
    results = {k: r for k, r in results_of(states).items() if "checks" in r}
    failed = [f"{s.step.label} failed: {s.error}" for s in states if s.error]
    if AS_IS not in results:
        raise BadInput(failed[0] if failed else "The model could not be fitted with few draws.")
    known = {r.key: r for r in _able(model)}
    stored = Seen(
        tuple(model.results.checks), {c.channel: c.roi.mean for c in model.results.channels if c.roi is not None}
    )
    small = words.read(results.pop(AS_IS))
    draws = [
        known[key]
        for key, result in results.items()
        if key in known and known[key].sampler and words.compare(stored, words.read(result), sampler=True).helps
    ]
    tried = []
    for result in results.values():
        used = [known[k] for k in result["remedies"]]
        sampler = any(r.sampler for r in used)
        # Better draws change no model, so that what mends them goes with every other remedy.
        spec, needs = changed(model.spec, used if sampler else [*used, *draws])
        tried.append(words.Tried(used, spec, needs, stored if sampler else small, words.read(result)))
    return words.outcome(tried, small, open_checks(model), failed)


KIND = Kind(
    name="doctor",
    title="Fit doctor",
    question="What causes the checks that are open, and which change of the specification mends them?",
    options=DoctorOptions,
    plan=plan,
    run_step=run_step,
    conclude=conclude,
    tolerant=True,
)
