"""A posterior as bytes."""

import io

import numpy as np
import pytest

from mmm_core.domain.errors import BadInput
from mmm_core.domain.fit import Posterior
from mmm_core.modeling import artifact


def _posterior() -> Posterior:
    rng = np.random.default_rng(2)
    draws = {
        "adstock_alpha": rng.random((2, 5, 3)),
        "y_sigma": rng.random((2, 5)),
        "gamma_fourier": np.zeros((2, 5, 0)),
    }
    return Posterior("geometric", "hill", 8, draws, divergences=3, seconds=1.5, energy=rng.normal(size=(2, 5)))


def test_round_trip_keeps_every_bit() -> None:
    before = _posterior()
    after = artifact.load(artifact.dump(before))
    assert (after.adstock, after.saturation, after.max_lag) == ("geometric", "hill", 8)
    assert (after.divergences, after.seconds) == (3, 1.5)
    assert list(after.draws) == list(before.draws)
    for name, values in before.draws.items():
        np.testing.assert_array_equal(after.draws[name], values)
    assert after.energy is not None
    np.testing.assert_array_equal(after.energy, before.energy)


def test_energy_may_be_missing() -> None:
    before = _posterior()
    without = Posterior(before.adstock, before.saturation, before.max_lag, before.draws)
    assert artifact.load(artifact.dump(without)).energy is None


@pytest.mark.parametrize("damage", ["cut", "empty", "text", "pickle"])
def test_damaged_bytes_are_one_sentence(damage: str) -> None:
    whole = artifact.dump(_posterior())
    pickled = io.BytesIO()
    np.savez(pickled, header=np.array([{"format": 1}], dtype=object), allow_pickle=True)
    content = {
        "cut": whole[: len(whole) // 2],
        "empty": b"",
        "text": b"week,sales\n1,2\n",
        "pickle": pickled.getvalue(),
    }[damage]
    with pytest.raises(BadInput, match="damaged"):
        artifact.load(content)


def test_a_flipped_byte_is_noticed_or_harmless() -> None:
    before = _posterior()
    whole = artifact.dump(before)
    for position in range(0, len(whole), 7):
        flipped = bytearray(whole)
        flipped[position] ^= 0xFF
        try:
            after = artifact.load(bytes(flipped))
        except BadInput:
            continue
        for name, values in before.draws.items():
            np.testing.assert_array_equal(after.draws[name], values)


def test_other_format_is_told_apart_from_damage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(artifact, "FORMAT", 99)
    newer = artifact.dump(_posterior())
    monkeypatch.undo()
    with pytest.raises(BadInput, match="another version"):
        artifact.load(newer)
