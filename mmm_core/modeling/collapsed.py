"""Our own engine's model of one data set: collapsed density to sample from, linear block to draw afterwards."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np
import numpy.typing as npt

from mmm_core.domain.errors import SpecError
from mmm_core.domain.fit import ModelData
from mmm_core.modeling import density, rough_fit
from mmm_core.modeling import parameters as par
from mmm_core.modeling.believed import Believed
from mmm_core.modeling.conditional import draw_linear, residual
from mmm_core.modeling.coordinates import Coordinates, poolable, to_parameters
from mmm_core.modeling.distributions import Distribution
from mmm_core.modeling.lift import LiftData
from mmm_core.modeling.linear_block import LinearBlock, linear_block
from mmm_core.modeling.nuts import Target
from mmm_core.modeling.parameters import NOISE, SHOCK, Layout
from mmm_core.modeling.priors import Priors
from mmm_core.modeling.transforms import EFFECT

Array = npt.NDArray[np.float64]
SINGLE_CELLS = 4_000
"""From this many cells (geo x period x channel) weeks and media are computed in single precision."""
MOST_TURNED = 1000
"""Beyond this many parameters their own coordinates serve: a map of all onto all would cost more than the density."""
JITTER = 0.5
"""Chains start this many standard deviations around the centre of their coordinates, at most twice as far."""
WIDER = 2.0
"""Times ``JITTER`` where those are the standard deviations of a rough fit, not of the prior."""


@dataclass(frozen=True)
class Collapsed:
    plan: Layout
    inputs: density.Inputs
    block: LinearBlock
    data: ModelData
    held: Believed | None = None
    """What is believed of returns."""

    def to_sample(self, chains: int, seed: int) -> Target:
        """What the sampler draws from."""
        plan = self.plan

        def placed(w: Any, data: tuple[density.Expanded, Coordinates]) -> tuple[Any, Any]:
            return to_parameters(plan, w, data[1], data[0].inputs.loc, data[0].inputs.scale)

        def log_density(w: Any, data: tuple[density.Expanded, Coordinates]) -> Any:
            z, jacobian = placed(w, data)
            return density.log_density(plan, z, data[0]) + jacobian

        return Target(
            log_density=log_density,
            inputs=(self.inputs, self.coordinates()),
            start=WIDER * jittered(chains, plan.size, seed),
            expand=lambda x: (density.expand(plan, x[0]), x[1]),
            kept=lambda w, data: placed(w, data)[0],
            name=repr(plan),
        )

    def coordinates(self) -> Coordinates:
        """What the sampler moves in."""
        x, plan = self.inputs, self.plan
        if plan.size > MOST_TURNED:
            return Coordinates(np.zeros(plan.size), None, None, None)
        made = rough_fit.problem(plan, self.data, self.block, x.loc, x.scale, x.level, self.held)
        return rough_fit.find(made, x.numbers[par.SPREAD][0] if poolable(plan) else None)

    def constrain(self, z: Array) -> dict[str, Array]:
        """Sampled parameters by name from z (..., D): see ``parameters.constrain``."""
        return par.constrain(self.plan, z, self.inputs.loc, self.inputs.scale, self.inputs.level)

    def draws(self, z: Array, seed: int) -> dict[str, Array]:
        """Every variable of the posterior, (chains, draws, ...), from z (chains, draws, D)."""
        values = self.constrain(z)
        return {**values, **draw_linear(self.plan, self.block, self.data, values, seed)}

    def joint_log_density(
        self,
        values: Mapping[str, Array],
        coefficients: Array,
        centre: Array | None = None,
        shocks: Array | None = None,
    ) -> float:
        """Log joint density of data and parameters at one point, without any Jacobian.

        The collapsed density times the linear block's conditional: equal to the full model's joint density.

        Parameters
        ----------
        values
            Media parameters (C,) and the noise scale (), constrained; effect (G, C) and noise scales (G,) in a panel.
        coefficients
            (G, P) intercept, then control, then Fourier coefficients of each geo.
        centre
            (P,) what geos share of them; only in a panel.
        shocks
            (T,) that geos share, scaled KPI units; only in a panel.
        """
        x = self.inputs
        z = par.unconstrain(self.plan, values, x.loc, x.scale, x.level)
        collapsed = float(density.log_density(self.plan, z, density.expand(self.plan, x)))
        marginal = collapsed - float(np.sum(np.log(x.scale))) - par.log_jacobian(self.plan, values)
        one = {name: np.asarray(v, dtype=float)[None] for name, v in values.items()}
        sigma = one[NOISE] if self.plan.panel else one[NOISE][:, None]
        left = residual(self.plan, self.block, self.data, one)
        shared = self.block.mean if centre is None else centre
        common = None if shocks is None else shocks[None]
        within = self.block.log_density(shared[None], coefficients[None], left, sigma, one.get(SHOCK), common)
        return marginal + float(within[0])


def jittered(chains: int, size: int, seed: int) -> Array:
    """Starting points (chains, size) around 0; a chain's own does not depend on how many chains there are."""
    out = np.empty((chains, size))
    for chain in range(chains):
        normal = np.random.default_rng([seed, chain, 11]).standard_normal(size)
        out[chain] = JITTER * np.clip(normal, -2.0, 2.0)
    return out


