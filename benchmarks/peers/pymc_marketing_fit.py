"""One PyMC-Marketing fit with nutpie: ``python -m benchmarks.peers.pymc_marketing_fit CASE OUT defaults|informed``.

Its multidimensional MMM with geometric adstock and logistic saturation. ``defaults`` follows the library's own
quickstart: its default priors, a yearly season of two waves, standardised controls and a straight trend column. For
``informed`` see ``informed_model``.
"""

import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

CHAINS, TUNE, DRAWS, SEED, CORES = 4, 1000, 1000, 1, 2
L_MAX = 8
ALPHA, LAM = {"alpha": 2.0, "beta": 3.0}, {"alpha": 3.0, "beta": 1.0}
"""Memory and saturation priors of our specification for weekly data."""


def main(case: str, out: str, style: str) -> None:
    started = time.perf_counter()
    import nutpie  # noqa: F401
    import pymc_marketing.mmm  # noqa: F401

    imported = time.perf_counter() - started
    folder = Path(case)
    roles = json.loads((folder / "case.json").read_text())
    table = pd.read_parquet(folder / "table.parquet")

    started = time.perf_counter()
    mmm = (default_model if style == "defaults" else informed_model)(folder, roles, table)
    mmm.fit(
        mmm.frame_to_fit[0], mmm.frame_to_fit[1], nuts_sampler="nutpie", draws=DRAWS, tune=TUNE, chains=CHAINS,
        cores=CORES, random_seed=SEED, progressbar=False,
    )  # fmt: skip
    seconds = time.perf_counter() - started
    print("FITTED", flush=True)

    _store(mmm, roles, out)
    diverging = int(np.asarray(mmm.idata["sample_stats"]["diverging"]).sum())
    Path(out).write_text(json.dumps({"seconds": seconds, "import_seconds": imported, "divergences": diverging}))


def default_model(folder: Path, roles: dict[str, Any], table: pd.DataFrame) -> Any:
    from pymc_marketing.mmm import MMM, GeometricAdstock, LogisticSaturation

    frame, target = _frame(roles, table)
    frame["trend"] = (frame[roles["date"]] - frame[roles["date"]].min()).dt.days / 365.25
    controls = [*roles["controls"], "trend"]
    frame[controls] = (frame[controls] - frame[controls].mean()) / frame[controls].std()
    mmm = MMM(
        date_column=roles["date"], target_column=roles["kpi"], control_columns=controls, yearly_seasonality=2,
        channel_columns=[c["acting"] for c in roles["channels"]], dims=(roles["geo"],) if roles["geo"] else None,
        adstock=GeometricAdstock(l_max=L_MAX), saturation=LogisticSaturation(),
    )  # fmt: skip
    mmm.frame_to_fit = (frame, target)
    return mmm


def informed_model(folder: Path, roles: dict[str, Any], table: pd.DataFrame) -> Any:
    """Its own adstock and saturation families with our prior numbers.

    National: our specification with logistic saturation is resolved to priors (the effects re-solved so that the media
    range stays), and controls, trend and season are our prepared columns. Panels: see ``informed_panel``.
    """
    if roles["geo"]:
        return informed_panel(folder, roles, table)
    from mmm_core.modeling import pymc_model
    from mmm_core.modeling.prepare import prepare
    from mmm_core.modeling.priors import resolve
    from mmm_core.modeling.spec import ModelSpec, Saturation

    spec = ModelSpec.from_yaml((folder / "spec.yaml").read_text())
    spec = spec.model_copy(update={"saturation": Saturation.LOGISTIC})
    data = prepare(table, spec)
    mmm = pymc_model.unbuilt(data, resolve(spec, data))
    mmm.frame_to_fit = pymc_model.table(data)
    return mmm


