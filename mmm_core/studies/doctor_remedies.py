"""From open checks to causes, and for each cause the change of the specification that might mend it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
import scipy
from pandas.api.types import is_numeric_dtype

from mmm_core.data import recipe
from mmm_core.data.quality_maths import basis, correlation, residual
from mmm_core.data.quality_view import EXTRA
from mmm_core.data.recognise import recognise
from mmm_core.domain.checks import Check, Status
from mmm_core.domain.dataset import RecipeStep
from mmm_core.domain.fit import Array
from mmm_core.domain.results import Interval
from mmm_core.modeling import layout
from mmm_core.modeling.prepare import fourier_terms, period_days
from mmm_core.modeling.spec import Adstock, Belief, ChannelSpec, ModelSpec, Sampling, Saturation, Season
from mmm_core.studies.kind import Model
from mmm_core.studies.ladder_rungs import MOST_KNOTS, bending

MOST_WAVES = 6
CLOSER = 4.0
"""By so much less often a sampler that diverges is to reject a step."""
LARGEST = {name: Sampling.model_fields[name].metadata[-1].le for name in ("draws", "tune")}
CHANCE = 0.05
"""How likely a column that is not in the model may look related to the KPI though none is."""
ALIKE = 0.7
"""Correlation of two channels' spend from which on they may be taken as one."""
SAMPLER = ("rhat", "ess_bulk", "ess_tail", "divergences", "energy")
"""Checks of the draws; the others are of the model."""
Change = Callable[[ModelSpec], ModelSpec]


@dataclass(frozen=True)
class Remedy:
    key: str
    label: str
    cause: str
    """What the open checks point to, as a sentence."""
    targets: tuple[str, ...]
    """The open checks that it is meant for."""
    change: Change
    needs: tuple[RecipeStep, ...] = ()
    yardstick: tuple[str, ...] = ()
    """Checks that it eases by moving what they are measured against."""
    sampler: bool = False
    """It changes how is drawn and not the model, so that it is tried at full length."""


def open_checks(model: Model) -> tuple[Check, ...]:
    return tuple(c for c in model.results.checks if c.status is not Status.PASS)


def remedies(model: Model) -> tuple[Remedy, ...]:
    """Every remedy that the open checks ask for and the data allow, in the order in which they are tried."""
    found = {c.id: c for c in open_checks(model)}
    return tuple(remedy for make in MAKERS for remedy in make(model, found))


def _asked(found: dict[str, Check], *ids: str) -> tuple[str, ...]:
    return tuple(i for i in ids if i in found)


def _steps(model: Model, found: dict[str, Check]) -> Iterator[Remedy]:
    now = model.spec.sampling.target_accept
    goal = round(1 - (1 - now) / CLOSER, 3)
    if asked := _asked(found, "divergences", "energy"):
        yield Remedy(
            "smaller_steps", f"Smaller steps (target acceptance {goal:g})",
            "The sampler's steps are too long for a narrow part of the posterior.", asked,
            lambda s: _sampled(s, target_accept=goal), sampler=True,
        )  # fmt: skip


def _longer(model: Model, found: dict[str, Check]) -> Iterator[Remedy]:
    own = model.spec.sampling
    draws, tune = (min(2 * getattr(own, name), LARGEST[name]) for name in ("draws", "tune"))
    if (asked := _asked(found, "rhat", "ess_bulk", "ess_tail")) and draws > own.draws:
        yield Remedy(
            "longer", f"Longer sampling ({draws:,} draws after {tune:,})",
            "The chains are too short for so slow a walk.", asked,
            lambda s: _sampled(s, draws=draws, tune=tune), sampler=True,
        )  # fmt: skip


def _sampled(spec: ModelSpec, **changes: float) -> ModelSpec:
    return spec.model_copy(update={"sampling": spec.sampling.model_copy(update=changes)})


def _bends(model: Model, found: dict[str, Check]) -> Iterator[Remedy]:
    trend = bending(model.frame, model.spec)
    if trend == model.spec.trend:
        trend = trend.model_copy(update={"knots": min(MOST_KNOTS, trend.knots + 2)})
    asked = _asked(found, "autocorrelation", "predictive", "fit")
    if asked and trend != model.spec.trend:
        yield Remedy(
            "bends", f"A baseline that bends ({trend.knots} knots)", "Something slow is missing from the baseline.",
            asked, lambda s: s.model_copy(update={"trend": trend}),
        )  # fmt: skip


