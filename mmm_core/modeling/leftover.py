"""Does what a model leaves over still follow a channel? The numbers behind the check of misfit, NumPy only.

A score test in the form of an artificial regression: the residuals at the posterior mean are regressed on everything
that the fitted model can still bend to (its linear columns, each channel's effect, the slopes of its memory and
saturation) and on what another memory, another saturation, an effect that drifts, or spend that runs after demand
would add. The first part takes out what the priors held back, so that the F test of the second part has its level
whatever they were. Noise that is correlated over time or between geos is made white first: it is no channel's misfit.

Shapes: G geos, T periods, C channels, J columns of a suspicion.

References
----------
Ramsey (1969), Tests for specification errors in classical linear least-squares regression analysis.
Davidson, MacKinnon (1990), Specification tests based on artificial regressions.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import scipy

from mmm_core.data.noise import FEWEST
from mmm_core.data.quality_maths import basis, residual
from mmm_core.domain.fit import BASELINE_DRIFT, MEDIA_DRIFT, Array, ModelData, Posterior
from mmm_core.modeling.parameters import NOISE
from mmm_core.modeling.predict import Positions, saturated_exposure, shock_scale
from mmm_core.modeling.transforms import EFFECT, media_parameters
from mmm_core.modeling.whitening import Whitening

MEMORY, SATURATION, DRIFT, DEMAND = "memory", "saturation", "drift", "demand"
KINDS = (MEMORY, SATURATION, DRIFT, DEMAND)
SHARES = ("adstock_alpha", "saturation_r")
"""Parameters between 0 and 1."""
POWERS = (0.5, 1.0, 2.0)
"""Of the exposure: what another saturation would add bends like one of these."""
STEP = 0.05
"""By so much a parameter's log (logit for a share) is moved to see what the model bends to."""
NEW = 0.05
"""Part of a direction that must lie outside what the model bends to; less is decided by curvature, not by the data."""
SMOOTH = 0.99
"""Part of a drift's movement whose directions are taken out."""


@dataclass(frozen=True)
class Suspicion:
    """One way in which one channel's part of the model may be wrong, and what the residuals say of it."""

    channel: str
    kind: str
    chance: float
    """Probability of so strong a pattern where the model is right."""
    size: float
    """Typical size of the pattern per period over what the channel brings in a typical period."""
    longest: bool = False
    """Of a memory: the pattern lies mostly beyond the longest lag."""


@dataclass(frozen=True)
class Leftover:
    single: tuple[Suspicion, ...]
    """Of each channel and kind that can be asked."""
    jointly: dict[str, float]
    """By kind, the probability for all channels together: a family is chosen for all of them."""
    rho: float
    """Correlation of a period's noise with the last one's (the middle geo's)."""
    together: float
    """Correlation of the noise of two geos in one period."""
    periods: int
    widening: Array
    """(C,) width that the interval of each channel's effect ought to have over the one that the model's noise gives."""

    @property
    def effective(self) -> float:
        """Independent periods that would tell as much about a mean."""
        return self.periods * (1 - self.rho) / (1 + self.rho)

    def chance(self, one: Suspicion) -> float:
        """Of a suspicion or its kind, corrected for their number: half of the level for the kinds, half for each."""
        alone = one.chance * 2 * len(self.single)
        return min(1.0, alone, self.jointly.get(one.kind, 1.0) * 2 * len(self.jointly))


@dataclass(frozen=True)
class _Fitted:
    """The media part of the model at the posterior mean, scaled KPI units."""

    brought: Array
    """(G, T, C)"""
    bends: Array
    """(G, T, C * P) change of each channel's contribution with each of its shape parameters."""
    effect: Array
    """(G, 1 or T, C)"""
    contacts: Array
    """(G, T, C) scaled exposure: reach times frequency where a channel has both."""
    powers: Array
    """(G, T, C, P) adstocked exposure to several powers: of the frequency where a channel has one."""


def examine(posterior: Posterior, data: ModelData, left: Array, draws: Positions) -> Leftover:
    """Every suspicion about every channel.

    Parameters
    ----------
    left
        (G, T) KPI less its posterior mean, KPI units.
    draws
        Positions of the draws that the posterior mean is taken over.
    """
    fitted = _at_the_mean(posterior, data, draws)
    own = [_own(posterior, data, fitted, g, draws) for g in range(len(data.geos))]
    scaled = left / data.target_scale[:, None]
    white = Whitening.learn(scaled, own, fitted.bends)
    single: list[Suspicion] = []
    jointly: dict[str, float] = {}
    for kind in KINDS:
        asked = list(_suspected(data, posterior, fitted, kind))
        if not asked:
            continue
        together = np.concatenate([one.columns for one in asked], axis=-1)
        fair = Whitening.learn(scaled, own, fitted.bends, together)
        rest = fair(scaled[..., None])[:, 0]
        tested = [(one, _test(fair, rest, one.columns)) for one in asked]
        single += [
            _said(fair, fitted, data, kind, one, answer, _beyond(fair, rest, one)) for one, answer in tested if answer
        ]
        whole = _test(fair, rest, together) if len(asked) > 1 else None
        jointly |= {kind: whole.chance} if whole else {}
    assumed = _assumed_together(posterior, draws)
    wider = np.array([white.widening(_alone(fitted, own, c), assumed) for c in range(len(data.channels))])
    return Leftover(tuple(single), jointly, float(np.median(white.rho)), white.together, left.shape[1], wider)


