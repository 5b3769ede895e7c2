"""A check of units: a part of a column that is a power of ten away from the rest, as thousands or cents are."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from mmm_core.data.quality_maths import Array
from mmm_core.data.quality_view import MEDIA, View, listed, passed
from mmm_core.domain.checks import Check, Fix, Status
from mmm_core.domain.dataset import Role
from mmm_core.domain.words import counted

FEWEST = 12
"""Periods with a value under which a column is not judged."""
SHORTEST = 4
"""Periods that a part has at least: fewer are outliers."""
NEAR, FAR = 0.12, 0.25
"""How far from a whole power of ten a jump may be (log10): a third, since the level itself may have moved meanwhile,
and more where few periods leave it open."""
CLEAR = 1 / 3
"""Part of the jump that no value of either side may reach into."""
SWITCHES = 2
"""A part that begins and ends; campaigns switch more often."""


@dataclass(frozen=True)
class Part:
    """Consecutive periods whose level is ``10 ** power`` times the rest's."""

    power: int
    start: pd.Timestamp | None
    """First period; None where the part begins with the data."""
    end: pd.Timestamp | None

    @property
    def words(self) -> str:
        if self.start is not None and self.end is not None:
            return f"from {self.start:%Y-%m-%d} to {self.end:%Y-%m-%d}"
        return f"from {self.start:%Y-%m-%d} on" if self.start is not None else f"up to {self.end:%Y-%m-%d}"


def unit_change(view: View) -> Check:
    """A part of the KPI, of spend or of exposure whose level is a power of ten away from the rest, and stays there.

    Budgets that grow tenfold exist. What money bought per contact does not change by a power of ten: where a channel's
    spend jumps and its exposure does not (or the reverse), the finding is certain and fails.
    """
    title = "Units"
    found: dict[tuple[str, Part], list[str]] = {}
    certain: set[tuple[str, Part]] = set()
    for geo, one in view.geos.items():
        own = {c: _part(one.periods[c]) for c in one.role_columns(Role.KPI, *MEDIA)}
        alone = _without_its_pair(one, own)
        for column, part in own.items():
            if part is not None:
                found.setdefault((column, part), []).append(geo)
                certain |= {(column, part)} if column in alone else set()
    if not found:
        return passed("unit_change", title, "No column changes its unit on the way.", 0.0, 0.0)
    columns = list(dict.fromkeys(c for c, _ in found))
    (worst, part), geos = max(found.items(), key=lambda item: (item[0] in certain, abs(item[0][1].power)))
    where = f" in {counted(len(geos), 'geo')}" if view.panel else ""
    size = f"{10 ** abs(part.power):,}"
    much = f"{size} times" if part.power > 0 else f"a {size}th of"
    others = f"{listed(columns)} are on another scale for a part: " if len(columns) > 1 else ""
    because = (
        "spend and exposure do not move together there, so that it must be another unit"
        if (worst, part) in certain
        else "that looks like another unit, unless its level did change that much"
    )
    return Check(
        "unit_change",
        title,
        Status.FAIL if certain else Status.REVIEW,
        f"{others}{worst}{where} is about {much} its usual level {part.words}; {because}.",
        float(len(columns)),
        0.0,
        tuple(columns),
        _fixes(view, found),
    )


def _fixes(view: View, found: dict[tuple[str, Part], list[str]]) -> tuple[Fix, ...]:
    """One for each part, with all columns that share it."""
    shared: dict[tuple[Part, tuple[str, ...]], list[str]] = {}
    for (column, part), geos in found.items():
        shared.setdefault((part, tuple(geos) if view.panel else ()), []).append(column)
    fixes = []
    for (part, places), columns in shared.items():
        factor, geos = 10.0**-part.power, list(places)
        arguments: dict[str, object] = {"columns": columns, "factor": factor}
        arguments |= {"start": part.start.date().isoformat()} if part.start is not None else {}
        arguments |= {"end": part.end.date().isoformat()} if part.end is not None else {}
        arguments |= {"geos": geos} if geos else {}
        label = f"Multiply {listed(columns)} by {factor:,.10g} {part.words}{f' in {listed(geos)}' if geos else ''}"
        fixes.append(Fix("multiply_part", arguments, label))
    return tuple(fixes)


def _without_its_pair(view: View, own: dict[str, Part | None]) -> set[str]:
    """Columns whose part shows in the money paid per contact as well."""
    alone = set()
    for channel in view.channels:
        if channel.spend is None or channel.exposure is None:
            continue
        paid, shown = view.periods[channel.spend], view.periods[channel.exposure]
        price = _part((paid / shown.where(shown > 0)).replace([np.inf, -np.inf], np.nan))
        if price is not None and (own[channel.spend] is None) != (own[channel.exposure] is None):
            alone |= {channel.spend} if own[channel.spend] is not None else {channel.exposure}
    return alone


def _part(values: "pd.Series[float]") -> Part | None:
    """The part of a series, zeros and gaps left out, that lies a whole power of ten from the rest."""
    known = values[values.notna() & (values > 0)]
    if len(known) < FEWEST:
        return None
    level = np.log10(known.to_numpy(dtype=float))
    order = np.sort(level)
    gaps = np.diff(order)
    widest = int(np.argmax(gaps))
    high = level > 0.5 * (order[widest] + order[widest + 1])
    switches = np.flatnonzero(np.diff(high.astype(int)))
    if len(switches) > SWITCHES or min(high.sum(), (~high).sum()) < SHORTEST:
        return None
    jump = float(np.median(level[high]) - np.median(level[~high]))
    power = round(jump)
    # Levels that overlap, or nearly do, are one range of values and no two units.
    if power < 1 or gaps[widest] < CLEAR * jump or abs(jump - power) > _tolerance(level[high], level[~high]):
        return None
    return _stretch(known.index, high, switches, power)


def _tolerance(high: Array, low: Array) -> float:
    """Three standard errors of the difference of two medians."""
    spread = np.concatenate([high - np.median(high), low - np.median(low)])
    sd = 1.4826 * float(np.median(np.abs(spread)))
    return float(np.clip(3 * 1.25 * sd * np.sqrt(1 / len(high) + 1 / len(low)), NEAR, FAR))


def _stretch(
    index: pd.Index,
    high: "np.ndarray[tuple[int], np.dtype[np.bool_]]",
    switches: "np.ndarray[tuple[int], np.dtype[np.signedinteger]]",
    power: int,
) -> Part:
    """The smaller side as a stretch of periods; of a part in the middle the middle."""
    if len(switches) == SWITCHES:
        odd = bool(high[switches[0] + 1])
        start, end = index[switches[0] + 1], index[switches[1]]
        return Part(power if odd else -power, pd.Timestamp(start), pd.Timestamp(end))
    at = int(switches[0])
    late = 2 * (at + 1) > len(high)
    odd = bool(high[-1] if late else high[0])
    start, end = (index[at + 1], None) if late else (None, index[at])
    return Part(
        power if odd else -power,
        None if start is None else pd.Timestamp(start),
        None if end is None else pd.Timestamp(end),
    )


CHECKS = (unit_change,)
