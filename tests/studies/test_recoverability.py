"""What can these data answer: the worlds, the scenarios, and what is said of them."""

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mmm_core.domain.checks import Status
from mmm_core.domain.errors import BadInput
from mmm_core.domain.fit import ModelData, RunStatus
from mmm_core.domain.study import Study
from mmm_core.modeling import priors
from mmm_core.modeling.prepare import prepare
from mmm_core.modeling.spec import Belief, ChannelSpec, LiftTest, TimeVarying
from mmm_core.studies import recoverability_settings as settings
from mmm_core.studies import recoverability_words as words
from mmm_core.studies import recoverability_worlds as worlds
from mmm_core.studies.recoverability_settings import Scenario, Setting
from mmm_core.use_cases.studies import of_something_else
from tests.model import company
from tests.studies.cases import carried_out, concluded, inputs, planned

FRAME, SPEC = company.table(), company.specification()
DATA = prepare(FRAME, SPEC)
ASSUMED = settings.assumed_of(DATA, 1.0, 3, 0.3)


def setting(scenario: Scenario) -> Setting:
    return settings.setting(FRAME, SPEC, scenario, ASSUMED, 1)


def made(scenario: Scenario, seed: int = 1) -> tuple[ModelData, Any]:
    found = setting(scenario)
    truth = worlds.truth(DATA, priors.resolve(SPEC, DATA), np.random.default_rng(seed))
    media = worlds.brought(found.data if found.spec.geo else DATA, truth)
    return worlds.world(found, worlds.ground(found), media, np.random.default_rng(seed)), media


def test_more_weeks_repeat_the_last_year() -> None:
    data = setting(Scenario.WEEKS).data
    assert (len(DATA.dates), len(data.dates)) == (110, 162)
    assert np.ptp(np.diff(data.dates)) == np.timedelta64(0)
    assert data.media[:, 110:] == pytest.approx(DATA.media[:, 58:])
    assert data.media[:, :110] == pytest.approx(DATA.media)


def test_pulses_keep_the_history_and_about_the_money() -> None:
    data, plain = setting(Scenario.PULSES).data, setting(Scenario.WEEKS).data
    assert data.media[:, :110] == pytest.approx(DATA.media)
    added, usual = data.media[0, 110:, 1], plain.media[0, 110:, 1]
    assert set(np.round(added / usual, 6)) == {0.0, 2.0}
    assert added.sum() == pytest.approx(usual.sum(), rel=0.25)
    on = (added > 0).reshape(-1, ASSUMED.pulse)
    assert (on.all(axis=1) | ~on.any(axis=1)).all(), "in blocks"
    assert data.media[0, 110:, 2] == pytest.approx(plain.media[0, 110:, 2]), "nothing is paid for mail"


def test_months_go_on_as_months() -> None:
    months = FRAME.head(36).assign(week=pd.date_range("2021-01-31", periods=36, freq="ME"))
    more = settings.longer(months, SPEC, 12)
    assert len(more) == 48
    assert pd.to_datetime(more["week"]).max() == pd.Timestamp("2024-12-31")


@pytest.mark.parametrize(("rule", "a_year"), [("ME", 12), ("QS", 4), ("MS", 12), ("14D", 26), ("D", 364)])
def test_a_year_more_ends_a_year_later_whatever_a_period_is(rule: str, a_year: int) -> None:
    dates = pd.date_range("2020-01-01", periods=40, freq=rule)
    frame = FRAME.head(40).assign(week=dates)
    wanted = settings.assumed_of(prepare(frame, SPEC), 1.0, 3, 0.3).added
    assert wanted == a_year
    more = pd.DatetimeIndex(settings.longer(frame, SPEC, wanted)["week"])
    assert (more[-1] - dates[-1]).days == pytest.approx(365, abs=1.5)
    assert more.equals(pd.date_range(dates[0], periods=40 + a_year, freq=rule))


