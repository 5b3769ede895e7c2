"""Every way in which a provider can fail, on the wire, ends in a fallback or in one clear sentence."""

import json
from typing import Any

import pytest
from pydantic import BaseModel
from sqlalchemy import Engine

from db.work import PostgresWork
from mmm_core.agents.llm import failures, prices, providers
from mmm_core.agents.llm.gateway import About, Gateway
from mmm_core.domain.errors import BadInput, ModelFailed
from mmm_core.domain.identity import Actor
from mmm_core.domain.llm import Choice, Ending, Price, Route, Spent, Task
from mmm_core.settings import Settings
from tests.agents.llm.conftest import Make
from tests.agents.llm.loopback import Step, serving

KEY = "sk-very-secret-0123456789"
GOOD: Step = {"text": "Paris it is."}


def ask(gateway: Gateway, actor: Actor, prompt: str = "Where?", **options: Any) -> str:
    return gateway.ask(actor, Task.WRITE, "Be brief.", prompt, cached=False, **options).text


def rows(engine: Engine, actor: Actor) -> list[Spent]:
    with PostgresWork(engine, actor) as work:
        return list(work.usage.spent())


def endings(engine: Engine, database: Any) -> list[str]:
    import psycopg

    with psycopg.connect(database.admin) as link:
        return [r[0] for r in link.execute("SELECT ending FROM carryover.llm_usage ORDER BY at").fetchall()]


@pytest.fixture(autouse=True)
def emptied(engine: Engine, database: Any) -> None:
    import psycopg

    with psycopg.connect(database.admin, autocommit=True) as link:
        for table in ("llm_usage", "llm_routes", "llm_answers"):
            link.execute(f"DELETE FROM carryover.{table}")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("bad", "ending", "tries", "says"),
    [
        ({"status": 429, "headers": {"retry-after": "1"}}, Ending.RATE_LIMITED, 3, "is asked too often"),
        ({"status": 500}, Ending.SERVER_ERROR, 3, "problem on its side"),
        ({"status": 503}, Ending.SERVER_ERROR, 3, "problem on its side"),
        ({"status": 401}, Ending.KEY_REFUSED, 1, "refuses the key"),
        ({"status": 404}, Ending.BAD_REQUEST, 1, "does not know this model"),
        ({"hang": 30}, Ending.TIMED_OUT, 3, "did not answer in time"),
        ({"drop": True}, Ending.UNREACHABLE, 3, "cannot be reached"),
        ({"text": ""}, Ending.EMPTY, 3, "empty answer"),
        ({"text": "  \n"}, Ending.EMPTY, 3, "empty answer"),
        ({"raw": "<html>gateway</html>"}, Ending.MALFORMED, 3, "cannot be used"),
        ({"calls": [("save", '{"half": ')]}, Ending.MALFORMED, 3, "cannot be used"),
        ({"text": "", "refusal": "I would rather not."}, Ending.REFUSED, 1, "declined"),
        ({"text": "cut", "finish": "content_filter"}, Ending.REFUSED, 1, "declined"),
    ],
    ids=lambda v: json.dumps(v)[:40] if isinstance(v, dict) else None,
)
def test_each_failure_is_retried_where_that_may_help_and_ends_in_one_sentence(
    make: Make, actor: Actor, engine: Engine, database: Any, bad: Step, ending: Ending, tries: int, says: str,
    pauses: list[float],
) -> None:  # fmt: skip
    with serving(bad) as (address, script):
        gateway = make(compatible_url=address, model="compatible:small", llm_timeout=0.3, compatible_api_key=KEY)
        with pytest.raises(ModelFailed) as failed:
            ask(gateway, actor)
    sentence = str(failed.value)
    assert sentence.startswith("compatible · small ")
    assert sentence.endswith(".")
    assert says in sentence
    assert "secret" not in sentence
    assert len(script.requests) == tries
    assert endings(engine, database) == [ending.value] * tries
    assert len(pauses) == tries - 1
    if "headers" in bad:
        assert pauses[0] >= 1.0, "what the provider asks for is waited"


def test_a_failure_that_passes_is_answered(make: Make, actor: Actor, engine: Engine, database: Any) -> None:
    with serving({"status": 500}, GOOD) as (address, script):
        gateway = make(compatible_url=address, model="compatible:small")
        assert ask(gateway, actor) == "Paris it is."
    assert len(script.requests) == 2
    assert endings(engine, database) == ["server error", "answered"]


def test_the_next_model_answers_where_the_first_does_not(make: Make, actor: Actor, engine: Engine) -> None:
    with serving({"status": 401}, GOOD) as (address, script):
        gateway = make(compatible_url=address, compatible_api_key=KEY)
        route = Route(Task.WRITE, (Choice("compatible", "first"), Choice("compatible", "second")))
        with PostgresWork(engine, actor) as work:
            work.routes.put(route)
        answer = gateway.ask(actor, Task.WRITE, "", "Where?", cached=False)
    assert answer.choice == Choice("compatible", "second")
    assert [r["model"] for r in script.requests] == ["first", "second"]
    assert {(s.model, s.failed) for s in rows(engine, actor)} == {("first", 1), ("second", 0)}


