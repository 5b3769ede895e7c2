"""Small frames behind the explore charts: what the data look like before any model."""

from typing import Any

import numpy as np
import pandas as pd

from mmm_core.data.quality_maths import correlations as correlation_matrix
from mmm_core.data.quality_view import EXTRA, MEDIA, USED, Thresholds, View, look, to_numbers
from mmm_core.domain.dataset import Recognition, Role
from mmm_core.domain.errors import DataError

LONGEST_WEEKS = 27
"""Days beyond which periods are months."""


def distribution(frame: pd.DataFrame, column: str, bins: int = 30) -> pd.DataFrame:
    """Histogram of a number column: ``low``, ``high``, ``count`` per bin; empty where it holds no number."""
    values = to_numbers(_column(frame, column)).dropna().to_numpy(dtype=float)
    if len(values) == 0:
        return pd.DataFrame({"low": [], "high": [], "count": []})
    count, edges = np.histogram(values, bins=max(1, min(bins, len(values))))
    return pd.DataFrame({"low": edges[:-1], "high": edges[1:], "count": count})


def correlations(frame: pd.DataFrame, recognition: Recognition, most: int = 40) -> pd.DataFrame:
    """Square table of pairwise correlations of KPI, media and controls over periods (geos added up)."""
    view = _view(frame, recognition)
    columns = view.role_columns(Role.KPI, *MEDIA, *EXTRA)[:most]
    if not columns or len(view.periods) < 2:
        return pd.DataFrame(index=columns, columns=columns, dtype=float)
    values = correlation_matrix(view.complete(columns).to_numpy(dtype=float))
    np.fill_diagonal(values, 1.0)
    return pd.DataFrame(values, index=columns, columns=columns)


def spend_and_kpi(frame: pd.DataFrame, recognition: Recognition) -> pd.DataFrame:
    """One row per period: ``period``, ``kpi``, ``spend`` (all channels), then a column per channel's spend."""
    view = _view(frame, recognition)
    spends = _spend_columns(view)
    out = pd.DataFrame({"period": view.periods.index})
    out["kpi"] = view.periods[view.kpi].to_numpy() if view.kpi else np.nan
    table = view.periods[list(spends.values())].fillna(0.0)
    out["spend"] = table.sum(axis=1).to_numpy()
    for name, column in spends.items():
        out[name] = table[column].to_numpy()
    return out


