"""A specification to start from: what the recognised data can carry, with the reason of every choice."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype

from mmm_core.data.quality_controls import choose_controls
from mmm_core.data.quality_maths import adjusted_r2
from mmm_core.data.quality_view import ChannelColumns, Thresholds, View, listed, look
from mmm_core.data.recognise import with_roles
from mmm_core.domain.dataset import Recognition, Role
from mmm_core.domain.errors import SpecError
from mmm_core.domain.fit import Array
from mmm_core.domain.words import counted
from mmm_core.modeling.prepare import MOST_LEVELS
from mmm_core.modeling.spec import ChannelSpec, KpiSpec, ModelSpec, Saturation, Season, Treatment, Trend

PER_CHANNEL = 3
"""Memory, saturation and effect."""
ROWS_PER_PARAMETER = 3
ROWS_PER_CONTROL = 10
"""A baseline with many knots eats media, so controls are kept to a tenth of the rows."""
LEAST_CONTROLS = 5
PIECEWISE_GAIN = 0.05
"""Share of the KPI's variance that changes of slope must explain before the trend may bend."""


def suggest_spec(
    frame: pd.DataFrame,
    recognition: Recognition,
    *,
    currency: str = "EUR",
    kpi_unit: str = "revenue",
    value_per_unit: float | None = None,
    target: str = "",
    channels: Sequence[str] = (),
    controls: Sequence[str] = (),
) -> tuple[ModelSpec, tuple[str, ...]]:
    """Sensible defaults for recognised data.

    Parameters
    ----------
    target
        The plan's KPI, by column name; where the data have no such column, the one that is recognised.
    channels, controls
        The plan's choice, by channel or column name; where none of them is in the data, the data decide.

    Returns
    -------
    spec, notes
        One sentence per choice that a person may want to know or undo.

    Raises
    ------
    SpecError
        When there is no date, no KPI or no media.
    """
    recognition, target_note = _aimed(frame, recognition, target)
    day = recognition.one(Role.DATE)
    kpi = recognition.one(Role.KPI)
    if day is None or day not in frame:
        raise SpecError("No column is marked as the date; set its role on the Data page.")
    if kpi is None or kpi not in frame:
        raise SpecError("No column is marked as the KPI; set its role on the Data page.")
    view = look(frame, recognition, Thresholds(), pd.Timestamp.now().date())
    media, media_notes = _channels(view, channels)
    if not media:
        raise SpecError("No column with media spend or exposure is left to model; set roles on the Data page.")
    season, season_note = _season(view)
    trend, trend_note = _trend(view, kpi)
    fixed = 2 + 2 * season.yearly_terms + (1 + trend.knots if trend.kind == "piecewise" else 1)
    kept, control_notes = _controls(view, frame, controls, media, fixed)
    holidays = set(recognition.columns(Role.HOLIDAY))
    value, value_note = _kpi(recognition, frame, kpi, kpi_unit, value_per_unit)
    treatments = tuple(_treatment(view, c) for c in recognition.columns(Role.TREATMENT) if c in view.numeric)
    spec = ModelSpec(
        kpi=value,
        date=day,
        geo=recognition.one(Role.GEO) if view.panel else None,
        population=recognition.one(Role.POPULATION) if view.panel else None,
        currency=currency,
        channels=tuple(_channel(c) for c in media),
        controls=tuple(c for c in kept if c not in holidays),
        holidays=tuple(c for c in kept if c in holidays),
        treatments=treatments,
        max_lag=_max_lag(view),
        # Hill holds early, late and S-shaped saturation alike, where the logistic curve has one shape and, when that
        # is wrong, intervals that are too narrow.
        saturation=Saturation.HILL,
        season=season,
        trend=trend,
    )
    return spec, tuple(n for n in (target_note, *media_notes, value_note, *control_notes, season_note, trend_note) if n)


