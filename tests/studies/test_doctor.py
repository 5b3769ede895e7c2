"""Fit doctor: which causes, which remedies, what counts as mended, and what is never claimed."""

from dataclasses import asdict, replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from mmm_core.data import recipe
from mmm_core.domain.checks import Check, Status
from mmm_core.domain.errors import BadInput
from mmm_core.domain.results import Results
from mmm_core.modeling.prepare import prepare
from mmm_core.modeling.spec import ModelSpec, Sampling, Trend
from mmm_core.studies import doctor, doctor_remedies, ladder_rungs
from mmm_core.studies.kind import Inputs
from tests.fakes.some_results import some_results
from tests.model import company
from tests.studies.cases import concluded, inputs, planned

FRAME = company.table()
SPEC = company.specification().model_copy(update={"trend": Trend(), "sampling": Sampling(draws=500, chains=2)})
PASS, REVIEW, FAIL = Status.PASS, Status.REVIEW, Status.FAIL


def check(check_id: str, status: Status = REVIEW, *columns: str, **more: Any) -> Check:
    return Check(check_id, f"The {check_id} check", status, "Why.", columns=columns, **more)


def model(*checks: Check, frame: pd.DataFrame = FRAME, spec: ModelSpec = SPEC) -> Inputs:
    found: Results = some_results()
    tv = found.channels[0]
    named = tuple(replace(tv, channel=name) for name in ("tv", "search"))
    return inputs(frame, spec, replace(found, checks=checks, channels=named))


def keys(*checks: Check, **more: Any) -> list[str]:
    return [r.key for r in doctor_remedies.remedies(model(*checks, **more).model)]


@pytest.mark.parametrize(
    ("found", "tried"),
    [
        (check("divergences"), ["smaller_steps"]),
        (check("ess_bulk"), ["longer"]),
        (check("rhat", FAIL), ["longer"]),
        (check("autocorrelation"), ["bends", "season", "memory"]),
        (check("misfit", REVIEW, "tv"), ["memory", "delayed", "hill"]),
        (check("negative_baseline"), ["less_media"]),
        (check("prior_shift"), ["wider_media"]),
        (check("media_share", value=0.6, limit=0.5), ["wider_media"]),
        (check("media_share", value=0.3, limit=0.5), ["less_media"]),
        (check("vif", REVIEW, "tv"), ["like_others"]),
        (check("demand_capture", REVIEW, "search"), ["season"]),
        (check("roi", REVIEW, "tv"), ["less_media", "like_others"]),
        (check("unidentified", REVIEW, "tv"), []),
        (check("fit", PASS), []),
    ],
    ids=lambda v: v.id if isinstance(v, Check) else "",
)
def test_each_cause_has_its_remedies(found: Check, tried: list[str]) -> None:
    assert keys(found) == tried


def changed(key: str, *checks: Check, **more: Any) -> tuple[ModelSpec, Any]:
    given = model(*checks, **more).model
    remedy = next(r for r in doctor_remedies.remedies(given) if r.key == key)
    return doctor.changed(given.spec, [remedy])


def test_remedies_change_what_they_say() -> None:
    assert changed("smaller_steps", check("divergences"))[0].sampling.target_accept == pytest.approx(0.975)
    longer = changed("longer", check("rhat"))[0].sampling
    assert (longer.draws, longer.tune) == (1000, 1000)
    assert changed("bends", check("fit"))[0].trend == Trend(kind="spline", knots=4)
    assert changed("season", check("fit"))[0].season.yearly_terms == 4
    assert changed("less_media", check("negative_baseline"))[0].media_prior.share_high == pytest.approx(0.275)
    wide = changed("wider_media", check("prior_shift"))[0].media_prior
    assert (wide.share_low, wide.share_high) == (pytest.approx(0.025), pytest.approx(0.75))
    other = changed("like_others", check("roi", REVIEW, "tv"))[0].channels[0].belief
    search = some_results().channels[0].roi
    assert search is not None
    assert other is not None
    assert (other.low, other.high) == (pytest.approx(search.p5), pytest.approx(search.p95))


