"""A fitted model for other tools: a NetCDF file that ArviZ and PyMC-Marketing open, and a script that builds the model.

Imported only by a fit's or an export's own process (it needs PyMC).
"""

from pathlib import Path

import numpy as np
import pymc_marketing
import xarray as xr

from mmm_core.domain.fit import Array, ModelData, Posterior
from mmm_core.modeling import pymc_model
from mmm_core.modeling.distributions import Distribution
from mmm_core.modeling.predict import baseline, media_blocks
from mmm_core.modeling.priors import Priors
from mmm_core.modeling.spec import ModelSpec
from mmm_core.modeling.transforms import media_parameters

MOST_CELLS = 16_000_000
"""Contributions by draw are written while they fit in this many numbers (64 MB); the free variables always are."""
SAMPLE_DIMS = ("chain", "draw")


def write_netcdf(path: Path, posterior: Posterior, data: ModelData, priors: Priors) -> None:
    """Write the posterior through a real MMM object, so that ``MMM.load(path)`` builds it again.

    Every draw of every free variable is written in double precision, with MMM's own deterministic variables beside them
    in single precision, smallest first, as far as they fit (``MOST_CELLS``); the rest can be computed from the graph
    with ``pymc.compute_deterministics``.
    """
    mmm = pymc_model.build(data, priors)
    frame, target = pymc_model.table(data)
    mmm.idata = _tree(posterior, data, dict(mmm.model.coords))
    mmm.set_idata_attrs(mmm.idata)
    mmm.idata["/fit_data"] = mmm.create_fit_data(frame, target)
    mmm.idata["/posterior"].attrs["pymc_marketing_version"] = pymc_marketing.__version__
    mmm.save(str(path), engine="h5netcdf")


def _tree(posterior: Posterior, data: ModelData, coords: dict[str, object]) -> xr.DataTree:
    labels = {name: list(values) for name, values in coords.items() if values is not None}  # type: ignore[call-overload]
    sampled = {"chain": np.arange(posterior.chains), "draw": np.arange(posterior.draws_per_chain)}
    free = xr.Dataset(_free(posterior, data), coords={**sampled, **labels})
    free = free.drop_vars([name for name in labels if name not in free.dims and name != "date"])
    groups = {"posterior": free.merge(_deterministic(posterior, data, labels))}
    if posterior.energy is not None:
        groups["sample_stats"] = xr.Dataset({"energy": (SAMPLE_DIMS, posterior.energy)}, coords=sampled)
    scaled = xr.Dataset({"y": ("date", data.target[0] / data.target_scale)}, coords={"date": labels["date"]})
    constant = xr.Dataset(
        {
            "channel_data": (("date", "channel"), data.media[0]),
            "channel_scale": ("channel", data.media_scale),
            "target_scale": ((), data.target_scale),
            "target_data": ("date", data.target[0]),
        },
        coords={"date": labels["date"], "channel": labels["channel"]},
    )
    groups |= {"observed_data": scaled, "constant_data": constant}
    return xr.DataTree.from_dict({f"/{name}": dataset for name, dataset in groups.items()})


def _free(posterior: Posterior, data: ModelData) -> dict[str, tuple[tuple[str, ...], Array]]:
    names = media_parameters(posterior.adstock, posterior.saturation)
    out = {name: ((*SAMPLE_DIMS, "channel"), posterior.draws[name]) for name in names}
    if data.linear.shape[-1]:
        out["gamma_control"] = ((*SAMPLE_DIMS, "control"), posterior.draws["gamma_control"])
    if data.fourier.shape[-1]:
        out["gamma_fourier"] = ((*SAMPLE_DIMS, "fourier_mode"), posterior.draws["gamma_fourier"])
    scalars = {name: (SAMPLE_DIMS, posterior.draws[name]) for name in ("intercept_contribution", "y_sigma")}
    return {**out, **scalars}


def _deterministic(posterior: Posterior, data: ModelData, labels: dict[str, list[object]]) -> xr.Dataset:
    """MMM's deterministic variables of every draw, scaled KPI units (the total in KPI units)."""
    shape = (posterior.chains, posterior.draws_per_chain)
    draws, periods = shape[0] * shape[1], data.target.shape[1]
    media = np.empty((draws, periods, len(data.channels)), dtype=np.float32)
    mean = np.empty((draws, periods), dtype=np.float32)
    total = np.empty(draws)
    for block, contribution in media_blocks(data, posterior):
        media[block] = contribution[:, 0]
        mean[block] = contribution[:, 0].sum(axis=-1) + baseline(data, posterior, block)[:, 0]
        total[block] = contribution.sum(axis=(1, 2, 3)) * data.target_scale
    found: dict[str, tuple[tuple[str, ...], np.ndarray]] = {
        "total_media_contribution_original_scale": ((), total),
        "mu": (("date",), mean),
    }
    left = MOST_CELLS - 2 * mean.size
    if data.fourier.shape[-1]:
        season = posterior.flat("gamma_fourier").astype(np.float32) @ data.fourier.T.astype(np.float32)
        found["yearly_seasonality_contribution"] = (("date",), season)
    for name, last, cells in (
        ("channel_contribution", "channel", len(data.channels)),
        ("control_contribution", "control", data.linear.shape[-1]),
        ("fourier_contribution", "fourier_mode", data.fourier.shape[-1]),
    ):
        if cells and draws * periods * cells <= left:
            left -= draws * periods * cells
            found[name] = (("date", last), media if last == "channel" else _products(posterior, data, last))
    variables = {
        name: ((*SAMPLE_DIMS, *dims), values.reshape(*shape, *values.shape[1:]))
        for name, (dims, values) in found.items()
    }
    used = {d for dims, _ in variables.values() for d in dims}
    return xr.Dataset(variables, coords={name: values for name, values in labels.items() if name in used})


