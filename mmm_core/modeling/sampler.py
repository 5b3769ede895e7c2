"""Chunked NUTS: chains on threads of their own, a checkpoint after every chunk, exact resume.

The draws depend on the target, the settings and the fingerprint alone: not on how chains are cut into chunks, on the
number of threads, or on how often the fit was interrupted.
"""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import jax
import numpy as np
import numpy.typing as npt

from mmm_core.domain.errors import FitFailed
from mmm_core.domain.fit import Chunk, Progress
from mmm_core.modeling import checkpoint, nuts
from mmm_core.modeling.fingerprint import fingerprint
from mmm_core.modeling.nuts import CAPACITY, Target
from mmm_core.modeling.running import running

Array = npt.NDArray[np.float64]
FIRST_CHUNK = 25
NEARER = (1.0, 0.5, 0.1, 0.0)
"""Starting points are drawn towards 0 by these factors until the density is finite at all of them."""
ENERGY, STEPS, DIVERGING = 0, 1, 2


@dataclass(frozen=True)
class Settings:
    chains: int = 4
    tune: int = 500
    draws: int = 1000
    seed: int = 1
    target_accept: float = 0.9
    threads: int = 2
    chunk_seconds: float = 0.5
    """Wanted time per chunk; it decides how often progress is told, never what is drawn."""
    batched: bool | None = None
    """All chains in one call; None for wherever the device is not a CPU."""

    @property
    def total(self) -> int:
        return self.tune + self.draws

    def identity(self) -> str:
        return f"{self.chains} {self.tune} {self.draws} {self.seed} {self.target_accept}"


@dataclass(frozen=True)
class Sampled:
    """What came of it. N kept draws per chain, D sampled numbers."""

    draws: Array
    """(chains, N, D)"""
    energy: Array
    """(chains, N)"""
    steps: Array
    """(chains, N) leapfrog steps of each iteration."""
    divergences: int
    """Among the kept draws."""
    step_size: Array
    """(chains,)"""
    seconds: float
    note: str


@dataclass(frozen=True)
class _Piece:
    """What one chunk of one chain gave; draws and statistics are empty of meaning in the warm-up."""

    leaves: nuts.Leaves
    draws: Array
    statistics: Array
    seconds: float
    tune: int

    @property
    def iterations(self) -> int:
        return len(self.draws)


@dataclass
class _Chain:
    number: int
    leaves: nuts.Leaves
    iteration: int = 0
    chunk: int = -1
    draws: list[Array] = field(default_factory=list)
    statistics: list[Array] = field(default_factory=list)
    pace: float | None = None
    """Seconds per iteration in the last chunk."""

    def book(self, piece: _Piece) -> None:
        if not piece.iterations:
            return
        self.leaves = piece.leaves
        self.iteration += piece.iterations
        self.chunk += 1
        self.pace = piece.seconds / piece.iterations
        if self.iteration > piece.tune:
            self.draws.append(piece.draws)
            self.statistics.append(piece.statistics)

    @property
    def divergences(self) -> int:
        return int(sum(part[:, DIVERGING].sum() for part in self.statistics))

    def kept(self) -> Array:
        return np.concatenate(self.draws) if self.draws else np.empty((0, 1))


def pick_device(wanted: str) -> jax.Device:
    """The device for 'auto', 'cpu' or 'gpu'; 'auto' takes a GPU where JAX has one."""
    if wanted != "cpu":
        found = [d for d in jax.devices() if d.platform != "cpu"]
        if found:
            return found[0]
        if wanted == "gpu":
            raise FitFailed("The fit asked for a GPU, but this worker has none; choose the device 'auto' or 'cpu'.")
    return jax.devices("cpu")[0]


