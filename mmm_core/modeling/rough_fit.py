"""A rough fit by Gauss-Newton in a fraction of a second (NumPy): where the posterior lies and how it is curved there.

It chooses the sampler's coordinates (``coordinates``) and nothing else: the posterior is the same whatever it finds.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mmm_core.domain.fit import ModelData
from mmm_core.modeling import coordinates as co
from mmm_core.modeling import parameters as par
from mmm_core.modeling.believed import Believed, Families, log_total
from mmm_core.modeling.coordinates import Coordinates, Pooling, Together, Unshifted
from mmm_core.modeling.linear_block import LinearBlock
from mmm_core.modeling.parameters import NOISE, OWN, SHOCK, SPREAD, Layout
from mmm_core.modeling.predict import saturated_exposure
from mmm_core.modeling.transforms import EFFECT, media_parameters

Array = npt.NDArray[np.float64]
STEPS = 25
NUDGE = 1e-4
FARTHEST = 4.0
"""Standardised parameters are kept this near to their prior's centre."""
QUIETEST = 1e-4
"""Least noise scale, of the largest KPI: a rough fit to data without noise must not divide by none."""
SLIGHT = 1e-6
"""Precision that every parameter has at least, where what the data tell is inverted."""
LEAST_OWN = 0.1
"""Part of a geo's variance that stays its own, whatever other geos share."""
LEAST_SHARED = 0.01
"""Part of the geos' mean variance that their shared shocks have at least: none has no logarithm."""


@dataclass(frozen=True)
class Scales:
    """What is left over, by size: noise of each geo and shocks that all of them share."""

    noise: Array
    """(G,)"""
    shock: float
    """0 where none are shared."""


