"""Named arrays and a little text as bytes, exact to the bit and read back without pickle."""

import json
import struct
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

MAGIC = b"CRY1"


def pack(meta: Mapping[str, Any], arrays: Mapping[str, npt.NDArray[Any]]) -> bytes:
    solid = {name: np.ascontiguousarray(a) for name, a in arrays.items()}
    shapes = [(name, solid[name].dtype.str, np.shape(a)) for name, a in arrays.items()]
    header = json.dumps({"meta": dict(meta), "arrays": shapes}).encode()
    return b"".join([MAGIC, struct.pack("<I", len(header)), header, *(a.tobytes() for a in solid.values())])


def unpack(content: bytes) -> tuple[dict[str, Any], dict[str, npt.NDArray[Any]]]:
    """Read what ``pack`` wrote; ValueError where the bytes are damaged."""
    try:
        if content[:4] != MAGIC:
            raise ValueError("these bytes are no packed arrays")
        (length,) = struct.unpack("<I", content[4:8])
        header = json.loads(content[8 : 8 + length])
        at, arrays = 8 + length, {}
        for name, kind, shape in header["arrays"]:
            dtype = np.dtype(kind)
            size = dtype.itemsize * int(np.prod(shape, dtype=int))
            arrays[name] = np.frombuffer(content[at : at + size], dtype).reshape(shape)
            at += size
    except (struct.error, KeyError, TypeError, UnicodeDecodeError) as error:
        raise ValueError("these packed arrays are damaged") from error
    return header["meta"], arrays
