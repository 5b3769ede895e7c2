"""What the model leaves over follows a channel where its family is wrong, and no channel where it is right."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from mmm_core.data.noise import memory_of, whitened
from mmm_core.domain.checks import Check, Status
from mmm_core.domain.fit import BASELINE_DRIFT, MEDIA_DRIFT, Posterior
from mmm_core.modeling.leftover import DEMAND, DRIFT, MEMORY, SATURATION, Leftover, Suspicion, examine, lag_groups
from mmm_core.modeling.limits import Limits
from mmm_core.modeling.misfit import autocorrelation, misfit
from mmm_core.modeling.prepare import prepare
from mmm_core.modeling.whitening import Whitening
from tests.model.company import REACHED, panel_specification, panel_table, specification, table, with_reach
from tests.unit.misfit_company import CHANNELS, best, company

FIRST = np.array([0])


def looked(seed: int, kind: str, geos: int = 1, pulled: float = 0.0, **changes: float) -> Leftover:
    data = company(seed, kind, geos, **changes)
    posterior, left = best(data, pulled)
    return examine(posterior, data, left, FIRST)


def check(left: Leftover) -> Check:
    return misfit(left, "geometric", "logistic", 8, Limits())


def alarms(count: int, kind: str, **how: float) -> list[Check]:
    return [found for seed in range(count) if (found := check(looked(seed, kind, **how))).status is not Status.PASS]


def most(level: float, of: int) -> int:
    """So many alarms or fewer come in all but 1 of 1,000 trials of a test that keeps its level."""
    return int(stats.binom.ppf(0.999, of, level))


def test_the_right_family_is_quiet_at_the_stated_level() -> None:
    assert len(alarms(20, "right")) <= most(Limits().misfit_chance, 20)


@pytest.mark.slow
@pytest.mark.parametrize("how", [{}, {"rho": 0.0}, {"rho": 0.8}, {"pulled": 0.5}, {"geos": 5}], ids=str)
def test_the_level_holds_whatever_the_noise_and_wherever_the_prior_pulls(how: dict[str, float]) -> None:
    count = 15 if "geos" in how else 40
    single = [s.chance for seed in range(count) for s in looked(100 + seed, "right", **how).single]
    assert np.mean(np.array(single) < 0.05) < 0.09
    assert len(alarms(count, "right", **how)) <= most(Limits().misfit_chance, count)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("memory", "memory looks wrong"),
        ("saturation", "saturation looks wrong"),
        ("drift", "effect seems to change over time"),
    ],
)
def test_what_the_family_cannot_hold_is_named(kind: str, words: str) -> None:
    found = alarms(5, kind, noise=0.008)
    assert len(found) >= 3
    assert sum(words in one.message for one in found) >= 3
    assert all(set(one.columns) <= set(CHANNELS) and one.value is not None and one.value < 0.05 for one in found)


def test_effects_that_come_after_the_longest_lag_ask_for_a_longer_memory() -> None:
    found = [s for seed in range(6) for s in looked(seed, "long", noise=0.005).single if s.kind == MEMORY]
    clear = [s for s in found if s.chance < 0.001]
    assert len(clear) >= 3
    assert np.mean([s.longest for s in clear]) > 0.5
    assert "longer memory (16 periods)" in check(seen(Suspicion("tv", MEMORY, 1e-5, 0.2, longest=True))).message


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["memory", "saturation", "drift", "demand"])
def test_panels_find_it_too(kind: str) -> None:
    found = alarms(4, kind, geos=4)
    assert len(found) >= 3
    word = {"demand": "run after demand", "drift": "change over time"}.get(kind, f"{kind} looks wrong")
    assert sum(word in one.message for one in found) >= 3


def test_a_posterior_away_from_the_best_fit_is_no_misfit() -> None:
    """The priors hold a model back; only what the model cannot bend to at all counts."""
    data = company(3, "right")
    posterior, left = best(data, pulled=0.6)
    found = examine(posterior, data, left, FIRST)
    assert check(found).status is Status.PASS
    held_back = {**posterior.draws, "saturation_beta": 0.7 * posterior.draws["saturation_beta"]}
    # Effects at seven tenths leave three tenths of every contribution in the residuals.
    media = 0.3 * (data.target - left - (data.target - left).mean())
    again = examine(replace(posterior, draws=held_back), data, left + media, FIRST)
    assert check(again).status is Status.PASS


def test_the_lags_double_and_end_where_the_data_do() -> None:
    assert lag_groups(8, 130) == (((0,), (1,), (2, 3), (4, 5, 6, 7), (8, 9, 10, 11), (12, 13, 14, 15)), 2)
    assert lag_groups(1, 130) == (((0,), (1,)), 1)
    groups, beyond = lag_groups(8, 24)
    assert (groups[-1], beyond) == ((4, 5, 6, 7), 0)


def test_few_periods_are_not_asked() -> None:
    data = company(1, "drift", periods=26)
    posterior, left = best(data)
    found = check(examine(posterior, data, left, FIRST))
    assert found.status is Status.PASS
    assert "too few periods" in found.message


def test_a_channel_that_never_ran_is_left_out() -> None:
    data = company(2, "right")
    posterior, left = best(data)
    gone = {**posterior.draws, "saturation_beta": posterior.draws["saturation_beta"] * [1, 0, 1]}
    found = examine(replace(posterior, draws=gone), data, left, FIRST)
    assert {s.channel for s in found.single} == {"tv", "search"}
    assert np.isfinite(found.widening).all()


def seen(*suspicions: Suspicion, **changes: object) -> Leftover:
    jointly = dict.fromkeys((MEMORY, SATURATION, DRIFT, DEMAND), 0.9)
    plain = Leftover(suspicions, jointly, 0.0, 0.0, 100, np.ones(3))
    return replace(plain, **changes)  # type: ignore[arg-type]


def test_chances_are_corrected_for_how_often_was_asked() -> None:
    low, high = Suspicion("tv", MEMORY, 0.01, 0.3), Suspicion("radio", DRIFT, 0.4, 0.1)
    assert seen(low, high).chance(low) == pytest.approx(0.04)
    assert check(seen(low, high)).status is Status.REVIEW
    assert check(seen(low, *[high] * 5)).status is Status.PASS
    # All channels together may show what none shows alone; the one that shows it most is named.
    together = seen(high, replace(high, channel="tv", chance=0.2), jointly={DRIFT: 0.001, MEMORY: 0.5})
    assert check(together).columns == ("tv",)


def test_a_pattern_that_would_change_little_is_told_without_an_alarm() -> None:
    found = check(seen(Suspicion("tv", SATURATION, 1e-6, 0.01)))
    assert found.status is Status.PASS
    assert "1% of what tv brings" in found.message


def test_each_kind_has_its_advice_and_all_are_named() -> None:
    kinds = {
        MEMORY: "another adstock (delayed or Weibull)",
        SATURATION: "another saturation (Hill or Michaelis-Menten)",
        DRIFT: "vary over time",
        DEMAND: "demand that was there anyway",
    }
    for kind, words in kinds.items():
        assert words in check(seen(Suspicion("tv", kind, 1e-5, 0.2))).message
    both = check(seen(Suspicion("tv", MEMORY, 1e-6, 0.2), Suspicion("radio", DRIFT, 1e-5, 0.2)))
    assert "follows tv" in both.message
    assert "the drift of radio" in both.message
    assert both.columns == ("tv", "radio")


@pytest.mark.parametrize("rho", [0.0, 0.5, 0.8])
def test_the_memory_of_noise_is_found_though_many_columns_were_fitted(rho: float) -> None:
    rng = np.random.default_rng(5)
    nuisance = np.column_stack([np.ones(130), np.linspace(-1, 1, 130), rng.standard_normal((130, 25))])
    found = []
    for _ in range(30):
        noise = rng.standard_normal(130)
        for t in range(1, 130):
            noise[t] += rho * noise[t - 1]
        found.append(memory_of(noise - nuisance @ np.linalg.lstsq(nuisance, noise, rcond=None)[0], nuisance))
    assert np.mean(found) == pytest.approx(rho, abs=0.06)


def test_whitened_noise_is_white() -> None:
    rng = np.random.default_rng(2)
    noise = rng.standard_normal(5000)
    noise[0] /= np.sqrt(1 - 0.49)
    for t in range(1, noise.size):
        noise[t] += 0.7 * noise[t - 1]
    white = whitened(noise, 0.7)
    assert np.corrcoef(white[1:], white[:-1])[0, 1] == pytest.approx(0, abs=0.04)
    assert white.std() == pytest.approx(1, abs=0.03)


def test_noise_in_runs_narrows_intervals_by_what_least_squares_loses() -> None:
    """The widening is the spread of estimates over many draws of the noise, over what independent noise gives."""
    rho, rng = 0.6, np.random.default_rng(4)
    data = company(6, "right", rho=rho)
    posterior, left = best(data)
    found = examine(posterior, data, left, FIRST)
    assert 0.3 < found.rho < 0.8
    assert found.effective == pytest.approx(130 * (1 - found.rho) / (1 + found.rho))
    column = np.repeat(rng.standard_normal(13), 10)
    column -= column.mean()
    runs = rng.standard_normal((4000, 130))
    for t in range(1, 130):
        runs[:, t] = rho * runs[:, t - 1] + np.sqrt(1 - rho**2) * runs[:, t]
    ratio = (runs @ column).std() / np.linalg.norm(column)
    white = Whitening(np.array([rho]), np.ones(1), (), 0.0, np.zeros((130, 0)), 100, ())
    assert white.widening(column[None]) == pytest.approx(ratio, rel=0.05)


def test_a_leftover_pattern_says_what_it_costs_and_what_it_does_not() -> None:
    data = company(6, "right", rho=0.7)
    posterior, left = best(data)
    found = autocorrelation(left, examine(posterior, data, left, FIRST), data.channels, Limits())
    assert found.status is Status.REVIEW
    assert "biases no contribution" in found.message
    assert "130 periods tell as much about an average as" in found.message
    quiet = autocorrelation(*_white(), CHANNELS, Limits())
    assert quiet.status is Status.PASS
    assert "looks like noise" in quiet.message


def _white() -> tuple[np.ndarray, Leftover]:
    return np.random.default_rng(1).standard_normal((1, 130)), seen()


def test_what_a_drifting_model_can_follow_is_no_drift() -> None:
    """Directions of the Gaussian process over the media's strength are taken out like any other freedom."""
    data = company(2, "drift", noise=0.008)
    posterior, left = best(data)
    periods, rng = data.target.shape[1], np.random.default_rng(3)
    slopes = rng.normal(0, 0.3, (1, 20, 1)) * np.linspace(-1, 1, periods)
    still = {name: np.repeat(values, 20, axis=1) for name, values in posterior.draws.items()}
    drifting = replace(posterior, draws={**still, MEDIA_DRIFT: 1 + slopes, BASELINE_DRIFT: 0.01 * slopes})
    fixed, free = (examine(p, data, left, draws) for p, draws in ((posterior, FIRST), (drifting, np.arange(20))))
    assert fixed.jointly[DRIFT] < 0.001
    assert free.jointly[DRIFT] > 10 * fixed.jointly[DRIFT]
    assert np.isfinite(free.widening).all()