@dataclass(frozen=True)
class Problem:
    """The model as residuals: G geos, T periods, C channels, D parameters, R directions of the linear block."""

    plan: Layout
    data: ModelData
    loc: Array
    scale: Array
    """(D,) each, as in ``density.Inputs``."""
    level: Array
    target: Array
    """(G, T) scaled KPI less the linear block's prior mean."""
    basis: Array
    """(G, T, R) orthonormal directions of the linear block, what geos share taken as each geo's own."""
    power: Array
    """(G, R) prior variance along them."""
    held: Believed | None = None
    """What is believed of returns."""

    def at(self, name: str) -> slice:
        start = self.plan.start_of(name)
        return slice(start, start + next(count for n, _, count in self.plan.families if n == name))

    def brought(self, z: Array) -> Array:
        """Effect per channel (S, G, T, C) of parameters z (S, D)."""
        plan, data = self.plan, self.data
        values = par.constrain(plan, z, self.loc, self.scale, self.level)
        shapes = {name: values[name] for name in self.shapes()}
        size = (len(z), plan.channels)
        exposure = saturated_exposure(
            data.scaled_media, plan.adstock, plan.saturation, plan.max_lag, shapes, size, data.scaled_frequency
        )
        effect = values[EFFECT] if plan.panel else values[EFFECT][:, None]
        out: Array = exposure * effect[:, :, None, :]
        return out

    def shapes(self) -> tuple[str, ...]:
        return media_parameters(self.plan.adstock, self.plan.saturation)[:-1]

    def prior(self, z: Array) -> tuple[Array, Array]:
        """Distances (D,) of z (D,) from the priors' centres, in their standard deviations, and the slope (D, D).

        Those of the effects count without the shift by the saturation at the level (``parameters``): where a prior is
        narrow, as a belief's is, effect and saturation then move together.
        """
        here, points = self.at(self.plan.shifted), np.repeat(z[None], 1 + len(self.shapes()), axis=0)
        for row, name in enumerate(self.shapes(), start=1):
            points[row, self.at(name)] += NUDGE
        level = par.log_level(self.plan, self.plan.blocks(self.loc + self.scale * points), self.level, np)
        centre = par.log_level(self.plan, self.plan.blocks(self.loc), self.level, np)
        earned, by_geo = self._earned(points)
        # Without saturation the level is the same whatever the parameters are.
        level = np.broadcast_to(level, earned.shape) - earned
        apart, slope = z.copy(), np.eye(z.size)
        apart[here] += (centre - level[0]) / self.scale[here]
        effects = np.arange(z.size)[here]
        for row, name in enumerate(self.shapes(), start=1):
            slope[effects, np.arange(z.size)[self.at(name)]] = -(level[row] - level[0]) / NUDGE / self.scale[here]
        if by_geo is not None:
            spread, own = _spread(self, z), z[self.at(OWN)].reshape(self.plan.geos, self.plan.channels)
            for g, columns in enumerate(np.arange(z.size)[self.at(OWN)].reshape(own.shape)):
                slope[effects, columns] = by_geo[g] * spread / self.scale[here]
            wider = (by_geo * own).sum(axis=0) * spread * self.scale[self.at(SPREAD)]
            slope[effects, np.arange(z.size)[self.at(SPREAD)]] = wider / self.scale[here]
        return apart, slope

    def _earned(self, points: Array) -> tuple[Array, Array | None]:
        """Log of what an effect of one earns (S, C) at z (S, D), 0 where nothing is believed; shares of geos (G, C)."""
        if self.held is None:
            return np.zeros((len(points), self.plan.channels)), None
        plan = self.plan
        values = par.constrain(plan, points, self.loc, self.scale, self.level)
        earned = self._earned_by_one(self.held, values, len(points))
        if not plan.panel:
            return log_total(earned, None) * self.held.on, None
        deviations = np.log(values[EFFECT]) - values[par.CENTRE][:, None, :]
        total = log_total(earned, deviations)
        shares = np.exp(np.log(earned[0]) + deviations[0] - total[0]) * self.held.on
        return total * self.held.on, shares

    def _earned_by_one(self, held: Believed, values: dict[str, Array], count: int) -> Array:
        """What an effect of one earns in each geo, (S, G, C)."""
        families = Families(self.plan.adstock, self.plan.saturation, self.plan.max_lag)
        return held.earned(families, self.data, {n: values[n] for n in self.shapes()}, count)

    def together(self, z: Array) -> Together | None:
        """What geos bring of a believed return, at z (D,); None where nothing is believed or there is one geo."""
        if self.held is None or not self.plan.panel:
            return None
        values = par.constrain(self.plan, z[None], self.loc, self.scale, self.level)
        earned = self._earned_by_one(self.held, values, 1)[0]
        return Together(np.log(earned / earned.sum(axis=0)), self.held.on.astype(float))

    def residual(self, z: Array) -> Array:
        left: Array = self.target - self.brought(z[None])[0].sum(axis=-1)
        return left

    def scales(self, residual: Array) -> Scales:
        """From residuals (G, T), everything that the linear block can say taken out."""
        inside = np.einsum("gtr,gt->gr", self.basis, residual)
        rest = residual - np.einsum("gtr,gr->gt", self.basis, inside)
        free = max(1, residual.shape[1] - self.basis.shape[2])
        own = np.maximum(np.sum(rest**2, axis=1) / free, QUIETEST**2)
        if not self.plan.panel:
            return Scales(np.sqrt(own), 0.0)
        geos = len(residual)
        together = (np.sum(rest.sum(axis=0) ** 2) - np.sum(rest**2)) / (free * geos * (geos - 1))
        shared = max(float(together), LEAST_SHARED * float(own.mean()))
        return Scales(np.sqrt(np.maximum(own - shared, LEAST_OWN * own)), float(np.sqrt(shared)))

    def by_itself(self, x: Array, scales: Scales) -> Array:
        """Columns (G, T, n) in units in which a geo's own residuals are standard normal, its linear block left out."""
        noise = scales.noise
        inside = np.swapaxes(self.basis, 1, 2) @ x
        less = 1.0 - noise[:, None] / np.sqrt(noise[:, None] ** 2 + self.power)
        out: Array = (x - self.basis @ (less[:, :, None] * inside)) / noise[:, None, None]
        return out

    def whitened(self, x: Array, scales: Scales) -> Array:
        """The same with shared shocks integrated out too."""
        out = self.by_itself(x, scales)
        if not scales.shock:
            return out
        size, along = np.linalg.eigh(self._of_shocks(scales))
        # (I + V V')^-1/2 = I - V f(V'V) V' with f(n) = (1 - 1 / sqrt(1 + n)) / n.
        less = (along * ((1.0 - 1.0 / np.sqrt(1.0 + size)) / size)) @ along.T
        together = less @ self.by_itself(out, scales).sum(axis=0)
        spread = np.broadcast_to(together, (len(out), *together.shape))
        return out - scales.shock**2 * self.by_itself(spread, scales)

    def shocks(self, residual: Array, scales: Scales) -> Array:
        """(T,) the shared shocks that residuals (G, T) tell; zeros where none are shared."""
        if not scales.shock:
            return np.zeros(residual.shape[1])
        seen = self._of_shocks(scales)
        told = self.by_itself(self.by_itself(residual[:, :, None], scales), scales)[:, :, 0].sum(axis=0)
        return scales.shock**2 * np.linalg.solve(np.eye(len(seen)) + seen, told)

    def _of_shocks(self, scales: Scales) -> Array:
        """(T, T) precision with which the data tell the shocks, in units of their scale."""
        noise = scales.noise[:, None] ** 2
        inside = self.basis * np.sqrt(self.power / (noise * (noise + self.power)))[:, None, :]
        less = np.tensordot(inside, inside, axes=((0, 2), (0, 2)))
        out: Array = scales.shock**2 * (np.sum(1.0 / noise) * np.eye(len(less)) - less)
        return out

    def distance(self, residual: Array, scales: Scales) -> Array:
        """Whitened residuals (G, T)."""
        return self.whitened(residual[:, :, None], scales)[:, :, 0]


