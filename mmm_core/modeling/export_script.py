"""A runnable PyMC-Marketing script of a model. Imported only by an export's own process (it needs PyMC)."""

import inspect
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from pymc_extras.prior import Prior
from pymc_marketing.hsgp_kwargs import HSGPKwargs
from pymc_marketing.mmm import SoftPlusHSGP

from mmm_core.domain.fit import ModelData
from mmm_core.modeling import pymc_believed, pymc_frequency, pymc_model, pymc_shocks
from mmm_core.modeling.priors import Priors
from mmm_core.modeling.spec import ModelSpec

COURSE = ("m", "L", "eta", "ls", "cov_func", "centered", "drop_first", "dims")
"""What says which process over time it is."""


def write_script(path: Path, spec: ModelSpec, data: ModelData, priors: Priors) -> None:
    """Write a PyMC-Marketing script of the model and, beside it, the prepared table that it reads (``<name>.csv``)."""
    frame, target = pymc_model.table(data)
    names = pymc_model.labels(data)
    written = frame.assign(**{names.target: target}, **_frequencies(data), **_worth(data, priors))
    written.to_csv(path.with_suffix(".csv"), index=False, float_format="%.17g")
    path.write_text(script(spec, data, priors, path.with_suffix(".csv").name), encoding="utf-8")


def script(spec: ModelSpec, data: ModelData, priors: Priors, table: str) -> str:
    """A runnable script: the same model, priors and data as the fit, in PyMC-Marketing's own words."""
    names = pymc_model.labels(data)
    adstock = pymc_model.ADSTOCKS[priors.adstock].__name__
    saturation = pymc_model.SATURATIONS[priors.saturation].__name__
    beliefs = [
        f"#   {c.name!r}: {c.belief.kind} {c.belief.low:g} to {c.belief.high:g}" for c in spec.channels if c.belief
    ]
    memory, curve = (pymc_model.media_priors(priors, prefix) for prefix in ("adstock_", "saturation_"))
    season = data.fourier.shape[-1] // 2
    lines = [
        '"""The model of this project as a PyMC-Marketing script. Run it beside its table; it writes fitted.nc."""',
        "",
        "from pathlib import Path",
        *(["from typing import Any"] if data.by_frequency or priors.geo or priors.believed else []),
        "",
        "import numpy as np",
        "import pandas as pd",
        "import xarray as xr",
        "from pymc_extras.prior import Prior",
        *(["from pymc_marketing.hsgp_kwargs import HSGPKwargs"] if priors.varying else []),
        *(["import pymc as pm"] if data.by_frequency or priors.believed else []),
        f"from pymc_marketing.mmm import MMM, {', '.join((adstock, saturation, *_courses(data, priors)))}",
        *(["from pymc_marketing.mmm.additive_effect import MuEffect"] if priors.geo else []),
        "from pymc_marketing.mmm.scaling import DataDerivedScaling, FixedScaling, Scaling",
        *_own_classes(data, priors),
        "",
        "# The table holds media as the model reads them and controls, holidays and trend already standardised.",
        f"table = pd.read_csv(Path(__file__).with_name({table!r}), parse_dates=[{names.date!r}])",
        f"target = table.pop({names.target!r})",
        *[f"often_{n} = table.pop({name!r})" for n, name in enumerate(_frequencies(data))],
        *[f"worth_{n} = table.pop({name!r})" for n, name in enumerate(_worth(data, priors))],
        *(["# Beliefs that became priors (90% ranges):", *beliefs] if beliefs else []),
        *_left_out(spec),
        "model_config = {",
        *(f"    {key!r}: {_source(value)}," for key, value in pymc_model.model_config(data, priors).items()),
        "}",
        f"mmm = {'ByFrequency' if data.by_frequency else 'MMM'}(",
        f"    date_column={names.date!r},",
        f"    target_column={names.target!r},",
        f"    channel_columns={list(names.channels)!r},",
        f"    control_columns={list(names.linear) or None!r},",
        f"    yearly_seasonality={season or None!r},",
        f"    adstock={adstock}(l_max={priors.max_lag}, priors={_source(memory)}),",
        f"    saturation={saturation}(priors={_source(curve)}),",
        "    scaling=Scaling(",
        *_scaling(data),
        "    ),",
        "    model_config=model_config,",
        *(f"    {name}={_source(what)}," for name, what in pymc_model.varying(data, priors).items()),
        *([f'    dims=("{pymc_frequency.GEO}",),'] if len(data.geos) > 1 else []),
        ")",
        *_often(data),
        *_shocks(priors),
        "mmm.build_model(table, target)",
        *_believed(data, priors),
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
        f'    mmm.{"idata.to_netcdf" if data.by_frequency else "save"}("fitted.nc", engine="h5netcdf")',
        "",
    ]
    return "\n".join(lines)


def _courses(data: ModelData, priors: Priors) -> list[str]:
    """The class of a course over time that all geos share, where there is one."""
    found = pymc_model.varying(data, priors).values()
    return [SoftPlusHSGP.__name__] if any(isinstance(what, SoftPlusHSGP) for what in found) else []


def _frequencies(data: ModelData) -> dict[str, Any]:
    """Columns with the scaled frequency of each channel that has one, rows as in ``pymc_model.table``."""
    names, often = pymc_model.labels(data).channels, data.scaled_frequency
    return {} if often is None else {f"frequency of {names[c]}": often[..., c].ravel() for c in data.by_frequency}


