"""Estimates, refutations and the structural model on a company whose causes are known."""

from dataclasses import replace
from datetime import date

import networkx as nx
import numpy as np
import pandas as pd
import pytest

from mmm_core.causal import design, graph, holdings, identify, past
from mmm_core.causal.holdings import Holdings
from mmm_core.causal.identify import Verdict
from mmm_core.domain.checks import Status
from mmm_core.domain.errors import PlanError, SpecError
from tests.causal import diagrams
from tests.causal.company import LAGS, Company, confounded

pytestmark = [
    pytest.mark.slow,  # importing DoWhy takes as long as everything it then does
    pytest.mark.filterwarnings("ignore::Warning:dowhy"),
]


def table(company: Company, channel: str = "tv") -> design.Design:
    have = holdings.of_spec(company.diagram, company.spec, company.frame.columns)
    one = identify.identify(graph.directed(company.diagram), channel, "sales", have)
    seen = design.exposures(company.response)
    return design.design(company.response, seen, company.frame, company.spec, one, have)


def test_dowhy_finds_the_same_sets_on_random_diagrams() -> None:
    from dowhy.causal_identifier.auto_identifier import BackdoorAdjustment, identify_backdoor, identify_frontdoor
    from dowhy.graph import get_instruments

    rng = np.random.default_rng(11)
    seen = {Verdict.IDENTIFIED: 0, Verdict.HIDDEN: 0, Verdict.NO_EFFECT: 0}
    for _ in range(240):
        drawn = diagrams.random_diagram(rng)
        built = graph.directed(drawn)
        have = diagrams.holdings(drawn)
        one = identify.identify(built, "tv", "sales", have)
        seen[one.verdict] += 1
        if one.verdict is Verdict.NO_EFFECT:
            assert not nx.has_path(built, "tv", "sales")
            continue
        observed = sorted(have.data)
        theirs = identify_backdoor(built, ["tv"], ["sales"], observed, BackdoorAdjustment.BACKDOOR_EXHAUSTIVE)
        sets = [frozenset(s.get_adjustment_variables()) for s in theirs]
        assert bool(sets) == (one.verdict is Verdict.IDENTIFIED)
        if sets:
            assert frozenset(one.adjust) in sets
            assert not any(s < frozenset(one.adjust) for s in sets), "a smaller set would do"
        assert set(one.instruments) == set(get_instruments(built, ["tv"], ["sales"])) & have.data
        front = list(identify_frontdoor(built, ["tv"], ["sales"], observed))
        if len(front) <= identify.MOST_FRONTDOOR:
            assert bool(one.frontdoor) == bool(front)
            assert len(one.frontdoor) <= len(front)
    assert min(seen.values()) > 10


def test_the_naive_estimate_is_wrong_and_the_adjusted_one_right() -> None:
    from mmm_core.causal import estimate

    company = confounded()
    found = estimate.backdoor(table(company), lags=LAGS)
    naive = estimate.backdoor(table(company), lags=LAGS, hold=False)
    assert found.low < 1.0 < found.high
    assert found.coefficient == pytest.approx(1.0, abs=0.15)
    assert naive.low > 2.0


def test_a_model_that_missed_the_confounder_is_contradicted() -> None:
    """The posterior believes in twice the effect; the back-door estimate says half of it."""
    from mmm_core.causal import estimate

    found = estimate.backdoor(table(confounded(believed=(60_000.0, 12_000.0))), lags=LAGS)
    assert found.coefficient == pytest.approx(0.5, abs=0.08)


def test_a_confounder_outside_the_model_is_read_from_the_data() -> None:
    from mmm_core.causal import estimate

    company = confounded()
    company = replace(company, spec=company.spec.model_copy(update={"controls": ()}))
    built = table(company)
    assert "price" in built.groups
    assert estimate.backdoor(built, lags=LAGS).coefficient == pytest.approx(1.0, abs=0.15)


def test_a_real_effect_stands_every_attempt() -> None:
    from mmm_core.causal import estimate, refute

    found = estimate.backdoor(table(confounded()), lags=LAGS)
    tries = refute.refutations(found, geos=1, lags=LAGS, repetitions=15)
    assert {t.kind: t.status for t in tries} == dict.fromkeys(
        ("placebo", "timing", "random_cause", "subset"), Status.PASS
    )
    assert abs(tries[0].effect) < 0.15
    assert tries[2].effect == pytest.approx(found.coefficient, rel=0.02)