def _aimed(frame: pd.DataFrame, recognition: Recognition, target: str) -> tuple[Recognition, str]:
    """The plan's target as the KPI; the column that was it is then no part of the model."""
    kpi = recognition.one(Role.KPI)
    if not target or kpi is None:
        return recognition, ""
    called = target.casefold().replace(" ", "_")
    column = next((str(c) for c in (kpi, *frame.columns) if str(c).casefold().replace(" ", "_") == called), None)
    if column == kpi:
        return recognition, ""
    if column is None or not is_numeric_dtype(frame[column]):
        return recognition, f"The data have no column of numbers {target}, the plan's target; the KPI is {kpi}."
    note = f"The KPI is {column}, the plan's target; the checks on the Data page looked at {kpi}."
    return with_roles(recognition, {column: Role.KPI}), note


def _channels(view: View, wanted: Sequence[str]) -> tuple[list[ChannelColumns], list[str]]:
    """Channels with something in them, in the plan's choice where it names any of them."""
    notes: list[str] = []
    live: list[ChannelColumns] = []
    silent: list[ChannelColumns] = []
    for channel in view.channels:
        (live if view.complete([channel.acting])[channel.acting].max() > 0 else silent).append(channel)
    if silent:
        notes.append(f"Left out {listed([c.name for c in silent])}: zero in every period.")
    named = [c for c in live if {c.name, c.spend, c.exposure} & set(wanted)]
    if named and len(named) < len(live):
        notes.append(f"Left out {listed([c.name for c in live if c not in named])}: not in the plan.")
    chosen = named or live
    alone = [c.name for c in chosen if c.exposure is None and c.reach is not None and c.frequency is None]
    if alone:
        notes.append(f"{listed(alone)}: modelled by the people reached, as no column says how often each of them was.")
    both = [c.name for c in chosen if c.exposure is None and c.frequency is not None]
    if both:
        notes.append(f"{listed(both)}: modelled by the people reached and by how often each of them was.")
    spare = [c.name for c in chosen if c.exposure is not None and c.frequency is not None]
    if spare:
        notes.append(f"{listed(spare)}: modelled by the exposure; reach and frequency could take its place.")
    organic = [c.name for c in chosen if c.spend is None]
    if organic:
        notes.append(
            f"{listed(organic)} {'has' if len(organic) == 1 else 'have'} no spend: effect, but no return on it."
        )
    return chosen, notes


def _channel(found: ChannelColumns) -> ChannelSpec:
    """By its exposure; else by reach and frequency, or a reach alone as the exposure; else by its spend."""
    if found.exposure is not None or found.frequency is None:
        return ChannelSpec(name=found.name, spend=found.spend, exposure=found.exposure or found.reach)
    return ChannelSpec(name=found.name, spend=found.spend, reach=found.reach, frequency=found.frequency)


def _kpi(
    recognition: Recognition, frame: pd.DataFrame, kpi: str, unit: str, value: float | None
) -> tuple[KpiSpec, str]:
    column = recognition.one(Role.VALUE_PER_UNIT)
    if value is None and column is not None and column in frame:
        return KpiSpec(column=kpi, unit="count", value_per_unit=column), f"What {kpi} is worth is read from {column}."
    if unit == "count":
        note = "" if value is not None else f"Nobody said what {kpi} is worth per unit, so there will be no ROI."
        return KpiSpec(column=kpi, unit="count", value_per_unit=value), note
    return KpiSpec(column=kpi), ""


def _treatment(view: View, column: str) -> Treatment:
    """A lever that is often off counts from off, any other from its mean."""
    return Treatment(column=column, reference="lowest" if view.numeric[column].min() == 0 else "mean")


def _max_lag(view: View) -> int:
    """Periods that an effect may last: two months, four weeks for daily data."""
    days = view.step_days or 7.0
    return 28 if days < 4 else 8 if days < 20 else 3


def _years(view: View) -> float:
    index = view.periods.index
    return float((index[-1] - index[0]).days) / 365.25 if len(index) > 1 else 0.0


def _season(view: View) -> tuple[Season, str]:
    years = _years(view)
    if years < 1.0:
        return Season(yearly_terms=0), "No yearly season: less than a year of data cannot show one."
    terms = 1 if years < 1.5 else 2 if years < 3 else 3
    return Season(yearly_terms=terms), f"Yearly season with {counted(terms, 'wave')} for {years:.1f} years of data."