def _own_classes(data: ModelData, priors: Priors) -> list[str]:
    """Source of the classes that give PyMC-Marketing what it does not have itself."""
    out: list[str] = []
    if data.by_frequency or priors.believed:
        functions = "exp, log, maximum, where" if priors.believed else "where"
        out += ["from pytensor.xtensor import as_xtensor", f"from pytensor.xtensor.math import {functions}", ""]
        out += [f"GEO = {pymc_frequency.GEO!r}"]
    if data.by_frequency:
        out += ["", "", *_source_of(pymc_frequency.ByFrequency)]
    if priors.believed:
        out += ["", "", *_source_of(pymc_believed.believe)]
    if priors.geo:
        out += ["", "", *_source_of(pymc_shocks.SharedShocks)]
    return [*out, ""] if out else []


def _source_of(own: type | Callable[..., None]) -> list[str]:
    source = inspect.getsource(own).rstrip().replace("  # type: ignore[misc]", "")
    return source.replace(": Array", ": np.ndarray").splitlines()


def _often(data: ModelData) -> list[str]:
    """Hands the frequencies to the class: (geos, dates, channels), NaN for channels without."""
    if not data.by_frequency:
        return []
    shape = (*data.target.shape, len(data.channels))
    return [
        f"mmm.often = np.full({shape!r}, np.nan)",
        *(
            f"mmm.often[..., {c}] = often_{n}.to_numpy().reshape({data.target.shape!r})"
            for n, c in enumerate(data.by_frequency)
        ),
    ]


def _worth(data: ModelData, priors: Priors) -> dict[str, Any]:
    """Columns with what a KPI unit of each believed channel counts for, rows as in ``pymc_model.table``."""
    held, names = priors.believed, pymc_model.labels(data).channels
    return {} if held is None else {f"worth of {names[c]}": held.worth[c].ravel() for c in np.flatnonzero(held.on)}


def _believed(data: ModelData, priors: Priors) -> list[str]:
    """Turns the effects' priors into those of returns."""
    if priors.believed is None:
        return []
    given, shape = pymc_model.believed(data, priors), data.target.shape
    media = [f"table[{name!r}].to_numpy().reshape({shape!r})" for name in pymc_model.labels(data).channels]
    return [
        f"worth = np.zeros({(len(data.channels), *shape)!r})",
        *(
            f"worth[{c}] = worth_{n}.to_numpy().reshape({shape!r})"
            for n, c in enumerate(np.flatnonzero(priors.believed.on).tolist())
        ),
        f"scaled = np.stack([{', '.join(media)}], axis=-1) / np.array({_divisor(data)!r})",
        f"believe(mmm, {given['effect']!r}, worth, {_source(given['mu'])}, {_source(given['sigma'])}, "
        f"{_source(given['times'])}, scaled)",
    ]


def _divisor(data: ModelData) -> list[list[list[float]]]:
    """(G, 1, C) media scales, 1 where a channel was never on."""
    found: list[list[list[float]]] = np.where(data.media_scale > 0, data.media_scale, 1.0)[:, None].tolist()
    return found


def _shocks(priors: Priors) -> list[str]:
    """Gives the model the shocks that its geos share."""
    if priors.geo is None:
        return []
    return [f"mmm.add_mu_effect(SharedShocks(scale={pymc_model.shared_shocks(priors.geo).scale!r}))"]


def _left_out(spec: ModelSpec) -> list[str]:
    """What PyMC-Marketing's model does not hold, as comments."""
    if not spec.lift_tests:
        return []
    lines = ["# Not in this script: lift tests, which act on the contribution in a window, carry-over included."]
    lines += [
        f"#   {t.channel!r} {t.start} to {t.end}: {t.lift:g} +/- {t.standard_error:g} KPI units"
        for t in spec.lift_tests
    ]
    return lines


def _scaling(data: ModelData) -> list[str]:
    if len(data.geos) == 1:
        return [
            f"        target=FixedScaling(dims=(), value={float(data.target_scale[0])!r}),",
            '        channel=DataDerivedScaling(method="max", dims=()),',
        ]
    both = pymc_model.scaling(data)
    return [
        f"        target=FixedScaling(dims=(), value={_source(both.target.value)}),",
        f"        channel=FixedScaling(dims=(), value={_source(both.channel.value)}),",
    ]


def _source(value: Any) -> str:
    """A ``Prior``, an array, a number or a dict of them as Python source, every digit kept."""
    if isinstance(value, Prior):
        numbers = "".join(f", {name}={_source(number)}" for name, number in value.parameters.items())
        return f'Prior("{value.distribution}"{numbers}' + (f", dims={value.dims!r})" if value.dims else ")")
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name!r}: {_source(item)}" for name, item in value.items()) + "}"
    if isinstance(value, xr.DataArray):
        coords = {name: labels.values.tolist() for name, labels in value.coords.items()}
        return f"xr.DataArray({value.values.tolist()!r}, dims={value.dims!r}, coords={coords!r})"
    if isinstance(value, StrEnum):
        return repr(value.value)
    if isinstance(value, bool | int | str | tuple | HSGPKwargs):
        return repr(value)
    if isinstance(value, SoftPlusHSGP):
        arguments = {name: getattr(value, name) for name in COURSE}
        return f"SoftPlusHSGP({', '.join(f'{name}={_source(item)}' for name, item in arguments.items())})"
    return f"np.array({value.tolist()!r})" if isinstance(value, np.ndarray) else repr(float(value))