def test_a_switch_holds_from_the_next_call_on(make: Make, actor: Actor, engine: Engine) -> None:
    with serving(GOOD) as (address, script):
        gateway = make(compatible_url=address, model="compatible:one")
        ask(gateway, actor)
        with PostgresWork(engine, actor) as work:
            work.routes.put(Route(Task.WRITE, (Choice("compatible", "two"),)))
        ask(gateway, actor)
        gateway.ask(actor, Task.PLAN, "", "Where?", cached=False)
    assert [r["model"] for r in script.requests] == ["one", "two", "one"]


def test_without_a_provider_nobody_is_asked(make: Make, actor: Actor, engine: Engine, database: Any) -> None:
    gateway = make()
    assert not gateway.available(actor, Task.CHAT)
    with pytest.raises(ModelFailed, match="built-in rules answer"):
        ask(gateway, actor)
    with PostgresWork(engine, actor) as work:
        work.routes.put(Route(Task.CHAT, (Choice("anthropic", "x"),)))
    assert not gateway.available(actor, Task.CHAT), "a route to a provider without a key asks nobody"
    assert endings(engine, database) == []


def test_the_same_question_is_answered_once(make: Make, actor: Actor, engine: Engine) -> None:
    with serving(GOOD, {"text": "Rome."}) as (address, script):
        gateway = make(compatible_url=address, model="compatible:small")
        first = gateway.ask(actor, Task.WRITE, "Be brief.", "Where?")
        again = gateway.ask(actor, Task.WRITE, "Be brief.", "Where?")
        other = gateway.ask(actor, Task.WRITE, "Be brief.", "Where else?")
    assert (first.text, again.text, other.text) == ("Paris it is.", "Paris it is.", "Rome.")
    assert again.usage.ending is Ending.CACHED
    assert again.usage.cost == 0.0
    assert len(script.requests) == 2
    (spent,) = rows(engine, actor)
    assert (spent.calls, spent.input_tokens, spent.output_tokens) == (3, 240, 60)


def test_tokens_and_cost_by_the_operators_price_list(make: Make, actor: Actor, tmp_path: Any) -> None:
    listed = tmp_path / "prices.yaml"
    listed.write_text("compatible:\n  'big*': {input: 10, output: 20}\n  big-exact: {input: 1, output: 2}\n")
    with serving(GOOD) as (address, _):
        gateway = make(compatible_url=address, model="compatible:big-one", prices=listed)
        answer = gateway.ask(actor, Task.WRITE, "", "Where?", cached=False)
        assert answer.usage.cost == pytest.approx((120 * 10 + 30 * 20) / 1e6)
        assert gateway.prices.cost(Choice("compatible", "big-exact"), 10**6, 0) == 1.0
        assert gateway.prices.cost(Choice("compatible", "small"), 10, 10) is None
        unpriced = make(compatible_url=address, model="compatible:other").ask(actor, Task.WRITE, "", "?", cached=False)
    assert unpriced.usage.cost is None


def test_an_entered_price_goes_before_the_list_from_the_next_answer_on(
    make: Make, actor: Actor, engine: Engine, tmp_path: Any
) -> None:
    listed = tmp_path / "prices.yaml"
    listed.write_text("compatible:\n  '*': {input: 10, output: 20}\n")
    choice = Choice("compatible", "own")
    with serving(GOOD) as (address, _):
        gateway = make(compatible_url=address, model="compatible:own", prices=listed)
        before = gateway.ask(actor, Task.WRITE, "", "Where?", cached=False)
        with PostgresWork(engine, actor) as work:
            work.prices.put(Price(choice, 1.0, 2.0))
        after = gateway.ask(actor, Task.WRITE, "", "Where?", cached=False)
        with PostgresWork(engine, actor) as work:
            work.prices.remove(choice)
        again = gateway.ask(actor, Task.WRITE, "", "Where?", cached=False)
    costs = [a.usage.cost for a in (before, after, again)]
    assert costs == pytest.approx([(120 * 10 + 30 * 20) / 1e6, (120 * 1 + 30 * 2) / 1e6, (120 * 10 + 30 * 20) / 1e6])


def test_the_price_list_that_ships_is_one_and_another_that_is_none_is_one_sentence(tmp_path: Any) -> None:
    assert prices.load().cost(Choice("ollama", "llama3"), 1000, 1000) == 0.0
    wrong = tmp_path / "prices.yaml"
    wrong.write_text("openai:\n  gpt: 3\n")
    with pytest.raises(BadInput, match="no price list"):
        prices.load(wrong)
    with pytest.raises(BadInput, match="cannot be read"):
        prices.load(tmp_path / "nowhere.yaml")


