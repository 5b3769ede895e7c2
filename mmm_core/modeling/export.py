"""A fitted model for other tools: a NetCDF file that ArviZ and PyMC-Marketing open.

Imported only by a fit's or an export's own process (it needs PyMC).
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pymc as pm
import pymc_marketing
import xarray as xr

from mmm_core.domain.errors import Unavailable
from mmm_core.domain.fit import Array, ModelData, Posterior
from mmm_core.modeling import pymc_frequency, pymc_model
from mmm_core.modeling.parameters import SHOCK
from mmm_core.modeling.predict import SHOCKS, baseline, media_blocks, shocks
from mmm_core.modeling.priors import Priors

MOST_CELLS = 16_000_000
"""Contributions by draw are written while they fit in this many numbers (64 MB); the free variables always are."""
SAMPLE_DIMS = ("chain", "draw")


def write_netcdf(path: Path, posterior: Posterior, data: ModelData, priors: Priors) -> None:
    """Write the posterior through a real MMM object, so that ``MMM.load(path)`` builds it again.

    A panel needs ``mmm_core.modeling.pymc_shocks`` imported before. With channels by reach and frequency, which that
    class does not have, the file is ArviZ's alone.

    Every draw of every free variable is written in double precision, with MMM's own deterministic variables beside them
    in single precision, smallest first, as far as they fit (``MOST_CELLS``); the rest can be computed from the graph
    with ``pymc.compute_deterministics``.
    """
    if len(data.geos) > 1 and SHOCK not in posterior.draws:
        raise Unavailable("This model was fitted by an earlier version, without shocks that geos share: fit it again.")
    posterior = _with_shocks(posterior, data)
    mmm = pymc_model.build(data, priors)
    frame, target = pymc_model.table(data)
    mmm.idata = _tree(posterior, data, mmm.model)
    if not data.by_frequency:
        mmm.set_idata_attrs(mmm.idata)
    mmm.idata["/fit_data"] = mmm.create_fit_data(frame, target)
    mmm.idata["/posterior"].attrs["pymc_marketing_version"] = pymc_marketing.__version__
    if data.by_frequency:
        mmm.idata.to_netcdf(str(path), engine="h5netcdf")
        return
    mmm.save(str(path), engine="h5netcdf")


def _with_shocks(posterior: Posterior, data: ModelData) -> Posterior:
    """With draws of the shocks that geos share, which our own engine integrates out."""
    if len(data.geos) == 1 or SHOCKS in posterior.draws:
        return posterior
    rng = np.random.default_rng(0)
    drawn = np.empty((posterior.chains * posterior.draws_per_chain, data.target.shape[1]))
    for block, media in media_blocks(data, posterior):
        left = data.scaled_target - media.sum(axis=-1) - baseline(data, posterior, block)
        drawn[block] = shocks(posterior, block, left, rng)
    by_chain = drawn.reshape(posterior.chains, posterior.draws_per_chain, -1)
    return replace(posterior, draws=posterior.draws | {SHOCKS: by_chain})


def _tree(posterior: Posterior, data: ModelData, model: pm.Model) -> xr.DataTree:
    labels = {str(name): list(values) for name, values in model.coords.items() if values is not None}
    sampled = {"chain": np.arange(posterior.chains), "draw": np.arange(posterior.draws_per_chain)}
    free = xr.Dataset(_free(posterior, model), coords={**sampled, **labels})
    free = free.drop_vars([name for name in labels if name not in free.dims and name != "date"])
    groups = {"posterior": free.merge(_deterministic(posterior, data, labels))}
    if posterior.energy is not None:
        groups["sample_stats"] = xr.Dataset({"energy": (SAMPLE_DIMS, posterior.energy)}, coords=sampled)
    geo = _geo(data)
    where = {name: labels[name] for name in ("date", *geo)}
    scaled = xr.Dataset({"y": (("date", *geo), _national(data.scaled_target, data).T)}, coords=where)
    constant = xr.Dataset(
        {
            "channel_data": (("date", *geo, "channel"), _national(np.moveaxis(data.media, 0, 1), data, axis=1)),
            "channel_scale": ((*geo, "channel"), _national(data.media_scale, data)),
            "target_scale": (geo, _national(data.target_scale, data)),
            "target_data": (("date", *geo), _national(data.target, data).T),
        },
        coords={**where, "channel": labels["channel"]},
    )
    if data.frequency is not None:
        often = _national(np.moveaxis(data.frequency, 0, 1), data, axis=1)
        constant["channel_frequency"] = (("date", *geo, "channel"), often)
        constant["channel_frequency_scale"] = ("channel", data.frequency_scale)
    groups |= {"observed_data": scaled, "constant_data": constant}
    return xr.DataTree.from_dict({f"/{name}": dataset for name, dataset in groups.items()})


def _free(posterior: Posterior, model: pm.Model) -> dict[str, tuple[tuple[str, ...], Array]]:
    """Draws of the model's own free variables, with the dimensions that it gives them."""
    ours = {pymc_model.their_name(name, posterior.saturation): values for name, values in posterior.draws.items()}
    names = [str(variable.name) for variable in model.free_RVs]
    dims = {name: tuple(str(dim) for dim in model.named_vars_to_dims.get(name, ())) for name in names}
    return {name: ((*SAMPLE_DIMS, *dims[name]), ours[name]) for name in names}