def _trend(view: View, kpi: str) -> tuple[Trend, str]:
    """A straight line, unless bends explain much of the KPI beyond line, season and media."""
    periods = len(view.periods)
    knots = min(4, max(1, round(_years(view))))
    if periods < 78:
        return Trend(), ""
    time = np.linspace(0, 1, periods)
    day = view.periods.index.day_of_year.to_numpy(dtype=float)  # type: ignore[attr-defined]
    season = [f(2 * np.pi * n * day / 365.25) for n in (1, 2) for f in (np.sin, np.cos)]
    media = [np.sqrt(np.abs(view.complete([c.acting])[c.acting].to_numpy(dtype=float))) for c in view.channels]
    bends = [np.maximum(time - k, 0) for k in np.linspace(0, 1, knots + 2)[1:-1]]
    y: Array = view.complete([kpi])[kpi].to_numpy(dtype=float)
    straight = adjusted_r2(y, np.column_stack([time, *season, *media]))
    bent = adjusted_r2(y, np.column_stack([time, *season, *media, *bends]))
    if bent - straight < PIECEWISE_GAIN:
        return Trend(), ""
    return (
        Trend(kind="piecewise", knots=knots),
        f"The trend may bend {counted(knots, 'time')}: that explains {bent - straight:.0%} more of {kpi} than a line.",
    )


@dataclass(frozen=True)
class _Candidates:
    numbers: list[str]
    text: list[str]
    dropped: dict[str, list[str]]
    """Reason to columns."""


def _controls(
    view: View, frame: pd.DataFrame, wanted: Sequence[str], media: list[ChannelColumns], fixed: int
) -> tuple[list[str], list[str]]:
    """Controls and holidays that the rows can carry, strongest confounders first, in the table's order."""
    found = _candidates(view, frame, wanted)
    rows = len(view.periods)
    room = min(rows // ROWS_PER_CONTROL, rows // ROWS_PER_PARAMETER - PER_CHANNEL * len(media) - fixed)
    most = max(LEAST_CONTROLS, room) - sum(frame[c].nunique(dropna=False) - 1 for c in found.text)
    narrowed = _only(view, found.numbers)
    weakest = set(choose_controls(narrowed, max(1, most))) if found.numbers else set()
    redundant = [c for c in found.numbers if c in weakest and len(found.numbers) <= most]
    crowded = [c for c in found.numbers if c in weakest and c not in redundant]
    notes = [f"Left out {listed(columns)}: {why}." for why, columns in found.dropped.items() if columns]
    if redundant:
        notes.append(f"Left out {listed(redundant)}: constant, or what other columns already say.")
    if crowded:
        notes.append(
            f"Kept the {len(found.numbers) - len(crowded)} controls and holidays that matter most for {rows} periods; "
            f"left out {listed(crowded)}."
        )
    chosen = {*found.text, *(c for c in found.numbers if c not in weakest)}
    return [str(c) for c in frame.columns if c in chosen], notes


def _candidates(view: View, frame: pd.DataFrame, wanted: Sequence[str]) -> _Candidates:
    both = [c for c in view.role_columns(Role.CONTROL, Role.HOLIDAY) if c in frame]
    named = [c for c in both if c in set(wanted)]
    considered = named or both
    numbers, text = [], []
    gaps, words = [], []
    for column in considered:
        values = view.numeric[column]
        if values.notna().all():
            numbers.append(column)
        elif values.notna().any():
            gaps.append(column)
        elif 2 <= frame[column].nunique(dropna=False) <= min(MOST_LEVELS, 6):
            text.append(column)
        else:
            words.append(column)
    return _Candidates(
        numbers,
        text,
        {
            "not in the plan": [c for c in both if c not in considered],
            "they have empty cells": gaps,
            "text that is no short list of events": words,
        },
    )


def _only(view: View, extra: list[str]) -> View:
    """The view with no other controls and holidays than these."""
    roles = tuple(
        r for r in view.recognition.roles if r.role not in (Role.CONTROL, Role.HOLIDAY) or r.column in set(extra)
    )
    return replace(view, recognition=replace(view.recognition, roles=roles))
