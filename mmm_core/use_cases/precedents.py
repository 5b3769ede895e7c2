"""What a research plan takes over of earlier models, put into a specification (A0)."""

from collections.abc import Sequence

from mmm_core.causal.holdings import key
from mmm_core.domain.project import Precedent, PrecedentKind
from mmm_core.modeling.spec import Adstock, ModelSpec, Saturation
from mmm_core.reports import wording as f

FAMILIES = {
    "weibull_pdf": "Weibull (any hump)",
    "weibull_cdf": "Weibull (holds, then drops)",
    "michaelis_menten": "Michaelis-Menten",
}


def with_precedents(
    precedents: Sequence[Precedent], spec: ModelSpec, columns: Sequence[str]
) -> tuple[ModelSpec, tuple[str, ...]]:
    """The specification with what a plan takes over, and a sentence for each."""
    notes = []
    for one in precedents:
        spec, note = _put(one, spec, columns)
        notes.append(note)
    return spec, tuple(notes)


def in_words(one: Precedent) -> str:
    """What a precedent says, without whose it is."""
    match one.kind:
        case PrecedentKind.PRIOR:
            return f"{f.plain(one.name)}: a return of {f.times(one.low)} to {f.times(one.high)} as its prior"
        case PrecedentKind.MEMORY:
            return f"{_family(one.name)} memory over up to {one.max_lag} periods"
        case PrecedentKind.SATURATION:
            return f"{_family(one.name)} saturation"
        case PrecedentKind.CONTROL:
            return f"{f.plain(one.name)} as a control"


def _put(one: Precedent, spec: ModelSpec, columns: Sequence[str]) -> tuple[ModelSpec, str]:
    words = in_words(one)
    if one.kind is PrecedentKind.MEMORY:
        return spec.model_copy(update={"adstock": Adstock(one.name), "max_lag": one.max_lag or spec.max_lag}), _from(
            one
        )
    if one.kind is PrecedentKind.SATURATION:
        return spec.model_copy(update={"saturation": Saturation(one.name)}), _from(one)
    if one.kind is PrecedentKind.CONTROL:
        if one.name in spec.columns:
            return spec, f"{words} is in already."
        if one.name not in columns:
            return spec, f"{words} is left out: the data have no such column."
        return spec.model_copy(update={"controls": (*spec.controls, one.name)}), _from(one)
    return _prior(one, spec)


def _prior(one: Precedent, spec: ModelSpec) -> tuple[ModelSpec, str]:
    channels, wanted, words = list(spec.channels), key(one.name), f.plain(one.name)
    at = next((n for n, c in enumerate(channels) if wanted in {key(x) for x in (c.name, *c.columns)}), None)
    if at is None:
        return spec, f"{words}: no prior is taken over, as the channel is not in this model."
    if spec.media_prior.style == "pymc_marketing" or channels[at].spend is None:
        return spec, f"{words}: no prior is taken over, as nothing here can hold a return."
    if spec.kpi.unit == "count" and spec.kpi.value_per_unit is None:
        return spec, f"{words}: no prior is taken over, as the KPI has no value per unit."
    belief = {"kind": "roi", "low": one.low, "high": one.high, "source": one.source}
    changed = channels[at].model_dump() | {"belief": belief}
    channels[at] = type(channels[at]).model_validate(changed)
    return spec.model_copy(update={"channels": tuple(channels)}), _from(one)


def _from(one: Precedent) -> str:
    return f"Taken over: {in_words(one)}, from {one.source}, as the plan says."


def _family(name: str) -> str:
    return FAMILIES.get(name, f.plain(name))
