"""What is exported opens elsewhere and says the same."""

import runpy
from pathlib import Path

import arviz as az
import numpy as np
import pymc as pm
import pytest
from pymc_marketing.mmm import MMM

from mmm_core.domain.fit import ModelData, Posterior
from mmm_core.modeling import export, export_script, pymc_model
from mmm_core.modeling.predict import media_blocks
from mmm_core.modeling.prepare import prepare
from mmm_core.modeling.priors import Priors, resolve
from mmm_core.modeling.spec import ModelSpec
from tests.model.cases import priors_draws
from tests.model.company import REACHED, panel_specification, panel_table, specification, table, with_reach

CHAINS, DRAWS = 2, 7


def _fitted(adstock: str, saturation: str, **changes: object) -> tuple[ModelSpec, ModelData, Priors, Posterior]:
    spec = specification(adstock, saturation, **changes)
    data = prepare(table(), spec)
    priors = resolve(spec, data)
    return spec, data, priors, _draws(spec, priors)


def _draws(spec: ModelSpec, priors: Priors) -> Posterior:
    """Draws from the priors stand in for a fit: the file does not ask where they come from."""
    return priors_draws(priors, spec.max_lag, CHAINS, DRAWS, geos=1)


@pytest.mark.parametrize(
    ("adstock", "saturation"), [("geometric", "logistic"), ("delayed", "hill"), ("weibull_cdf", "tanh")]
)
def test_pymc_marketing_loads_the_file_and_computes_the_same_contributions(
    adstock: str, saturation: str, tmp_path: Path
) -> None:
    _, data, priors, posterior = _fitted(adstock, saturation)
    export.write_netcdf(tmp_path / "posterior.nc", posterior, data, priors)
    loaded = MMM.load(str(tmp_path / "posterior.nc"))
    stored = loaded.idata["/posterior"].to_dataset()
    free = stored[[variable.name for variable in loaded.model.free_RVs]]
    names = ["channel_contribution", "mu", "control_contribution", "total_media_contribution_original_scale"]
    again = pm.compute_deterministics(free, model=loaded.model, var_names=names, progressbar=False)
    ours = np.concatenate([contribution for _, contribution in media_blocks(data, posterior)])[:, 0]
    ours = ours.reshape(CHAINS, DRAWS, *ours.shape[1:])
    theirs = again["channel_contribution"].transpose("chain", "draw", "date", "channel")
    np.testing.assert_allclose(theirs.values, ours, rtol=1e-6, atol=1e-12)
    for name in names:
        np.testing.assert_allclose(
            stored[name].transpose(*again[name].dims).values, again[name].values, rtol=1e-6, atol=1e-6
        )
    assert list(stored["channel"].values) == list(data.channels)


def test_arviz_opens_the_file(tmp_path: Path) -> None:
    _, data, priors, posterior = _fitted("geometric", "hill", season={"yearly_terms": 0})
    export.write_netcdf(tmp_path / "posterior.nc", posterior, data, priors)
    tree = az.from_netcdf(tmp_path / "posterior.nc")
    np.testing.assert_array_equal(tree["posterior"]["saturation_beta"].values, posterior.draws["saturation_beta"])
    np.testing.assert_array_equal(tree["sample_stats"]["energy"].values, posterior.energy)
    assert "saturation_kappa" in az.summary(tree, var_names=["saturation_kappa"]).index[0]


