"""Checks of series against each other: collinearity, rank, leakage, demand capture, parameters for the rows."""

import numpy as np

from mmm_core.data.quality_controls import choose_controls, live_columns, redundant_columns
from mmm_core.data.quality_maths import (
    Array,
    adjusted_r2,
    adjusted_r2s,
    correlation,
    correlations,
    dependent_columns,
    season_and_trend,
    vif,
)
from mmm_core.data.quality_series import days_of
from mmm_core.data.quality_view import CONTROLS, EXTRA, MEDIA, View, drop, listed, passed, status_of
from mmm_core.domain.checks import Check, Status
from mmm_core.domain.dataset import Role
from mmm_core.domain.words import counted

LAGS = (-4, -3, -2, -1, 1, 2, 3, 4)
"""Periods by which a column that leaks may run ahead of the KPI or behind it."""

PER_CHANNEL = 3
"""Memory, saturation and effect of a channel."""

FIXED = 7
"""Intercept, trend, noise and two yearly waves."""


def rank(view: View) -> Check:
    """Columns that others already span; media are kept before controls, controls before holidays."""
    title = "Duplicate and redundant columns"
    live = live_columns(view)
    if len(live) < 2 or len(view.periods) < 3:
        return passed("rank", title, "There are too few columns to repeat each other.", 0.0, 0.0)
    values = view.complete(live)
    dependent = redundant_columns(view)
    if not dependent:
        return passed("rank", title, "No column repeats another or a sum of others.", 0.0, 0.0)
    # A level of its own takes one of them.
    if len(live) >= len(view.periods):
        return Check(
            "rank",
            title,
            Status.FAIL,
            f"{len(live)} columns cannot be told apart in {counted(len(view.periods), 'period')}.",
            float(len(dependent)),
            0.0,
            tuple(dependent),
            (drop(dependent),),
        )
    twins = _twins(values.to_numpy(dtype=float), live, dependent)
    parts = [f"{a} repeats {b}" for a, b in twins.items()]
    sums = [c for c in dependent if c not in twins]
    parts += [f"{listed(sums)} {'follows' if len(sums) == 1 else 'follow'} from other columns"] if sums else []
    media = set(view.role_columns(*MEDIA))
    status = Status.FAIL if media & set(dependent) else Status.REVIEW
    return Check(
        "rank",
        title,
        status,
        f"{listed(parts)}; one of each is enough.",
        float(len(dependent)),
        0.0,
        tuple(dependent),
        (drop(dependent, recommended=True),),
    )


def _twins(values: Array, names: list[str], dependent: list[str]) -> dict[str, str]:
    """Which dependent column is a copy (or a multiple) of which kept one."""
    r = np.abs(correlations(values))
    kept = [i for i, name in enumerate(names) if name not in dependent]
    out = {}
    for column in dependent:
        row = r[names.index(column), kept]
        if len(row) and row.max() > 1 - 1e-9:
            out[column] = names[kept[int(row.argmax())]]
    return out


def collinearity(view: View) -> Check:
    """Variance inflation of the media and controls that the model sees together."""
    title, limit = "Collinearity (VIF)", view.limits.vif_review
    columns, values = _independent(view)
    if len(columns) < 2 or len(values) <= len(columns) + 2:
        return passed("vif", title, "There are too few columns or periods to compare.", None, limit)
    factors = vif(values)
    worst = int(np.argmax(factors))
    bad = [columns[i] for i in np.argsort(-factors) if factors[i] > limit]
    if not bad:
        return passed(
            "vif", title, f"The highest is {factors[worst]:.1f} ({columns[worst]}).", float(factors[worst]), limit
        )
    controls = [c for c in bad if c in view.role_columns(Role.CONTROL)]
    fixes = (drop(controls[:1]),) if controls else ()
    return Check(
        "vif",
        title,
        Status.REVIEW,
        f"{listed(bad)} {'moves' if len(bad) == 1 else 'move'} almost as the other columns do (VIF up to "
        f"{factors[worst]:.0f}), so their effects are hard to tell apart.",
        float(min(factors[worst], 1e6)),
        limit,
        tuple(bad),
        fixes,
    )