def informed_panel(folder: Path, roles: dict[str, Any], table: pd.DataFrame) -> Any:
    """Its panel model with the returns that our specification believes in, and our trend and season columns.

    Memory and saturation of a channel are shared by the regions. A channel's effects differ by region around a mean
    whose prior is that of its return: the effect is the return times what an effect of 1 would have to earn back, at
    the prior medians of memory and saturation. KPI and media are scaled by region, the library's default.
    """
    from pymc_extras.prior import Prior
    from pymc_marketing.mmm import MMM, GeometricAdstock, LogisticSaturation

    geo, channels = roles["geo"], roles["channels"]
    frame, target = _frame(roles, table)
    extra = pd.read_parquet(folder / "prepared.parquet")
    controls = [*roles["controls"], *extra.columns]
    frame = pd.concat([frame, extra], axis=1)
    frame[controls] = (frame[controls] - frame[controls].mean()) / frame[controls].std()
    believed = np.array([roles["roi"][c["name"]] for c in channels])
    mu = believed[:, 0] - np.log([_unit_return(table, roles, c) for c in channels])
    scaled = target / target.groupby(table[geo]).transform("max")
    spread = float(scaled.std())
    effect = Prior("Normal", mu=mu, sigma=believed[:, 1], dims="channel")
    mmm = MMM(
        date_column=roles["date"], target_column=roles["kpi"], control_columns=controls,
        channel_columns=[c["acting"] for c in channels], dims=(geo,),
        adstock=GeometricAdstock(l_max=L_MAX, priors={"alpha": Prior("Beta", **ALPHA, dims="channel")}),
        saturation=LogisticSaturation(
            priors={
                "lam": Prior("Gamma", **LAM, dims="channel"),
                "beta": Prior("LogNormal", mu=effect, sigma=Prior("HalfNormal", sigma=0.3), dims=(geo, "channel")),
            }
        ),
        model_config={
            "intercept": Prior("Normal", mu=0.8 * float(scaled.mean()), sigma=0.5, dims=geo),
            "gamma_control": Prior("Normal", mu=0, sigma=spread, dims=(geo, "control")),
            "likelihood": Prior("Normal", sigma=Prior("HalfNormal", sigma=spread, dims=geo), dims=("date", geo)),
        },
    )  # fmt: skip
    mmm.frame_to_fit = (frame, target)
    return mmm


def _unit_return(table: pd.DataFrame, roles: dict[str, Any], channel: dict[str, str]) -> float:
    """Money per money spent that an effect of 1 brings in every region, at the prior medians."""
    alpha, lam = ALPHA["alpha"] / (ALPHA["alpha"] + ALPHA["beta"]), LAM["alpha"] / LAM["beta"]
    weights = alpha ** np.arange(L_MAX)
    weights = weights / weights.sum()
    brought = 0.0
    for _, part in table.groupby(roles["geo"]):
        acting = part.sort_values(roles["date"])[channel["acting"]].to_numpy(dtype=float)
        carried = np.convolve(acting / acting.max(), weights)[: len(acting)]
        brought += float(part[roles["kpi"]].max() * np.tanh(0.5 * lam * carried).sum())
    return brought / float(table[channel["spend"]].sum())


def _frame(roles: dict[str, Any], table: pd.DataFrame) -> "tuple[pd.DataFrame, pd.Series[float]]":
    keep = [roles["date"], *([roles["geo"]] if roles["geo"] else [])]
    frame = table[[*keep, *(c["acting"] for c in roles["channels"]), *roles["controls"]]].copy()
    frame[roles["controls"]] = frame[roles["controls"]].astype(float)
    return frame, table[roles["kpi"]].astype(float)


def _store(mmm: Any, roles: dict[str, Any], out: str) -> None:
    """Contributions and expected KPI as the library reports them in original units, geos added up."""
    parts = mmm.data.to_original_scale("channel_contribution")
    expected = mmm.data.to_original_scale("mu")
    if roles["geo"]:
        parts, expected = parts.sum(roles["geo"]), expected.sum(roles["geo"])
    weekly = parts.transpose("chain", "draw", "date", "channel").values
    posterior = mmm.idata["posterior"]
    media = [n for n in posterior.data_vars if str(n).startswith(("adstock_", "saturation_"))]
    np.savez_compressed(
        f"{out}.npz",
        totals=weekly.sum(axis=2).reshape(-1, weekly.shape[-1]),
        weekly=weekly.mean(axis=(0, 1)),
        expected=expected.transpose("chain", "draw", "date").values.mean(axis=(0, 1)),
        **{f"media_{n}": posterior[n].transpose("chain", "draw", ...).values for n in media},
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