def test_large_contributions_are_left_to_the_graph(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, data, priors, posterior = _fitted("geometric", "logistic")
    monkeypatch.setattr(export, "MOST_CELLS", 6 * CHAINS * DRAWS * data.target.shape[1])
    export.write_netcdf(tmp_path / "posterior.nc", posterior, data, priors)
    loaded = MMM.load(str(tmp_path / "posterior.nc"))
    stored = set(loaded.idata["/posterior"].to_dataset().data_vars)
    assert "channel_contribution" in stored
    assert "control_contribution" not in stored
    assert {variable.name for variable in loaded.model.free_RVs} <= stored


def test_odd_names_survive_file_and_script(tmp_path: Path) -> None:
    odd = {
        "tv": "TV/radio",
        "mail": "draw",
        "price": "'); DROP TABLE x;--",
        "sale": 'two\nlines "quoted"',
        "sales": "KPI €",
    }
    spec = specification(
        kpi={"column": "KPI €"},
        channels=({"name": "TV/radio", "spend": "TV/radio"}, {"name": "draw", "exposure": "draw"}),
        controls=(odd["price"],),
        holidays=(odd["sale"],),
    )
    data = prepare(table().rename(columns=odd), spec)
    priors = resolve(spec, data)
    export.write_netcdf(tmp_path / "posterior.nc", _draws(spec, priors), data, priors)
    loaded = MMM.load(str(tmp_path / "posterior.nc"))
    assert loaded.channel_columns == ["TV-radio", "draw"]
    assert loaded.control_columns[:2] == [odd["price"], odd["sale"]]
    export_script.write_script(tmp_path / "model.py", spec, data, priors)
    assert runpy.run_path(str(tmp_path / "model.py"))["mmm"].channel_columns == ["TV-radio", "draw"]


def test_script_builds_the_same_model(tmp_path: Path) -> None:
    spec, data, priors, _ = _fitted("delayed", "hill")
    export_script.write_script(tmp_path / "model.py", spec, data, priors)
    built = runpy.run_path(str(tmp_path / "model.py"))["mmm"].model
    ours = pymc_model.build(data, priors).model
    point = {name: value + 0.1 for name, value in ours.initial_point().items()}
    assert float(built.compile_logp(mode="FAST_COMPILE")(point)) == pytest.approx(
        float(ours.compile_logp(mode="FAST_COMPILE")(point)), rel=1e-12
    )


def test_a_panel_opens_elsewhere_and_says_the_same(tmp_path: Path) -> None:
    spec = panel_specification("weibull_pdf", "michaelis_menten")
    data = prepare(panel_table(), spec)
    priors = resolve(spec, data)
    posterior = priors_draws(priors, spec.max_lag, CHAINS, DRAWS, geos=len(data.geos))
    export.write_netcdf(tmp_path / "posterior.nc", posterior, data, priors)
    loaded = MMM.load(str(tmp_path / "posterior.nc"))
    stored = loaded.idata["/posterior"].to_dataset()
    free = stored[[variable.name for variable in loaded.model.free_RVs]]
    names = ["channel_contribution", "mu", "yearly_seasonality_contribution", "total_media_contribution_original_scale"]
    again = pm.compute_deterministics(free, model=loaded.model, var_names=names, progressbar=False)
    ours = np.concatenate([contribution for _, contribution in media_blocks(data, posterior)])
    ours = ours.reshape(CHAINS, DRAWS, *ours.shape[1:])
    theirs = again["channel_contribution"].transpose("chain", "draw", "geo", "date", "channel")
    np.testing.assert_allclose(theirs.values, ours, rtol=1e-6, atol=1e-12)
    for name in names:
        np.testing.assert_allclose(
            stored[name].transpose(*again[name].dims).values, again[name].values, rtol=1e-5, atol=1e-6
        )


def test_script_of_a_panel_builds_the_same_model(tmp_path: Path) -> None:
    spec = panel_specification("geometric", "hill")
    data = prepare(panel_table(), spec)
    priors = resolve(spec, data)
    export_script.write_script(tmp_path / "model.py", spec, data, priors)
    built = runpy.run_path(str(tmp_path / "model.py"))["mmm"].model
    ours = pymc_model.build(data, priors).model
    point = {name: value + 0.1 for name, value in ours.initial_point().items()}
    assert float(built.compile_logp(mode="FAST_COMPILE")(point)) == pytest.approx(
        float(ours.compile_logp(mode="FAST_COMPILE")(point)), rel=1e-12
    )


@pytest.mark.parametrize("panel", [False, True])
def test_file_and_script_with_channels_by_reach_and_frequency(panel: bool, tmp_path: Path) -> None:
    make, frame = (panel_specification, panel_table()) if panel else (specification, table())
    spec = make("geometric", "hill", channels=REACHED)
    data = prepare(with_reach(frame), spec)
    priors = resolve(spec, data)
    posterior = priors_draws(priors, spec.max_lag, CHAINS, DRAWS, geos=len(data.geos))
    export.write_netcdf(tmp_path / "posterior.nc", posterior, data, priors)
    opened = az.from_netcdf(tmp_path / "posterior.nc")
    brought = np.concatenate([contribution for _, contribution in media_blocks(data, posterior)])
    dims = ("chain", "draw", *(["geo"] if panel else []), "date", "channel")
    found = opened["posterior"]["channel_contribution"].transpose(*dims).values
    np.testing.assert_allclose(found.ravel(), brought.ravel(), rtol=1e-6, atol=1e-12)
    often = opened["constant_data"]["channel_frequency"].sel(channel="tv")
    assert float(often.max()) == pytest.approx(float(np.nanmax(data.frequency)))
    export_script.write_script(tmp_path / "model.py", spec, data, priors)
    built = runpy.run_path(str(tmp_path / "model.py"))["mmm"].model
    ours = pymc_model.build(data, priors).model
    point = {name: value + 0.1 for name, value in ours.initial_point().items()}
    assert float(built.compile_logp(mode="FAST_COMPILE")(point)) == pytest.approx(
        float(ours.compile_logp(mode="FAST_COMPILE")(point)), rel=1e-12
    )
