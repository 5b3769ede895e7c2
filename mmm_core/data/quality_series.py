"""Checks of single series: signs, outliers, level shifts, constancy, spend against exposure, plan-like spend."""

import numpy as np
import pandas as pd

from mmm_core.data.quality_levels import kpi_step
from mmm_core.data.quality_maths import Step, season_and_trend, strongest_steps
from mmm_core.data.quality_view import EXTRA, MEDIA, View, drop, listed, passed
from mmm_core.domain.checks import Check, Fix, Status
from mmm_core.domain.dataset import Role
from mmm_core.domain.words import counted

FEW_LEVELS = 10
"""A control with fewer distinct values is a set of levels, not a measurement."""


def kpi_constant(view: View) -> Check:
    """A KPI that never moves cannot be explained."""
    title = "KPI moves"
    if view.kpi is None:
        return passed("kpi_constant", title, "There is no KPI to check.")
    values = view.periods[view.kpi].dropna()
    spread = _cv(values)
    if values.nunique() <= 1:
        what = "is empty" if values.empty else "has the same value in every period"
        return Check(
            "kpi_constant",
            title,
            Status.FAIL,
            f"The KPI {view.kpi} {what}; there is nothing to explain.",
            0.0,
            0.0,
            (view.kpi,),
        )
    zeros = float((values == 0).mean())
    if zeros > 0.5:
        return Check(
            "kpi_constant",
            title,
            Status.REVIEW,
            f"The KPI {view.kpi} is zero in {zeros:.0%} of the periods.",
            zeros,
            0.5,
            (view.kpi,),
        )
    return passed("kpi_constant", title, f"The KPI varies by {spread:.0%} around its mean.", spread, 0.0)


def negative_spend(view: View) -> Check:
    """Refunds and credits booked as negative media."""
    counts = {c: int((view.numeric[c] < 0).sum()) for c in view.role_columns(*MEDIA, Role.FREQUENCY)}
    bad = [c for c in counts if counts[c]]
    total = sum(counts.values())
    title = "Negative spend"
    if not bad:
        return passed("negative_spend", title, "No spend or exposure is negative.", 0.0, 0.0)
    fixes = (Fix("absolute_spend", {"columns": bad}, "Turn the sign around, for costs that were booked with a minus"),)
    return Check(
        "negative_spend",
        title,
        Status.FAIL,
        f"{counted(total, 'value')} in {listed(bad)} are below zero.",
        float(total),
        0.0,
        tuple(bad),
        fixes,
    )


def zero_channel(view: View) -> Check:
    """Channels that never ran."""
    title = "Silent channels"
    media = view.role_columns(*MEDIA)
    silent = [c for c in media if not (view.numeric[c].fillna(0) != 0).any()]
    if not silent:
        return passed("zero_channel", title, "Every channel ran at some time.", 0.0, 0.0)
    return Check(
        "zero_channel",
        title,
        Status.FAIL,
        f"{listed(silent)} {_is(silent)} zero in every period; nothing can be learned there.",
        float(len(silent)),
        0.0,
        tuple(silent),
        (drop(silent, recommended=True),),
    )


def near_constant(view: View) -> Check:
    """Series that hardly move: their effect cannot be told from the baseline."""
    title, limits = "Near-constant series", view.limits
    constant, nearly = [], []
    media = set(view.role_columns(*MEDIA))
    for column in view.role_columns(*MEDIA, *EXTRA):
        values = view.periods[column].dropna()
        if column in media and not (values != 0).any():
            continue
        if values.nunique() <= 1:
            constant.append(column)
        elif not _is_flag(values) and (
            _cv(values) < limits.near_constant_cv or _top_share(values) > limits.near_constant_share
        ):
            nearly.append(column)
    bad = [*constant, *nearly]
    if not bad:
        return passed("near_constant", title, "Every series moves enough to learn from.", 0.0, 0.0)
    parts = [f"{listed(constant)} never {'changes' if len(constant) == 1 else 'change'}"] if constant else []
    parts += [f"{listed(nearly)} hardly {'moves' if len(nearly) == 1 else 'move'}"] if nearly else []
    acting = {c.acting for c in view.channels}
    fail = bool(acting & set(constant))
    fixes = [drop(constant, recommended=True)] if constant else []
    fixes += [drop(nearly)] if nearly else []
    return Check(
        "near_constant",
        title,
        Status.FAIL if fail else Status.REVIEW,
        f"{' and '.join(parts)}, so the effect cannot be told from the baseline.",
        float(len(bad)),
        0.0,
        tuple(bad),
        tuple(fixes),
    )


