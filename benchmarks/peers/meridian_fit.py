"""One Meridian fit in Meridian's own environment: ``python meridian_fit.py CASE OUT defaults|informed``.

Reads and writes plain files only, imports nothing of this project. The clock starts when everything is imported and the
files are read, and stops when the posterior is there, compiling included.
"""

import json
import sys
import time
from pathlib import Path

CHAINS, ADAPT, BURN_IN, KEEP, SEED = 4, 500, 500, 1000, 1
"""Meridian's call has no defaults for these: chains and kept draws are ours, warm-up is as long as its kept draws."""
MEDIA = ("roi_m", "alpha_m", "ec_m", "slope_m", "eta_m", "beta_gm")
BATCH = 50
"""Draws whose contributions are computed at a time."""


def main(case: str, out: str, style: str) -> None:
    started = time.perf_counter()
    import numpy as np
    import pandas as pd
    from meridian import backend
    from meridian.analysis import analyzer
    from meridian.data import data_frame_input_data_builder as builder
    from meridian.model import model, prior_distribution, spec

    imported = time.perf_counter() - started
    folder = Path(case)
    roles = json.loads((folder / "case.json").read_text())
    table = pd.read_parquet(folder / "table.parquet")
    table["time"] = pd.to_datetime(table[roles["date"]]).dt.strftime("%Y-%m-%d")
    controls = list(roles["controls"])
    if roles["geo"]:
        # With its default of one knot per week Meridian refuses controls that are the same everywhere: knots hold them.
        varies = table.groupby("time")[controls].nunique().max() > 1
        controls = [c for c in controls if varies[c]]
    elif style == "informed":
        extra = pd.read_parquet(folder / "prepared.parquet")
        table = pd.concat([table, extra], axis=1)
        controls += list(extra.columns)

    started = time.perf_counter()
    data = _input(builder, table, roles, controls)
    channels = [c["name"] for c in roles["channels"]]
    if style == "informed":
        mu, sigma = (np.array([roles["roi"][c][i] for c in channels], dtype=backend.np_float_dtype) for i in (0, 1))
        chosen = spec.ModelSpec(
            prior=prior_distribution.PriorDistribution(roi_m=backend.tfd.LogNormal(mu, sigma)),
            max_lag=roles["max_lag"],
        )
    else:
        chosen = spec.ModelSpec()
    fitted = model.Meridian(input_data=data, model_spec=chosen)
    fitted.sample_posterior(n_chains=CHAINS, n_adapt=ADAPT, n_burnin=BURN_IN, n_keep=KEEP, seed=SEED)
    seconds = time.perf_counter() - started
    print("FITTED", flush=True)

    found = analyzer.Analyzer(fitted)
    weekly = found.incremental_outcome(aggregate_times=False, use_kpi=False, batch_size=BATCH)
    weekly = np.asarray(weekly)  # (chains, draws, T, C)
    posterior = fitted.inference_data.posterior
    draws = {f"media_{n}": np.asarray(posterior[n]) for n in MEDIA if n in posterior}
    stats = fitted.inference_data.get("sample_stats")
    diverging = int(np.asarray(stats["diverging"]).sum()) if stats is not None and "diverging" in stats else -1
    expected = found.expected_outcome(aggregate_times=False, use_kpi=False, batch_size=BATCH)
    np.savez_compressed(
        f"{out}.npz",
        totals=weekly.sum(axis=2).reshape(-1, len(channels)),
        weekly=weekly.mean(axis=(0, 1)),
        expected=np.asarray(expected).mean(axis=(0, 1)),
        **draws,
    )
    Path(out).write_text(json.dumps({"seconds": seconds, "import_seconds": imported, "divergences": diverging}))


def _input(builder, table, roles, controls):
    made = builder.DataFrameInputDataBuilder(kpi_type="revenue")
    where = {"time_col": "time"} | ({"geo_col": roles["geo"]} if roles["geo"] else {})
    made = made.with_kpi(table, kpi_col=roles["kpi"], **where)
    made = made.with_controls(table, control_cols=controls, **where)
    if roles["geo"]:
        made = made.with_population(table, population_col=roles["population"], geo_col=roles["geo"])
    channels = roles["channels"]
    return made.with_media(
        table,
        media_cols=[c["acting"] for c in channels],
        media_spend_cols=[c["spend"] for c in channels],
        media_channels=[c["name"] for c in channels],
        **where,
    ).build()


if __name__ == "__main__":
    main(*sys.argv[1:])