def _season(model: Model, found: dict[str, Check]) -> Iterator[Remedy]:
    terms = min(MOST_WAVES, model.spec.season.yearly_terms + 2)
    asked = _asked(found, "autocorrelation", "demand_capture", "predictive", "fit")
    days = period_days(model.data)
    if asked and terms > model.spec.season.yearly_terms and days <= 31 and days * len(model.data.dates) > 365:
        yield Remedy(
            "season", f"A finer season ({terms} waves a year)",
            "Demand follows the year more closely than the model's season does.", asked,
            lambda s: s.model_copy(update={"season": Season(yearly_terms=terms)}),
        )  # fmt: skip


def _control(model: Model, found: dict[str, Check]) -> Iterator[Remedy]:
    asked = _asked(found, "demand_capture", "autocorrelation", "fit")
    column = unused(model) if asked else None
    if column:
        yield Remedy(
            "control", f"Hold {column} still", f"{column} is in the data and moves with the KPI, but not in the model.",
            asked, lambda s: s.model_copy(update={"controls": (*s.controls, column)}),
        )  # fmt: skip


def unused(model: Model) -> str | None:
    """The surrounding that the model leaves out and that moves most with what it does not explain otherwise.

    Only what drives the KPI from outside: a channel's other exposure, orders or sessions move with it too, but held
    still they would take the channels' effect away.
    """
    table, _ = layout.in_order(model.frame, model.spec)
    roles = recognise(model.frame, kpi=model.spec.kpi.column).roles
    outside = [r.column for r in roles if r.role in EXTRA and r.column not in model.spec.columns]
    usable = [c for c in outside if is_numeric_dtype(table[c]) and table[c].notna().all() and table[c].nunique() > 1]
    data = model.data
    fourier = data.fourier if data.fourier.shape[1] else fourier_terms(data.dates, 2)
    geos, periods = data.target.shape
    level = np.repeat(np.eye(geos), periods, axis=0)
    known = basis(np.column_stack([level, data.linear.reshape(geos * periods, -1), np.tile(fourier, (geos, 1))]))
    left = residual(data.scaled_target.reshape(-1), known)
    scores = {str(c): _together(table[c], left, known) for c in usable}
    best = max(scores, key=lambda c: scores[c], default=None)
    # The largest of so many columns must be more than chance makes it (Bonferroni).
    enough = scipy.stats.norm.isf(0.5 * CHANCE / max(1, len(scores))) / np.sqrt(left.size)
    return best if best is not None and scores[best] > enough else None


def _together(column: "pd.Series[float]", left: Array, known: Array) -> float:
    return abs(correlation(residual(np.asarray(column, dtype=np.float64), known), left))


def _less(model: Model, found: dict[str, Check]) -> Iterator[Remedy]:
    prior = model.spec.media_prior
    high = round(prior.share_low + (prior.share_high - prior.share_low) / 2, 3)
    asked = _asked(found, "negative_baseline", "roi", *([] if _wants_more(found) else ["media_share"]))
    if asked and prior.style == "by_spend":
        yield Remedy(
            "less_media", f"Media bring at most about {high:.0%}",
            "The prior leaves media room to take what the baseline brings.", asked,
            lambda s: s.model_copy(update={"media_prior": prior.model_copy(update={"share_high": high})}),
        )  # fmt: skip


def _wants_more(found: dict[str, Check]) -> bool:
    """Whether the data gave media more than the prior's range."""
    check = found.get("media_share")
    return check is not None and check.value is not None and check.limit is not None and check.value > check.limit


def _more(model: Model, found: dict[str, Check]) -> Iterator[Remedy]:
    prior = model.spec.media_prior
    wide = {"share_low": round(prior.share_low / 2, 4), "share_high": round(1 - (1 - prior.share_high) / 2, 3)}
    asked = _asked(found, "prior_shift", *(["media_share"] if _wants_more(found) else []))
    if asked and prior.style == "by_spend":
        yield Remedy(
            "wider_media", f"Media bring {wide['share_low']:.0%} to {wide['share_high']:.0%}",
            "The data want media to bring what the prior thinks unlikely.", asked,
            lambda s: s.model_copy(update={"media_prior": prior.model_copy(update=wide)}),
            yardstick=("media_share", "prior_shift"),
        )  # fmt: skip


