"""What is kept of each chain between two chunks, and how a fit goes on from it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mmm_core.domain.fit import Chunk
from mmm_core.modeling.packing import pack, unpack

Array = npt.NDArray[np.float64]
FORMAT = 3


@dataclass(frozen=True)
class Kept:
    """One chain as an earlier attempt left it."""

    iteration: int
    chunk: int
    """Number of its last chunk."""
    leaves: list[npt.NDArray[Any]]
    draws: Array
    """(n, D)"""
    statistics: Array
    """(n, 4) as in ``nuts.STATISTICS``."""
    seconds: float


@dataclass(frozen=True)
class Restored:
    chains: dict[int, Kept]
    inputs: list[npt.NDArray[Any]] | None
    """The prepared arrays as the first attempt had them: even a decomposition differs in bits between machines."""
    note: str


def write(
    leaves: Sequence[npt.NDArray[Any]],
    inputs: Sequence[npt.NDArray[Any]],
    iteration: int,
    identity: str,
    mark: str,
) -> bytes:
    """Everything that a chain needs to go on bit for bit.

    Parameters
    ----------
    identity
        Names the model, the data and the settings; a checkpoint of another identity is of no use.
    mark
        The fingerprint of the machine and the versions; on another one the draws go on validly, not identically.
    """
    meta = {"format": FORMAT, "iteration": iteration, "identity": identity, "fingerprint": mark}
    arrays = {f"state/{i}": np.asarray(a) for i, a in enumerate(leaves)}
    arrays |= {f"input/{i}": np.asarray(a) for i, a in enumerate(inputs)}
    return pack(meta, arrays)


def write_draws(draws: Array, statistics: Array) -> bytes:
    return pack({"format": FORMAT}, {"draws": draws, "statistics": statistics}) if len(draws) else b""


def restore(chunks: Sequence[Chunk], identity: str, mark: str, tune: int, chains: int) -> Restored:
    """Read an earlier attempt's chunks; what cannot be used is left out and said."""
    found: dict[int, Kept] = {}
    marks: set[str] = set()
    inputs: list[npt.NDArray[Any]] | None = None
    useless = 0
    for chain in sorted({chunk.progress.chain for chunk in chunks}):
        own = sorted((c for c in chunks if c.progress.chain == chain), key=lambda c: c.progress.chunk)
        try:
            meta, arrays = unpack(own[-1].checkpoint)
            kept = _chain(own, meta, arrays, tune)
        except ValueError:
            useless += 1
            continue
        if meta.get("identity") != identity or meta.get("format") != FORMAT or chain >= chains:
            useless += 1
            continue
        found[chain] = kept
        marks.add(str(meta["fingerprint"]))
        inputs = _numbered(arrays, "input/")
    return Restored(found, inputs, _note(bool(chunks), useless, bool(found), marks <= {mark}))


def _chain(own: Sequence[Chunk], meta: dict[str, Any], arrays: dict[str, npt.NDArray[Any]], tune: int) -> Kept:
    parts = [unpack(chunk.draws)[1] for chunk in own if chunk.draws]
    iteration = int(meta["iteration"])
    count = sum(len(part["draws"]) for part in parts)
    if count != max(0, iteration - tune):
        raise ValueError("a chunk of this chain is missing")
    return Kept(
        iteration=iteration,
        chunk=own[-1].progress.chunk,
        leaves=_numbered(arrays, "state/"),
        draws=np.concatenate([part["draws"] for part in parts]) if parts else np.empty((0, 0)),
        statistics=np.concatenate([part["statistics"] for part in parts]) if parts else np.empty((0, 4)),
        seconds=own[-1].progress.seconds,
    )


def _numbered(arrays: dict[str, npt.NDArray[Any]], prefix: str) -> list[npt.NDArray[Any]]:
    count = sum(name.startswith(prefix) for name in arrays)
    return [arrays[f"{prefix}{i}"] for i in range(count)]


def _note(any_kept: bool, useless: int, any_used: bool, same: bool) -> str:
    if not any_kept:
        return ""
    if not any_used:
        return "What an earlier attempt kept belongs to another model or is damaged; the fit started anew."
    started = " A chain whose kept part was damaged started anew." if useless else ""
    if same:
        return "Went on from an earlier attempt, bit for bit." + started
    return (
        "Went on from an earlier attempt on another machine or version: the draws are valid, "
        "but not those that an uninterrupted fit would have given." + started
    )