def correlation_pairs(view: View) -> Check:
    """Pairs of media or controls that move together."""
    title, limit = "Pairwise correlation", view.limits.correlation_review
    columns, values = _independent(view)
    if len(columns) < 2 or len(values) < 8:
        return passed("correlation", title, "There are too few columns or periods to compare.", None, limit)
    r = np.triu(correlations(values), k=1)
    strongest = np.unravel_index(int(np.abs(r).argmax()), r.shape)
    top = float(np.abs(r).max())
    pairs = [(columns[i], columns[j]) for i, j in np.argwhere(np.abs(r) > limit)]
    pair = f"{columns[strongest[0]]} and {columns[strongest[1]]}"
    if not pairs:
        return passed("correlation", title, f"The closest pair is {pair} (r = {r[strongest]:.2f}).", top, limit)
    involved = tuple(dict.fromkeys(c for p in pairs for c in p))
    controls = [c for pair in pairs for c in pair[::-1] if c in view.role_columns(Role.CONTROL)]
    fixes = (drop(controls[:1]),) if controls else ()
    move = "moves" if len(pairs) == 1 else "move"
    return Check(
        "correlation",
        title,
        Status.REVIEW,
        f"{counted(len(pairs), 'pair')} of columns {move} together, closest {pair} (r = {r[strongest]:.2f}).",
        top,
        limit,
        involved,
        fixes,
    )


def _independent(view: View) -> tuple[list[str], Array]:
    """Acting media and controls that vary and that no other column spans exactly."""
    order = list(dict.fromkeys([*(c.acting for c in view.channels), *view.role_columns(Role.CONTROL)]))
    live = [c for c in order if view.periods[c].dropna().nunique() > 1]
    values = view.complete(live).to_numpy(dtype=float)
    if not live or len(values) < 3:
        return live, values
    gone = set(dependent_columns(values))
    keep = [i for i in range(len(live)) if i not in gone]
    return [live[i] for i in keep], values[:, keep]


def leakage(view: View) -> Check:
    """A column that is the KPI in disguise: itself, a shifted copy, or a part of an exact formula."""
    title, limits = "Leakage", view.limits
    if view.kpi is None or len(view.periods) < 12:
        return passed("leakage", title, "There is too little to compare with the KPI.", None, limits.leakage_review)
    y = view.complete([view.kpi])[view.kpi].to_numpy(dtype=float)
    candidates = [c for c in view.role_columns(*MEDIA, *EXTRA) if view.periods[c].dropna().nunique() > 2]
    values = view.complete(candidates)
    likeness = {c: _likeness(values[c].to_numpy(dtype=float), y) for c in candidates}
    bad = [c for c in candidates if likeness[c][0] > limits.leakage_review]
    controls = set(view.role_columns(*EXTRA))
    if not bad:
        formula = _formula(y, values[[c for c in candidates if c in controls]].to_numpy(dtype=float))
        parts = [c for i, c in enumerate([c for c in candidates if c in controls]) if i in formula]
        if parts:
            return Check(
                "leakage",
                title,
                Status.FAIL,
                f"{listed(parts)} together give the KPI exactly, so nothing is left for media to explain.",
                1.0,
                limits.leakage_fail,
                tuple(parts),
                (drop(parts, recommended=True),),
            )
        top = max((v[0] for v in likeness.values()), default=0.0)
        return passed("leakage", title, "No column is the KPI in disguise.", top, limits.leakage_review)
    worst = max(bad, key=lambda c: likeness[c][0])
    top, lag = likeness[worst]
    certain = [c for c in bad if likeness[c][0] > limits.leakage_fail]
    shift = f", shifted by {counted(abs(lag), 'period')}" if lag else ""
    dropped = [c for c in certain if c in controls]
    rest = [c for c in bad if c not in dropped]
    fixes = ((drop(dropped, recommended=True),) if dropped else ()) + ((drop(rest),) if rest else ())
    return Check(
        "leakage",
        title,
        Status.FAIL if certain else Status.REVIEW,
        f"{worst} follows the KPI almost exactly (r = {top:.3f}{shift}); it would explain the KPI by itself.",
        top,
        limits.leakage_fail if certain else limits.leakage_review,
        tuple(bad),
        fixes,
    )


