"""A posterior as a compact file of bytes, read back without pickle (NumPy only)."""

import io
import json
import zipfile
import zlib

import numpy as np

from mmm_core.domain.errors import BadInput
from mmm_core.domain.fit import Posterior

FORMAT = 1
_DAMAGED = (ValueError, OSError, EOFError, KeyError, RuntimeError, zipfile.BadZipFile, zlib.error)
_HEADER = "header"
_ENERGY = "energy"
_DRAWS = "draws/"


def dump(posterior: Posterior) -> bytes:
    """Compress a posterior; every draw keeps its bits."""
    header = {
        "format": FORMAT,
        "adstock": posterior.adstock,
        "saturation": posterior.saturation,
        "max_lag": posterior.max_lag,
        "divergences": posterior.divergences,
        "seconds": posterior.seconds,
    }
    arrays: dict[str, np.ndarray] = {_HEADER: np.frombuffer(json.dumps(header).encode(), dtype=np.uint8)}
    arrays |= {_DRAWS + name: np.asarray(values, dtype=np.float64) for name, values in posterior.draws.items()}
    if posterior.energy is not None:
        arrays[_ENERGY] = np.asarray(posterior.energy, dtype=np.float64)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def load(content: bytes) -> Posterior:
    """Read what ``dump`` wrote.

    Raises
    ------
    BadInput
        When the bytes are no posterior, are cut short, or come from a newer version.
    """
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        header = json.loads(arrays.pop(_HEADER).tobytes())
    except _DAMAGED:
        raise BadInput("The stored posterior is damaged and cannot be read; fit the model again.") from None
    if header.get("format") != FORMAT:
        raise BadInput("The stored posterior was written by another version of Carryover; fit the model again.")
    return Posterior(
        adstock=header["adstock"],
        saturation=header["saturation"],
        max_lag=int(header["max_lag"]),
        draws={name.removeprefix(_DRAWS): values for name, values in arrays.items() if name.startswith(_DRAWS)},
        divergences=int(header["divergences"]),
        seconds=float(header["seconds"]),
        energy=arrays.get(_ENERGY),
    )