def _merge(model: Model, found: dict[str, Check]) -> Iterator[Remedy]:
    if "vif" not in found or (pair := alike(model, found["vif"].columns)) is None:
        return
    a, b = pair
    name = f"{a.name} + {b.name}"
    formula = " + ".join(f"`{c.spend}`" for c in pair)
    step = recipe.step("compute", name=name, expression=formula, role="spend", channel=name)

    def merged(spec: ModelSpec) -> ModelSpec:
        kept = [c for c in spec.channels if c.name not in (a.name, b.name)]
        return spec.model_copy(update={"channels": (*kept, ChannelSpec(name=name, spend=name))})

    dropped = [column for c in pair for column in (c.exposure, c.reach, c.frequency) if column]
    acting = (
        f" Together they act by what is spent on them, and no longer by {' and '.join(dropped)}." if dropped else ""
    )
    yield Remedy(
        "merge", f"{a.name} and {b.name} as one channel", f"{a.name} and {b.name} move together, so that the data "
        f"cannot tell which of them it was.{acting}", ("vif",), merged, (step,),
    )  # fmt: skip


def alike(model: Model, flagged: tuple[str, ...]) -> tuple[ChannelSpec, ChannelSpec] | None:
    """The flagged channel and the other that its spend moves with most; none of what a belief or a test says more."""
    tested = {t.channel for t in model.spec.lift_tests}
    paid = [c for c in model.spec.channels if c.spend and not c.belief and c.name not in tested]
    data = model.data
    # Around each geo's mean and on its scale: that large geos spend more on everything makes no two channels alike.
    own = data.spend / data.target_scale[:, None, None]
    own = (own - own.mean(axis=1, keepdims=True)).reshape(-1, len(data.channels))
    spend = {c.name: own[:, data.channels.index(c.name)] for c in paid}
    pairs = [
        (correlation(spend[a.name], spend[b.name]), a, b)
        for i, a in enumerate(paid)
        for b in paid[i + 1 :]
        if {a.name, b.name} & set(flagged)
    ]
    closest = max(pairs, key=lambda p: p[0], default=None)
    return closest[1:] if closest and closest[0] > ALIKE else None


def _like_others(model: Model, found: dict[str, Check]) -> Iterator[Remedy]:
    asked = _asked(found, "roi", "vif")
    names = {n for i in asked for n in found[i].columns}
    flagged = [c for c in model.spec.channels if c.name in names and c.spend and c.belief is None]
    others: list[Interval] = [c.roi for c in model.results.channels if c.roi and c.channel not in names]
    if not flagged or not others:
        return
    low, high = min(r.p5 for r in others), max(r.p95 for r in others)
    if not 0 < low < high:
        return
    belief = Belief(kind="roi", low=low, high=high, source="Fit doctor: the range of the other channels' returns")

    def believed(spec: ModelSpec) -> ModelSpec:
        held = {c.name for c in flagged}
        given = tuple(c.model_copy(update={"belief": belief}) if c.name in held else c for c in spec.channels)
        return spec.model_copy(update={"channels": given})

    who = ", ".join(c.name for c in flagged)
    yield Remedy(
        "like_others", f"{who}: a return like the others' ({low:.2g} to {high:.2g})",
        f"The data leave the return of {who} open, so that nothing keeps it plausible.", asked, believed,
    )  # fmt: skip


def _memory(model: Model, found: dict[str, Check]) -> Iterator[Remedy]:
    asked = _asked(found, "misfit", "autocorrelation")
    lag = min(52, 2 * model.spec.max_lag)
    if asked and model.spec.adstock is not Adstock.NONE and lag < len(model.data.dates) // 2:
        yield Remedy(
            "memory", f"A longer memory ({lag} periods)", "Effects may last longer than the model lets them.", asked,
            lambda s: s.model_copy(update={"max_lag": lag}),
        )  # fmt: skip


def _family(model: Model, found: dict[str, Check]) -> Iterator[Remedy]:
    asked = _asked(found, "misfit")
    if asked and model.spec.adstock not in (Adstock.NONE, Adstock.DELAYED):
        yield Remedy(
            "delayed", "Effects that may come later (delayed adstock)",
            "Effects may reach their height some periods after the spend.", asked,
            lambda s: s.model_copy(update={"adstock": Adstock.DELAYED}),
        )  # fmt: skip
    if asked and model.spec.saturation is not Saturation.HILL:
        yield Remedy(
            "hill", "Effects that may be slow to rise (Hill saturation)",
            "Small amounts of spend may do less than the model's curve says.", asked,
            lambda s: s.model_copy(update={"saturation": Saturation.HILL}),
        )  # fmt: skip


MAKERS: tuple[Callable[[Model, dict[str, Check]], Iterator[Remedy]], ...] = (
    _steps,
    _longer,
    _bends,
    _season,
    _control,
    _less,
    _more,
    _merge,
    _like_others,
    _memory,
    _family,
)
