"""Cutting a model's data at a date: what a model fitted before it sees, and how it goes on after it."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from mmm_core.domain.errors import BadInput
from mmm_core.domain.fit import Array, ModelData
from mmm_core.modeling import prepare
from mmm_core.modeling.spec import ModelSpec
from mmm_core.reports import wording


@dataclass(frozen=True)
class Window:
    """Data up to a point, and the same with the periods after it in the units of the data before.

    G geos, N periods of training, T periods in all.
    """

    spec: ModelSpec
    """Less the channels that had no exposure before the edge, and the lift tests that were not over by then."""
    train: ModelData
    """N periods: all that the fit is shown."""
    whole: ModelData
    """T periods, scaled and standardised by the training's numbers alone."""
    left_out: tuple[str, ...]
    """Channels that began after the edge; a model fitted before it cannot know them."""

    @property
    def edge(self) -> int:
        return len(self.train.dates)


def spans(frame: pd.DataFrame, spec: ModelSpec, data: ModelData, count: int, periods: int, words: str) -> list[int]:
    """First period of each of ``count`` spans of ``periods`` that follow one another to the end of the data.

    ``words`` name what needs that room; whatever cannot be fitted before the first of them is refused.
    """
    ensure_room(data, count * periods, words)
    first = len(data.dates) - count * periods
    cut(frame, spec, first)
    return [first + n * periods for n in range(count)]


def dates_of(frame: pd.DataFrame, spec: ModelSpec) -> npt.NDArray[np.datetime64]:
    """(T,) the distinct periods, ascending."""
    dates = pd.to_datetime(frame[spec.date]).unique()
    ordered: npt.NDArray[np.datetime64] = np.sort(np.asarray(dates, dtype="datetime64[ns]"))
    return ordered


def until(frame: pd.DataFrame, spec: ModelSpec, periods: int) -> pd.DataFrame:
    """The rows of the first ``periods`` periods, of every geo."""
    dates = dates_of(frame, spec)
    if periods >= len(dates):
        return frame
    early: pd.DataFrame = frame[pd.to_datetime(frame[spec.date]) < dates[periods]]
    return early


def cut(frame: pd.DataFrame, spec: ModelSpec, train: int, periods: int | None = None) -> Window:
    """Cut after ``train`` periods; what comes after ``periods`` periods (all where None) is dropped.

    Raises
    ------
    SpecError
        When the shorter data cannot hold the model.
    """
    shown, seen = until(frame, spec, train), frame if periods is None else until(frame, spec, periods)
    fewer, left_out = _known(shown, spec)
    fewer = with_known_tests(fewer, shown)
    alone = prepare.prepare(shown, fewer)
    together = prepare.prepare(seen, fewer)
    # Columns are those of the whole table, so that indicators and knots mean the same before and after the edge.
    standard = _Before(together, train)
    level = together.reference
    whole = replace(
        together,
        linear=standard.of(together.linear),
        reference=None if level is None else standard.of(level[:, None])[:, 0],
        media_scale=alone.media_scale,
        target_scale=alone.target_scale,
        frequency_scale=alone.frequency_scale,
    )
    return Window(fewer, _first(whole, alone, train), whole, left_out)


def forecast(window: Window) -> tuple[int, int]:
    """First and last (exclusive) period after the edge."""
    return window.edge, len(window.whole.dates)


def with_known_tests(spec: ModelSpec, frame: pd.DataFrame) -> ModelSpec:
    """The specification less the lift tests of other channels, and those that the rows do not hold to their end."""
    if not spec.lift_tests:
        return spec
    dates = dates_of(frame, spec).astype("datetime64[D]")
    starts, ends = prepare.period_spans(dates, spec.date)
    names = {c.name for c in spec.channels}
    held = [(np.datetime64(t.start), np.datetime64(t.measured_until or t.end)) for t in spec.lift_tests]
    kept = tuple(
        t
        for t, (first, last) in zip(spec.lift_tests, held, strict=True)
        if t.channel in names and first >= starts[0] and last < ends[-1]
    )
    return spec.model_copy(update={"lift_tests": kept})


def spoken(data: ModelData, count: int) -> str:
    """13 weeks."""
    return wording.periods(count, round(prepare.period_days(data)))


def ensure_room(data: ModelData, wanted: int, what: str) -> None:
    """BadInput where ``wanted`` periods to forecast would leave less than half of the data to learn from."""
    have = len(data.dates)
    if wanted >= have:
        raise BadInput(
            f"{what} of {spoken(data, wanted)} is as long as the data, which has {spoken(data, have)}; "
            f"choose at most {have // 2}."
        )
    if 2 * wanted > have:
        raise BadInput(
            f"{what} of {spoken(data, wanted)} leaves {spoken(data, have - wanted)} to learn from; "
            f"with {spoken(data, have)} of data choose at most {have // 2}."
        )


def _known(frame: pd.DataFrame, spec: ModelSpec) -> tuple[ModelSpec, tuple[str, ...]]:
    """The specification less the channels that are 0 throughout, and their names."""
    silent = tuple(c.name for c in spec.channels if not _exposed(frame, [c.acting]))
    if not silent:
        return spec, ()
    if len(silent) == len(spec.channels):
        raise BadInput("No channel has any exposure in the earlier part of the data; choose a later start.")
    return spec.model_copy(update={"channels": tuple(c for c in spec.channels if c.name not in silent)}), silent


def _exposed(frame: pd.DataFrame, columns: list[str | None]) -> bool:
    named = [c for c in columns if c is not None]
    return bool((frame[named].apply(pd.to_numeric, errors="coerce").fillna(0) > 0).to_numpy().any())


def _first(whole: ModelData, alone: ModelData, train: int) -> ModelData:
    """What was prepared from the early rows alone, with the linear columns of the whole."""
    return replace(
        alone,
        linear=whole.linear[:, :train],
        linear_names=whole.linear_names,
        linear_groups=whole.linear_groups,
        reference=whole.reference,
    )


class _Before:
    """Standardises columns by their mean in each geo and their one standard deviation over the first periods.

    What never changes there becomes zeros throughout: nothing was learned about it. Bends of the baseline stay as they
    are over the whole: they were known beforehand, and one that has hardly begun at the edge would be blown up.
    """

    def __init__(self, data: ModelData, train: int) -> None:
        linear = data.linear
        early = linear[:, :train]
        bends = np.isin(data.linear_groups, ("trend", "bend")) & (np.array(data.linear_names) != "trend")
        self.mean = np.where(bends, 0.0, early.mean(axis=1, keepdims=True))
        self.deviation = np.where(bends, 1.0, (early - self.mean).std(axis=(0, 1)))
        self.usable = self.deviation > 1e-9 * np.maximum(1.0, np.abs(linear).max(axis=(0, 1), initial=0.0))

    def of(self, values: Array) -> Array:
        """(G, n, K)"""
        deviation = np.where(self.usable, self.deviation, 1.0)
        scaled: Array = np.where(self.usable, (values - self.mean) / deviation, 0.0)
        return scaled
