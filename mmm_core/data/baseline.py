"""The KPI without media and promotions, from the periods that came nearest to that; before any model."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from mmm_core.data import panel
from mmm_core.data import roles_words as w
from mmm_core.data.quality_maths import Array, dependent_columns, season_and_trend
from mmm_core.data.quality_series import days_of
from mmm_core.data.quality_view import Thresholds, View, look
from mmm_core.domain.baseline import BaselineEstimate, BaselineMethod
from mmm_core.domain.dataset import Recognition, Role
from mmm_core.domain.errors import DataError
from mmm_core.domain.results import Interval
from mmm_core.domain.words import counted

CARRIED = 0.5
"""Share of a period's media that is taken to work on in the next: a week after a campaign is not quiet yet."""
CARRIES = (0.3, CARRIED, 0.7)
"""Nobody knows that share before a model: the interval holds what each of these would say."""
QUIET_SHARE = {BaselineMethod.MEDIAN: 0.25, BaselineMethod.MEAN: 0.25, BaselineMethod.REGRESSION: 0.5}
"""The periods with the least media: a quarter to stand for none, half to see what a little of them brings."""
FEWEST = 8
DRAWS = 2000
PER_TERM = 6
"""Quiet periods for each coefficient of the regression."""


@dataclass(frozen=True)
class Quiet:
    mask: npt.NDArray[np.bool_]
    """(T,)"""
    media: float
    """Mean media pressure of the quiet periods over that of all."""
    calm: int
    """Periods without promotion or event, before media were looked at."""


def estimate(
    frame: pd.DataFrame, recognition: Recognition, method: BaselineMethod, *, seasonal: bool = True
) -> BaselineEstimate:
    """Estimate the baseline of the KPI.

    Parameters
    ----------
    method
        How the quiet periods become a level for all of them.
    seasonal
        Lay the KPI's yearly season over the flat level of the median or mean.

    Raises
    ------
    DataError
        When there is no KPI, or there are too few quiet periods for the method.
    """
    view = look(frame, recognition, Thresholds(), pd.Timestamp.max.date())
    if view.kpi is None:
        raise DataError("A baseline needs a KPI: set the roles of the columns first.")
    if len(view.periods) < 2 * FEWEST:
        raise DataError(f"{counted(len(view.periods), 'period')} are too few for a baseline.")
    calm = quiet_periods(view, QUIET_SHARE[method])
    kpi = _kpi(view)
    season = _season(view) if seasonal and method is not BaselineMethod.REGRESSION else np.zeros(len(kpi))
    level, low, high, share = _levels(view, kpi, calm.mask, method, season)
    return BaselineEstimate(
        method=method,
        seasonal=seasonal or method is BaselineMethod.REGRESSION,
        dates=tuple(d.date() for d in pd.DatetimeIndex(view.periods.index)),
        level=_floats(level),
        low=_floats(low),
        high=_floats(high),
        kpi=_floats(kpi),
        quiet=tuple(bool(q) for q in calm.mask),
        quiet_media=calm.media,
        share=share,
        geos=_by_geo(frame, recognition, calm, view, method, seasonal),
    )


def quiet_periods(view: View, share: float) -> Quiet:
    """The ``share`` of periods with the least media (and what still works from before), without promotion or event.

    Raises
    ------
    DataError
        When under eight periods are free of promotions and events.
    """
    pressure = media_pressure(view)
    calm = ~_busy(view)
    if calm.sum() < FEWEST:
        raise DataError(
            f"Only {counted(int(calm.sum()), 'period')} are without a promotion or an event, too few for a baseline."
        )
    limit = np.quantile(pressure, share)
    mask = calm & (pressure <= limit)
    if mask.sum() < FEWEST:
        mask = calm & (pressure <= np.sort(pressure[calm])[FEWEST - 1])
    whole = float(pressure.mean())
    return Quiet(mask, float(pressure[mask].mean()) / whole if whole > 0 else 0.0, int(calm.sum()))