def outliers(view: View) -> Check:
    """Periods far from the rest by quartiles and by z-score.

    Media are compared on a log scale over the periods in which they ran, and only upwards, since bursts are their
    nature; the KPI's weeks of a marked holiday are not counted.
    """
    title, limits = "Outliers", view.limits
    found: dict[str, int] = {}
    places: dict[str, int] = {}
    worst, top, cells = "", 0.0, 0
    for geo, one in view.geos.items():
        flagged, z, raw = _far_out(one)
        cells += int(flagged.size)
        for column, count in flagged.sum().items():
            if count:
                found[str(column)] = found.get(str(column), 0) + int(count)
                places[geo] = places.get(geo, 0) + int(count)
        height = z.where(flagged, -1.0).to_numpy(dtype=float)
        if height.size and height.max() > top:
            top = float(height.max())
            row, col = divmod(int(height.argmax()), height.shape[1])
            worst = _worst(view, raw, top, row, col, geo)
    total = sum(found.values())
    limit = float(limits.outliers_review) if not view.panel else np.ceil(limits.geo_outlier_share * cells)
    if total <= limit and not (view.panel and top > limits.geo_outlier_z):
        stand = "stands" if total == 1 else "stand"
        few = "No period stands far out." if not total else f"{counted(total, 'cell')} of {cells:,} {stand} far out."
        return passed("outliers", title, few, float(total), float(limit))
    where = f" of {counted(len(places), 'geo')}" if view.panel else ""
    out = f"{total} periods in {listed(list(found))}{where} stand far out, most {worst}"
    message = f"{out if total > 1 else f'1 period stands far out: {worst}'}; mark known events as holidays."
    fixes = () if view.panel else (Fix("clip_outliers", {"columns": list(found)}, "Clip them to the usual range"),)
    return Check("outliers", title, Status.REVIEW, message, float(total), float(limit), tuple(found), fixes)


def _far_out(view: View) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Cells of one geo (or the nation) that stand far out, their z-scores, and the values."""
    raw = view.periods[view.role_columns(Role.KPI, *MEDIA, Role.CONTROL)]
    table = _comparable(view, raw)
    flagged, z = far_from_the_rest(table, view.limits.outlier_iqr, view.limits.outlier_z, either=view.kpi)
    flagged &= (table > table.median()) | ~table.columns.isin(view.role_columns(*MEDIA))
    return flagged, z, raw


def _worst(view: View, raw: pd.DataFrame, z: float, row: int, col: int, geo: str) -> str:
    column, cells = str(raw.columns[col]), raw.to_numpy(dtype=float)[:, col]
    much = f"z-score {z:.1f}"
    if column in view.role_columns(*MEDIA):
        much = f"{cells[row] / np.nanmedian(cells[cells > 0]):.3g} times its median"
    return f"{column}{f' in {geo}' if geo else ''} ({raw.index[row]:%Y-%m-%d}, {much})"


def _comparable(view: View, raw: pd.DataFrame) -> pd.DataFrame:
    """Values that can be compared with each other, NaN elsewhere.

    Media (on a log scale) and sparse controls while they ran, the KPI outside marked events; controls of a few levels
    are left out.
    """
    values = raw.to_numpy(dtype=float, copy=True)
    media = raw.columns.isin(view.role_columns(*MEDIA))
    control = raw.columns.isin(view.role_columns(Role.CONTROL))
    values[:, media] = np.log(np.where(values[:, media] > 0, values[:, media], np.nan))
    sparse = control & ((raw == 0).mean() > 0.5).to_numpy()
    values[:, sparse] = np.where(values[:, sparse] == 0, np.nan, values[:, sparse])
    holidays = view.role_columns(Role.HOLIDAY)
    if view.kpi is not None and holidays:
        marked = (view.periods[holidays].fillna(0) != 0).any(axis=1).to_numpy()
        values[np.ix_(marked, raw.columns == view.kpi)] = np.nan
    out = pd.DataFrame(values, index=raw.index, columns=raw.columns)
    few = control & (out.nunique() < FEW_LEVELS).to_numpy()
    out = out.mask(np.broadcast_to(few, out.shape))
    return out


def far_from_the_rest(
    table: pd.DataFrame, iqr: float, z_limit: float, either: str | None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Which cells lie beyond the quartile fences and the z-score limit of their column, and every absolute z-score.

    For the column ``either`` one of the two is enough; a value beyond the fences alone counts only from half the
    z-score limit on, since a narrow bulk has near fences. Columns of under 12 values are not judged.
    """
    sd = table.std(ddof=0)
    judged = (table.notna().sum() >= 12) & (sd > 0)
    low, high = table.quantile(0.25), table.quantile(0.75)
    width = high - low
    z = ((table - table.mean()).abs() / sd.where(judged)).fillna(0.0)
    fenced = ((table < low - iqr * width) | (table > high + iqr * width)) & judged
    flagged = fenced & (z > z_limit)
    if either in table:
        flagged[either] = (z[either] > z_limit) | (fenced[either] & (z[either] > z_limit / 2))
    return flagged, z


