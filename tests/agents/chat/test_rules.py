"""The assistant without a key: changes, look-ups, lineage, proposals, and help for the rest."""

import re
from dataclasses import replace

import pytest

from mmm_core.agents.chat import assistant, rules
from mmm_core.agents.chat.talk import Done, Text
from mmm_core.agents.tools.kinds import Context
from mmm_core.domain.conversation import Message, ProposalStatus, Speaker, from_record
from mmm_core.domain.identity import Actor
from mmm_core.domain.instructions import Add, Multiply
from mmm_core.domain.ports import Services
from mmm_core.domain.results import Results
from mmm_core.domain.routing import Place, Routing
from mmm_core.reports import wording
from mmm_core.use_cases import conversations, fits, knowledge, models, routing
from mmm_core.use_cases.execute import execute
from tests.agents import world


@pytest.fixture(scope="module")
def names(services: Services, actor: Actor, fitted: str) -> list[str]:
    results = world.context(services, actor, fitted).results()
    return [c.channel for c in results.channels if c.spend]


@pytest.fixture
def place(services: Services, actor: Actor, fitted: str) -> Context:
    return world.context(services, actor, fitted, page="what_if")


def say(place: Context, text: str) -> Message:
    """One message in a conversation of its own."""
    events = list(assistant.respond(place, text))
    done = events[-1]
    assert isinstance(done, Done)
    assert "".join(e.text for e in events if isinstance(e, Text)) == done.message.text
    return done.message


def test_a_change_becomes_chips_with_what_it_would_bring(place: Context, names: list[str]) -> None:
    found = say(place, f"raise {names[0]} by 20% and cut {names[1]} by 1k a week")
    assert [from_record(c) for c in found.changes] == [
        Multiply(names[0], 1.2),
        Add(names[1], -1000.0, found_per(found)),
    ]
    assert "Understood" in found.text
    assert "probability" in found.text
    assert found.by == "rules"
    assert {"then.kpi.mean", "then.against_current.p5"} <= {f.key for f in found.facts}
    assert fits.list_runs(place.services, place.actor, place.project)[0].name == "First model", "nothing ran"


def found_per(message: Message) -> object:
    change = from_record(message.changes[1])
    assert isinstance(change, Add)
    return change.per


def test_later_sentences_refer_back(place: Context, names: list[str]) -> None:
    first = say(place, f"raise {names[0]} by 20%")
    talk = world.context(place.services, place.actor, place.project_id, conversation_id=first.conversation_id)
    again = say(talk, "now cut it by 10%")
    assert [from_record(c) for c in again.changes] == [Multiply(names[0], 0.9)]
    same = say(talk, f"and {names[1]} the same")
    assert Multiply(names[1], 0.9) in [from_record(c) for c in same.changes]
    kept = conversations.messages(place.services, place.actor, first.conversation_id)
    assert [m.speaker for m in kept] == [Speaker.PERSON, Speaker.ASSISTANT] * 3
    assert [m.number for m in kept] == list(range(6))


@pytest.mark.slow
def test_what_is_not_understood_is_asked_back_and_nothing_changes(place: Context, names: list[str]) -> None:
    found = say(place, f"cut {names[0]} by 10k")
    assert found.changes == ()
    assert found.options
    assert "10k a week" in found.options
    vague = say(place, f"frobnicate {names[0]} by 20%")
    assert vague.changes == ()
    assert vague.proposals == ()
    nonsense = say(place, "the cat sat on the mat")
    assert "did not understand" in nonsense.text
    assert nonsense.changes == ()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("asked", "tool", "says"),
    [
        ("Which channel returned most?", "roi_summary", "90% interval"),
        ("can I trust the model?", "model_quality", "R-hat"),
        ("How many weeks of data are there?", "get_data_status", "110 periods"),
        ("Which columns are there?", "inspect_data", "spend"),
        ("What do the data checks say?", "check_data", ""),
        ("Are there outliers?", "detect_outliers", ""),
        ("what is correlated with what?", "get_correlation_matrix", "Strongest pairs"),
        ("Which models are there?", "list_models", "First model"),
        ("Which reports are there?", "list_reports", "No report"),
        ("Show me the scenarios", "list_scenarios", "No scenario"),
        ("What should we do?", "roi_summary", "90% interval"),
        ("Which tools do you have?", "list_all_tools", "roi_summary"),
        ("Is there a trend?", "scan_trends", ""),
    ],
)
def test_look_ups(place: Context, asked: str, tool: str, says: str) -> None:
    found = say(place, asked)
    assert found.tools == (tool,)
    assert says in found.text
    assert found.changes == ()


