"""Compiled programs kept on disk: the same draws from them, and never a fit lost to a bad file."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import jax
import numpy as np
import pytest

from mmm_core.modeling import compile_cache, nuts
from mmm_core.modeling.collapsed import Collapsed, collapse
from mmm_core.modeling.nuts import compile_program
from mmm_core.modeling.sampler import Settings, sample
from tests.model.cases import national, priors_for

SETTINGS = Settings(chains=2, tune=40, draws=40)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(compile_cache, "_loaded", {})
    found = compile_cache.configure(str(tmp_path / "programs"), "cpu")
    assert found is not None
    return found


def _model(seed: int = 1, periods: int = 50) -> Collapsed:
    data = national(periods=periods, channels=2, seed=seed)
    return collapse(data, priors_for(data, "geometric", "logistic"))


def _draws(folder: Path | None, model: Collapsed) -> np.ndarray:
    target = model.to_sample(SETTINGS.chains, SETTINGS.seed)
    return sample(target, SETTINGS, lambda message: None, programs=folder).draws


def _forbid_compiling(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object) -> None:
        raise AssertionError("this program should have been found on disk")

    monkeypatch.setattr(compile_cache, "_compile", refuse)


def test_a_kept_program_gives_the_same_draws(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = _draws(folder, _model())
    assert len(list(folder.iterdir())) == 1
    compile_cache._loaded.clear()
    _forbid_compiling(monkeypatch)
    np.testing.assert_array_equal(_draws(folder, _model()), first)


def test_another_data_set_of_like_size_compiles_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _draws(folder, _model(periods=50))
    _forbid_compiling(monkeypatch)
    assert np.isfinite(_draws(folder, _model(seed=2, periods=61))).all()


@pytest.mark.parametrize("content", [b"", b"not a program", b"\x80\x04N."])
def test_a_damaged_program_is_compiled_again(folder: Path, content: bytes) -> None:
    first = _draws(folder, _model())
    (file,) = folder.iterdir()
    size = file.stat().st_size
    file.write_bytes(content)
    compile_cache._loaded.clear()
    np.testing.assert_array_equal(_draws(folder, _model()), first)
    assert file.stat().st_size > size // 2


def test_a_target_without_a_name_is_never_taken_from_disk(folder: Path) -> None:
    target = replace(_model().to_sample(2, 1), name="")
    sample(target, SETTINGS, lambda message: None, programs=folder)
    assert not list(folder.iterdir())


def test_other_settings_are_another_program(folder: Path) -> None:
    target = _model().to_sample(2, 1)
    cpu = jax.devices("cpu")[0]
    for tune in (30, 40):
        compile_program(target, tune, 0.9, cpu, 2, False, folder)
    assert len(list(folder.iterdir())) == 2


def test_a_folder_that_cannot_be_used_costs_a_compilation(tmp_path: Path) -> None:
    file = tmp_path / "a-file"
    file.write_text("")
    assert compile_cache.configure(str(file / "inside"), "cpu") is None
    assert np.isfinite(_draws(None, _model())).all()


def test_old_programs_are_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compile_cache, "KEEP_FILES", 2)
    for i in range(5):
        (tmp_path / f"{i}{compile_cache.SUFFIX}").write_bytes(b"x")
        stamp = 1_700_000_000 + i
        os.utime(tmp_path / f"{i}{compile_cache.SUFFIX}", (stamp, stamp))
    compile_cache._prune(tmp_path)
    assert sorted(f.name for f in tmp_path.iterdir()) == [f"{i}{compile_cache.SUFFIX}" for i in (3, 4)]


def test_a_chain_key_is_its_own() -> None:
    keys = {tuple(nuts.chain_key(seed, chain)) for seed in range(3) for chain in range(4)}
    assert len(keys) == 12


FACTORISED = """
import sys
from pathlib import Path
import jax, numpy as np
from mmm_core.modeling import compile_cache
folder = compile_cache.configure(sys.argv[1], "cpu")
matrix = jax.ShapeDtypeStruct((2, 2), np.float64)
def lower():
    if sys.argv[2] == "kept":
        raise AssertionError("this program should have been found on disk")
    return jax.jit(lambda m: jax.numpy.linalg.cholesky(m + 4 * jax.numpy.eye(2))).lower(matrix)
run = compile_cache.load_or_compile(lower, (matrix,), ("factor",), jax.devices("cpu")[0], folder)
print(np.asarray(run(np.zeros((2, 2))))[1, 1])
"""


def test_a_kept_program_with_a_factorisation_runs_in_a_fresh_process(tmp_path: Path) -> None:
    for state in ("fresh", "kept"):
        command = [sys.executable, "-c", FACTORISED, str(tmp_path / "programs"), state]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
        assert (done.returncode, done.stdout.strip()) == (0, "2.0"), done.stderr[-800:]
