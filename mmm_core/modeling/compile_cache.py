"""JAX set up for a fit's process: double precision, device, and compiled programs kept on disk between fits."""

import os
from pathlib import Path

import jax

KEEP_FILES = 400
"""Compiled programs beyond this many are forgotten, oldest use first."""


def configure(cache_dir: str | None, device: str) -> None:
    """Set JAX up; call it before the first computation of the process.

    Parameters
    ----------
    cache_dir
        Folder of compiled programs; None, or one that cannot be written to, compiles anew each time.
    device
        'cpu' keeps JAX from looking for other devices at all.
    """
    jax.config.update("jax_enable_x64", True)
    if device == "cpu":
        jax.config.update("jax_platforms", "cpu")
    if cache_dir is None or not _usable(Path(cache_dir)):
        return
    _prune(Path(cache_dir))
    jax.config.update("jax_compilation_cache_dir", cache_dir)
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    jax.config.update("jax_persistent_cache_min_entry_size_bytes", -1)
    # A damaged or vanished entry costs a compilation, never the fit.
    jax.config.update("jax_raise_persistent_cache_errors", False)


def _usable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK)


def _prune(folder: Path) -> None:
    try:
        files = sorted((f for f in folder.iterdir() if f.is_file()), key=lambda f: f.stat().st_mtime)
        for old in files[:-KEEP_FILES]:
            old.unlink(missing_ok=True)
    except OSError:
        return