def level_shifts(view: View) -> Check:
    """A lasting step in the KPI or in a channel's spend that season and trend do not explain."""
    title, limits = "Level shifts", view.limits
    shifted: dict[tuple[str, str], tuple[Step, pd.Timestamp]] = {}
    columns = view.role_columns(Role.KPI, Role.SPEND)
    for geo, one in view.geos.items():
        n = len(one.periods)
        if n < 30 or not columns:
            continue
        values = one.complete(columns).to_numpy(dtype=float)
        days, margin = days_of(one), max(8, n // 20)
        steps = strongest_steps(values, season_and_trend(days), margin)
        for column, step in zip(columns, steps, strict=True):
            if step.t > limits.level_shift_t and abs(step.height) > limits.level_shift_sd:
                shifted[column, geo] = step, one.periods.index[step.place]
        # What moves the KPI is known in part, so that a step is seen there which season and trend alone leave in doubt.
        clear = kpi_step(one, days, margin)
        if clear is not None and one.kpi is not None:
            shifted.setdefault((one.kpi, geo), (clear, one.periods.index[clear.place]))
    if not shifted:
        return passed("level_shift", title, "No series jumps to a new level for good.", 0.0, limits.level_shift_t)
    (worst, place), (step, when) = max(shifted.items(), key=lambda item: item[1][0].t)
    found, geos = list(dict.fromkeys(c for c, _ in shifted)), list(dict.fromkeys(g for _, g in shifted))
    where = f" in {counted(len(geos), 'geo')}" if view.panel else ""
    message = (
        f"{listed(found)} {'jumps' if len(found) == 1 else 'jump'} to a new level{where}: {worst}"
        f"{f' in {place}' if place else ''} goes {'up' if step.height > 0 else 'down'} by {abs(step.height):.1f} "
        f"standard deviations in {when:%Y-%m-%d}."
    )
    start = Fix("filter_dates", {"start": when.date().isoformat()}, f"Keep only the rows from {when:%Y-%m-%d}")
    # One geo's new level is no reason to give up years of all the others.
    few = view.panel and len(geos) < len(view.geos) / 2
    fix = Fix("drop_geos", {"geos": geos}, f"Leave {listed(geos)} out") if few else start
    return Check("level_shift", title, Status.REVIEW, message, step.t, limits.level_shift_t, tuple(found), (fix,))


def spend_and_exposure(view: View) -> Check:
    """Money without impressions, or impressions without money, in one channel."""
    title, limit = "Spend without exposure", view.limits.mismatch_review_share
    off: dict[str, float] = {}
    silent: list[str] = []
    unseen_columns: list[str] = []
    parts = []
    for channel in view.channels:
        seen = channel.exposure or channel.reach
        if channel.spend is None or seen is None:
            continue
        spend = view.periods[channel.spend].fillna(0) > 0
        shown = view.periods[seen].fillna(0) > 0
        active = int((spend | shown).sum())
        if active == 0:
            continue
        unseen, unpaid = int((spend & ~shown).sum()), int((shown & ~spend).sum())
        share = (unseen + unpaid) / active
        if share > limit:
            off[channel.name] = share
            parts += [f"{channel.name} spends in {counted(unseen, 'period')} without exposure"] if unseen else []
            parts += [f"{channel.name} has exposure in {counted(unpaid, 'period')} without spend"] if unpaid else []
            unseen_columns += [c for c in (seen, channel.frequency) if c] if unseen else []
        if not shown.any():
            silent.append(seen)
    worst = max(off.values(), default=0.0)
    if not off:
        return passed("spend_exposure", title, "Spend and exposure of each channel run together.", worst, limit)
    columns = tuple(c for ch in view.channels if ch.name in off for c in (ch.spend, ch.exposure or ch.reach) if c)
    instead = Fix(
        "set_role",
        {"columns": unseen_columns, "role": Role.IGNORE.value},
        f"Leave {listed(unseen_columns)} out and let the spend act",
    )
    fixes = (instead,) if unseen_columns else ()
    return Check(
        "spend_exposure",
        title,
        Status.FAIL if silent else Status.REVIEW,
        f"{listed(parts)}.",
        worst,
        limit,
        columns,
        fixes,
    )


def plan_like_spend(view: View) -> Check:
    """Spend that looks like a plan split over weeks rather than what was booked."""
    title, limits = "Plan-like spend", view.limits
    found: dict[str, float] = {}
    columns = view.role_columns(Role.SPEND)
    for column, values in zip(columns, view.complete(columns).to_numpy(dtype=float).T, strict=True):
        if len(values) < 26 or not values.std() > 0:
            continue
        on = (values[1:] > 0) & (values[:-1] > 0)
        if on.sum() < 13:
            continue
        repeated = float((np.abs(np.diff(values)) <= 1e-6 * values[1:])[on].mean())
        rough = float(((np.diff(values) ** 2).mean()) / values.var())
        if repeated > limits.repeated_review_share or rough < limits.smooth_review_ratio:
            found[column] = repeated
    if not found:
        return passed(
            "plan_like_spend", title, "Spend varies the way booked spend does.", 0.0, limits.repeated_review_share
        )
    worst = max(found.values())
    return Check(
        "plan_like_spend",
        title,
        Status.REVIEW,
        f"{listed(list(found))} {'looks' if len(found) == 1 else 'look'} like a plan spread over weeks "
        f"({worst:.0%} of the weeks repeat the last one); use the booked spend if you have it.",
        worst,
        limits.repeated_review_share,
        tuple(found),
    )


def days_of(view: View) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    return np.asarray(
        (view.periods.index.to_numpy() - np.datetime64("2000-01-01")) / np.timedelta64(1, "D"), dtype=float
    )


def _cv(values: "pd.Series[float]") -> float:
    mean = abs(float(values.mean())) if len(values) else 0.0
    sd = float(values.std(ddof=0)) if len(values) else 0.0
    return sd / mean if mean > 0 else (np.inf if sd > 0 else 0.0)


def _top_share(values: "pd.Series[float]") -> float:
    return float(values.value_counts().iloc[0]) / len(values) if len(values) else 0.0


def _is_flag(values: "pd.Series[float]") -> bool:
    return bool(values.nunique() <= 2 and values.isin([0.0, 1.0]).all()) or bool((values == 0).mean() > 0.5)


def _is(columns: list[str]) -> str:
    return "is" if len(columns) == 1 else "are"


CHECKS = (
    kpi_constant,
    negative_spend,
    zero_channel,
    near_constant,
    outliers,
    level_shifts,
    spend_and_exposure,
    plan_like_spend,
)