class Town(BaseModel):
    name: str
    people: int


def test_an_answer_of_a_shape_is_asked_again_with_what_was_wrong(make: Make, actor: Actor) -> None:
    steps = ({"text": "It is Paris."}, {"text": 'Sure:\n```json\n{"name": "Paris", "people": 2100000}\n```'})
    with serving(*steps) as (address, script):
        gateway = make(compatible_url=address, model="compatible:small")
        assert gateway.ask_for(actor, Task.JUDGE, "", "Where?", Town) == Town(name="Paris", people=2_100_000)
    assert "did not fit" in script.requests[1]["messages"][-1]["content"]


def test_an_answer_that_never_fits_its_shape_fails_in_one_sentence(make: Make, actor: Actor) -> None:
    with serving({"text": '{"name": "Paris"}'}) as (address, script):
        gateway = make(compatible_url=address, model="compatible:small", llm_retries=1)
        with pytest.raises(ModelFailed, match="cannot be used"):
            gateway.ask_for(actor, Task.JUDGE, "", "Where?", Town)
    assert len(script.requests) == 2


def test_keys_come_from_the_environment_or_files_and_go_nowhere_else(
    make: Make, actor: Actor, tmp_path: Any, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str],
    database: Any,
) -> None:  # fmt: skip
    (tmp_path / "openai_api_key").write_text(KEY)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.setenv("CARRYOVER_SECRETS_DIR", str(tmp_path))
    settings = Settings()
    assert settings.openai_api_key is not None
    assert settings.openai_api_key.get_secret_value() == KEY
    assert KEY not in repr(settings)
    assert "openai" in providers.configured(settings)
    with serving({"status": 401}) as (address, script):
        gateway = make(compatible_url=address, compatible_api_key=KEY, model="compatible:small")
        with pytest.raises(ModelFailed) as failed:
            ask(gateway, actor)
    assert script.keys == [f"Bearer {KEY}"], "the provider alone gets it"
    out = "".join(capfd.readouterr())
    assert KEY not in out + str(failed.value) + repr(gateway.settings)
    import psycopg

    with psycopg.connect(database.admin) as link:
        tables = ("llm_usage", "llm_routes", "llm_answers", "audit", "conversation_messages")
        kept = [str(link.execute(f"SELECT * FROM carryover.{t}").fetchall()) for t in tables]
    assert KEY not in "".join(kept)


def test_nothing_is_traced_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANGSMITH_TRACING", "true")
    monkeypatch.setenv("LANGCHAIN_TRACING_V2", "true")
    providers.build(Settings(compatible_url="http://127.0.0.1:9/v1"), Choice("compatible", "m"))
    from langsmith import utils

    utils.get_env_var.cache_clear()
    assert not utils.tracing_is_enabled()


@pytest.mark.slow
@pytest.mark.parametrize("name", list(providers.PROVIDERS))
def test_each_provider_is_built_from_its_setting_with_one_try_and_a_time_out(name: str) -> None:
    given = Settings(
        OPENAI_API_KEY=KEY, ANTHROPIC_API_KEY=KEY, GOOGLE_API_KEY=KEY, ollama_url="http://127.0.0.1:11434",
        compatible_url="http://127.0.0.1:9/v1", llm_timeout=7,
    )  # fmt: skip
    model: Any = providers.build(given, Choice(name, "some-model"))
    assert "some-model" in str(getattr(model, "model_name", "") or model.model)
    if name == "ollama":
        assert model.client_kwargs == {"timeout": 7.0}
    else:
        assert model.max_retries == 0
        assert 7.0 in (getattr(model, "request_timeout", None), getattr(model, "default_request_timeout", None))
    unset: dict[str, Any] = dict.fromkeys(("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GOOGLE_API_KEY"))
    with pytest.raises(BadInput, match="no key or address"):
        providers.build(Settings(**unset), Choice(name, "some-model"))


def test_a_setting_that_names_no_model_is_one_sentence() -> None:
    with pytest.raises(BadInput, match="provider:model"):
        providers.choice_of("gpt")
    assert providers.choice_of("ollama:llama3:8b") == Choice("ollama", "llama3:8b")


def test_every_ending_has_its_words() -> None:
    assert set(Ending) - {Ending.ANSWERED, Ending.CACHED} == set(failures.SAID)


def test_an_error_of_our_own_is_not_taken_for_the_models(make: Make, actor: Actor) -> None:
    gateway = make(build=lambda s, c: object(), model="compatible:small", compatible_url="http://127.0.0.1:9/v1")

    def broken(model: Any) -> Any:
        raise BadInput("The tool was called wrongly.")

    with pytest.raises(BadInput, match="called wrongly"):
        gateway.call(About(actor, Task.CHAT), broken)