def _assumed_together(posterior: Posterior, draws: Positions) -> float:
    """Correlation between geos in one period that the model itself has."""
    shared = float(np.mean(shock_scale(posterior, draws) ** 2))
    return shared / (shared + float(np.mean(posterior.by_geo(NOISE)[draws] ** 2))) if shared else 0.0


def _at_the_mean(posterior: Posterior, data: ModelData, draws: Positions) -> _Fitted:
    names = media_parameters(posterior.adstock, posterior.saturation)[:-1]
    middle = {name: posterior.flat(name)[draws].mean(axis=0) for name in names}
    effect = posterior.by_geo(EFFECT)[draws].mean(axis=0)[:, None, :]
    drift = posterior.drift(MEDIA_DRIFT, data.target.shape[1])
    if drift is not None:
        effect = effect * drift[draws].mean(axis=0)[None, :, None]
    scaled, often, memory, lags = data.scaled_media, data.scaled_frequency, posterior.adstock, posterior.max_lag
    tried = {name: np.stack([middle[name], *_moved(middle, names, name)]) for name in names}
    shape = (1 + 2 * len(names), len(data.channels))
    curves = saturated_exposure(scaled, memory, posterior.saturation, lags, tried, shape, often)
    bends = [(up - down) / (2 * STEP) * effect for up, down in zip(curves[1::2], curves[2::2], strict=True)]
    unmoved = {name: values[:1] for name, values in tried.items()}
    stock = saturated_exposure(scaled, memory, "linear", lags, unmoved, (1, shape[1]))[0]
    powers = np.stack([stock**power for power in POWERS], axis=-1)
    if often is not None:
        own = list(data.by_frequency)
        for p, power in enumerate(POWERS):
            carried = saturated_exposure(scaled, memory, "linear", lags, unmoved, (1, shape[1]), often**power)[0]
            powers[..., own, p] = carried[..., own]
    return _Fitted(
        brought=curves[0] * effect,
        bends=np.concatenate(bends, axis=-1) if bends else np.zeros((*scaled.shape[:2], 0)),
        effect=effect,
        contacts=scaled if often is None else scaled * np.where(np.isfinite(often), often, 1.0),
        powers=powers,
    )


def _moved(middle: dict[str, Array], names: Sequence[str], name: str) -> Iterator[Array]:
    """One parameter's values while each parameter in turn is moved up and down."""
    value = middle[name]
    for other in names:
        for step in (STEP, -STEP):
            if other != name:
                yield value
            elif name in SHARES:
                odds = value / np.maximum(1 - value, 1e-9) * np.exp(step)
                yield odds / (1 + odds)
            else:
                yield value * np.exp(step)


def _own(posterior: Posterior, data: ModelData, fitted: _Fitted, g: int, draws: Positions) -> Array:
    """(T, C + K) what geo ``g`` may bend to by itself: each channel's effect, then baseline, controls and season."""
    periods = data.target.shape[1]
    columns = [fitted.brought[g], np.ones((periods, 1)), data.linear[g], data.fourier]
    for name, by in ((BASELINE_DRIFT, np.ones(periods)), (MEDIA_DRIFT, fitted.brought[g].sum(axis=-1))):
        drift = posterior.drift(name, periods)
        if drift is not None:
            columns.append(_directions(drift[draws]) * by[:, None])
    return np.column_stack(columns)


def _directions(drawn: Array) -> Array:
    """(T, N) directions in which draws (S, T) of a smooth curve move most."""
    _, size, along = np.linalg.svd(drawn - drawn.mean(axis=0), full_matrices=False)
    kept = 1 + int(np.searchsorted(np.cumsum(size**2), SMOOTH * float((size**2).sum())))
    return np.asarray(along[:kept].T, dtype=float)


def _alone(fitted: _Fitted, own: Sequence[Array], c: int) -> Array:
    """(G, T) of a channel's contribution what no other column explains."""
    others = (np.column_stack([np.delete(n, c, axis=1), b]) for n, b in zip(own, fitted.bends, strict=True))
    return np.stack([residual(fitted.brought[g, :, c], basis(columns)) for g, columns in enumerate(others)])