def test_the_numbers_of_one_channel(place: Context, names: list[str]) -> None:
    found = say(place, f"What did {wording.plain(names[0])} return?")
    assert found.tools == ("channel_results",)
    results: Results = place.results()
    roi = next(c.roi for c in results.channels if c.channel == names[0])
    assert roi is not None
    assert wording.times(roi.p50) in found.text


def test_a_period_is_followed_or_said_to_be_outside(place: Context, names: list[str]) -> None:
    results = place.results()
    year = results.last_period.year
    found = say(place, f"What did {wording.plain(names[0])} bring in {year}?")
    assert found.tools == ("returns_during",)
    assert wording.day(results.last_period) in found.text
    spend = next(f.value for f in found.facts if f.key.endswith(f".channel.{names[0]}.spend"))
    whole = next(c.spend for c in results.channels if c.channel == names[0])
    assert whole is not None
    assert 0 < spend < whole
    outside = say(place, "which channel returned most in 1999?")
    assert (outside.tools, outside.facts) == ((), ())
    assert "none of it is from 1 Jan 1999" in outside.text


@pytest.mark.slow
def test_two_periods_stand_one_after_the_other(place: Context) -> None:
    found = say(place, "last quarter compared with the one before?")
    assert found.tools == ("returns_during", "returns_during")
    assert len({f.key.split(".channel.")[0] for f in found.facts if ".channel." in f.key}) == 2


@pytest.mark.parametrize("asked", ["TV's roi in the north region?", "what would tv return if we had half the data?"])
def test_what_narrows_a_question_and_is_not_known_is_said_first(place: Context, asked: str) -> None:
    found = say(place, asked)
    assert found.text.startswith("I cannot follow “")
    assert f"all {place.results().periods} periods" in found.text.split("\n")[0]
    assert found.tools == ("channel_results",)


@pytest.mark.slow
def test_a_look_up_without_periods_says_so(place: Context) -> None:
    assert say(place, "can I trust the model in 2024?").text.startswith("I cannot narrow this")
    assert not say(place, "can I trust the model?").text.startswith("I cannot")


@pytest.mark.slow
def test_the_best_split_of_a_sum_is_the_optimisers(place: Context, names: list[str]) -> None:
    found = say(place, "what is the best split of 200k?")
    assert found.tools == ("optimize_budget",)
    spends = [f.value for f in found.facts if re.fullmatch(r"plan\.base\.channel\..+\.spend", f.key)]
    assert sum(spends) == pytest.approx(200_000, rel=1e-3)
    assert found.places == ("what_if",)


def test_two_channels_stand_side_by_side(place: Context, names: list[str]) -> None:
    found = say(place, f"compare {names[0]} and {names[1]}")
    assert found.tools == ("channel_results", "channel_results")
    assert f"| {wording.plain(names[0])} | {wording.plain(names[1])} |" in found.text
    assert say(place, f"which is better, {names[0]} or {names[1]}?").text == found.text


@pytest.mark.slow
def test_what_was_decided_is_looked_up_in_what_is_kept(place: Context, names: list[str]) -> None:
    before = say(place, f"what did we decide about {names[0]}?")
    assert before.tools == ("search_knowledge",)
    assert before.text.startswith("No decision or note about this is kept.")
    knowledge.keep_note(place.services, place.actor, place.project, f"On {names[0]}", f"{names[0]} rests in May")
    after = say(place, f"what did we decide about {names[0]}?")
    assert after.text.startswith("Decided or noted about this:")
    assert "rests in May" in after.text
    assert "rests in May" in say(place, f"search the knowledge base for {names[0]}").text


