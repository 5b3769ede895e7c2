"""The rungs of the ladder: one specification after the other, each with one thing more than the one before."""

from dataclasses import dataclass
from enum import StrEnum

import pandas as pd

from mmm_core.data import recipe
from mmm_core.domain.dataset import ColumnRole, RecipeStep, Recognition, Role, Shape
from mmm_core.domain.errors import SpecError
from mmm_core.modeling.lift import lift_data
from mmm_core.modeling.prepare import DAYS_IN_YEAR, prepare
from mmm_core.modeling.spec import Adstock, ModelSpec, Saturation, Season, TimeVarying, Trend

AGGREGATE = "aggregate_national"
KNOTS_A_YEAR = 2
"""Of the baseline that may bend: twice a year is slower than a season and quicker than a trend."""
MOST_KNOTS = 12


class Ground(StrEnum):
    """Why a rung would be kept where the data cannot tell."""

    START = "start"
    SHAPE = "shape"
    """How advertising is known to work: kept unless the data speak against it."""
    GUARD = "guard"
    """What would else be credited to media: kept unless the data speak against it."""
    FLEXIBLE = "flexible"
    """What can take from media what is theirs: kept only where the data ask for it."""


@dataclass(frozen=True)
class Rung:
    number: int
    name: str
    """What it adds, as in a table."""
    ground: Ground
    spec: ModelSpec
    needs: tuple[RecipeStep, ...] = ()
    """Recipe steps that give it its table."""

    @property
    def key(self) -> str:
        return f"step {self.number}"

    @property
    def national(self) -> bool:
        """Whether a panel's geos are added up for it."""
        return bool(self.needs)


def rungs(frame: pd.DataFrame, spec: ModelSpec) -> tuple[Rung, ...]:
    """The steps there are: a third where there are surroundings, a fourth with geos, a sixth where it is asked for."""
    needs = (recipe.step(AGGREGATE),) if spec.geo else ()
    steady = spec.model_copy(update={"time_varying": TimeVarying()})
    own = steady.model_copy(update={"geo": None, "population": None, **({"lift_tests": ()} if spec.geo else {})})
    line = Trend(kind="linear") if spec.trend.kind not in ("none", "linear") else spec.trend
    bare = {
        "adstock": Adstock.NONE, "saturation": Saturation.LINEAR, "controls": (), "holidays": (), "treatments": (),
        "season": Season(yearly_terms=0), "trend": Trend(kind="none"),
    }  # fmt: skip
    memory = Adstock.GEOMETRIC if spec.adstock is Adstock.NONE else spec.adstock
    curve = Saturation.HILL if spec.saturation is Saturation.LINEAR else spec.saturation
    shaped = {"adstock": memory, "saturation": curve}
    around = {**shaped, "trend": line}
    bends = {**shaped, "trend": bending(frame, spec)}
    found = [
        Rung(0, "Linear", Ground.START, own.model_copy(update=bare), needs),
        Rung(1, "Carry-over", Ground.SHAPE, own.model_copy(update={**bare, "adstock": memory}), needs),
        Rung(2, "Saturation", Ground.SHAPE, own.model_copy(update={**bare, **shaped}), needs),
        Rung(3, surroundings(spec), Ground.GUARD, own.model_copy(update=around), needs),
        Rung(4, "Geos, partly pooled", Ground.GUARD, steady.model_copy(update=around)),
        Rung(5, "Baseline that bends", Ground.FLEXIBLE, steady.model_copy(update=bends)),
        Rung(6, "Drift over time", Ground.FLEXIBLE, spec.model_copy(update=around)),
    ]
    there = {3: found[3].spec != found[2].spec, 4: bool(spec.geo), 6: spec.time_varying != TimeVarying()}
    return tuple(r for r in found if there.get(r.number, True))


def surroundings(spec: ModelSpec) -> str:
    """What the third step brings in: Controls, season and trend."""
    named = (
        ("controls", spec.controls or spec.treatments), ("holidays", spec.holidays),
        ("season", spec.season.yearly_terms), ("trend", spec.trend.kind != "none"),
    )  # fmt: skip
    parts = [name for name, there in named if there] or ["nothing"]
    text = parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
    return text[:1].upper() + text[1:]


def bending(frame: pd.DataFrame, spec: ModelSpec) -> Trend:
    """The specification's own baseline where it bends already, else a smooth one with two knots a year."""
    if spec.trend.kind not in ("none", "linear"):
        return spec.trend
    dates = pd.to_datetime(frame[spec.date])
    years = float((dates.max() - dates.min()).days) / DAYS_IN_YEAR
    return Trend(kind="spline", knots=max(1, min(MOST_KNOTS, round(KNOTS_A_YEAR * years))))


def table(frame: pd.DataFrame, spec: ModelSpec, rung: Rung) -> pd.DataFrame:
    """What a rung is fitted on: the table itself, or a panel's geos added up."""
    return recipe.apply(frame, recognised(spec), rung.needs)[0] if rung.needs else frame


def recognised(spec: ModelSpec) -> Recognition:
    """Roles as the specification uses the columns."""
    value = spec.kpi.value_per_unit
    named = [
        (spec.date, Role.DATE, None),
        (spec.geo, Role.GEO, None),
        (spec.population, Role.POPULATION, None),
        (spec.kpi.column, Role.KPI, None),
        (value if isinstance(value, str) else None, Role.VALUE_PER_UNIT, None),
        *((c, Role.CONTROL, None) for c in (*spec.controls, *(t.column for t in spec.treatments))),
        *((c, Role.HOLIDAY, None) for c in spec.holidays),
        *((c.spend, Role.SPEND, c.name) for c in spec.channels),
        *((c.exposure, Role.EXPOSURE if c.spend else Role.ORGANIC, c.name) for c in spec.channels),
        *((c.reach, Role.REACH, c.name) for c in spec.channels),
        *((c.frequency, Role.FREQUENCY, c.name) for c in spec.channels),
    ]
    roles = tuple(ColumnRole(c, role, 1.0, "", channel) for c, role, channel in named if c)
    return Recognition(Shape.PANEL if spec.geo else Shape.NATIONAL, "plain", None, roles)


def carried(frame: pd.DataFrame, spec: ModelSpec) -> tuple[tuple[Rung, ...], tuple[str, ...]]:
    """Rungs that the rows (and their lift tests) are enough for, and a sentence for each that they are not."""
    kept, left = [], []
    for rung in rungs(frame, spec):
        try:
            lift_data(rung.spec, prepare(table(frame, spec, rung), rung.spec))
        except SpecError as error:
            left.append(f"Step {rung.number} ({rung.name.lower()}) was left out: {error}")
        else:
            kept.append(rung)
    if not kept:
        raise SpecError(left[0])
    return tuple(kept), tuple(left)