def collapse(data: ModelData, priors: Priors, tests: LiftData | None = None) -> Collapsed:
    """Integrate the linear block out.

    Raises
    ------
    SpecError
        When a prior is outside of the family (then the PyMC route holds the model).
    """
    reason = why_not(data, priors)
    if reason:
        raise SpecError(reason)
    jax.config.update("jax_enable_x64", True)
    geos, channels = len(data.geos), len(data.channels)
    sampled = _sampled(priors, geos, channels)
    plan = par.layout(
        priors.adstock,
        priors.saturation,
        priors.max_lag,
        channels,
        {name: prior.family for name, prior in sampled.items()},
        geos=geos,
        single=data.media.size >= SINGLE_CELLS,
        by_frequency=data.by_frequency,
    )
    block = _block(data, priors)
    numbers = {name: _numbers(prior) for name, prior in sampled.items()}
    made = density.inputs(plan, data, block, numbers, tests, priors.believed)
    return Collapsed(plan, made, block, data, priors.believed)


def _sampled(priors: Priors, geos: int, channels: int) -> dict[str, Distribution]:
    """Prior of every block of the sampled vector."""
    shapes = {name: prior for name, prior in priors.media.items() if name != EFFECT}
    noise = {NOISE: priors.sigma.repeated(geos)}
    effect = priors.media[EFFECT]
    if priors.geo is None:
        return {**shapes, EFFECT: effect, **noise}
    offset = Distribution("Normal", {"mu": 0.0, "sigma": 1.0}).repeated(geos * channels)
    centre = Distribution("Normal", effect.parameters)
    shock = priors.geo.shock.repeated(1)
    return {**shapes, par.CENTRE: centre, par.SPREAD: priors.geo.effect, par.OWN: offset, SHOCK: shock, **noise}


def _block(data: ModelData, priors: Priors) -> LinearBlock:
    parts = (priors.intercept, priors.control, priors.fourier)
    mean = np.concatenate([np.atleast_1d(part.parameters["mu"]) for part in parts])
    sd = np.concatenate([np.atleast_1d(part.parameters["sigma"]) for part in parts])
    if priors.geo is None:
        return linear_block(data, mean, sd)
    own = np.concatenate(
        [np.atleast_1d(part) for part in (priors.geo.intercept, priors.geo.control, priors.geo.fourier)]
    )
    return linear_block(data, mean, own, sd)


def why_not(data: ModelData, priors: Priors) -> str | None:
    """One sentence on why the collapsed engine cannot hold the model; None where it can."""
    if priors.varying is not None:
        return "The collapsed engine has no effects that vary over time."
    if priors.geo is not None and priors.media[EFFECT].family != "LogNormal":
        return "The collapsed engine pools geos by LogNormal effects alone."
    if not priors.collapsible:
        return "The collapsed engine needs Normal priors on intercept, controls and season."
    scales = {NOISE: priors.sigma} | ({SHOCK: priors.geo.shock} if priors.geo else {})
    outside = [n for n, p in {**priors.media, **scales}.items() if p.family not in par.FAMILIES]
    return f"The collapsed engine has no {outside[0]} of the prior family asked for." if outside else None


def _numbers(prior: Distribution) -> Array:
    """Prior numbers (2, n); a family with one number repeats it."""
    first, *rest = (np.atleast_1d(v) for v in prior.parameters.values())
    return np.stack(np.broadcast_arrays(first, rest[0] if rest else first)).astype(float)