def seasonality(frame: pd.DataFrame, recognition: Recognition, column: str | None = None) -> pd.DataFrame:
    """Yearly profile of a column (the KPI where None), as a multiple of its centred yearly mean.

    Returns one row per ISO week (per month where periods are longer): ``week``, ``mean``, ``low``, ``high`` (over the
    years) and ``years``.
    """
    view = _view(frame, recognition)
    name = column or view.kpi
    empty = pd.DataFrame({"week": [], "mean": [], "low": [], "high": [], "years": []})
    if name is None or name not in view.periods or len(view.periods) < 4:
        return empty
    values = view.periods[name].interpolate(limit_direction="both")
    step = view.step_days or 7.0
    window = max(3, round(365.25 / step))
    level = values.rolling(window, center=True, min_periods=max(2, window // 2)).mean()
    ratio = (values / level.where(level.abs() > 0)).dropna()
    if ratio.empty:
        return empty
    when = pd.DatetimeIndex(ratio.index)
    # A month begins in another week from year to year; one week stands for it in all of them.
    months = 1 + np.round((when.month.to_numpy() - 1) * 52 / 12).astype(int)
    grouped = ratio.groupby(months if step > LONGEST_WEEKS else when.isocalendar().week.to_numpy())
    out = grouped.agg(["mean", "min", "max", "count"]).reset_index()
    out.columns = pd.Index(["week", "mean", "low", "high", "years"])
    return out.astype({"week": int, "years": int})


def spend_share(frame: pd.DataFrame, recognition: Recognition) -> pd.DataFrame:
    """``channel``, ``spend`` over the data and ``share``, largest first."""
    view = _view(frame, recognition)
    totals = {name: float(view.periods[column].sum()) for name, column in _spend_columns(view).items()}
    out = pd.DataFrame({"channel": list(totals), "spend": list(totals.values())}, columns=["channel", "spend"])
    whole = float(out["spend"].sum())
    out["share"] = out["spend"] / whole if whole > 0 else 0.0
    return out.sort_values("spend", ascending=False, ignore_index=True)


def channel_statistics(frame: pd.DataFrame, recognition: Recognition) -> pd.DataFrame:
    """One row per channel.

    ``channel``, ``spend``, ``mean_active`` (spend per period while it ran), ``active_share`` of the periods,
    ``exposure``, ``cost_per_thousand`` exposures, ``correlation`` with the KPI, ``first`` and ``last`` period it ran.
    """
    view = _view(frame, recognition)
    kpi = view.periods[view.kpi] if view.kpi else None
    rows = []
    for channel in view.channels:
        acting = view.periods[channel.acting].fillna(0.0)
        on = acting[acting > 0]
        spend = view.periods[channel.spend].fillna(0.0) if channel.spend else None
        exposure = float(view.periods[channel.exposure].sum()) if channel.exposure else None
        paid = float(spend.sum()) if spend is not None else None
        rows.append(
            {
                "channel": channel.name,
                "spend": paid,
                "mean_active": float(spend[spend > 0].mean()) if spend is not None and (spend > 0).any() else None,
                "active_share": len(on) / len(acting) if len(acting) else 0.0,
                "exposure": exposure,
                "cost_per_thousand": 1000 * paid / exposure if paid and exposure else None,
                "correlation": _correlation(acting, kpi),
                "first": on.index.min() if len(on) else None,
                "last": on.index.max() if len(on) else None,
            }
        )
    return pd.DataFrame(rows)


def column_statistics(frame: pd.DataFrame, recognition: Recognition) -> pd.DataFrame:
    """One row per number column that the model may read: mean, spread, extremes, missing and zero shares."""
    view = _view(frame, recognition)
    columns = view.role_columns(*USED)
    numbers = view.numeric[columns]
    out = pd.DataFrame(
        {
            "column": columns,
            "mean": numbers.mean().to_numpy(),
            "sd": numbers.std().to_numpy(),
            "min": numbers.min().to_numpy(),
            "median": numbers.median().to_numpy(),
            "max": numbers.max().to_numpy(),
            "missing": numbers.isna().mean().to_numpy(),
            "zero": (numbers == 0).mean().to_numpy(),
        }
    )
    return out


def top_values(frame: pd.DataFrame, column: str, most: int = 10) -> pd.DataFrame:
    """The most frequent values of a column: ``value`` as text, ``count``, ``share`` of the rows."""
    values = _column(frame, column)
    counts = values.astype("object").where(values.notna(), "(missing)").astype(str).value_counts().head(most)
    share = counts.to_numpy() / max(len(values), 1)
    return pd.DataFrame({"value": counts.index.to_list(), "count": counts.to_numpy(), "share": share})


def random_rows(frame: pd.DataFrame, count: int = 10, seed: int = 1) -> pd.DataFrame:
    """Rows picked at random, in the order of the table."""
    return frame.sample(n=min(count, len(frame)), random_state=seed).sort_index()


def _view(frame: pd.DataFrame, recognition: Recognition) -> View:
    return look(frame, recognition, Thresholds(), pd.Timestamp.max.date())


def _column(frame: pd.DataFrame, column: str) -> "pd.Series[Any]":
    if column not in frame:
        raise DataError(f"The table has no column {column}.")
    return frame.loc[:, ~frame.columns.duplicated()][column]


def _spend_columns(view: View) -> dict[str, str]:
    return {c.name: c.spend for c in view.channels if c.spend is not None}


def _correlation(x: "pd.Series[float]", y: "pd.Series[float] | None") -> float | None:
    if y is None:
        return None
    both = pd.concat([x, y], axis=1).dropna()
    if len(both) < 3 or both.iloc[:, 0].nunique() < 2 or both.iloc[:, 1].nunique() < 2:
        return None
    # Divided by the largest first: squares of very small or very large numbers are 0 or infinite.
    scaled = both / both.abs().max()
    return float(np.corrcoef(scaled.iloc[:, 0], scaled.iloc[:, 1])[0, 1])
