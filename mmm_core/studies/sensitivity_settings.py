"""What else could be believed, modelled or hidden: the settings under which a decision is asked again."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from mmm_core.domain.errors import SpecError
from mmm_core.modeling.prepare import prepare
from mmm_core.modeling.priors import Priors, resolve
from mmm_core.modeling.spec import Adstock, ChannelSpec, MediaPrior, ModelSpec, Saturation, Season, Trend
from mmm_core.studies.kind import Model
from mmm_core.studies.ladder_rungs import bending

Change = Callable[[ModelSpec], ModelSpec]
PRIORS, MODEL, HIDDEN = "priors", "model", "hidden"
HIGHEST_SHARE = 0.95
"""Nobody believes that media bring more of the KPI than this."""
MORE_WAVES = 2
MOST_WAVES = 6
MOST_DRIVERS = 4
"""Controls and holidays that are left out one by one, those that move the KPI most."""


@dataclass(frozen=True)
class Setting:
    key: str
    group: str
    """'priors', 'model' or 'hidden' (a measured driver left out, as if nobody had measured it)."""
    label: str
    change: Change
    driver: str = ""
    """What is left out."""


def settings(model: Model) -> tuple[Setting, ...]:
    """Every setting that differs from the model's own and that the data and the priors can hold."""
    own = resolve(model.spec, model.data)
    return tuple(s for s in candidates(model) if _differs(model, s, own))


def candidates(model: Model) -> tuple[Setting, ...]:
    """The same before anybody looked whether each is another model at all."""
    return (*_priors(model.spec), *_models(model), *_hidden(model))


def _differs(model: Model, setting: Setting, own: Priors) -> bool:
    spec = setting.change(model.spec)
    if spec == model.spec:
        return False
    try:
        found = resolve(spec, prepare(model.frame, spec))
    except SpecError:
        return False
    # The same numbers in other words would be counted as one more model that agrees.
    return setting.group != PRIORS or spec.lift_tests != model.spec.lift_tests or not _same(found, own)


def _same(one: Priors, other: Priors) -> bool:
    return one.media.keys() == other.media.keys() and all(
        a.family == b.family and all(np.allclose(a.parameters[n], b.parameters[n]) for n in a.parameters)
        for a, b in (
            *((one.media[name], other.media[name]) for name in one.media),
            (one.intercept, other.intercept),
            (one.control, other.control),
            (one.fourier, other.fourier),
            (one.sigma, other.sigma),
        )
    )


def _with(**changes: object) -> Change:
    return lambda spec: spec.model_copy(update=changes)


def _priors(spec: ModelSpec) -> Iterator[Setting]:
    own = spec.media_prior
    believed = any(c.belief for c in spec.channels)
    for key, factor, words in (("half", 0.5, "half as much"), ("double", 2.0, "twice as much")):
        high = min(HIGHEST_SHARE, own.share_high * factor)
        prior = own.model_copy(update={"share_low": min(own.share_low * factor, 0.9 * high), "share_high": high})
        change = _with(media_prior=prior, channels=tuple(_believed(c, factor) for c in spec.channels))
        yield Setting(key, PRIORS, f"Media believed to bring {words}", change)
    plain = tuple(c.model_copy(update={"belief": None}) for c in spec.channels)
    if spec.geo is None:
        library = MediaPrior(style="pymc_marketing")
        label = f"PyMC-Marketing's default priors{', without the beliefs' if believed else ''}"
        yield Setting("library", PRIORS, label, _with(media_prior=library, channels=plain))
    if believed:
        yield Setting("no_beliefs", PRIORS, "Without the beliefs about channels", _with(channels=plain))
    if spec.lift_tests:
        yield Setting("no_tests", PRIORS, "Without the lift tests", _with(lift_tests=()))


def _believed(channel: ChannelSpec, factor: float) -> ChannelSpec:
    """The channel with its belief moved: whoever doubts what media bring doubts what is said of one of them too."""
    belief = channel.belief
    if belief is None:
        return channel
    # What costs half as much per unit brings twice as much.
    times = 1.0 / factor if belief.kind == "cost_per_target" else factor
    if belief.kind == "contribution_share":
        times = min(times, max(1.0, HIGHEST_SHARE / belief.high))
    moved = belief.model_copy(update={"low": belief.low * times, "high": belief.high * times})
    return channel.model_copy(update={"belief": moved})


def _models(model: Model) -> Iterator[Setting]:
    spec = model.spec
    curve = Saturation.LOGISTIC if spec.saturation is Saturation.HILL else Saturation.HILL
    yield Setting("saturation", MODEL, f"{_named(curve)} saturation", _with(saturation=curve))
    memory = Adstock.WEIBULL_PDF if spec.adstock is Adstock.GEOMETRIC else Adstock.GEOMETRIC
    yield Setting("adstock", MODEL, f"{_named(memory)} adstock", _with(adstock=memory))
    bent = bending(model.frame, spec)
    straight = Trend(kind="linear")
    if bent != spec.trend:
        yield Setting("bends", MODEL, "A baseline that bends", _with(trend=bent))
    else:
        yield Setting("straight", MODEL, "A straight baseline", _with(trend=straight))
    if spec.season.yearly_terms:
        waves = min(MOST_WAVES, spec.season.yearly_terms + MORE_WAVES)
        yield Setting("season", MODEL, f"A finer season ({waves} waves)", _with(season=Season(yearly_terms=waves)))


def _named(family: Saturation | Adstock) -> str:
    return family.value.replace("_pdf", "").replace("_", "-").capitalize()


def _hidden(model: Model) -> Iterator[Setting]:
    spec = model.spec
    strongest = _strongest(model)
    if spec.season.yearly_terms:
        yield _left_out("season", "the season", season=Season(yearly_terms=0))
    elif not strongest and spec.trend.kind != "none":
        # Nobody overlooks a trend: it is a yardstick only where there is no other.
        yield _left_out("trend", "the trend", trend=Trend(kind="none"))
    for column in strongest:
        kept = {field: tuple(c for c in getattr(spec, field) if c != column) for field in ("controls", "holidays")}
        treatments = tuple(t for t in spec.treatments if t.column != column)
        yield _left_out(column, column, treatments=treatments, **kept)


def _left_out(key: str, driver: str, **changes: object) -> Setting:
    return Setting(f"without {key}", HIDDEN, f"Without {driver}", _with(**changes), driver)


def _strongest(model: Model) -> list[str]:
    """Controls, holidays and treatments by how far they move the KPI, the strongest few first."""
    names = (*model.spec.controls, *model.spec.holidays, *(t.column for t in model.spec.treatments))
    if not names:
        return []
    data = model.data
    gamma = np.abs(model.posterior.by_geo("gamma_control").mean(axis=0))  # (G, K)
    moved = (gamma * data.linear.std(axis=1) * data.target_scale[:, None]).sum(axis=0)
    size = dict.fromkeys(names, 0.0)
    for name, amount in zip(data.linear_names, moved, strict=True):
        column = name if name in size else name.partition(":")[0]
        if column in size:
            size[column] += float(amount)
    return sorted(size, key=lambda name: -size[name])[:MOST_DRIVERS]
