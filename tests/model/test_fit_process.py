"""A fit's own process: what it sends, how it fails, and that it never outlives its starter."""

import multiprocessing
from collections.abc import Iterator
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess

import numpy as np
import pandas as pd
import pytest

from mmm_core.data.read import to_parquet
from mmm_core.domain.errors import CarryoverError, SpecError
from mmm_core.domain.fit import Chunk, Progress
from mmm_core.domain.ports import FitOutcome
from mmm_core.modeling import artifact, fit_process
from mmm_core.modeling.fit_process import FitRequest
from mmm_core.modeling.spec import ChannelSpec, KpiSpec, ModelSpec, Sampling

WAIT = 240


@pytest.fixture(scope="module")
def context() -> ForkServerContext:
    return multiprocessing.get_context("forkserver")


@pytest.fixture
def request_(tmp_path_factory: pytest.TempPathFactory) -> FitRequest:
    rng = np.random.default_rng(3)
    spend = rng.gamma(2.0, 40.0, (80, 2))
    sales = 900 + 3 * spend[:, 0] + np.sqrt(spend[:, 1]) * 20 + rng.normal(0, 30, 80)
    dates = pd.date_range("2022-01-03", periods=80, freq="7D")
    table = pd.DataFrame({"week": dates, "sales": sales, "tv": spend[:, 0], "search": spend[:, 1]})
    spec = ModelSpec(
        kpi=KpiSpec(column="sales"),
        date="week",
        channels=(ChannelSpec(name="TV", spend="tv"), ChannelSpec(name="Search", spend="search")),
        sampling=Sampling(draws=80, tune=80, chains=2, device="cpu"),
    )
    return FitRequest(spec.to_yaml(), to_parquet(table))


@pytest.fixture
def process(context: ForkServerContext) -> Iterator[tuple[Connection, BaseProcess]]:
    ours, theirs = context.Pipe()
    child = context.Process(target=fit_process.main, args=(theirs,), daemon=True)
    child.start()
    theirs.close()
    yield ours, child
    ours.close()
    child.kill()
    child.join()


def _until_the_end(connection: Connection) -> list[Progress | Chunk | FitOutcome | CarryoverError]:
    messages = []
    while connection.poll(WAIT):
        messages.append(connection.recv())
        if isinstance(messages[-1], FitOutcome | CarryoverError):
            return messages
    raise AssertionError("the fit's process fell silent")


def test_a_fit_sends_progress_chunks_and_its_outcome(
    process: tuple[Connection, BaseProcess], request_: FitRequest
) -> None:
    connection, child = process
    connection.send(request_)
    messages = _until_the_end(connection)
    outcome = messages[-1]
    assert isinstance(outcome, FitOutcome)
    phases = [getattr(m, "progress", m).phase for m in messages[:-1]]
    assert phases[:2] == ["starting", "compiling"]
    assert phases[-1] == "summarising"
    assert {m.progress.chain for m in messages if isinstance(m, Chunk)} == {0, 1}
    posterior = artifact.load(outcome.draws)
    assert posterior.draws["saturation_beta"].shape == (2, 80, 2)
    assert posterior.seconds > 0
    assert [c.channel for c in outcome.results.channels] == ["TV", "Search"]
    assert outcome.facts
    child.join(30)
    assert child.exitcode == 0


def test_bad_input_comes_back_as_a_sentence(process: tuple[Connection, BaseProcess], request_: FitRequest) -> None:
    connection, child = process
    connection.send(FitRequest(request_.spec_yaml.replace("spend: tv", "spend: television"), request_.table))
    error = _until_the_end(connection)[-1]
    assert isinstance(error, SpecError)
    assert "television" in str(error)
    child.join(30)
    assert child.exitcode == 0


def test_a_fit_ends_when_its_starter_is_gone(process: tuple[Connection, BaseProcess], request_: FitRequest) -> None:
    connection, child = process
    spec = ModelSpec.from_yaml(request_.spec_yaml)
    long = spec.model_copy(update={"sampling": Sampling(draws=10_000, tune=5_000, chains=2, device="cpu")})
    connection.send(FitRequest(long.to_yaml(), request_.table))
    assert connection.poll(WAIT)
    connection.recv()
    connection.close()
    child.join(60)
    assert child.exitcode is not None