def test_no_effect_is_no_better_than_at_other_times() -> None:
    from mmm_core.causal import estimate, refute

    company = confounded(effects=(0.0, 12_000.0), believed=(30_000.0, 12_000.0))
    found = estimate.backdoor(table(company), lags=LAGS)
    timing = refute.timing(found, 1, LAGS, 25)
    assert timing.status is Status.FAIL
    assert timing.share is not None
    assert timing.share > 0.2


def test_two_series_that_drift_on_their_own_are_told_by_the_shifted_placebo() -> None:
    """Ordinary least squares is sure of an effect between independent random walks; so it is at other times."""
    from mmm_core.causal import estimate, refute

    sure = []
    for seed in range(14):
        rng = np.random.default_rng(seed)
        frame = pd.DataFrame(rng.normal(size=(156, 2)).cumsum(axis=0), columns=["exposure", "kpi"])
        found = estimate.backdoor(design.Design(frame, {}, 1), lags=LAGS)
        if abs(found.regression.tvalues.iloc[1]) > 5:
            sure.append(refute.timing(found, 1, LAGS, 15).status)
    assert len(sure) > 4
    assert sure.count(Status.PASS) < 0.7 * len(sure)


def test_an_effect_that_hangs_on_one_week_comes_and_goes() -> None:
    from mmm_core.causal import estimate, refute

    rng = np.random.default_rng(3)
    frame = pd.DataFrame({"exposure": rng.normal(size=120), "kpi": rng.normal(size=120)})
    frame.loc[60] = [12.0, 25.0]
    found = estimate.backdoor(design.Design(frame, {}, 1), lags=LAGS)
    assert found.coefficient > 1
    assert refute.subset(found, 15, 1).status is not Status.PASS


def test_a_random_cause_shakes_what_nothing_holds() -> None:
    from mmm_core.causal import estimate, refute

    rng = np.random.default_rng(4)
    held = tuple(f"w{i}" for i in range(8))
    frame = pd.DataFrame(rng.normal(size=(12, 10)), columns=["exposure", "kpi", *held])
    found = estimate.backdoor(design.Design(frame, {"many": held}, 1), lags=1)
    assert refute.random_cause(found, 15, 1).status is not Status.PASS


def test_the_tipping_point_brings_the_coefficient_to_its_goal() -> None:
    """A hidden driver of just that strength, made and then held still, does what the bound says."""
    from mmm_core.causal import estimate, sensitivity

    company = confounded(pull=0.5)
    built = table(company)
    found = estimate.backdoor(built, lags=LAGS)
    goal = 0.6 * found.coefficient
    tip = sensitivity.tipping(found, built.groups, goal)
    assert tip.driver == "price"
    assert tip.times is not None
    stricter = sensitivity.tipping(found, built.groups, 0.3 * found.coefficient)
    assert stricter.times is not None
    assert stricter.times > tip.times
    assert tip.as_strong is not None
    assert (tip.as_strong < goal) == (tip.times < 1)
    weak = sensitivity.tipping(found, {"radio": built.groups["radio"]}, goal)
    assert weak.times is None or weak.times > tip.times


def test_hiding_the_measured_driver_moves_the_estimate_as_its_bound_says() -> None:
    """Left out, price is itself a hidden driver of exactly the strength it was measured with."""
    from mmm_core.causal import estimate, sensitivity

    company = confounded(pull=0.4)
    built = table(company)
    found = estimate.backdoor(built, lags=LAGS)
    without = estimate.backdoor(replace(built, groups=built.groups | {"price": ()}), lags=LAGS)
    analyzer = sensitivity._analyzer(found, {"price": built.groups["price"]}, 1.0, True)
    strength = sensitivity._strength(found, analyzer, built.groups["price"])
    bias = without.coefficient - found.coefficient
    exact = np.sqrt(strength.kpi * strength.exposure / (1 - strength.exposure))
    resid = float(without.regression.bse.iloc[1]) * np.sqrt(without.regression.df_resid)
    assert bias == pytest.approx(exact * resid, rel=0.02)


