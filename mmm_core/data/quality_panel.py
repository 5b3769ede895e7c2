"""Checks of a panel: what its geographies have in common, and what a single one lacks."""

import numpy as np
import pandas as pd

from mmm_core.data import panel
from mmm_core.data.quality_view import View, drop, listed, passed
from mmm_core.domain.checks import Check, Fix, Status
from mmm_core.domain.dataset import Role
from mmm_core.domain.words import counted


def geo_rows(view: View) -> Check:
    """Geographies with one row or very few: nothing of their own can be learned there."""
    title, limit = "Rows per geo", float(view.limits.geo_rows_fail)
    counts = _spans(view)["periods"]
    short = few_rows(view)
    least = float(counts.min()) if len(counts) else 0.0
    if not short:
        words = f"{counted(len(counts), 'geo')}, each with at least {counted(int(least), 'period')}."
        return passed("geo_rows", title, words, least, limit)
    fixes = (_drop_geos(short, recommended=True),) if len(short) < len(counts) else ()
    named = ", ".join(f"{g} ({counted(int(counts[g]), 'row')})" for g in short[:4])
    return Check(
        "geo_rows",
        title,
        Status.FAIL,
        f"{counted(len(short), 'geo')} of {len(counts)} {'has' if len(short) == 1 else 'have'} under {limit:g} "
        f"periods: {named}{f' and {len(short) - 4} more' if len(short) > 4 else ''}.",
        least,
        limit,
        (),
        fixes,
    )


def geo_ranges(view: View) -> Check:
    """Geographies that begin or end elsewhere than the others; those with very few rows are judged apart."""
    title = "Same periods in every geo"
    spans = _spans(view).drop(index=few_rows(view))
    if len(spans) < 2:
        return passed("geo_ranges", title, "There is one geo at most to compare.", 0.0, 0.0)
    start, end = spans["first"].max(), spans["last"].min()
    off = spans[(spans["first"] != spans["first"].min()) | (spans["last"] != spans["last"].max())]
    if off.empty:
        return passed(
            "geo_ranges",
            title,
            f"{counted(len(spans), 'geo')} all run from {start:%Y-%m-%d} to {end:%Y-%m-%d}.",
            0.0,
            0.0,
        )
    whole = float((spans["last"].max() - spans["first"].min()).days) or 1.0
    kept = max(float((end - start).days), 0.0) / whole
    names = [str(g) for g in off.index]
    worst = off["periods"].idxmin()
    kpi = _kpi_share(view, names)
    # Cutting time costs every geo, dropping costs the short ones: the cheaper of the two is recommended.
    cut = 1 - kept
    shared = Fix(
        "shared_periods", {}, f"Keep the periods that all geos share ({kept:.0%} of the time)", cut <= min(kpi, 0.2)
    )
    dropped = _drop_geos(names, recommended=not shared.recommended and kpi <= 0.2, why=f" ({kpi:.0%} of the KPI)")
    fixes = ((shared,) if kept > 0 else ()) + ((dropped,) if len(names) < len(spans) else ())
    return Check(
        "geo_ranges",
        title,
        Status.FAIL,
        f"{counted(len(off), 'geo')} of {len(spans)} {'covers' if len(off) == 1 else 'cover'} other dates than the "
        f"rest, such as {worst} ({off.loc[worst, 'first']:%Y-%m-%d} to {off.loc[worst, 'last']:%Y-%m-%d}).",
        float(len(off)),
        0.0,
        (),
        fixes,
    )


def geo_kpi(view: View) -> Check:
    """Geographies whose KPI is always zero or never moves."""
    title = "KPI in every geo"
    if view.kpi is None:
        return passed("geo_kpi", title, "There is no KPI to check.", 0.0, 0.0)
    values = view.numeric[view.kpi].groupby(view.where)
    enough = values.count() >= max(2, view.limits.geo_rows_fail)
    still = enough & (values.nunique() <= 1)
    zero = enough & (values.max() == 0) & (values.min() == 0)
    dead = [str(g) for g in still.index[still]]
    if not dead:
        return passed("geo_kpi", title, "The KPI moves in every geo.", 0.0, 0.0)
    what = "is zero" if zero[still].all() else "never changes"
    fixes = (_drop_geos(dead, recommended=True),) if len(dead) < view.where.nunique() else ()
    return Check(
        "geo_kpi",
        title,
        Status.FAIL,
        f"The KPI {what} in {listed(dead)}; there is nothing to explain there.",
        float(len(dead)),
        0.0,
        (view.kpi,),
        fixes,
    )


