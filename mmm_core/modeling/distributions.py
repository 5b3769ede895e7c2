"""The prior families that the model uses, as numbers, in PyMC's names and parameterisations."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy

from mmm_core.domain.fit import Array

_FAMILIES: dict[str, tuple[str, ...]] = {
    "Normal": ("mu", "sigma"),
    "LogNormal": ("mu", "sigma"),
    "HalfNormal": ("sigma",),
    "Laplace": ("mu", "b"),
    "Beta": ("alpha", "beta"),
    "Gamma": ("alpha", "beta"),
}


@dataclass(frozen=True)
class Distribution:
    """A family and its parameters, all of one shape (): a scalar variable, or (n,): n independent ones.

    ``family`` is one of Normal(mu, sigma), LogNormal(mu, sigma), HalfNormal(sigma), Laplace(mu, b), Beta(alpha, beta)
    and Gamma(alpha, beta = rate).
    """

    family: str
    parameters: dict[str, Any]
    """Arrays after construction, whatever numbers were given."""

    def __post_init__(self) -> None:
        if tuple(self.parameters) != _FAMILIES.get(self.family):
            raise ValueError(f"{self.family} takes {_FAMILIES.get(self.family)}, not {tuple(self.parameters)}")
        arrays: Mapping[str, Array] = {k: np.asarray(v, dtype=float) for k, v in self.parameters.items()}
        object.__setattr__(self, "parameters", dict(arrays))

    @property
    def shape(self) -> tuple[int, ...]:
        return np.broadcast_shapes(*(values.shape for values in self.parameters.values()))

    def repeated(self, count: int) -> "Distribution":
        """The same scalar prior for ``count`` independent variables."""
        return Distribution(self.family, {k: np.full(count, float(v)) for k, v in self.parameters.items()})

    def sample(self, rng: np.random.Generator, draws: int) -> Array:
        """(draws, *shape)"""
        out: Array = self._frozen().rvs(size=(draws, *self.shape), random_state=rng)
        return out

    def quantile(self, probability: float) -> Array:
        out: Array = np.asarray(self._frozen().ppf(probability), dtype=float)
        return out

    def log_density(self, values: Array) -> Array:
        """Elementwise, on the constrained scale."""
        out: Array = np.asarray(self._frozen().logpdf(values), dtype=float)
        return out

    def _frozen(self) -> Any:
        p = self.parameters
        match self.family:
            case "Normal":
                return scipy.stats.norm(p["mu"], p["sigma"])
            case "LogNormal":
                return scipy.stats.lognorm(s=p["sigma"], scale=np.exp(p["mu"]))
            case "HalfNormal":
                return scipy.stats.halfnorm(scale=p["sigma"])
            case "Laplace":
                return scipy.stats.laplace(p["mu"], p["b"])
            case "Beta":
                return scipy.stats.beta(p["alpha"], p["beta"])
            case _:
                return scipy.stats.gamma(p["alpha"], scale=1 / p["beta"])
