"""A fit from the request to the posterior."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
MEDIA_DRIFT = "media_drift"
BASELINE_DRIFT = "baseline_drift"


@dataclass(frozen=True)
class ModelData:
    """The prepared numbers that a model sees; the leading axis is the geo (one for national data).

    G geos, T periods, C channels, K control columns. KPI in KPI units, spend in the project's currency; media in the
    unit of the exposure column, or currency where the spend itself is the exposure.
    """

    dates: npt.NDArray[np.datetime64]
    """(T,) first day of each period."""
    geos: tuple[str, ...]
    channels: tuple[str, ...]
    target: Array
    """(G, T) KPI units."""
    media: Array
    """(G, T, C) what the adstock acts on: exposure, spend or people reached."""
    spend: Array
    """(G, T, C) money; NaN where a channel has no spend (organic)."""
    value_per_unit: Array
    """(G, T) money per KPI unit; 1 for revenue; NaN where nobody said."""
    linear: Array
    """(G, T, K) standardised controls, holidays and trend columns; each has mean 0."""
    linear_names: tuple[str, ...]
    linear_groups: tuple[str, ...]
    """'control', 'holiday', 'treatment', 'trend' or 'bend' (of a spline baseline) for each of the K columns."""
    fourier: Array
    """(T, F) yearly Fourier terms, PyMC-Marketing's order: all sines, then all cosines (sin_1..n, cos_1..n)."""
    media_scale: Array
    """(G, C) media divided by this before adstock: the channel's largest exposure, per head in a panel."""
    target_scale: Array
    """(G,) KPI divided by this: the geo's largest absolute value."""
    reference: Array | None = None
    """(G, K) standardised level that a linear column's contribution counts from; None for their means."""
    frequency: Array | None = None
    """(G, T, C) contacts per person reached, 0 where nobody was, NaN for channels without; ``media`` is then the reach.

    None where no channel has one."""
    frequency_scale: Array | None = None
    """(C,) frequency divided by this before its saturation: the channel's highest; NaN for channels without."""

    @property
    def by_frequency(self) -> tuple[int, ...]:
        """Positions of the channels that are modelled by reach and frequency."""
        scale = self.frequency_scale
        return () if scale is None else tuple(np.flatnonzero(np.isfinite(scale)).tolist())

    @property
    def scaled_frequency(self) -> Array | None:
        """(G, T, C) frequency over its scale; NaN for channels without; None where no channel has one."""
        if self.frequency is None or self.frequency_scale is None:
            return None
        scaled: Array = self.frequency / self.frequency_scale
        return scaled

    @property
    def linear_base(self) -> Array:
        """(G, K) ``reference``, zeros where there is none."""
        shape = (self.linear.shape[0], self.linear.shape[2])
        return np.zeros(shape) if self.reference is None else self.reference

    @property
    def scaled_media(self) -> Array:
        """(G, T, C) media over their scale; 0 where a channel was never on."""
        scale = np.where(self.media_scale > 0, self.media_scale, 1.0)
        scaled: Array = self.media / scale[:, None, :]
        return scaled

    @property
    def scaled_target(self) -> Array:
        """(G, T)"""
        scaled: Array = self.target / self.target_scale[:, None]
        return scaled


@dataclass(frozen=True)
class Posterior:
    """Constrained draws in scaled units, named as PyMC-Marketing names them.

    ``draws`` maps a name to an array (chains, draws, ...): the adstock's and the saturation's parameters (C);
    saturation_beta (C); intercept_contribution (); gamma_control (K); gamma_fourier (F); y_sigma (). In a panel the
    last five have a leading geo axis (G, ...), and means and spreads over geos stand beside them (saturation_beta_mu,
    saturation_beta_sigma, intercept_contribution_mu, gamma_control_mu, gamma_fourier_mu).

    Where effects vary over time, ``media_drift`` (T) multiplies every channel's contribution and ``baseline_drift`` (T)
    is added to the intercept; the Gaussian processes' own variables stand beside them.
    """

    adstock: str
    saturation: str
    max_lag: int
    draws: dict[str, Array]
    divergences: int = 0
    seconds: float = 0.0
    energy: Array | None = None
    """(chains, draws)"""

    @property
    def chains(self) -> int:
        return int(self.draws["y_sigma"].shape[0])

    @property
    def draws_per_chain(self) -> int:
        return int(self.draws["y_sigma"].shape[1])

    def flat(self, name: str) -> Array:
        """Draws of one variable with chains joined: (S, ...)."""
        values = self.draws[name]
        return values.reshape((values.shape[0] * values.shape[1], *values.shape[2:]))

    @property
    def panel(self) -> bool:
        return self.draws["y_sigma"].ndim > 2

    def drift(self, name: str, periods: int) -> Array | None:
        """Draws (S, periods) of ``media_drift`` or ``baseline_drift``; the last value goes on beyond the fit.

        None where nothing drifts.
        """
        if name not in self.draws:
            return None
        values = self.flat(name)
        beyond = max(0, periods - values.shape[1])
        return np.pad(values, ((0, 0), (0, beyond)), mode="edge")[:, :periods]

    def by_geo(self, name: str) -> Array:
        """Draws of a variable that each geo has of its own: (S, G, ...), G = 1 for national data."""
        values = self.flat(name)
        return values if self.panel else values[:, None]


class RunStatus(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    INTERRUPTED = "interrupted"
    CANCELLED = "cancelled"
    FAILED = "failed"
    DONE = "done"

    @property
    def ended(self) -> bool:
        return self in (RunStatus.CANCELLED, RunStatus.FAILED, RunStatus.DONE)


@dataclass(frozen=True)
class Run:
    id: str
    project_id: str
    dataset_version_id: str
    spec_yaml: str
    status: RunStatus
    attempt: int
    requested_by: str
    requested_at: datetime
    started_at: datetime | None = None
    ended_at: datetime | None = None
    heartbeat_at: datetime | None = None
    error: str | None = None
    job_id: str | None = None
    device: str = "cpu"
    name: str = ""


@dataclass(frozen=True)
class Progress:
    """Where one chain stands after a chunk; one row in the database each."""

    chain: int
    chunk: int
    phase: str
    """'starting', 'compiling', 'warm-up', 'sampling', 'summarising', 'done'."""
    done: int
    """Iterations of this chain so far, warm-up included."""
    total: int
    divergences: int = 0
    step_size: float | None = None
    tree_depth: float | None = None
    rhat: float | None = None
    ess: float | None = None
    seconds: float = 0.0
    seconds_left: float | None = None
    note: str = ""


@dataclass(frozen=True)
class Chunk:
    """What a chain hands over between two chunks: enough to go on bit for bit."""

    progress: Progress
    checkpoint: bytes
    """Sampler state, warm-up state, random key and fingerprint of this chain, after the chunk."""
    draws: bytes = field(repr=False, default=b"")
    """The chunk's kept unconstrained draws and statistics (empty in warm-up)."""
