"""The trend scanner's findings as sentences: one for each thing found."""

import calendar
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from mmm_core.data.trends import Odd, Scan
from mmm_core.reports import wording as f

Write = Callable[[float | None], str]
CLEAR_SEASON = 0.4
"""Strength under which a season is called faint."""


def sentences(scan: Scan, write: Write, step_days: int = 7, where: str = "") -> tuple[str, ...]:
    """What was found in one series, most important first; ``write`` writes its values.

    ``where``: "in the total", where geos have odd periods of their own.
    """
    found = [_growth(scan, write, step_days), _season(scan), _odd(scan, write, where), _events(scan, write)]
    return tuple(s for s in found if s)


def geo_sentences(growth: pd.DataFrame, odd: Sequence[Odd], write: Write) -> tuple[str, ...]:
    """What sets geos apart: the fastest and the slowest, and the odd periods that only some have."""
    out = []
    if len(growth) >= 2:
        top, low = growth.iloc[0], growth.iloc[-1]
        out.append(
            f"{top['geo']} did best against the year before ({_change(top['change'])}), {low['geo']} worst "
            f"({_change(low['change'])})."
        )
    if odd:
        geos = list(dict.fromkeys(o.geo for o in odd))
        one = odd[0]
        place = f"{one.geo} on " if len(geos) > 1 else ""
        far = f"{place}{f.day(one.period)}: {write(one.value)} where {write(one.expected)} was expected"
        where = f"in {len(geos)} geos" if len(geos) > 1 else f"in {one.geo}"
        out.append(
            f"1 odd period {where}: {far}."
            if len(odd) == 1
            else f"{len(odd)} odd periods {where}; the farthest is {far}."
        )
    return tuple(out)


def _growth(scan: Scan, write: Write, step_days: int) -> str:
    name = f.plain(scan.column)
    if scan.growth is None:
        return f"There is too little history to compare {f.inside(scan.column)} with the year before."
    change = scan.growth.change
    span = f.periods(scan.growth.periods, step_days)
    if change is None:
        return f"{name} was nil in the year before the last {span}, so growth cannot be told."
    if abs(change) < 0.005:
        return f"{name} is level with the year before over the last {span} ({write(scan.growth.now)})."
    moved = "grew" if change > 0 else "fell"
    return (
        f"{name} {moved} by {f.share(abs(change))} over the last {span} against the same {span.split()[-1]} a year "
        f"before ({write(scan.growth.before)} to {write(scan.growth.now)})."
    )


def _season(scan: Scan) -> str:
    if scan.season_strength is None:
        return "A yearly season needs two full years of data to be told from chance."
    if scan.season_strength < CLEAR_SEASON:
        return f"The yearly season is faint: it makes up {f.share(scan.season_strength)} of what is not trend."
    season = scan.table.groupby(scan.table["period"].dt.month)["season"].mean()
    high, low = (calendar.month_name[int(np.asarray(season.index)[i])] for i in (season.argmax(), season.argmin()))
    return (
        f"The yearly season makes up {f.share(scan.season_strength)} of what is not trend: highest in {high}, lowest "
        f"in {low}."
    )


def _odd(scan: Scan, write: Write, where: str) -> str:
    if scan.season_strength is None:
        return ""
    if not scan.odd:
        return f"No period stands out{where and f' {where}'} once trend and season are taken off."
    one = scan.odd[0]
    side = "above" if one.value > one.expected else "below"
    count = "1 period stands" if len(scan.odd) == 1 else f"{len(scan.odd)} periods stand"
    far = f"{f.day(one.period)}, {write(one.value)}, {side} the {write(one.expected)} that was expected"
    them = "it is" if len(scan.odd) == 1 else "the farthest is"
    return f"{count} out{where and f' {where}'} once trend and season are taken off; {them} {far}."


def _events(scan: Scan, write: Write) -> str:
    clear = [e for e in scan.events if e.low > 0 or e.high < 0]
    if not scan.events:
        return "No event is marked; columns with the role of a holiday or event are measured here."
    if not clear:
        return "None of the marked events has an effect that is clear of zero."
    one = clear[0]
    are = "is" if len(clear) == 2 else "are"
    more = f", and {len(clear) - 1} more of {len(scan.events)} events {are} clear of zero" if len(clear) > 1 else ""
    gave = "brought" if one.effect > 0 else "cost"
    return (
        f"{f.plain(one.event)} {gave} {write(abs(one.effect))} in each of its {one.times} periods "
        f"(90% interval {write(min(abs(one.low), abs(one.high)))} to {write(max(abs(one.low), abs(one.high)))}){more}."
    )


def _change(value: float) -> str:
    return f"{'+' if value > 0 else '−' if value < 0 else ''}{f.share(abs(value))}"