def _products(posterior: Posterior, data: ModelData, last: str) -> np.ndarray:
    """Each column times its coefficient, (draws, T, columns)."""
    name, columns = ("gamma_control", data.linear[0]) if last == "control" else ("gamma_fourier", data.fourier)
    return posterior.flat(name).astype(np.float32)[:, None, :] * columns.astype(np.float32)


def write_script(path: Path, spec: ModelSpec, data: ModelData, priors: Priors) -> None:
    """Write a PyMC-Marketing script of the model and, beside it, the prepared table that it reads (``<name>.csv``)."""
    frame, target = pymc_model.table(data)
    names = pymc_model.labels(data)
    frame.assign(**{names.target: target}).to_csv(path.with_suffix(".csv"), index=False, float_format="%.17g")
    path.write_text(script(spec, data, priors, path.with_suffix(".csv").name), encoding="utf-8")


def script(spec: ModelSpec, data: ModelData, priors: Priors, table: str) -> str:
    """A runnable script: the same model, priors and data as the fit, in PyMC-Marketing's own words."""
    names = pymc_model.labels(data)
    adstock = pymc_model.ADSTOCKS[priors.adstock].__name__
    saturation = pymc_model.SATURATIONS[priors.saturation].__name__
    beliefs = [
        f"#   {c.name!r}: {c.belief.kind} {c.belief.low:g} to {c.belief.high:g}" for c in spec.channels if c.belief
    ]
    season = data.fourier.shape[-1] // 2
    lines = [
        '"""The model of this project as a PyMC-Marketing script. Run it beside its table; it writes fitted.nc."""',
        "",
        "from pathlib import Path",
        "",
        "import numpy as np",
        "import pandas as pd",
        "from pymc_extras.prior import Prior",
        f"from pymc_marketing.mmm import MMM, {adstock}, {saturation}",
        "from pymc_marketing.mmm.scaling import DataDerivedScaling, FixedScaling, Scaling",
        "",
        "# The table holds media as the model reads them and controls, holidays and trend already standardised.",
        f"table = pd.read_csv(Path(__file__).with_name({table!r}), parse_dates=[{names.date!r}])",
        f"target = table.pop({names.target!r})",
        *(["# Beliefs that became priors (90% ranges):", *beliefs] if beliefs else []),
        "model_config = {",
        *_config(priors),
        "}",
        "mmm = MMM(",
        f"    date_column={names.date!r},",
        f"    target_column={names.target!r},",
        f"    channel_columns={list(names.channels)!r},",
        f"    control_columns={list(names.linear) or None!r},",
        f"    yearly_seasonality={season or None!r},",
        f"    adstock={adstock}(l_max={priors.max_lag}, priors={{{_block(priors, 'adstock_')}}}),",
        f"    saturation={saturation}(priors={{{_block(priors, 'saturation_')}}}),",
        "    scaling=Scaling(",
        f"        target=FixedScaling(dims=(), value={data.target_scale!r}),",
        '        channel=DataDerivedScaling(method="max", dims=()),',
        "    ),",
        "    model_config=model_config,",
        ")",
        "mmm.build_model(table, target)",
        "",
        'if __name__ == "__main__":',
        "    mmm.fit(",
        "        table,",
        "        target,",
        f"        draws={spec.sampling.draws},",
        f"        tune={spec.sampling.tune},",
        f"        chains={spec.sampling.chains},",
        f"        target_accept={spec.sampling.target_accept},",
        f"        random_seed={spec.sampling.seed},",
        "    )",
        '    mmm.save("fitted.nc", engine="h5netcdf")',
        "",
    ]
    return "\n".join(lines)


def _config(priors: Priors) -> list[str]:
    """Entries of the script's ``model_config``."""
    lines = [
        f'    "intercept": {_code(priors.intercept)},',
        f'    "likelihood": Prior("Normal", sigma={_code(priors.sigma)}, dims="date"),',
    ]
    lines += [f'    "gamma_control": {_code(priors.control, "control")},'] if priors.control.shape != (0,) else []
    lines += [f'    "gamma_fourier": {_code(priors.fourier, "fourier_mode")},'] if priors.fourier.shape != (0,) else []
    return lines


def _block(priors: Priors, prefix: str) -> str:
    mine = {name.removeprefix(prefix): prior for name, prior in priors.media.items() if name.startswith(prefix)}
    return ", ".join(f'"{name}": {_code(prior, "channel")}' for name, prior in mine.items())


def _code(distribution: Distribution, dims: str | None = None) -> str:
    """A ``Prior`` as Python source, every digit kept."""

    def number(values: Array) -> str:
        same = values.size and bool(np.all(values == values.flat[0]))
        return repr(float(values.flat[0])) if same else f"np.array({values.tolist()!r})"

    numbers = ", ".join(f"{name}={number(values)}" for name, values in distribution.parameters.items())
    return f'Prior("{distribution.family}", {numbers}' + (f', dims="{dims}")' if dims else ")")