def _geo(data: ModelData) -> tuple[str, ...]:
    return (pymc_frequency.GEO,) if len(data.geos) > 1 else ()


def _national(values: Array, data: ModelData, axis: int = 0) -> Array:
    """Without the geo axis where there is one geo."""
    return values if len(data.geos) > 1 else np.take(values, 0, axis=axis)


def _deterministic(posterior: Posterior, data: ModelData, labels: dict[str, list[object]]) -> xr.Dataset:
    """MMM's deterministic variables of every draw, scaled KPI units (the total in KPI units)."""
    shape = (posterior.chains, posterior.draws_per_chain)
    draws, (geos, periods) = shape[0] * shape[1], data.target.shape
    rows, where = draws * geos * periods, ("date", *_geo(data))
    left = MOST_CELLS - 2 * rows
    found: dict[str, tuple[tuple[str, ...], np.ndarray]] = {}
    keep_media, keep_mean = rows * len(data.channels) <= left, left >= 0
    media = np.empty((draws, periods, geos, len(data.channels)) if keep_media else 0, dtype=np.float32)
    mean = np.empty((draws, periods, geos) if keep_mean else 0, dtype=np.float32)
    total = np.empty(draws)
    for block, contribution in media_blocks(data, posterior):
        total[block] = (contribution * data.target_scale[:, None, None]).sum(axis=(1, 2, 3))
        if keep_media:
            media[block] = np.swapaxes(contribution, 1, 2)
        if keep_mean:
            mean[block] = np.swapaxes(contribution.sum(axis=-1) + baseline(data, posterior, block), 1, 2)
            if geos > 1:
                mean[block] += posterior.flat(SHOCKS)[block][:, :, None]
    found["total_media_contribution_original_scale"] = ((), total)
    if keep_mean:
        found["mu"] = (where, _squeezed(mean, data))
        if data.fourier.shape[-1]:
            season = posterior.by_geo("gamma_fourier").astype(np.float32) @ data.fourier.T.astype(np.float32)
            found["yearly_seasonality_contribution"] = (where, _squeezed(np.swapaxes(season, 1, 2), data))
    for name, last, cells in (
        ("channel_contribution", "channel", len(data.channels)),
        ("control_contribution", "control", data.linear.shape[-1]),
        ("fourier_contribution", "fourier_mode", data.fourier.shape[-1]),
    ):
        if cells and rows * cells <= left:
            left -= rows * cells
            values = media if last == "channel" else _products(posterior, data, last)
            found[name] = ((*where, last), _squeezed(values, data))
    variables = {
        name: ((*SAMPLE_DIMS, *dims), values.reshape(*shape, *values.shape[1:]))
        for name, (dims, values) in found.items()
    }
    used = {d for dims, _ in variables.values() for d in dims}
    return xr.Dataset(variables, coords={name: values for name, values in labels.items() if name in used})


def _products(posterior: Posterior, data: ModelData, last: str) -> np.ndarray:
    """Each column times its coefficient, (draws, T, G, columns)."""
    if last == "control":
        name, columns = "gamma_control", np.swapaxes(data.linear, 0, 1)
    else:
        name, columns = "gamma_fourier", data.fourier[:, None, :]
    return posterior.by_geo(name).astype(np.float32)[:, None] * columns.astype(np.float32)


def _squeezed(values: np.ndarray, data: ModelData) -> np.ndarray:
    """(draws, T, G, ...) without the geo axis where there is one geo."""
    return values if len(data.geos) > 1 else values[:, :, 0]