def test_an_experiment_that_outlasts_its_window_measures_more_noise() -> None:
    off = FRAME.assign(tv=FRAME["tv"].where(FRAME.index < 80, 0.0))
    found = settings.setting(off, SPEC, Scenario.EXPERIMENT, ASSUMED, 1)
    data = prepare(off, SPEC)
    truth = worlds.truth(data, priors.resolve(SPEC, data), np.random.default_rng(2))
    under = worlds.Ground(np.zeros((1, 110)), np.array([5e4]), np.array([100.0]), np.array([0.0]))
    tested = worlds.measured(found, data, truth, under, np.random.default_rng(1)).lift_tests
    # Eight weeks of window, and as many after it as the memory is long.
    assert tested[0].channel == "tv"
    assert tested[0].standard_error == pytest.approx(100 * np.sqrt(8 + SPEC.max_lag - 1))


def test_each_paid_channel_is_tested_while_it_is_on() -> None:
    found = setting(Scenario.EXPERIMENT)
    assert [t.channel for t in found.spec.lift_tests] == ["tv", "search"]
    for test in found.spec.lift_tests:
        inside = (FRAME["week"].dt.date >= test.start) & (FRAME["week"].dt.date <= test.end)
        assert inside.sum() == ASSUMED.tested
        assert FRAME.loc[inside, test.channel].iloc[-1] > 0


def test_regions_share_the_national_numbers() -> None:
    data = setting(Scenario.GEOS).data
    assert data.target.sum(axis=0) == pytest.approx(DATA.target[0])
    assert data.media.sum(axis=0)[:, 0].mean() == pytest.approx(DATA.media[0, :, 0].mean(), rel=0.1)
    assert np.corrcoef(data.media[:, :, 1])[0, 1] < 0.9


def test_a_world_has_the_company_s_level_season_and_noise() -> None:
    found = setting(Scenario.TODAY)
    under = worlds.ground(found)
    world, media = made(Scenario.TODAY)
    effect = media.sum(axis=-1)
    assert (world.target - effect).mean() + effect.mean() == pytest.approx(DATA.target.mean(), rel=0.05)
    rest = (world.target - effect)[0]
    assert np.corrcoef(rest, under.baseline[0])[0, 1] > 0.8
    left = rest - under.baseline[0]
    assert left.std() == pytest.approx(under.noise[0], rel=0.3)
    assert under.noise[0] == pytest.approx(1200, rel=0.5), "what the table was made with"


def test_the_noise_keeps_its_persistence() -> None:
    found = setting(Scenario.WEEKS)
    under = worlds.Ground(np.zeros((1, 162)), np.array([100.0]), np.array([5.0]), np.array([0.8]))
    long = Setting(found.spec, found.data, 162)
    drawn = [
        worlds.world(long, under, np.zeros((1, 162, 3)), np.random.default_rng(n)).target[0] - 100 for n in range(40)
    ]
    assert np.std(drawn) == pytest.approx(5.0, rel=0.1)
    assert np.mean([np.corrcoef(d[1:], d[:-1])[0, 1] for d in drawn]) == pytest.approx(0.78, abs=0.05)


def test_regions_share_half_of_the_country_s_noise() -> None:
    whole = worlds.Ground(np.zeros((1, 4000)), np.array([100.0]), np.array([5.0]), np.array([0.0]))
    cut = worlds.split(whole, 4)
    zeros = np.zeros((4, 4000, 3))
    found = setting(Scenario.TODAY)
    long = Setting(found.spec, found.data, 4000)
    noise = worlds.world(long, cut, zeros, np.random.default_rng(1)).target - 25
    assert noise.sum(axis=0).std() == pytest.approx(5.0, rel=0.05)
    shared = np.corrcoef(noise)[np.triu_indices(4, 1)]
    assert shared == pytest.approx(np.full(6, 0.2), abs=0.06)
    assert shared.mean() * noise.var(axis=1).mean() * 16 == pytest.approx(0.5 * 25, rel=0.15)


def test_the_history_is_the_same_in_every_scenario() -> None:
    today, more = made(Scenario.TODAY)[0], None
    found = setting(Scenario.WEEKS)
    truth = worlds.truth(DATA, priors.resolve(SPEC, DATA), np.random.default_rng(1))
    scaled = ModelData(**{**found.data.__dict__, "media_scale": DATA.media_scale, "target_scale": DATA.target_scale})
    media = worlds.brought(scaled, truth)
    more = worlds.world(found, worlds.ground(found), media, np.random.default_rng(1))
    assert media[:, :110] == pytest.approx(worlds.brought(DATA, truth))
    assert np.corrcoef(more.target[0, :110], today.target[0])[0, 1] > 0.99


