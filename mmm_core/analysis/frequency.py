"""How often it pays to reach the same person, per channel that is modelled by reach and frequency."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mmm_core.analysis import recent
from mmm_core.analysis.intervals import bands, interval
from mmm_core.domain.results import FrequencyCurve

if TYPE_CHECKING:
    from mmm_core.analysis.response import ResponseModel

POINTS = 41


def frequency_curves(model: ResponseModel) -> dict[str, FrequencyCurve]:
    """By channel, those alone that have a frequency."""
    return {model.channels[c]: _curve(model, c) for c in model.data.by_frequency}


def _curve(model: ResponseModel, channel: int) -> FrequencyCurve:
    """KPI units per period, carry-over arrived, geos summed: the recent contacts on ``contacts / f`` people.

    From one contact (or the fewest ever seen, where that is less) to the most ever seen.
    """
    data = model.data
    assert data.frequency is not None
    often = data.frequency[:, :, channel]
    seen = often[often > 0]
    level = np.linspace(min(1.0, float(seen.min())), float(seen.max()), POINTS)
    weights = np.stack([recent.reach_weights(data, channel, g) for g in range(len(data.geos))])  # (G, T)
    people = np.array([recent.mean_reach(data, channel, g) for g in range(len(data.geos))])
    contacts = people * (weights * often).sum(axis=1)
    scale = np.where(data.media_scale[:, channel] > 0, data.media_scale[:, channel], 1.0)
    # Geos differ in contacts and effect alone: what a frequency does to a person is the same everywhere.
    bought = np.asarray((contacts / scale) @ model.effect[channel] * model.now)
    today = float(contacts.sum() / people.sum())

    def brought(frequency: np.typing.NDArray[np.float64]) -> np.typing.NDArray[np.float64]:
        return np.asarray(model.per_person(channel, frequency) / frequency[:, None] * bought, dtype=float)

    draws = brought(level)
    found, now = bands(draws), brought(np.array([today]))[0]
    best = draws[int(found.mean.argmax())]
    return FrequencyCurve(
        level=tuple(level.tolist()),
        mean=tuple(found.mean.tolist()),
        p5=tuple(found.p5.tolist()),
        p95=tuple(found.p95.tolist()),
        today=today,
        best=interval(level[draws.argmax(axis=0)]),
        gain=interval(best / np.maximum(now, np.finfo(float).tiny) - 1.0),
    )
