"""What changes said in words make of a plan, and the command that answers them."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from types import SimpleNamespace

import pytest

import server.local
from mmm_core.analysis.response import ResponseModel
from mmm_core.domain.errors import PlanError
from mmm_core.domain.instructions import Add, Hold, Length, Limit, Move, Multiply, Optimise, Per, SetTo, Total
from mmm_core.domain.planning import SpendPlan
from mmm_core.reports import change_words
from mmm_core.use_cases import sentences
from server import cli, cli_whatif
from tests.fakes.some_results import some_project, some_results
from tests.unit import analysis_company as company

WEEKS_A_MONTH = 52.1775 / 12


@pytest.fixture(scope="module")
def response() -> ResponseModel:
    data = company.company(organic=3)
    return ResponseModel(data, company.posterior(data))


@pytest.fixture
def today(response: ResponseModel) -> SpendPlan:
    return response.current_plan(13)


def applied(response: ResponseModel, *changes: object, plan: SpendPlan | None = None) -> sentences.Applied:
    return sentences.applied(response, some_results(), changes, plan)  # type: ignore[arg-type]


def test_changes_count_from_today_and_the_rest_stays_as_the_sliders_have_it(
    response: ResponseModel, today: SpendPlan
) -> None:
    moved = SpendPlan(13, {**today.spend, "tv": 1.0, "social": 7.0})
    one = applied(response, Multiply("tv", 1.2), plan=moved)
    assert one.plan.spend["tv"] == pytest.approx(1.2 * today.spend["tv"])
    assert one.plan.spend["social"] == 7.0
    assert one.plan.spend["search"] == today.spend["search"]
    assert (one.bounds, one.total, one.optimise) == ({}, None, False)


@pytest.mark.parametrize(
    ("per", "weeks"),
    [(Per.DAY, 1 / 7), (Per.WEEK, 1), (Per.MONTH, WEEKS_A_MONTH), (Per.QUARTER, 3 * WEEKS_A_MONTH), (Per.YEAR, 52.1775),
     (Per.PLAN, 13)],
)  # fmt: skip
def test_money_of_every_period_becomes_money_over_the_plan(response: ResponseModel, per: Per, weeks: float) -> None:
    assert applied(response, SetTo("tv", 100.0, per)).plan.spend["tv"] == pytest.approx(100 * 13 / weeks)


def test_a_length_rescales_the_plan(response: ResponseModel, today: SpendPlan) -> None:
    one = applied(response, Length(6, Per.MONTH), Add("tv", -10.0, Per.WEEK))
    assert one.plan.periods == 26
    assert one.plan.spend["search"] == pytest.approx(2 * today.spend["search"])
    assert one.plan.spend["tv"] == pytest.approx(2 * today.spend["tv"] - 260)
    with pytest.raises(PlanError, match="4 to 52 weeks"):
        applied(response, Length(2, Per.YEAR))


def test_moves_keep_the_total_and_never_take_more_than_there_is(response: ResponseModel, today: SpendPlan) -> None:
    one = applied(response, Move("tv", "search", share=0.25), Move("tv", "social", 100.0, Per.WEEK))
    assert sum(one.plan.spend.values()) == pytest.approx(sum(today.spend.values()))
    assert one.plan.spend["tv"] == pytest.approx(0.75 * today.spend["tv"] - 1300)
    with pytest.raises(PlanError, match="more from tv than is spent"):
        applied(response, Move("tv", "search", 1e9, Per.PLAN))


def test_limits_locks_and_a_total(response: ResponseModel, today: SpendPlan) -> None:
    high = 0.5 * today.spend["tv"]
    one = applied(response, Limit("tv", high=0.5, relative=True), Hold("search"), Total(0.8, relative=True), Optimise())
    assert one.bounds["tv"].high == pytest.approx(high)
    assert one.ends["tv"] == (None, pytest.approx(high))
    assert one.bounds["search"].locked
    assert one.total == pytest.approx(0.8 * sum(today.spend.values()))
    found = sentences.answer(response, one)
    assert found.outcome.total_spend == pytest.approx(one.total)
    assert found.outcome.plan.spend["search"] == pytest.approx(today.spend["search"])
    assert found.outcome.plan.spend["tv"] <= high * (1 + 1e-6)
    assert found.today.total_spend == pytest.approx(sum(today.spend.values()))


def test_a_total_without_the_optimiser_scales_what_is_not_named(response: ResponseModel, today: SpendPlan) -> None:
    one = applied(response, Hold("tv"), Total(0.9, relative=True))
    assert sum(one.plan.spend.values()) == pytest.approx(0.9 * sum(today.spend.values()))
    assert one.plan.spend["tv"] == today.spend["tv"]
    with pytest.raises(PlanError, match="does not fit the total"):
        applied(response, Multiply("tv", 50.0), Total(1.0, relative=True))


def test_a_channel_without_spend_cannot_be_moved(response: ResponseModel) -> None:
    with pytest.raises(PlanError, match="no spend for email"):
        applied(response, Multiply("email", 2.0))
    assert sentences.read(response, some_results(), "double email").question is not None


def test_numbers_of_a_change_are_edited_in_the_unit_they_are_written_in() -> None:
    for change, value, after in (
        (Multiply("tv", 1.2), 150, Multiply("tv", 1.5)),
        (Add("tv", -5.0, Per.WEEK), -7, Add("tv", -7, Per.WEEK)),
        (Move("tv", "search", share=0.2), 50, Move("tv", "search", share=0.5)),
        (Total(0.9, relative=True), 80, Total(0.8, relative=True)),
    ):
        assert change_words.edited(change, change_words.numbers(change)[0], value) == after
    both = Limit("tv", 0.8, 1.2, relative=True)
    assert [n.value for n in change_words.numbers(both)] == [80, 120]
    assert change_words.numbers(Hold("tv")) == ()
    assert change_words.said(both, "EUR") == "TV: at least 80% of today and at most 120% of today"
    assert change_words.said(Add("paid_social", -500.0, Per.DAY), "EUR") == "Paid social: €500 a day less"


@pytest.fixture
def local(monkeypatch: pytest.MonkeyPatch, response: ResponseModel) -> None:
    @contextmanager
    def services() -> Iterator[tuple[None, None]]:
        yield None, None

    run = SimpleNamespace(id="r")
    monkeypatch.setattr(server.local, "local_services", services)
    names = [some_project(), replace(some_project(), id="q", name="Bare")]
    monkeypatch.setattr(cli_whatif.projects, "list_projects", lambda *_: names)
    monkeypatch.setattr(cli_whatif.fits, "latest_done", lambda _s, _a, project: run if project == "p" else None)
    monkeypatch.setattr(cli_whatif.fits, "load_fitted", lambda *_: SimpleNamespace(response=response))
    monkeypatch.setattr(cli_whatif.fits, "get_results", lambda *_: some_results())


@pytest.mark.usefixtures("local")
def test_the_command_prints_what_it_understood_and_the_outcome(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.execute(["whatif", "acme", "double tv and hold search"]) == 0
    out = capsys.readouterr().out
    assert "TV: 100% more than today" in out
    assert "Search: stays as today" in out
    assert "brought by media" in out


@pytest.mark.usefixtures("local")
def test_the_command_prints_json(capsys: pytest.CaptureFixture[str], today: SpendPlan) -> None:
    assert cli.execute(["whatif", "p", "double tv", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["changes"] == [{"change": "multiply", "channel": "tv", "factor": 2.0}]
    assert found["plan"]["spend"]["tv"] == pytest.approx(2 * today.spend["tv"])
    assert found["today"]["total_spend"] == pytest.approx(sum(today.spend.values()))


@pytest.mark.usefixtures("local")
@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["acme", "cut tv by 10"], "percentage or an amount"),
        (["acme", "hello"], "I found no change"),
        (["nowhere", "double tv"], "no project called nowhere"),
        (["bare", "double tv"], "no fitted model"),
        (["acme", "double tv for 3 years"], "4 to 52 weeks"),
        (["acme", "double tv", "--periods", "2"], "--periods"),
    ],
)
def test_what_cannot_be_answered_is_one_sentence_and_exit_code_2(
    arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.execute(["whatif", *arguments]) == 2
    found = capsys.readouterr()
    assert says in found.err
    assert len(found.err.strip().splitlines()) == 1
    assert found.out == ""


@pytest.mark.usefixtures("local")
def test_a_question_in_json_has_its_options(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.execute(["whatif", "acme", "cut tv by 10k", "--json"]) == 2
    found = json.loads(capsys.readouterr().out)
    assert found["options"] == ["10k a week", "10k a month", "10k over the plan"]
    assert found["changes"] == []