def test_an_experiment_measures_the_truth_as_exactly_as_the_noise_allows() -> None:
    found = setting(Scenario.EXPERIMENT)
    truth = worlds.truth(DATA, priors.resolve(SPEC, DATA), np.random.default_rng(2))
    under = worlds.Ground(np.zeros((1, 110)), np.array([5e4]), np.array([100.0]), np.array([0.0]))
    drawn = [worlds.measured(found, DATA, truth, under, np.random.default_rng(n)) for n in range(200)]
    lifts = np.array([[t.lift for t in s.lift_tests] for s in drawn])
    assert drawn[0].lift_tests[0].standard_error == pytest.approx(100 * np.sqrt(8))
    assert lifts.std(axis=0) == pytest.approx(100 * np.sqrt(8), rel=0.2)
    media = worlds.brought(DATA, truth)[0, :, 1]
    window = (FRAME["week"].dt.date >= found.spec.lift_tests[1].start).to_numpy()
    # The last weeks' spend acts after the data end, and what came before the window acts inside it.
    assert 0.5 * media[window].sum() < lifts[:, 1].mean() < 1.1 * media[window].sum()
    real = LiftTest(channel="tv", start="2023-01-02", end="2023-02-26", lift=5e3, standard_error=777.0)
    kept = worlds.measured(
        Setting(SPEC.model_copy(update={"lift_tests": (real,)}), DATA, 110), DATA, truth, under,
        np.random.default_rng(1),
    )  # fmt: skip
    assert kept.lift_tests[0].standard_error == 777.0
    assert kept.lift_tests[0].lift != real.lift


def test_what_cannot_be_simulated_is_refused_before_it_waits() -> None:
    organic = SPEC.model_copy(update={"channels": (ChannelSpec(name="mail", exposure="mail"),)})
    with pytest.raises(BadInput, match="leave that scenario out"):
        planned("recoverability", inputs(FRAME, organic))
    assert planned("recoverability", inputs(FRAME, organic), scenarios=["weeks"])
    sure = Belief(kind="contribution_share", low=0.97, high=0.99)
    too_much = SPEC.model_copy(update={"channels": (ChannelSpec(name="tv", spend="tv", belief=sure),)})
    with pytest.raises(BadInput, match="more than the whole KPI"):
        planned("recoverability", inputs(FRAME, too_much))
    drifting = SPEC.model_copy(update={"time_varying": TimeVarying(media=True)})
    with pytest.raises(BadInput, match="drift"):
        planned("recoverability", inputs(FRAME, drifting))
    panel = inputs(company.panel_table(), company.panel_specification())
    names = [s.name for s in planned("recoverability", panel, scenarios=["geos"], worlds=3)]
    assert names == ["today ground", "today 1", "today 2", "today 3"], "geos are there already"


TRUE = np.exp(np.linspace(-1, 1, 8))


def world(n: int, wide: float, off: float = 0.0) -> list[float]:
    """True value, prior and posterior quantiles: ``wide`` times as wide as before, ``off`` away on the log scale."""
    middle = np.log(TRUE[n]) + off
    return [TRUE[n], *np.exp([-2.0, 0.0, 2.0]), *np.exp([middle - 2 * wide, middle, middle + 2 * wide])]


def channels(tv: tuple[float, float], search: tuple[float, float]) -> list[dict[str, dict[str, list[float]]]]:
    return [{"channels": {"tv": world(n, *tv), "search": world(n, *search), "mail": world(n, 0.95)}} for n in range(8)]


def told(today: list[Any], weeks: list[Any]) -> Any:
    results = {f"today {n + 1}": r for n, r in enumerate(today)} | {f"weeks {n + 1}": r for n, r in enumerate(weeks)}
    return concluded("recoverability", inputs(FRAME, SPEC), results, scenarios=["weeks"])