@pytest.mark.parametrize("panel", [False, True])
def test_a_channel_by_reach_and_frequency_is_asked_about_its_frequency(panel: bool) -> None:
    frame = panel_table() if panel else table()
    spec = (panel_specification if panel else specification)(channels=REACHED)
    data = prepare(with_reach(frame), spec)
    assert data.by_frequency == (0,)
    geos, periods, count = data.media.shape
    one = (1, 1, geos, count) if panel else (1, 1, count)
    draws = {"adstock_alpha": np.full((1, 1, count), 0.4), "saturation_lam": np.full((1, 1, count), 3.0)}
    draws |= {"saturation_beta": np.full(one, 0.2), "y_sigma": np.full(one[:-1], 0.02)}
    posterior = Posterior("geometric", "logistic", 8, draws)
    noise = np.random.default_rng(1).standard_normal((geos, periods)) * data.target_scale[:, None]
    assert check(examine(posterior, data, 0.02 * noise, FIRST)).status is Status.PASS
    assert data.frequency is not None
    # People who were reached often brought far more than the curve says.
    often = data.scaled_media[..., 0] * np.square(data.frequency[..., 0])
    missed = often / often.max() * data.target_scale[:, None]
    found = check(examine(posterior, data, 0.02 * noise + 0.3 * missed, FIRST))
    assert found.status is Status.REVIEW
    assert found.columns[0] == "tv"