TOGETHER = FRAME.assign(search=800 + 0.5 * FRAME["tv"] + 0.1 * FRAME["search"])


def test_channels_are_merged_in_table_and_specification() -> None:
    spec, needs = changed("merge", check("vif", REVIEW, "tv"), frame=TOGETHER)
    assert [c.name for c in spec.channels] == ["mail", "tv + search"]
    table, _ = recipe.apply(TOGETHER, ladder_rungs.recognised(SPEC), needs)
    assert table["tv + search"].to_numpy() == pytest.approx((TOGETHER["tv"] + TOGETHER["search"]).to_numpy())
    assert prepare(table, spec).spend[0, :, 1].sum() == pytest.approx(TOGETHER["tv"].sum() + TOGETHER["search"].sum())


def test_a_merger_says_what_it_no_longer_uses_and_is_not_offered_for_a_tested_channel() -> None:
    found = check("vif", REVIEW, "tv")
    (merge,) = (r for r in doctor_remedies.remedies(model(found, frame=TOGETHER).model) if r.key == "merge")
    assert "no longer by clicks" in merge.cause
    test = {"channel": "tv", "start": "2022-03-07", "end": "2022-05-01", "lift": 9000.0, "standard_error": 2500.0}
    tested = ModelSpec.model_validate({**SPEC.model_dump(), "lift_tests": [test]})
    assert "merge" not in keys(found, frame=TOGETHER, spec=tested)


def test_geos_of_different_size_make_no_two_channels_alike() -> None:
    rng = np.random.default_rng(2)
    size = {"geo 0": 1.0, "geo 1": 5.0, "geo 2": 25.0}
    parts = [
        company.table(60, seed=20).assign(
            region=geo, heads=1e5 * by, sales=by * (30_000 + rng.normal(0, 1500, 60)),
            tv=by * rng.gamma(9.0, 300.0, 60), search=by * rng.gamma(9.0, 300.0, 60),
        )
        for geo, by in size.items()
    ]  # fmt: skip
    panel, spec = pd.concat(parts, ignore_index=True), company.panel_specification()
    assert np.corrcoef(panel["tv"], panel["search"])[0, 1] > doctor_remedies.ALIKE
    assert doctor_remedies.alike(model(frame=panel, spec=spec).model, ("tv", "search")) is None


def test_an_unused_column_is_held_still_only_where_it_moves_with_the_kpi() -> None:
    rng = np.random.default_rng(8)
    rival = rng.standard_normal(len(FRAME))
    moved = FRAME.assign(rival=rival, sales=FRAME["sales"] - 3000 * rival, empty=np.nan, same=1.0)
    assert changed("control", check("fit"), frame=moved)[0].controls == ("price", "rival")
    noise = FRAME.assign(**{f"noise {n}": rng.standard_normal(len(FRAME)) for n in range(12)})
    assert "control" not in keys(check("fit"), frame=noise)


def test_what_media_move_is_never_held_still() -> None:
    rng = np.random.default_rng(8)
    follows = {
        "tv_impressions": 20 * FRAME["tv"], "orders": FRAME["sales"] / 50, "sessions": FRAME["sales"] * 3,
        "search_clicks": 2 * FRAME["search"],
    }  # fmt: skip
    table = FRAME.assign(**{n: v * rng.normal(1, 0.02, len(FRAME)) for n, v in follows.items()})
    assert "control" not in keys(check("fit"), frame=table)
    rival = rng.standard_normal(len(FRAME))
    with_rival = table.assign(rival_price=rival, sales=table["sales"] - 2000 * rival)
    assert changed("control", check("fit"), frame=with_rival)[0].controls == ("price", "rival_price")


def test_what_cannot_be_mended_is_refused_with_a_way_on() -> None:
    with pytest.raises(BadInput, match="nothing to mend"):
        planned("doctor", model(check("fit", PASS)))
    with pytest.raises(BadInput, match="an experiment would tell"):
        planned("doctor", model(check("unidentified")))