def test_recovered_in_part_or_not_at_all() -> None:
    found = told(channels((0.2, 0.1), (0.6, 0.2)), channels((0.2, 0.1), (0.3, 0.1)))
    assert [c.status for c in found.checks] == [Status.PASS, Status.REVIEW, Status.FAIL]
    assert (
        "These data can tell the return of tv; in part that of search; they cannot tell that of mail." in found.verdict
    )
    assert "More weeks like the last ones would help most: 1 to 2 of 3 channels." in found.verdict
    assert "recoverable with more weeks" in found.checks[1].message
    assert "Nothing that was tried would narrow it" in found.checks[2].message
    tv = found.tables[0].rows[0]
    assert tv[2:4] == (pytest.approx(0.2), pytest.approx(np.expm1(0.1)))
    assert tv[6:] == ("8 of 8", pytest.approx(1.0))
    assert found.tables[1].rows[1][1:] == (pytest.approx(0.6), pytest.approx(0.3))


def test_what_these_worlds_leave_out_is_said_and_spend_that_follows_demand_is_flagged() -> None:
    plain = told(channels((0.2, 0.1), (0.6, 0.2)), channels((0.2, 0.1), (0.3, 0.1)))
    assert words.CAVEAT in plain.tables[0].note
    assert "demand_capture" not in [c.id for c in plain.checks]
    season = 3 + DATA.fourier @ np.array([1.0, 0.3, -0.5, 0.2])
    follows = FRAME.assign(search=800 * season, clicks=1600 * season)
    results = {f"today {n + 1}": r for n, r in enumerate(channels((0.2, 0.1), (0.2, 0.1)))}
    found = concluded("recoverability", inputs(follows, SPEC), results, scenarios=[])
    check = next(c for c in found.checks if c.id == "demand_capture")
    assert (check.status, check.columns) == (Status.REVIEW, ("search",))
    assert words.CAVEAT in check.message


def test_an_answer_about_other_data_or_another_specification_is_known_as_such() -> None:
    at = datetime(2026, 1, 5, tzinfo=UTC)
    kept = Study("s", "p", "version 1", None, None, "recoverability", SPEC.to_yaml(), {}, RunStatus.DONE, 1, "Ada", at)
    assert of_something_else(kept, "version 1", SPEC) is None
    longer = SPEC.model_copy(update={"sampling": SPEC.sampling.model_copy(update={"draws": 50})})
    assert of_something_else(kept, "version 1", longer) is None, "how many draws a fit takes is nothing to it"
    shorter = SPEC.model_copy(update={"max_lag": 3})
    assert of_something_else(kept, "version 1", shorter) == "another specification"
    assert of_something_else(kept, "version 2", SPEC) == "other data"
    assert of_something_else(kept, "version 2", shorter) == "other data and another specification"


def test_an_interval_that_misses_is_not_called_recovered() -> None:
    found = told(channels((0.05, 0.3), (0.2, 0.0)), channels((0.05, 0.3), (0.2, 0.0)))
    assert found.checks[0].status is Status.REVIEW
    assert "its 90% interval held the truth 0 times" in found.checks[0].message
    assert "claim more than it knows" in found.checks[0].message


def test_nothing_helps_where_nothing_narrows() -> None:
    same = channels((0.9, 0.1), (0.9, 0.1))
    found = told(same, same)
    assert found.verdict.startswith("These data cannot tell the return of tv, search and mail.")
    assert "None of the scenarios tried would change that." in found.verdict


def test_an_estimate_no_better_than_the_belief_is_no_answer() -> None:
    one = words.recovered([r["channels"] for r in channels((0.3, 1.9), (0.2, 0.0))], "tv")
    assert one.error > one.believed
    assert one.status is Status.FAIL


@pytest.mark.slow
def test_a_channel_that_moves_by_itself_is_recovered_better_than_a_small_steady_one(compiled: str) -> None:
    rng = np.random.default_rng(5)
    frame = FRAME.assign(steady=40.0 + rng.uniform(0, 2, len(FRAME)))
    spec = SPEC.model_copy(
        update={"channels": (ChannelSpec(name="tv", spend="tv"), ChannelSpec(name="steady", spend="steady"))}
    )
    found = carried_out(
        "recoverability", inputs(frame, spec), compiled, worlds=4, scenarios=["experiment"], draws=100, tune=150
    )
    left = {row[0]: row for row in found.tables[1].rows}
    assert left["tv"][1] < 0.6
    assert left["tv"][1] < left["steady"][1] - 0.2
