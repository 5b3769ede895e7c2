"""What drifts over time: fitted by the PyMC route, kept, summed up and exported like everything else."""

import runpy
from pathlib import Path

import numpy as np
import pymc as pm
import pytest
from pymc_marketing.mmm import MMM

from mmm_core.analysis.response import ResponseModel
from mmm_core.domain.errors import SpecError
from mmm_core.domain.fit import BASELINE_DRIFT, MEDIA_DRIFT, Posterior, Progress
from mmm_core.modeling import artifact, engine, export, pymc_model
from mmm_core.modeling.export_script import write_script
from mmm_core.modeling.predict import baseline, media_blocks
from mmm_core.modeling.prepare import prepare
from mmm_core.modeling.priors import resolve
from tests.model.company import panel_specification, panel_table, specification, table

SAMPLING = {"draws": 50, "tune": 50, "chains": 2, "target_accept": 0.8}
ONE_CHANNEL = ({"name": "tv", "spend": "tv"},)


@pytest.mark.slow
def test_drifting_media_and_baseline_from_the_fit_to_the_file(tmp_path: Path) -> None:
    spec = specification(
        "geometric",
        "logistic",
        time_varying={"baseline": True, "media": True},
        trend={"kind": "none"},
        sampling=SAMPLING,
        channels=ONE_CHANNEL,
        controls=(),
        holidays=(),
    )
    data = prepare(table(70), spec)
    told: list[str] = []
    fitted = engine.fit(spec, data, lambda m: told.append((m if isinstance(m, Progress) else m.progress).phase))
    assert {"warm-up", "sampling"} <= set(told)
    posterior = artifact.load(artifact.dump(fitted.posterior))
    assert posterior.draws[MEDIA_DRIFT].shape == (2, 50, len(data.dates))
    np.testing.assert_allclose(posterior.draws[BASELINE_DRIFT].mean(axis=-1), 0.0, atol=1e-9)

    model = ResponseModel(data, posterior, dtype=np.float64)
    (rows, media), *_ = media_blocks(data, posterior)
    np.testing.assert_allclose(model.contributions(), media * data.target_scale[:, None, None], rtol=1e-9)
    np.testing.assert_allclose(
        model.mu()[:, 0], (media[:, 0].sum(axis=-1) + baseline(data, posterior, rows)[:, 0]) * data.target_scale[0]
    )
    # The plan's window takes the recent strength, and history the strength of each period.
    now = posterior.flat(MEDIA_DRIFT)[:, -13:].mean(axis=1)
    np.testing.assert_allclose(model.window(4).effect[0, 0], model.effect[0, 0] * now)

    export.write_netcdf(tmp_path / "posterior.nc", posterior, data, fitted.priors)
    loaded = MMM.load(str(tmp_path / "posterior.nc"))
    stored = loaded.idata["/posterior"].to_dataset()
    free = stored[[variable.name for variable in loaded.model.free_RVs]]
    again = pm.compute_deterministics(
        free, model=loaded.model, var_names=["channel_contribution", "mu"], progressbar=False
    )
    theirs = again["channel_contribution"].transpose("chain", "draw", "date", "channel").values
    np.testing.assert_allclose(theirs.reshape(-1, *theirs.shape[2:]), media[:, 0], rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(stored["mu"].values, again["mu"].transpose("chain", "draw", "date").values, rtol=1e-5)


def test_drift_goes_on_with_its_last_value() -> None:
    draws = {"y_sigma": np.ones((1, 2)), MEDIA_DRIFT: np.array([[[1.0, 2.0], [3.0, 4.0]]])}
    posterior = Posterior("geometric", "logistic", 4, draws)
    np.testing.assert_array_equal(posterior.drift(MEDIA_DRIFT, 4), [[1, 2, 2, 2], [3, 4, 4, 4]])
    np.testing.assert_array_equal(posterior.drift(MEDIA_DRIFT, 1), [[1], [3]])
    assert posterior.drift(BASELINE_DRIFT, 4) is None


def test_a_panels_baseline_that_drifts_is_refused_in_words() -> None:
    spec = panel_specification(time_varying={"baseline": True, "media": True})
    with pytest.raises(SpecError, match="national data"):
        resolve(spec, prepare(panel_table(), spec))


def test_the_course_that_geos_share_is_the_process_of_the_settings() -> None:
    """Given to national data in place of the settings, it makes the same density."""
    spec = specification("geometric", "logistic", time_varying={"media": True}, trend={"kind": "none"})
    data = prepare(table(40), spec)
    priors = resolve(spec, data)
    assert priors.varying is not None
    by_settings = pymc_model.build(data, priors).model
    asked = pymc_model.unbuilt(data, priors)
    asked.time_varying_media = pymc_model._course(priors.varying, len(data.dates))
    with pymc_model.plain_arrays():
        asked.build_model(*pymc_model.table(data))
    rng = np.random.default_rng(1)
    point = {name: rng.normal(size=np.shape(value)) for name, value in by_settings.initial_point().items()}
    ours, theirs = ({n: float(v) for n, v in m.point_logps(point).items()} for m in (asked.model, by_settings))
    assert ours == theirs


@pytest.mark.slow
def test_media_of_a_panel_drift_together_from_the_draws_to_the_file_and_the_script(tmp_path: Path) -> None:
    """At points of the density that a fit samples; sampling them is what national data are for."""
    varied = {"time_varying": {"media": True}, "channels": ONE_CHANNEL, "controls": (), "holidays": ()}
    spec = panel_specification("geometric", "linear", **varied)
    data = prepare(panel_table(40), spec)
    priors = resolve(spec, data)
    target = pymc_model.jax_target(pymc_model.build(data, priors).model)
    points = target.initial + 0.3 * np.random.default_rng(3).normal(size=(2, 20, target.size))
    assert np.isfinite(target.log_density(points[0, 0]))
    draws = pymc_model.posterior_draws(target, points, data)
    posterior = artifact.load(artifact.dump(Posterior(priors.adstock, priors.saturation, priors.max_lag, draws)))
    assert posterior.draws[MEDIA_DRIFT].shape == (2, 20, len(data.dates))
    np.testing.assert_allclose(posterior.draws[MEDIA_DRIFT].mean(axis=-1), 1.0, atol=1e-9)

    export.write_netcdf(tmp_path / "posterior.nc", posterior, data, priors)
    loaded = MMM.load(str(tmp_path / "posterior.nc"))
    stored = loaded.idata["/posterior"].to_dataset()
    free = stored[[variable.name for variable in loaded.model.free_RVs]]
    again = pm.compute_deterministics(
        free, model=loaded.model, var_names=["channel_contribution", "mu"], progressbar=False
    )
    theirs = again["channel_contribution"].transpose("chain", "draw", "geo", "date", "channel").values
    (_, media), *_ = media_blocks(data, posterior)
    np.testing.assert_allclose(theirs.reshape(-1, *theirs.shape[2:]), media, rtol=1e-6, atol=1e-9)
    found = again["mu"].transpose(*stored["mu"].dims)
    np.testing.assert_allclose(stored["mu"].values, found.values, rtol=1e-5, atol=1e-6)

    path = tmp_path / "model.py"
    write_script(path, spec, data, priors)
    written = runpy.run_path(str(path))["mmm"].model
    own = pymc_model.build(data, priors).model
    rng = np.random.default_rng(2)
    point = {name: rng.normal(size=np.shape(value)) for name, value in own.initial_point().items()}
    assert written.point_logps(point).keys() == own.point_logps(point).keys()
    for name, value in own.point_logps(point).items():
        assert written.point_logps(point)[name] == pytest.approx(value, rel=1e-9), name