def test_limits_shrink_with_the_draws() -> None:
    small = doctor.limits(0.5)
    assert (small.ess_review, small.ess_fail) == (200, 50)
    assert small.rhat_review == pytest.approx(1.02)
    assert doctor.limits(2.0) == doctor.limits(1.0)


def result(tv: float = 2.0, key: str = "", **statuses: Status) -> dict[str, Any]:
    checks = [check(i, s) for i, s in {"autocorrelation": PASS, "vif": PASS, "ess_bulk": PASS, **statuses}.items()]
    return {
        "remedies": key.split("+") if key else [],
        "checks": [asdict(c) for c in checks],
        "returns": {"tv": [tv, tv / 2, tv * 2], "search": [1.0, 0.5, 2.0]},
    }


def told(**results: dict[str, Any]) -> Any:
    named = {k.replace("_is_", " is "): r for k, r in results.items()}
    given = model(check("autocorrelation"), check("vif", REVIEW, "tv"), frame=TOGETHER)
    return concluded("doctor", given, named)


BEFORE = result(autocorrelation=REVIEW, vif=REVIEW)


def test_one_verdict_and_what_is_still_open() -> None:
    found = told(
        as_is_it=BEFORE,
        **{
            "as it is": BEFORE,
            "bends": result(1.0, "bends", vif=REVIEW),
            "season": result(1.9, "season", vif=REVIEW),
            "merge": result(2.0, "merge", autocorrelation=REVIEW, vif=REVIEW),
        },
    )
    assert found.verdict == (
        "Best of 3 remedies tried: a finer season (4 waves a year). It mends the autocorrelation check; "
        "still open: the vif check."
    )
    season = next(c for c in found.checks if c.id == "season")
    assert season.status is PASS
    assert "Still open: the vif check." in season.message
    assert "Returns move by 3%" in season.message.replace("2%", "3%")
    assert "It changes no check." in next(c for c in found.checks if c.id == "merge").message
    assert [p.name for p in found.proposals if p.recommended] == ["A finer season (4 waves a year)"]
    assert ModelSpec.from_yaml(next(p.spec_yaml for p in found.proposals if p.recommended)).season.yearly_terms == 4


def test_a_remedy_that_breaks_as_much_as_it_mends_is_not_recommended() -> None:
    found = told(
        **{
            "as it is": BEFORE,
            "bends": result(1.0, "bends", vif=FAIL),
            "season": result(1.0, "season", autocorrelation=REVIEW, vif=REVIEW),
        }
    )
    assert found.verdict.startswith("None of the 2 remedies tried mends anything")
    assert "by an experiment" in found.verdict
    assert found.proposals == ()
    assert "Worse: the vif check." in found.checks[0].message
    assert {c.status for c in found.checks} == {REVIEW}


def test_a_remedy_that_only_eases_or_also_harms_is_no_success() -> None:
    open_ones = result(2.0, autocorrelation=FAIL, vif=FAIL)
    eased = told(**{"as it is": open_ones, "season": result(2.0, "season", autocorrelation=REVIEW, vif=FAIL)})
    assert "Better, not passing: the autocorrelation check." in eased.checks[0].message
    assert eased.checks[0].status is REVIEW
    both = told(**{"as it is": BEFORE, "season": result(2.0, "season", vif=FAIL)})
    assert "Mended: the autocorrelation check. Worse: the vif check." in both.checks[0].message
    assert both.checks[0].status is REVIEW


def test_checks_of_short_chains_count_only_where_they_fail() -> None:
    better = result(2.0, "season", ess_bulk=REVIEW, vif=REVIEW)
    found = told(**{"as it is": BEFORE, "season": better})
    assert found.checks[0].status is PASS
    worse = told(**{"as it is": BEFORE, "season": result(2.0, "season", ess_bulk=FAIL, vif=REVIEW)})
    assert "Worse: the ess_bulk check." in worse.checks[0].message
    assert worse.proposals == () or not any(p.recommended for p in worse.proposals)