def geo_channels(view: View) -> Check:
    """Channels that run in a single geography."""
    title = "Channels across geos"
    geos = view.where.nunique()
    lonely: dict[str, str] = {}
    for channel in view.channels:
        on = (view.numeric[channel.acting].fillna(0) > 0).groupby(view.where).any()
        if geos > 1 and on.sum() == 1:
            lonely[channel.name] = str(on.index[on][0])
    if not lonely:
        return passed("geo_channels", title, "Every channel runs in several geos.", 0.0, 0.0)
    named = ", ".join(f"{c} ({g})" for c, g in list(lonely.items())[:4])
    columns = [c.acting for c in view.channels if c.name in lonely]
    paired = [x for c in view.channels if c.name in lonely for x in (c.spend, c.exposure, c.reach, c.frequency) if x]
    return Check(
        "geo_channels",
        title,
        Status.REVIEW,
        f"{counted(len(lonely), 'channel')} {'runs' if len(lonely) == 1 else 'run'} in one geo only: {named}; what it "
        "would do elsewhere cannot be learned.",
        float(len(lonely)),
        0.0,
        tuple(columns),
        (drop(paired),),
    )


def national_media(view: View) -> Check:
    """Media that repeat the national number in every geography, so that their total counts many times."""
    title = "National numbers in geos"
    found = [c for c in panel.national_columns(_table(view), view.recognition) if c in view.numeric]
    geos = view.where.nunique()
    media = [c for c in found if c != view.kpi and c not in view.role_columns(Role.FREQUENCY)]
    fixes: tuple[Fix, ...]
    if view.kpi in found:
        fixes = (Fix("aggregate_national", {}, "Add up to one national series, repeated numbers once", True),)
        return Check(
            "national_numbers",
            title,
            Status.FAIL,
            f"The KPI {view.kpi} is the same in all {geos} geos, so it is national and says nothing about a geo.",
            float(len(found)),
            0.0,
            tuple(found),
            fixes,
        )
    if not media:
        return passed("national_numbers", title, "No column repeats a national number in every geo.", 0.0, 0.0)
    people = view.recognition.one(Role.POPULATION)
    known = people is not None and people in view.numeric and bool((view.numeric[people] > 0).all())
    ways = (("population", known), ("sales", True), ("equal", True))
    words = {"population": "by population", "sales": "by sales", "equal": "equally"}
    fixes = tuple(
        Fix("split_national", {"columns": media, "weight": by}, f"Split among geos {words[by]}", recommended=i == 0)
        for i, by in enumerate(by for by, possible in ways if possible)
    )
    return Check(
        "national_numbers",
        title,
        Status.FAIL,
        f"{listed(media)} {'holds' if len(media) == 1 else 'hold'} the same number in every geo, so "
        f"{'its' if len(media) == 1 else 'their'} total counts {geos} times; split national media among the geos.",
        float(len(media)),
        0.0,
        tuple(media),
        fixes,
    )


def population(view: View) -> Check:
    """Population: there for every geography, above zero and the same over time."""
    title, column = "Population", view.recognition.one(Role.POPULATION)
    if column is None or column not in view.numeric:
        return passed("population", title, "No population column; geos are compared by their KPI.", None, None)
    values = view.numeric[column]
    grouped = values.groupby(view.where)
    unknown = [str(g) for g, n in grouped.max().items() if not n > 0]
    holes = int((~(values > 0)).sum())
    spread = (grouped.max() - grouped.min()) / grouped.median()
    moving = [str(g) for g in spread.index[spread > 0]]
    top = float(spread.max()) if len(spread) and np.isfinite(spread.max()) else 0.0
    steady = Fix("steady_population", {}, "Take each geo's median for all its rows", recommended=True)
    if unknown:
        return Check(
            "population",
            title,
            Status.FAIL,
            f"{listed(unknown)} {'has' if len(unknown) == 1 else 'have'} no population above zero.",
            float(len(unknown)),
            0.0,
            (column,),
            (drop([column], recommended=True, why=" and compare geos by their KPI"), _drop_geos(unknown)),
        )
    if holes:
        message = f"Population is missing or zero in {counted(holes, 'row')}."
        return Check("population", title, Status.FAIL, message, float(holes), 0.0, (column,), (steady,))
    if moving:
        return Check(
            "population",
            title,
            Status.REVIEW,
            f"Population changes over time in {counted(len(moving), 'geo')}, by up to {top:.1%} "
            f"({spread.idxmax()}); a model takes one number for each.",
            top,
            0.0,
            (column,),
            (steady,),
        )
    return passed("population", title, f"Each of {counted(len(spread), 'geo')} has one population.", 0.0, 0.0)