@pytest.mark.slow
def test_models_are_compared_once_there_are_two(services: Services, actor: Actor) -> None:
    project = world.company(services, actor)
    young = world.context(services, actor, project)
    assert "comparing takes two" in say(young, "compare model 1 with model 2").text
    spec = models.suggest_spec(services, actor, project).spec
    execute(services, actor, fits.request_fit(services, actor, project, spec, name="Second model").id)
    for asked in ("compare model 1 with model 2", "compare First model with Second model", "compare the models"):
        found = say(young, asked)
        assert found.tools == ("compare_models",)
        assert "| Return on spend | First model | Second model |" in found.text
    unknown = say(young, "compare model 1 with model 7")
    assert unknown.tools == ()
    assert unknown.options


@pytest.mark.parametrize(
    ("asked", "page"),
    [("run the analysis", "plan"), ("Please start the analysis", "plan"), ("tune the model", "model")],
)
def test_what_is_begun_on_a_page_is_led_there(place: Context, asked: str, page: str) -> None:
    found = say(place, asked)
    assert found.places == (page,)
    assert found.proposals == ()
    assert "othing was started" in found.text


@pytest.mark.slow
def test_what_sounds_like_a_change_and_is_none_is_led_to_its_place(place: Context, names: list[str]) -> None:
    tv = names[0]
    past = say(place, f"what would have happened if {tv} had been 20% higher?")
    assert (past.changes, past.places) == ((), ("what_if",))
    assert "The past" in past.text
    price = say(place, f"what if {tv} got 10% cheaper?")
    assert (price.changes, price.tools) == ((), ())
    assert "price" in price.text
    assert say(place, f"what do others say about {tv} in retail?").tools == ("look_up",)
    assert say(place, "which channel is most effective?").tools == ("roi_summary",)


def test_no_answer_speaks_of_a_box(place: Context, names: list[str]) -> None:
    for asked in (f"is {names[0]} saturated by 10%", "delete everything", f"{names[0]} 20% more efficient"):
        assert "box" not in say(place, asked).text


@pytest.mark.slow
def test_a_figure_in_german_notation_is_found(place: Context) -> None:
    share = place.results().channels[0].contribution_share
    shown = f"{share.p50 * 100:.1f}".replace(".", ",")
    found = say(place, f"woher kommt {shown} %?")
    assert found.tools == ("where_from",)
    assert "No number" not in found.text


def test_a_number_leads_to_its_file(place: Context, names: list[str]) -> None:
    found = say(place, f"where does channel.{names[0]}.roi.p50 come from?")
    assert found.tools == ("where_from",)
    for piece in (
        "return on spend",
        "**Model**: First model",
        "**Data version**: Data version",
        "acme.csv",
        "**Plan**",
    ):
        assert piece in found.text.replace("\\", ""), piece


@pytest.mark.slow
def test_a_figure_that_may_be_several_is_asked_and_the_answer_is_traced(place: Context, names: list[str]) -> None:
    roi = next(c.roi for c in place.results().channels if c.channel == names[0])
    assert roi is not None
    shown = wording.times(roi.p50)
    found = say(place, f"Where does the {shown} come from?")
    if found.options:
        again = say(place, f"Where does {found.options[0]} come from?")
        found = again
    assert "**Model**: First model" in found.text.replace("\\", "")
    nothing = say(place, "where does 987654321.5 come from?")
    assert "No number" in nothing.text


@pytest.mark.slow
def test_a_number_of_this_talk_leads_to_the_model_it_was_worked_out_with(place: Context, names: list[str]) -> None:
    first = say(place, f"raise {names[0]} by 20%")
    talk = world.context(place.services, place.actor, place.project_id, conversation_id=first.conversation_id)
    brought = next(f for f in first.facts if f.key == "then.kpi.mean")
    found = say(talk, f"where does {wording.money(brought.value, 'EUR')} come from?")
    if found.options:
        mine = next(o for o in found.options if "then.kpi.mean" in o)
        found = say(talk, f"where does {mine} come from?")
    assert "what media bring under the plan with the changes" in found.text
    assert "worked out in this conversation from First model" in found.text
    assert "acme.csv" in found.text.replace("\\", "")