def sample(
    target: Target,
    settings: Settings,
    emit: Callable[[Progress | Chunk], None],
    *,
    chunks: Sequence[Chunk] = (),
    identity: str = "",
    device: jax.Device | None = None,
    programs: Path | None = None,
) -> Sampled:
    """Draw from a target.

    Parameters
    ----------
    emit
        Called from this thread with progress, and with a chunk whenever a chain finished one.
    chunks
        What an earlier attempt kept, to go on from.
    identity
        Names model and data; chunks of another identity are not used.
    programs
        Folder of compiled code, where targets with a name find what an earlier fit compiled.

    Raises
    ------
    FitFailed
        When no chain can start because the density is not finite anywhere near the starting points.
    """
    return _Run(target, settings, emit, chunks, identity, device or pick_device("cpu"), programs).sampled()


class _Run:
    """One call of ``sample``: the chains' states and the clock."""

    def __init__(
        self,
        target: Target,
        settings: Settings,
        emit: Callable[[Progress | Chunk], None],
        chunks: Sequence[Chunk],
        identity: str,
        device: jax.Device,
        programs: Path | None,
    ) -> None:
        self.settings, self.emit, self.device = settings, emit, device
        self.identity = f"{identity} {settings.identity()}"
        self.mark = fingerprint(device)
        restored = checkpoint.restore(chunks, self.identity, self.mark, settings.tune, settings.chains)
        self.note = restored.note
        self.target = _with_inputs(target, restored.inputs)
        self.before = max((k.seconds for k in restored.chains.values()), default=0.0)
        self.began = time.monotonic()
        self._say("compiling")
        batched = device.platform != "cpu" if settings.batched is None else settings.batched
        self.program = nuts.compile_program(
            self.target, settings.tune, settings.target_accept, device, settings.chains, batched, programs
        )
        self.inputs = jax.device_put(self.target.inputs, device)
        self.saved_inputs = [np.asarray(a) for a in jax.tree.leaves(self.target.inputs)]
        self.chains = self._chains(restored.chains)

    def sampled(self) -> Sampled:
        self.clock = time.monotonic()
        self.done_before = sum(chain.iteration for chain in self.chains)
        groups = [self.chains] if self.program.batched else [[chain] for chain in self.chains]
        with ThreadPoolExecutor(max_workers=max(1, min(self.settings.threads, len(groups)))) as pool:
            going = {pool.submit(self._advance, group): group for group in groups if self._open(group)}
            while going:
                ready, _ = wait(going, return_when=FIRST_COMPLETED)
                for future in ready:
                    group = going.pop(future)
                    pieces = future.result()
                    for chain, piece in zip(group, pieces, strict=True):
                        chain.book(piece)
                    if self._open(group):
                        going[pool.submit(self._advance, group)] = group
                    for chain, piece in zip(group, pieces, strict=True):
                        if piece.iterations:
                            self.emit(self._chunk(chain, piece))
        return self._result()

    def _chains(self, kept: dict[int, checkpoint.Kept]) -> list[_Chain]:
        missing = [number for number in range(self.settings.chains) if number not in kept]
        fresh = self._start(missing) if missing else {}
        chains = []
        for number in range(self.settings.chains):
            old = kept.get(number)
            if old is None:
                chains.append(_Chain(number, fresh[number]))
                continue
            chain = _Chain(number, list(old.leaves), old.iteration, old.chunk)
            if len(old.draws):
                chain.draws, chain.statistics = [old.draws], [old.statistics]
            chains.append(chain)
        return chains

    def _start(self, missing: Sequence[int]) -> dict[int, nuts.Leaves]:
        """Fresh chains, at points where the density is finite."""
        for nearer in NEARER:
            points = self.target.start * nearer
            found = [
                self.program.fresh(nuts.chain_key(self.settings.seed, number), points[number])
                for number in range(self.settings.chains)
            ]
            groups = [found] if self.program.batched else [[found[number]] for number in missing]
            ready = [self._call(group, np.zeros(len(group), np.int64))[0] for group in groups]
            energies = [np.ravel(self.program.state(stacked).potential_energy) for stacked in ready]
            if np.isfinite(np.concatenate(energies)).all():
                return {number: found[number] for number in missing}
        raise FitFailed("The model gives no finite probability to any starting point; check priors and data.")

    def _call(self, group: Sequence[nuts.Leaves], counts: npt.NDArray[np.int64]) -> Any:
        """Run the program; every array of the answer has a leading axis of chains."""
        if self.program.batched:
            stacked = [np.stack(parts) for parts in zip(*group, strict=True)]
            return jax.tree.map(np.asarray, self.program.advance(stacked, counts, self.inputs))
        out = self.program.advance(list(group[0]), counts[0], self.inputs)
        return jax.tree.map(lambda a: np.asarray(a)[None], out)

    def _open(self, group: Sequence[_Chain]) -> bool:
        return any(chain.iteration < self.settings.total for chain in group)

    def _next(self, chain: _Chain) -> int:
        """Iterations of the chain's next chunk, which never spans the end of the warm-up."""
        end = self.settings.tune if chain.iteration < self.settings.tune else self.settings.total
        wanted = FIRST_CHUNK if chain.pace is None else int(self.settings.chunk_seconds / chain.pace)
        return min(end - chain.iteration, CAPACITY, max(1, wanted))

    def _advance(self, group: Sequence[_Chain]) -> "list[_Piece]":
        """Run one chunk of a chain, or of all chains at once; called on a thread of the pool."""
        began = time.monotonic()
        counts = np.array([self._next(chain) for chain in group])
        stacked, draws, statistics = self._call([chain.leaves for chain in group], counts)
        seconds = time.monotonic() - began
        return [
            _Piece([a[i] for a in stacked], draws[i, :n].copy(), statistics[i, :n].copy(), seconds, self.settings.tune)
            for i, n in enumerate(counts)
        ]

    def _chunk(self, chain: _Chain, piece: "_Piece") -> Chunk:
        kept = chain.iteration > self.settings.tune
        state = self.program.state(chain.leaves)
        rhat, ess = running([c.kept() for c in self.chains]) if kept else (None, None)
        progress = Progress(
            chain=chain.number,
            chunk=chain.chunk,
            phase="sampling" if kept else "warm-up",
            done=chain.iteration,
            total=self.settings.total,
            divergences=chain.divergences,
            step_size=float(state.adapt_state.step_size),
            tree_depth=float(np.mean(np.floor(np.log2(piece.statistics[:, STEPS])) + 1)),
            rhat=rhat,
            ess=ess,
            seconds=self._seconds(),
            seconds_left=self._seconds_left(),
            note=self.note,
        )
        content = checkpoint.write(chain.leaves, self.saved_inputs, chain.iteration, self.identity, self.mark)
        draws = checkpoint.write_draws(piece.draws, piece.statistics) if kept else b""
        return Chunk(progress, content, draws)

    def _result(self) -> Sampled:
        statistics = np.stack([np.concatenate(chain.statistics) for chain in self.chains])
        states = [self.program.state(chain.leaves) for chain in self.chains]
        return Sampled(
            draws=np.stack([chain.kept() for chain in self.chains]),
            energy=statistics[..., ENERGY],
            steps=statistics[..., STEPS],
            divergences=int(statistics[..., DIVERGING].sum()),
            step_size=np.array([float(state.adapt_state.step_size) for state in states]),
            seconds=self._seconds(),
            note=self.note,
        )

    def _seconds(self) -> float:
        return self.before + time.monotonic() - self.began

    def _seconds_left(self) -> float | None:
        done = sum(chain.iteration for chain in self.chains)
        left = self.settings.total * len(self.chains) - done
        return left * (time.monotonic() - self.clock) / max(1, done - self.done_before)

    def _say(self, phase: str) -> None:
        self.emit(Progress(0, -1, phase, 0, self.settings.total, seconds=self._seconds(), note=self.note))


def _with_inputs(target: Target, saved: "list[npt.NDArray[Any]] | None") -> Target:
    """The target with the arrays that the first attempt prepared, where they fit."""
    leaves, structure = jax.tree.flatten(target.inputs)
    if saved is None or [np.shape(a) for a in saved] != [np.shape(a) for a in leaves]:
        return target
    return replace(target, inputs=jax.tree.unflatten(structure, saved))