def media_pressure(view: View, carried: float = CARRIED) -> Array:
    """(T,) media of all channels with carry-over, each over its own mean, weighted by its spend: 1 is usual."""
    if not view.channels:
        return np.zeros(len(view.periods))
    acting = view.complete([c.acting for c in view.channels]).to_numpy(dtype=float)
    spend = np.array([float(view.periods[c.spend].sum()) if c.spend else np.nan for c in view.channels])
    usual = np.nanmean(spend) if np.isfinite(spend).any() else 1.0
    weights = np.where(np.isfinite(spend), spend, usual)
    kept = np.maximum(acting, 0)
    for t in range(1, len(kept)):
        kept[t] = carried * kept[t - 1] + (1 - carried) * kept[t]
    means = kept.mean(axis=0)
    live = (means > 0) & (weights > 0)
    if not live.any():
        return np.zeros(len(kept))
    return np.asarray((kept[:, live] / means[live]) @ (weights[live] / weights[live].sum()), dtype=float)


def _busy(view: View) -> npt.NDArray[np.bool_]:
    """(T,) periods of a promotion or a marked event."""
    busy = np.zeros(len(view.periods), dtype=bool)
    for column in view.role_columns(Role.HOLIDAY):
        busy |= (view.periods[column].fillna(0) > 0).to_numpy()
    for column in view.role_columns(Role.CONTROL, Role.TREATMENT):
        values = view.complete([column])[column].to_numpy(dtype=float)
        off = float(values.min())
        # A depth or a flag rests at its lowest value; a price has no such state.
        resting = values <= off + 0.05 * float(np.ptp(values))
        if _promotion(column) and np.ptp(values) > 0 and resting.mean() >= 0.25:
            busy |= ~resting
    return busy


def _promotion(column: str) -> bool:
    words = {x.text for x in w.words(column)}
    return bool(words & (w.LEVERS - w.PRICES)) and not words & w.RIVALS


def _levels(
    view: View, kpi: Array, quiet: npt.NDArray[np.bool_], method: BaselineMethod, season: Array
) -> tuple[Array, Array, Array, Interval]:
    """Level, low, high (T,) and the share of the KPI."""
    total = float(kpi.sum())
    if not total > 0:
        raise DataError("The KPI adds up to nothing, so a baseline has no share of it.")
    if method is BaselineMethod.REGRESSION:
        return _regression(view, kpi, quiet, total)
    of = np.median if method is BaselineMethod.MEDIAN else np.mean
    calm = (kpi - season)[quiet]
    rng = np.random.default_rng(1)
    draws = np.asarray(of(rng.choice(calm, (DRAWS, len(calm))), axis=1), dtype=float)
    level = float(of(calm)) + season
    low, high = np.quantile(draws, (0.05, 0.95))
    left = _still_at_work(view, kpi - season, quiet)
    shares = (draws * len(kpi) + season.sum()) / total
    share = _interval(shares, float(level.sum()) / total)
    return level, low - left + season, high + season, replace(share, p5=share.p5 - left * len(kpi) / total)


def _still_at_work(view: View, kpi: Array, quiet: npt.NDArray[np.bool_]) -> float:
    """KPI per period that media may still have brought in the quiet periods, at most all of it.

    What the KPI of all periods without promotion or event is above that of the quiet ones came from so much more media;
    the media that are left in these bring as much for their part.
    """
    calm, out = ~_busy(view), 0.0
    for carried in CARRIES:
        pressure = media_pressure(view, carried)
        least, usual = float(pressure[quiet].mean()), float(pressure[calm].mean())
        more = float(kpi[calm].mean() - kpi[quiet].mean())
        if usual > least and more > 0:
            out = max(out, more * least / (usual - least))
    return min(out, max(0.0, float(kpi[quiet].mean())))


