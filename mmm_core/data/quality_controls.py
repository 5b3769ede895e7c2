"""Which controls to keep when there are more than the rows can carry."""

import numpy as np

from mmm_core.data.quality_maths import Array, basis, dependent_columns, residual, season_and_trend
from mmm_core.data.quality_series import days_of
from mmm_core.data.quality_view import CONTROLS, View
from mmm_core.domain.dataset import Role


def choose_controls(view: View, most: int) -> list[str]:
    """Controls and holidays to leave out so that ``most`` remain.

    A control matters when it explains the KPI beyond season, trend and media, or when it explains total spend beyond
    season and trend (it then confounds media, even if its own effect looks small). Columns are taken one at a time by
    the larger of the two shares, each judged beyond those already taken, so that of two alike only one is kept.
    Constant and redundant columns always go: the checks that find them drop the very same ones.
    """
    extra = view.role_columns(*CONTROLS)
    redundant = set(redundant_columns(view))
    names = [c for c in extra if c not in redundant and view.periods[c].dropna().nunique() > 1]
    rest = [c for c in extra if c not in names]
    if view.kpi is None or len(names) <= most or len(view.periods) < 8:
        return rest + names[most:]
    base = season_and_trend(days_of(view))
    media = list(dict.fromkeys(c.acting for c in view.channels))
    spends = view.role_columns(Role.SPEND)
    kpi = view.complete([view.kpi])[view.kpi].to_numpy(dtype=float)
    total = view.complete(spends).to_numpy(dtype=float).sum(axis=1) if spends else np.zeros(len(kpi))
    table = view.complete(names).to_numpy(dtype=float)
    asked = view.complete(view.role_columns(Role.TREATMENT)).to_numpy(dtype=float)
    with_media = np.column_stack([base, asked, np.sqrt(np.abs(view.complete(media).to_numpy(dtype=float)))])
    keep = _forward([(kpi, with_media), (total, base)], table, most)
    return rest + [name for i, name in enumerate(names) if i not in keep]


def redundant_columns(view: View) -> list[str]:
    """Columns that media, then controls, then holidays before them already span."""
    live = live_columns(view)
    if len(live) < 2 or len(view.periods) < 3:
        return []
    return [live[i] for i in dependent_columns(view.complete(live).to_numpy(dtype=float))]


def live_columns(view: View) -> list[str]:
    """Acting media, controls and holidays that vary, each once and in that order."""
    order = [c.acting for c in view.channels]
    order += [c for role in (Role.TREATMENT, Role.CONTROL, Role.HOLIDAY) for c in view.role_columns(role)]
    return [c for c in dict.fromkeys(order) if view.periods[c].dropna().nunique() > 1]


def _forward(problems: list[tuple[Array, Array]], table: Array, most: int) -> set[int]:
    """Indices of columns by forward selection on the best partial R2 over several targets."""
    scale = table.std(axis=0)
    scaled = (table - table.mean(axis=0)) / np.where(scale > 0, scale, 1.0)
    state = []
    for y, base in problems:
        q = basis(base)
        state.append([residual(y, q), residual(scaled, q)])
    chosen: list[int] = []
    for _ in range(most):
        scores = np.max([_shares(y, x) for y, x in state], axis=0)
        scores[chosen] = -1.0
        best = int(np.argmax(scores))
        chosen.append(best)
        for pair in state:
            direction = pair[1][:, best]
            norm = float(np.linalg.norm(direction))
            if norm > 1e-9:
                unit = (direction / norm)[:, None]
                pair[0], pair[1] = residual(pair[0], unit), residual(pair[1], unit)
    return set(chosen)


def _shares(y: Array, columns: Array) -> Array:
    """Share of the variance of ``y`` (T,) that each column (T, K) explains alone."""
    total = float(y @ y)
    power = (columns**2).sum(axis=0)
    live = power > 1e-9 * max(1.0, float(columns.shape[0]))
    return (
        np.where(live, (columns.T @ y) ** 2 / np.where(live, power, 1.0), 0.0) / total
        if total > 0
        else np.zeros(len(power))
    )
