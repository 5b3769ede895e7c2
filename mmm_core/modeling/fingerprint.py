"""What has to be the same for two computers, or two starts, to give the same draws to the last bit."""

import hashlib
import os
import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import jax

PACKAGES = ("jax", "jaxlib", "numpyro", "numpy", "scipy")
SOURCES = (
    "believed.py",
    "collapsed.py",
    "coordinates.py",
    "density.py",
    "integrated.py",
    "layout.py",
    "lift.py",
    "linear_block.py",
    "nuts.py",
    "parameters.py",
    "prepare.py",
    "priors.py",
    "transforms.py",
    "unit_effect.py",
)


def fingerprint(device: jax.Device) -> str:
    """Processor, device, package versions, precision and our own formulas, as one short hash."""
    parts = [
        platform.machine(),
        processor(),
        device.platform,
        device.device_kind,
        str(jax.config.read("jax_enable_x64")),
        os.environ.get("XLA_FLAGS", ""),
        *(f"{name} {_version(name)}" for name in PACKAGES),
        sources(),
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:24]


@cache
def processor() -> str:
    """Model and instruction sets, which decide what the compiler emits."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    wanted = ("vendor_id", "model name", "flags", "CPU part", "Features")
    first: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(":")
        if name.strip() in wanted:
            first.setdefault(name.strip(), value.strip())
    return "\n".join(f"{k}={v}" for k, v in sorted(first.items()))


@cache
def sources() -> str:
    """Hash of the modules whose formulas decide the draws."""
    here = Path(__file__).parent
    return hashlib.sha256(b"\0".join((here / name).read_bytes() for name in SOURCES)).hexdigest()


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "none"
