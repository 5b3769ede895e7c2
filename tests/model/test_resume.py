"""However a fit is cut, by chunks or by interruptions, its draws are the same to the last bit."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from mmm_core.domain.fit import Chunk, Progress
from mmm_core.modeling import checkpoint, sampler
from mmm_core.modeling.collapsed import Collapsed, collapse
from mmm_core.modeling.sampler import Sampled, Settings, sample
from tests.model.cases import national, priors_for

pytestmark = pytest.mark.usefixtures("compiled")
SETTINGS = Settings(chains=4, tune=60, draws=70, seed=5, threads=2, chunk_seconds=0.001)


def _model() -> Collapsed:
    data = national(periods=40, channels=2, seed=7)
    return collapse(data, priors_for(data, "geometric", "logistic"))


def _run(settings: Settings = SETTINGS, chunks: Sequence[Chunk] = (), identity: str = "model") -> tuple[Sampled, list]:
    sent: list[Progress | Chunk] = []
    target = _model().to_sample(settings.chains, settings.seed)
    return sample(target, settings, sent.append, chunks=chunks, identity=identity), sent


@pytest.fixture(scope="module")
def whole(compiled: str) -> tuple[Sampled, list[Chunk]]:
    sampled, sent = _run()
    return sampled, [message for message in sent if isinstance(message, Chunk)]


def _same(one: Sampled, other: Sampled) -> None:
    for name in ("draws", "energy", "steps", "step_size"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), strict=True)


def _until(chunks: Sequence[Chunk], iteration: int) -> list[Chunk]:
    """What was kept when every chain had come to about this iteration."""
    return [c for c in chunks if c.progress.done <= iteration]


@pytest.mark.parametrize("iteration", [30, 59, 60, 61, 95, 129])
def test_resume_is_exact_wherever_the_fit_was_cut(whole: tuple[Sampled, list[Chunk]], iteration: int) -> None:
    sampled, chunks = whole
    kept = _until(chunks, iteration)
    assert kept
    resumed, sent = _run(chunks=kept)
    _same(resumed, sampled)
    assert "bit for bit" in resumed.note
    first = min(m.progress.chunk for m in sent if isinstance(m, Chunk) and m.progress.chain == 0)
    assert first == 1 + max(c.progress.chunk for c in kept if c.progress.chain == 0)


def test_chains_that_were_cut_at_different_places_go_on_together(whole: tuple[Sampled, list[Chunk]]) -> None:
    sampled, chunks = whole
    ends = {0: 40, 1: 100, 2: 130}
    kept = [c for c in chunks if c.progress.done <= ends.get(c.progress.chain, -1)]
    assert {c.progress.chain for c in kept} == {0, 1, 2}
    resumed, _ = _run(chunks=kept)
    _same(resumed, sampled)


def test_two_interruptions_are_as_good_as_none(whole: tuple[Sampled, list[Chunk]]) -> None:
    sampled, chunks = whole
    early = _until(chunks, 35)
    _, sent = _run(chunks=early)
    later = early + _until([m for m in sent if isinstance(m, Chunk)], 100)
    _same(_run(chunks=later)[0], sampled)


def test_a_finished_fit_has_nothing_left_to_draw(whole: tuple[Sampled, list[Chunk]]) -> None:
    sampled, chunks = whole
    again, sent = _run(chunks=chunks)
    _same(again, sampled)
    assert not [m for m in sent if isinstance(m, Chunk)]


@pytest.mark.parametrize(("threads", "seconds"), [(1, 10.0), (4, 0.003)])
def test_chunks_and_threads_do_not_change_the_draws(
    whole: tuple[Sampled, list[Chunk]], threads: int, seconds: float
) -> None:
    other, sent = _run(replace(SETTINGS, threads=threads, chunk_seconds=seconds))
    assert len(sent) != len(whole[1])
    _same(other, whole[0])


def test_only_the_newest_checkpoint_is_needed(whole: tuple[Sampled, list[Chunk]]) -> None:
    sampled, chunks = whole
    kept = _until(chunks, 100)
    newest = {c.progress.chain: c.progress.chunk for c in kept}
    bare = [c if newest[c.progress.chain] == c.progress.chunk else replace(c, checkpoint=b"") for c in kept]
    _same(_run(chunks=bare)[0], sampled)


def test_another_model_starts_anew_and_says_so(whole: tuple[Sampled, list[Chunk]]) -> None:
    sampled, chunks = whole
    again, _ = _run(chunks=chunks[:20], identity="another")
    assert "started anew" in again.note
    _same(again, sampled)


def test_damaged_chunks_of_a_chain_start_that_chain_anew(whole: tuple[Sampled, list[Chunk]]) -> None:
    sampled, chunks = whole
    kept = _until(chunks, 100)
    lost = [c for c in kept if not (c.progress.chain == 1 and c.draws)] + [
        replace([c for c in kept if c.progress.chain == 1][-1], draws=b"")
    ]
    cut = [replace(c, checkpoint=c.checkpoint[:40]) if c.progress.chain == 2 else c for c in lost]
    again, _ = _run(chunks=cut)
    assert "damaged started anew" in again.note
    _same(again, sampled)


def test_another_machine_goes_on_and_says_so(
    whole: tuple[Sampled, list[Chunk]], monkeypatch: pytest.MonkeyPatch
) -> None:
    sampled, chunks = whole
    monkeypatch.setattr(sampler, "fingerprint", lambda device: "another machine")
    again, sent = _run(chunks=_until(chunks, 100))
    assert "the draws are valid" in again.note
    assert all("the draws are valid" in m.progress.note for m in sent if isinstance(m, Chunk))
    np.testing.assert_array_equal(again.draws[:, :30], sampled.draws[:, :30])


def test_prepared_arrays_of_the_first_attempt_are_used(whole: tuple[Sampled, list[Chunk]]) -> None:
    """A decomposition that differs in its last bits on resume must not change the draws."""
    sampled, chunks = whole
    target = _model().to_sample(SETTINGS.chains, SETTINGS.seed)
    data, where = target.inputs
    moved = where._replace(centre=where.centre * (1 + 1e-12), factor=where.factor * (1 + 1e-12))
    nudged = replace(target, inputs=(data._replace(basis=data.basis * (1 + 1e-15)), moved))
    resumed = sample(nudged, SETTINGS, lambda message: None, chunks=_until(chunks, 61), identity="model")
    _same(resumed, sampled)


def test_a_checkpoint_is_small(whole: tuple[Sampled, list[Chunk]]) -> None:
    assert max(len(c.checkpoint) for c in whole[1]) < 30_000


def test_draws_are_kept_once(whole: tuple[Sampled, list[Chunk]]) -> None:
    sampled, chunks = whole
    for chain in range(SETTINGS.chains):
        own = [c for c in chunks if c.progress.chain == chain]
        assert [c.progress.chunk for c in own] == list(range(len(own)))
        parts = [checkpoint.unpack(c.draws)[1]["draws"] for c in own if c.draws]
        np.testing.assert_array_equal(np.concatenate(parts), sampled.draws[chain])
        assert {c.progress.phase for c in own if not c.draws} == {"warm-up"}