def test_both_models_of_the_past_agree_on_a_company_they_describe() -> None:
    from mmm_core.causal import structural

    company = confounded()
    have = holdings.of_spec(company.diagram, company.spec, company.frame.columns)
    question = past.Question("tv", date(2023, 3, 1), date(2023, 4, 15), factor=0.0)
    seen = design.exposures(company.response)
    built = graph.directed(company.diagram)
    found = structural.counterfactual(
        company.response, seen, company.frame, company.spec, built, "sales", have, question, repetitions=20
    )
    bayes = past.answer(company.response, question)
    assert found.kpi.p5 < bayes.kpi.mean < found.kpi.p95
    assert found.kpi.mean == pytest.approx(bayes.kpi.mean, rel=0.15)
    assert any(e.startswith("sales ← price, radio") for e in found.equations)


def test_the_structural_model_follows_the_effect_through_a_mediator() -> None:
    """Half of what TV brings comes through visits that the diagram knows and the media model does not."""
    from mmm_core.causal import structural

    company = confounded()
    rng = np.random.default_rng(9)
    brought = company.response.channel_contribution(0).mean(axis=1)
    frame = company.frame.assign(visits=500 + brought / 20 + 300 * rng.normal(size=len(brought)))
    frame["sales"] = frame["sales"] - 0.5 * brought + 10 * (frame["visits"] - 500)
    drawn = diagrams.diagram(
        "price > tv, price > sales, tv > sales, tv > visits, visits > sales, radio > sales", channels="tv radio"
    )
    have = holdings.of_spec(drawn, company.spec, frame.columns)
    question = past.Question("tv", date(2023, 3, 1), date(2023, 4, 15), factor=0.0)
    data = replace(company.response.data, target=frame["sales"].to_numpy()[None])
    model = type(company.response)(data, company.response.posterior)
    built = graph.directed(drawn)
    seen = design.exposures(model)
    whole = structural.counterfactual(model, seen, frame, company.spec, built, "sales", have, question, repetitions=10)
    direct = built.copy()
    direct.remove_edge("tv", "visits")
    part = structural.counterfactual(model, seen, frame, company.spec, direct, "sales", have, question, repetitions=10)
    bayes = past.answer(model, question)
    assert whole.kpi.mean == pytest.approx(bayes.kpi.mean, rel=0.2)
    assert part.kpi.mean == pytest.approx(0.5 * bayes.kpi.mean, rel=0.3)


def test_a_treatment_that_is_not_in_the_model_is_refused() -> None:
    company = confounded()
    drawn = diagrams.diagram("tv > sales, billboards > sales", channels="tv billboards")
    have = holdings.of_spec(drawn, company.spec, company.frame.columns)
    one = identify.identify(graph.directed(drawn), "billboards", "sales", have)
    with pytest.raises(SpecError, match="billboards is a channel of the diagram but not of the model"):
        design.design(company.response, design.exposures(company.response), company.frame, company.spec, one, have)


def test_too_few_rows_for_so_many_columns_are_refused() -> None:
    company = confounded(weeks=20)
    rng = np.random.default_rng(1)
    many = {f"c{i}": rng.normal(size=20) for i in range(8)}
    drawn = diagrams.diagram(", ".join(["tv > sales", *(f"{c} > tv, {c} > sales" for c in many)]), channels="tv")
    frame = company.frame.assign(**many)
    have = holdings.of_spec(drawn, company.spec, frame.columns)
    one = identify.identify(graph.directed(drawn), "tv", "sales", have)
    with pytest.raises(SpecError, match="20 rows are too few"):
        design.design(company.response, design.exposures(company.response), frame, company.spec, one, have)


def test_a_window_outside_the_data_is_refused_by_both() -> None:
    from mmm_core.causal import structural

    company = confounded()
    have = holdings.of_spec(company.diagram, company.spec, company.frame.columns)
    question = past.Question("tv", date(2010, 1, 1), date(2010, 2, 1), factor=0.0)
    with pytest.raises(PlanError, match="The data run from"):
        structural.counterfactual(
            company.response,
            design.exposures(company.response),
            company.frame,
            company.spec,
            graph.directed(company.diagram),
            "sales",
            have,
            question,
        )


def test_data_are_found_under_a_name_written_otherwise() -> None:
    company = confounded()
    drawn = diagrams.diagram("Price > TV, Price > Sales, TV > Sales", channels="TV", kpi="Sales")
    have: Holdings = holdings.of_spec(drawn, company.spec, company.frame.columns)
    assert have.columns == {"Sales": "sales", "Price": "price", "TV": "tv"}
    assert have.channels == ("TV",)