@dataclass(frozen=True)
class _Asked:
    channel: int
    columns: Array
    """(G, T, J)"""
    beyond: int = 0
    """Of a memory: how many of the last columns are lags beyond the longest."""


def _suspected(data: ModelData, posterior: Posterior, fitted: _Fitted, kind: str) -> Iterator[_Asked]:
    """What each channel that ran would add to the KPI if the model were wrong in this way."""
    periods = data.target.shape[1]
    time = np.linspace(-1, 1, periods)[:, None]
    lags, beyond = lag_groups(posterior.max_lag, periods)
    for c in range(len(data.channels)):
        brought, effect, exposure = fitted.brought[..., c, None], fitted.effect[..., c, None], fitted.contacts[..., c]
        if not brought.any():
            continue
        if kind == MEMORY:
            yield _Asked(c, effect * _lagged(exposure, lags), beyond)
        elif kind == SATURATION:
            yield _Asked(c, effect * fitted.powers[..., c, :])
        elif kind == DRIFT:
            yield _Asked(c, brought * np.concatenate([time, time**2 - 1 / 3], axis=-1))
        else:
            # An effect cannot come before its cause: what runs ahead of spend is demand that spend follows.
            yield _Asked(c, effect * _lagged(exposure, ((-1,), (-2, -3))))


def lag_groups(max_lag: int, periods: int) -> tuple[tuple[tuple[int, ...], ...], int]:
    """Lags in groups that double (0, 1, 2 to 3, 4 to 7, ...) within the memory, then as many beyond it in two halves.

    Returns
    -------
    groups, count
        How many of the last groups lie beyond the memory: none where the data are too short for it.
    """
    inside: list[tuple[int, ...]] = [(0,)]
    first = 1
    while first < max_lag:
        last = min(2 * first, max_lag)
        inside.append(tuple(range(first, last)))
        first = last
    last = min(2 * max_lag, periods // 3)
    middle = (max_lag + last + 1) // 2
    outside = [tuple(part) for part in (range(max_lag, middle), range(middle, last)) if part]
    return (*inside, *outside), len(outside)


def _lagged(media: Array, groups: Sequence[Sequence[int]]) -> Array:
    """(G, T, J) mean exposure of each group of periods before (negative: after); the geo's mean outside the data."""
    periods = media.shape[1]
    out = np.zeros((*media.shape, len(groups)))
    for j, group in enumerate(groups):
        for lag in group:
            moved = np.roll(media, lag, axis=1)
            moved[:, slice(0, lag) if lag >= 0 else slice(periods + lag, None)] = media.mean(axis=1, keepdims=True)
            out[..., j] += moved / len(group)
    return out


@dataclass(frozen=True)
class _Answer:
    f: float
    chance: float
    weights: Array
    """(J,) of the columns."""


def _test(white: Whitening, rest: Array, columns: Array) -> _Answer | None:
    """F test of columns (G, T, J); None where the data cannot tell them from what the model bends to anyway."""
    lengths = white.lengths(columns)
    lengths = np.where(lengths > 0, lengths, np.inf)
    u, d, v = np.linalg.svd(white(columns / lengths), full_matrices=False)
    kept = d > NEW
    count = int(kept.sum())
    free = white.free - count
    if count == 0 or free < FEWEST:
        return None
    along = u[:, kept].T @ rest
    explained, total = float(along @ along), float(rest @ rest)
    f = explained / count / max((total - explained) / free, 1e-300)
    return _Answer(f, float(scipy.stats.f.sf(f, count, free)), v[kept].T @ (along / d[kept]) / lengths)


def _beyond(white: Whitening, rest: Array, asked: _Asked) -> bool:
    """Whether the lags beyond the memory say it more clearly than those within."""
    inside, beyond = np.split(asked.columns, [asked.columns.shape[-1] - asked.beyond], axis=-1)
    within, after = _test(white, rest, inside), _test(white, rest, beyond) if asked.beyond else None
    return after is not None and (within is None or after.chance < within.chance)


def _said(
    white: Whitening, fitted: _Fitted, data: ModelData, kind: str, asked: _Asked, answer: _Answer, longest: bool
) -> Suspicion:
    pattern = white.outside(asked.columns @ answer.weights) * data.target_scale[:, None]
    usual = float(np.abs(fitted.brought[..., asked.channel] * data.target_scale[:, None]).mean())
    # An F of 1 is what chance alone gives.
    real = np.sqrt(max(0.0, 1 - 1 / answer.f)) if answer.f > 0 else 0.0
    size = float(np.sqrt((pattern**2).mean()) * real / usual) if usual > 0 else 0.0
    return Suspicion(data.channels[asked.channel], kind, answer.chance, size, longest)
