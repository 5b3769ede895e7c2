"""JAX set up for a fit's process: double precision, device, and compiled programs kept on disk between fits.

A named program is kept as the machine code itself: loading it skips tracing, lowering and linking, which cost more than
the sampling of a small model. JAX's own cache serves everything else (the route through PyMC's log density).
"""

import hashlib
import os
import pickle
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jax
import numpy as np
from jax.experimental import serialize_executable
from jax.experimental.compilation_cache import compilation_cache

from mmm_core.modeling.fingerprint import fingerprint

KEEP_FILES = 300
"""Compiled programs beyond this many are forgotten, oldest first."""
SUFFIX = ".program"
_loaded: dict[str, Callable[..., Any]] = {}


def configure(cache_dir: str | None, device: str) -> Path | None:
    """Set JAX up; call it before the first computation of the process.

    Parameters
    ----------
    cache_dir
        Folder of compiled programs, to be writable by nobody else; None, or one that cannot be written to, compiles
        anew each time.
    device
        'cpu' keeps JAX from looking for other devices at all.

    Returns
    -------
    The folder for named programs, None where nothing is kept.
    """
    jax.config.update("jax_enable_x64", True)
    if device == "cpu":
        jax.config.update("jax_platforms", "cpu")
    folder = Path(cache_dir) if cache_dir else None
    return folder if folder is not None and _usable(folder) else None


def use_jax_cache(folder: Path | None) -> None:
    """Keep what JAX compiles by itself in the folder too."""
    if folder is None:
        return
    jax.config.update("jax_compilation_cache_dir", str(folder))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
    # A damaged or vanished entry costs a compilation, never the fit.
    jax.config.update("jax_raise_persistent_cache_errors", False)


def load_or_compile(
    lower: Callable[[], Any], arguments: Any, made_of: tuple[Any, ...], device: jax.Device, folder: Path | None
) -> Callable[..., Any]:
    """Machine code of a program, from memory, from the folder, or from the compiler.

    Parameters
    ----------
    lower
        Traces and lowers the program.
    arguments
        Shapes and types that it takes; code from the folder is tried on zeros before it is trusted.
    made_of
        Says everything that the program depends on beside the fingerprint of this machine and these versions.
    folder
        None compiles, and keeps nothing.
    """
    if folder is None:
        fresh: Callable[..., Any] = lower().compile()
        return fresh
    key = hashlib.sha256(repr((fingerprint(device), str(arguments), made_of)).encode()).hexdigest()
    if key not in _loaded:
        file = folder / f"{key}{SUFFIX}"
        _loaded[key] = _load(file, arguments) or _compile(lower, file)
    return _loaded[key]


def _load(file: Path, arguments: Any) -> Any:
    if not file.exists():
        return None
    _ready_linear_algebra()
    try:
        compiled = serialize_executable.deserialize_and_load(*pickle.loads(file.read_bytes()))  # noqa: S301
        jax.block_until_ready(compiled(*jax.tree.map(lambda s: np.zeros(s.shape, s.dtype), arguments)))
        return compiled
    except FileNotFoundError:
        return None
    except Exception:
        # Whatever is wrong with the file, compiling again mends it.
        file.unlink(missing_ok=True)
        return None


def _ready_linear_algebra() -> None:
    """JAX looks up LAPACK when it lowers a factorisation; machine code that was loaded would call into nothing."""
    jax.jit(jax.numpy.linalg.cholesky).lower(jax.ShapeDtypeStruct((1, 1), np.float64))


def _compile(lower: Callable[[], Any], file: Path) -> Any:
    with _without_jax_cache():
        compiled = lower().compile()
    try:
        content = pickle.dumps(serialize_executable.serialize(compiled))
        with tempfile.NamedTemporaryFile(dir=file.parent, suffix=".part", delete=False) as part:
            part.write(content)
        os.replace(part.name, file)
        _prune(file.parent)
    except (OSError, ValueError):
        pass
    return compiled


@contextmanager
def _without_jax_cache() -> Iterator[None]:
    """Code that JAX took from its own cache cannot be kept a second time, so that cache is left aside."""
    folder = jax.config.jax_compilation_cache_dir
    if folder is None:
        yield
        return
    jax.config.update("jax_compilation_cache_dir", None)
    compilation_cache.reset_cache()
    try:
        yield
    finally:
        jax.config.update("jax_compilation_cache_dir", folder)
        compilation_cache.reset_cache()


def _usable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError:
        return False
    return os.access(folder, os.W_OK)


def _prune(folder: Path) -> None:
    files = sorted(folder.glob(f"*{SUFFIX}"), key=lambda f: f.stat().st_mtime)
    for old in files[:-KEEP_FILES]:
        old.unlink(missing_ok=True)