def geo_scale(view: View) -> Check:
    """Geographies whose KPI per head (or per money spent) is so far from the others that the unit must differ."""
    title, limit = "Same unit in every geo", view.limits.geo_scale_review
    people = view.recognition.one(Role.POPULATION)
    spends = view.role_columns(Role.SPEND)
    by = view.numeric[people] if people is not None and people in view.numeric else view.numeric[spends].sum(axis=1)
    if view.kpi is None or view.where.nunique() < 3 or not (people in view.numeric or spends):
        return passed("geo_scale", title, "There is too little to compare geos by.", None, limit)
    ratio = view.numeric[view.kpi].groupby(view.where).mean() / by.groupby(view.where).mean()
    ratio = ratio[np.isfinite(ratio) & (ratio > 0)].drop(index=few_rows(view), errors="ignore")
    if len(ratio) < 3:
        return passed("geo_scale", title, "There is too little to compare geos by.", None, limit)
    off = ratio / ratio.median()
    far = off.where(off > 1, 1 / off)
    bad = [str(g) for g in far.index[far > limit]]
    what = "KPI per head" if people in view.numeric else "KPI per money spent"
    if not bad:
        words = f"The {what} of the geos lies within a factor of {far.max():.1f} of the middle one."
        return passed("geo_scale", title, words, float(far.max()), limit)
    worst = str(far.idxmax())
    guess = 10.0 ** -round(float(np.log10(off[worst])))
    fix = Fix(
        "scale_geo",
        {"geos": [worst], "columns": [view.kpi], "factor": guess},
        f"Multiply the KPI of {worst} by {guess:g}",
    )
    return Check(
        "geo_scale",
        title,
        Status.REVIEW,
        f"The {what} of {listed(bad)} is {far[worst]:,.0f} times {'larger' if off[worst] > 1 else 'smaller'} than in "
        "the middle geo; it may be counted in another unit.",
        float(far[worst]),
        limit,
        (view.kpi,),
        (fix,),
    )


def few_rows(view: View) -> list[str]:
    """Geographies with too few periods to be judged by anything else."""
    counts = _spans(view)["periods"]
    most = int(counts.max()) if len(counts) else 0
    return [str(g) for g in counts.index[counts < min(view.limits.geo_rows_fail, most)]]


def _spans(view: View) -> pd.DataFrame:
    """Periods, first and last date by geography."""
    known = view.when.notna() & (view.where != "")
    grouped = view.when[known].groupby(view.where[known])
    return pd.DataFrame({"periods": grouped.nunique(), "first": grouped.min(), "last": grouped.max()})


def _kpi_share(view: View, geos: list[str]) -> float:
    if view.kpi is None:
        return len(geos) / max(view.where.nunique(), 1)
    whole = view.numeric[view.kpi].groupby(view.where).sum()
    total = float(whole.sum())
    return float(whole.reindex(geos).sum()) / total if total > 0 else 1.0


def _table(view: View) -> pd.DataFrame:
    """The numbers as checked, with readable dates and geos, for functions that work on a table."""
    date, geo = view.recognition.one(Role.DATE), view.recognition.one(Role.GEO)
    out = view.numeric.copy()
    for name, values in ((date, view.when), (geo, view.where)):
        if name is not None:
            out[name] = values
    return out


def _drop_geos(geos: list[str], recommended: bool = False, why: str = "") -> Fix:
    return Fix("drop_geos", {"geos": list(geos)}, f"Leave {listed(geos)} out{why}", recommended)


CHECKS = (geo_rows, geo_ranges, geo_kpi, geo_channels, national_media, population, geo_scale)
"""For tables with a column of geographies; each takes a ``View``."""