def test_an_act_is_proposed_and_not_done(place: Context) -> None:
    found = say(place, "Please publish the report")
    (proposal,) = found.proposals
    kept = conversations.proposal(place.services, place.actor, proposal)
    assert kept.status is ProposalStatus.WAITING
    assert say(place, "Which reports are there?").text.startswith("No report")
    noted = say(place, "note: the strike ended in May")
    assert conversations.proposal(place.services, place.actor, noted.proposals[0]).tool == "add_analysis_note"


@pytest.mark.slow
def test_without_a_project_or_a_model_one_sentence_says_so(services: Services, actor: Actor, fitted: str) -> None:
    nowhere = world.context(services, actor, None)
    assert "No project is open" in say(nowhere, "which channel is best?").text
    assert "I answer by built-in rules" in say(nowhere, "help").text
    young = world.context(services, actor, world.company(services, actor, fit=False))
    assert "no fitted model yet" in say(young, "raise tv by 20%").text
    assert "110 periods" in say(young, "How many weeks are there?").text


@pytest.mark.slow
def test_no_answer_of_ours_states_a_figure_that_no_fact_holds(place: Context, names: list[str]) -> None:
    """``settled`` raises for such a one; and the text that is kept has no mark left."""
    for asked in ("Which channel returned most?", "How good is the model?", f"What did {names[1]} bring?"):
        text = say(place, asked).text
        assert "[[" not in text
        assert re.search(r"\d", text)


@pytest.mark.slow
def test_a_message_that_breaks_something_has_an_answer_and_the_talk_goes_on(
    place: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("of ours")

    monkeypatch.setattr(rules, "answer", broken)
    first = say(place, "which channel is best?")
    assert "went wrong on our side" in first.text
    assert "of ours" not in first.text
    monkeypatch.undo()
    talk = world.context(place.services, place.actor, place.project_id, conversation_id=first.conversation_id)
    assert say(talk, "which channel is best?").tools == ("roi_summary",)


class Pointing:
    """A router that knows one thing."""

    def __init__(self, *candidates: Place, sure: bool = True) -> None:
        self._candidates, self._sure = candidates, sure

    def route(self, text: str, learnt: bytes | None = None) -> Routing:
        return Routing(self._candidates[0] if self._sure else Place.UNSURE, 0.9, self._candidates, "rules")

    def learn(self, examples: object) -> bytes:
        return b""


@pytest.mark.slow
def test_what_no_rule_answers_is_pointed_to_its_page(place: Context) -> None:
    def asked(*candidates: Place, sure: bool = True) -> Message:
        given = replace(place.services, router=Pointing(*candidates, sure=sure))
        return say(world.context(given, place.actor, place.project_id), "the cat sat on the mat")

    found = asked(Place.TEAM)
    assert (found.places, found.text.startswith("I have no answer")) == (("team",), True)
    routing.went_to(place.services, place.actor, found.routed, Place.TEAM)
    with place.services.work(place.actor) as work:
        assert work.routings.get(found.routed).went_to is Place.TEAM
    assert asked(Place.MODEL, Place.ANALYSIS, Place.DATA, sure=False).places == ("model", "data")
    background = asked(Place.RESEARCH)
    assert background.tools == ("look_up",)
    assert background.places == ()
    assert background.text


def test_who_answers_is_said(services: Services, actor: Actor) -> None:
    assert assistant.who_answers(services, actor) == "rules"
    other = world.with_model(services, lambda s, c: None)
    assert assistant.who_answers(other, actor) == "compatible · small"


def test_the_words_for_help_name_only_what_there_is() -> None:
    from mmm_core.agents.chat import answers

    assert rules.HELP.search("help")
    assert "publish the report" in answers.HELP