def _likeness(x: Array, y: Array) -> tuple[float, int]:
    """Correlation that holds for levels and for changes alike, at the lag where it is highest."""
    best, where = 0.0, 0
    for lag in (0, *LAGS):
        a = x[lag:] if lag >= 0 else x[:lag]
        b = y[: len(y) - lag] if lag >= 0 else y[-lag:]
        if len(a) < 10:
            continue
        found = min(abs(correlation(a, b)), abs(correlation(np.diff(a), np.diff(b))))
        if found > best + 1e-9:
            best, where = found, lag
    return best, where


def _formula(y: Array, columns: Array) -> set[int]:
    """Two or three columns whose sum (or product) is the KPI exactly; empty where there are none."""
    for target, table in ((y, columns), (_log(y), _log(columns))):
        if target is None or table is None or table.shape[1] < 2 or len(target) < 12:
            continue
        chosen: list[int] = []
        for _ in range(min(3, table.shape[1])):
            scores = [
                -1.0 if i in chosen else adjusted_r2(target, table[:, [*chosen, i]]) for i in range(table.shape[1])
            ]
            chosen.append(int(np.argmax(scores)))
            if max(scores) > 0.9999:
                return set(chosen)
    return set()


def _log(values: Array) -> Array | None:
    return np.log(values) if values.size and (values > 0).all() else None


def demand_capture(view: View) -> Check:
    """How much of each channel's spend season, trend and controls explain."""
    title, limit = "Demand capture", view.limits.demand_capture_review
    spends = [c for c in view.role_columns(Role.SPEND) if view.periods[c].dropna().nunique() > 2]
    n = len(view.periods)
    if not spends or n < 26:
        return passed("demand_capture", title, "There is too little to compare spend with.", None, limit)
    extra = [c for c in view.role_columns(*EXTRA) if view.periods[c].dropna().nunique() > 1]
    base = season_and_trend(days_of(view))
    design = np.column_stack([base, view.complete(extra).to_numpy(dtype=float)]) if extra else base
    shares = adjusted_r2s(view.complete(spends).to_numpy(dtype=float), design)
    explained = dict(zip(spends, shares.tolist(), strict=True))
    bad = sorted((c for c in spends if explained[c] > limit), key=lambda c: -explained[c])
    worst = max(spends, key=lambda c: explained[c])
    if not bad:
        return passed(
            "demand_capture",
            title,
            f"Season, trend and controls explain at most {explained[worst]:.0%} of a channel's spend ({worst}).",
            explained[worst],
            limit,
        )
    named = ", ".join(f"{c} {explained[c]:.0%}" for c in bad[:4])
    theirs = "its return" if len(bad) == 1 else "their returns"
    return Check(
        "demand_capture",
        title,
        Status.REVIEW,
        f"Season, trend and controls explain most of the spend of {listed(bad)} ({named}); {theirs} may be "
        "demand that was there anyway.",
        explained[worst],
        limit,
        tuple(bad),
    )


def parameters(view: View) -> Check:
    """Rows for each number that the model has to learn."""
    title, limits = "Parameters for the rows", view.limits
    extra = view.role_columns(*EXTRA)
    spare = view.role_columns(*CONTROLS)
    rows = int(view.when.notna().sum())
    count = PER_CHANNEL * len(view.channels) + len(extra) + FIXED
    ratio = rows / count
    status = status_of(-ratio, -limits.rows_per_parameter_review, -limits.rows_per_parameter_fail)
    detail = f"{rows} {'row' if rows == 1 else 'rows'} for {count} parameters ({ratio:.1f} each)"
    if status is Status.PASS:
        return passed("parameters", title, f"{detail}.", ratio, limits.rows_per_parameter_review)
    most = max(
        int(rows / limits.rows_per_parameter_review) - PER_CHANNEL * len(view.channels) - FIXED, min(5, len(spare))
    )
    weakest = choose_controls(view, most) if len(spare) > most else []
    fixes = (drop(weakest, recommended=True, why=f", keep the {most} controls that matter most"),) if weakest else ()
    return Check(
        "parameters",
        title,
        status,
        f"{detail} is {'too little' if status is Status.FAIL else 'thin'}; fewer controls or "
        "channels make it learnable.",
        ratio,
        limits.rows_per_parameter_review,
        tuple(weakest),
        fixes,
    )


CHECKS = (rank, collinearity, correlation_pairs, leakage, demand_capture, parameters)