def _regression(
    view: View, kpi: Array, quiet: npt.NDArray[np.bool_], total: float
) -> tuple[Array, Array, Array, Interval]:
    terms = min(2, (int(quiet.sum()) // PER_TERM - 3) // 2)
    if terms < 0:
        raise DataError(
            f"{counted(int(quiet.sum()), 'quiet period')} are too few for a regression: take the median or the mean."
        )
    base = season_and_trend(days_of(view), terms=terms)
    tried = [_line(base, media_pressure(view, carried), kpi, quiet, total) for carried in CARRIES]
    level, _, _, share = tried[CARRIES.index(CARRIED)]
    low, high = np.min([t[1] for t in tried], axis=0), np.max([t[2] for t in tried], axis=0)
    around = replace(share, p5=min(t[3].p5 for t in tried), p95=max(t[3].p95 for t in tried))
    return level, low, high, around


def _line(
    base: Array, pressure: Array, kpi: Array, quiet: npt.NDArray[np.bool_], total: float
) -> tuple[Array, Array, Array, Interval]:
    """Read where there are no media: level, low, high (T,) and the share of the KPI."""
    from statsmodels.regression.linear_model import OLS

    with_media = np.column_stack([base, pressure]) if np.ptp(pressure[quiet]) > 0 else base
    fitted = OLS(kpi[quiet], with_media[quiet]).fit()
    design = np.zeros_like(with_media)
    design[:, : base.shape[1]] = base
    around = fitted.get_prediction(design)
    ranges = np.asarray(around.conf_int(alpha=0.10), dtype=float)
    weights = design.sum(axis=0)
    centre = float(weights @ fitted.params) / total
    sd = float(np.sqrt(weights @ np.asarray(fitted.cov_params()) @ weights)) / total
    reach = float(_t90(fitted.df_resid)) * sd
    share = Interval(centre, centre - reach, centre, centre + reach)
    return np.asarray(around.predicted_mean, dtype=float), ranges[:, 0], ranges[:, 1], share


def _t90(free: float) -> float:
    from scipy.stats import t

    return float(t.ppf(0.95, free))


def _season(view: View) -> Array:
    """(T,) yearly season of the KPI, KPI units with mean 0, beyond trend, media, promotions and events."""
    base = season_and_trend(days_of(view), terms=2)
    if base.shape[1] <= 2:
        return np.zeros(len(base))
    extra = view.complete(view.role_columns(Role.HOLIDAY, Role.CONTROL, Role.TREATMENT)).to_numpy(dtype=float)
    design = np.column_stack([base, np.sqrt(media_pressure(view)), extra])
    live = [0, *(i for i in range(1, design.shape[1]) if i - 1 not in set(dependent_columns(design[:, 1:])))]
    if len(live) > len(design) / 3:
        live = list(range(base.shape[1]))
    coefficients = np.linalg.lstsq(design[:, live], _kpi(view), rcond=None)[0]
    waves = [at for at, i in enumerate(live) if 2 <= i < base.shape[1]]
    season = design[:, [live[at] for at in waves]] @ coefficients[waves]
    return np.asarray(season - season.mean(), dtype=float)


def _by_geo(
    frame: pd.DataFrame, recognition: Recognition, calm: Quiet, whole: View, method: BaselineMethod, seasonal: bool
) -> tuple[tuple[str, float], ...]:
    """The same method in each geo that has every period; quiet is what is quiet in the whole country."""
    out = []
    for geo in panel.geo_names(frame, recognition):
        rows = panel.of_geo(frame, recognition, geo)
        view = look(rows, recognition, Thresholds(), pd.Timestamp.max.date())
        if len(view.periods) != len(whole.periods) or not _kpi(view).sum() > 0:
            continue
        season = _season(view) if seasonal and method is not BaselineMethod.REGRESSION else np.zeros(len(calm.mask))
        share = _levels(view, _kpi(view), calm.mask, method, season)[3]
        out.append((geo, share.mean))
    return tuple(out) if len(out) > 1 else ()


def _kpi(view: View) -> Array:
    assert view.kpi is not None
    return view.complete([view.kpi])[view.kpi].to_numpy(dtype=float)


def _interval(draws: Array, centre: float) -> Interval:
    low, middle, high = np.quantile(draws, (0.05, 0.5, 0.95))
    return Interval(centre, float(low), float(middle), float(high))


def _floats(values: Array) -> tuple[float, ...]:
    return tuple(float(v) for v in values)