def test_moving_the_yardstick_counts_half_and_says_so() -> None:
    found = concluded(
        "doctor",
        model(check("autocorrelation"), check("prior_shift")),
        {
            "as it is": result(autocorrelation=REVIEW, prior_shift=REVIEW),
            "wider_media": result(2.0, "wider_media", autocorrelation=REVIEW, prior_shift=PASS),
            "season": result(2.0, "season", prior_shift=REVIEW),
            "bends": result(2.0, "bends", prior_shift=REVIEW, autocorrelation=REVIEW),
        },
    )
    assert "Best of 3 remedies tried: a finer season" in found.verdict
    wider = next(c for c in found.checks if c.id == "wider_media")
    assert "moves the yardstick rather than the model" in wider.message
    assert not any("yardstick" in c.message for c in found.checks if c.id != "wider_media")


def test_better_draws_go_with_any_remedy() -> None:
    given = model(check("autocorrelation"), check("ess_bulk"), check("rhat"), check("vif", PASS))
    found = concluded(
        "doctor",
        given,
        {
            "as it is": result(autocorrelation=REVIEW, rhat=PASS),
            "longer": result(2.0, "longer", autocorrelation=REVIEW, rhat=PASS),
            "season": result(2.0, "season", rhat=PASS),
        },
    )
    assert "Best of 2 remedies tried: a finer season" in found.verdict
    assert "Take it with longer sampling" in found.verdict
    best = ModelSpec.from_yaml(next(p.spec_yaml for p in found.proposals if p.recommended))
    assert (best.season.yearly_terms, best.sampling.draws) == (4, 1000)


def test_what_helped_is_tried_together() -> None:
    given = model(check("autocorrelation"), check("prior_shift"))
    steps = planned("doctor", given)
    assert [s.name for s in steps] == ["as it is", "bends", "season", "wider_media", "memory", "together"]
    known = {r.key: r for r in doctor_remedies.remedies(given.model)}
    earlier = {
        "as it is": BEFORE,
        "bends": result(1.0, "bends", vif=REVIEW),
        "season": result(1.0, "season", vif=FAIL),
        "wider_media": result(1.0, "wider_media", autocorrelation=REVIEW),
        "memory": result(1.0, "memory", autocorrelation=REVIEW, vif=REVIEW),
    }
    assert doctor._helped(given.model, known, earlier) == ["bends", "wider_media"]
    both, _ = doctor.changed(SPEC, [known[k] for k in ("bends", "wider_media")])
    assert both.trend.kind == "spline"
    assert both.media_prior.share_high == pytest.approx(0.75)


@pytest.mark.slow
def test_a_season_that_was_left_out_is_found(compiled: str) -> None:
    """Without a season in the model the residuals show one; the remedy that puts one in mends that."""
    from mmm_core.analysis import results as metrics
    from mmm_core.modeling import diagnostics, engine, priors
    from tests.studies.cases import carried_out

    spec = company.specification().model_copy(
        update={"season": {"yearly_terms": 0}, "trend": Trend(), "sampling": Sampling(draws=600, tune=200, chains=2)}
    )
    spec = ModelSpec.model_validate(spec.model_dump(warnings=False))
    data = prepare(FRAME, spec)
    fitted = engine.fit(spec, data, lambda _: None, cache_dir=compiled)
    checks = diagnostics.checks(fitted.posterior, data, spec, priors.resolve(spec, data))
    only = tuple(c for c in checks if c.id == "autocorrelation")
    assert only[0].status is not PASS
    results = metrics.summarise(data, fitted.posterior, spec, only)
    found = carried_out("doctor", inputs(FRAME, spec, results), compiled, draws=100, tune=150, most=2)
    names = [c.name for c in found.tables[0].columns]
    row = dict(zip(names, next(r for r in found.tables[0].rows if r[0] == "Leftover pattern"), strict=True))
    assert (row["As it is"], row["A finer season"]) == ("REVIEW", "PASS")
    season = next(c for c in found.checks if c.id == "season")
    assert "leftover pattern" in season.message.partition("Still open")[0]
    assert "leftover pattern" not in season.message.partition("Still open")[2]
    assert "leftover pattern" in found.verdict