def problem(
    plan: Layout,
    data: ModelData,
    block: LinearBlock,
    loc: Array,
    scale: Array,
    level: Array,
    held: Believed | None = None,
) -> Problem:
    wide = np.ones_like(block.own) if block.shared is None else np.hypot(block.own, block.shared) / block.own
    pairs = zip(block.singular, block.right, strict=True)
    parts = [np.linalg.svd(d[:, None] * v.T * wide, full_matrices=False) for d, v in pairs]
    basis = np.stack([u @ part[0] for u, part in zip(block.basis, parts, strict=True)])
    power = np.stack([part[1] ** 2 for part in parts])
    return Problem(plan, data, loc, scale, level, data.scaled_target - block.offset, basis, power, held)


def find(made: Problem, spread_scale: Array | None) -> Coordinates:
    """The sampler's coordinates.

    Parameters
    ----------
    spread_scale
        (C,) scales of the half-normal priors of spreads; None where geos' effects keep their own coordinates.
    """
    z, scales = _fit(made)
    plan, here = made.plan, made.at(NOISE)
    z[here] = (np.log(scales.noise) - made.loc[here]) / made.scale[here]
    slope, residual = _linear(made, z)
    lean = made.prior(z)[1]
    told = sum(c.T @ c for c in made.whitened(slope, scales))
    curvature = lean.T @ lean + told
    curvature[here, here] = np.diag(1.0 + 2.0 * residual.shape[1] * made.scale[here] ** 2)
    if plan.panel:
        here = made.at(SHOCK)
        z[here] = (np.log(scales.shock) - made.loc[here]) / made.scale[here]
        seen = scales.shock**2 * float(np.sum(scales.noise**-2))
        learned = 2.0 * residual.shape[1] * (seen / (1.0 + seen)) ** 2
        curvature[here, here] = 1.0 + learned * made.scale[here] ** 2
    plain = Coordinates(np.zeros(plan.size), np.eye(plan.size), None, None)
    if not (np.isfinite(curvature).all() and np.isfinite(z).all()):
        return plain
    pooling = None if spread_scale is None else _pooling(made, z, scales, residual, spread_scale)
    where = plain._replace(pooling=pooling, unshifted=_unshifted(made, told, lean), together=made.together(z))
    q = co.to_round(plan, z, where, made.loc, made.scale)
    # The prior of a signed spread is standard normal in its own coordinate, not in its logarithm.
    signed = np.arange(plan.size)[made.at(SPREAD)] if pooling else np.arange(0)
    curvature[signed, signed] -= 1.0
    if pooling:
        q[made.at(OWN)] = 0.0
    turned = _slope(made, q, where)
    curvature = turned.T @ curvature @ turned
    curvature[signed, signed] += 1.0
    if not (np.isfinite(curvature).all() and np.isfinite(q).all()):
        return plain
    size, direction = np.linalg.eigh(curvature)
    return where._replace(centre=q, factor=(direction / np.sqrt(size)) @ direction.T)


def _fit(made: Problem) -> tuple[Array, Scales]:
    """Parameters (D,), and the sizes of what they leave over."""
    free = np.ones(made.plan.size, dtype=bool)
    for name in (NOISE, *((SPREAD, SHOCK) if made.plan.panel else ())):
        free[made.at(name)] = False
    z, damping = np.zeros(made.plan.size), 1.0
    for _ in range(STEPS):
        slope, residual = _linear(made, z)
        scales = made.scales(residual)
        columns, left = made.whitened(slope[:, :, free], scales), made.distance(residual, scales)
        apart, lean = made.prior(z)
        lean = lean[:, free]
        normal = lean.T @ lean + sum(c.T @ c for c in columns)
        towards = np.einsum("gtd,gt->d", columns, left) - lean.T @ apart
        now = np.sum(left**2) + np.sum(apart**2)
        while damping < 1e8:
            tried = z.copy()
            tried[free] += np.linalg.solve(normal + damping * np.diag(np.diag(normal)), towards)
            tried = np.clip(tried, -FARTHEST, FARTHEST)
            then = np.sum(made.distance(made.residual(tried), scales) ** 2) + np.sum(made.prior(tried)[0] ** 2)
            if then < now:
                z, damping = tried, damping / 5.0
                break
            damping *= 5.0
        if damping >= 1e8 or now - then < 1e-3:
            break
    return z, made.scales(made.residual(z))


def _linear(made: Problem, z: Array) -> tuple[Array, Array]:
    """Derivatives of the media's effect (G, T, D) and the residual (G, T) at z (D,)."""
    plan, shapes = made.plan, made.shapes()
    points = np.repeat(z[None], 1 + len(shapes), axis=0)
    for row, name in enumerate(shapes, start=1):
        points[row, made.at(name)] += NUDGE
    brought = made.brought(points)
    now = brought[0]
    slope = np.zeros((*now.shape[:2], plan.size))
    for row, name in enumerate(shapes, start=1):
        slope[:, :, made.at(name)] = (brought[row] - now) / NUDGE
    slope[:, :, made.at(plan.shifted)] = now * made.scale[made.at(plan.shifted)]
    if plan.panel:
        spread, own = _spread(made, z), z[made.at(OWN)].reshape(plan.geos, plan.channels)
        slope[:, :, made.at(SPREAD)] = now * (made.scale[made.at(SPREAD)] * spread * own)[:, None, :]
        for g, columns in enumerate(np.arange(plan.size)[made.at(OWN)].reshape(plan.geos, plan.channels)):
            slope[g][:, columns] = now[g] * spread
    return slope, made.target - now.sum(axis=-1)


def _spread(made: Problem, z: Array) -> Array:
    here = made.at(SPREAD)
    return np.exp(made.loc[here] + made.scale[here] * z[here])


def _pooling(made: Problem, z: Array, scales: Scales, residual: Array, scale: Array) -> Pooling:
    """Information of each geo's own data on its log effects, and how far from the mean they say it is."""
    column = made.by_itself(made.brought(z[None])[0], scales)
    information = np.sum(column**2, axis=1)
    apart = _spread(made, z) * z[made.at(OWN)].reshape(made.plan.geos, made.plan.channels)
    own = residual - made.shocks(residual, scales)
    score = np.einsum("gtc,gt->gc", column, made.by_itself(own[:, :, None], scales)[:, :, 0])
    return Pooling(information, information * apart + score, scale)


def _unshifted(made: Problem, told: Array, lean: Array) -> Unshifted:
    """From what the data tell (D, D): the variance that they alone leave an effect, beside its prior's."""
    effects = np.arange(made.plan.size)[made.at(made.plan.shifted)]
    others = np.delete(lean, effects, axis=0)
    alone = told + others.T @ others + SLIGHT * np.eye(len(told))
    left = np.diag(np.linalg.inv(alone))[effects]
    middle = par.log_level(made.plan, made.plan.blocks(made.loc), made.level, np)
    share = left / (1.0 + left)
    if made.held is not None:
        # What is believed of a return is nearly a belief about the effect at its level: the shift suits both.
        share = np.where(made.held.on, 0.0, share)
    return Unshifted(share, middle, made.level)


def _slope(made: Problem, q: Array, where: Coordinates) -> Array:
    """dz / dq (D, D), by central differences of a cheap formula."""
    nudge = NUDGE * np.eye(q.size)
    up, down = (co.from_round(made.plan, q + side, where, made.loc, made.scale, np)[0] for side in (nudge, -nudge))
    out: Array = (up - down).T / (2.0 * NUDGE)
    return out
