"""The calibration table: rows are kept as they are there and not computed again."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import calibration, suite
from mmm_core.studies import registry


def test_refits_that_are_there_are_not_done_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calibration, "ROWS", tmp_path / "rows.jsonl")
    monkeypatch.setattr(calibration, "TABLE", tmp_path / "table.md")
    rng, computed = np.random.default_rng(1), []

    def refit(step: Any, *_: object) -> dict[str, Any]:
        computed.append(step.name)
        return {"ranks": {"adstock_alpha (tv)": int(rng.integers(0, 100))}}

    kind = registry.find("sbc")
    monkeypatch.setattr(registry, "find", lambda name: type(kind)(**{**kind.__dict__, "run_step": refit}))
    calibration.bench(lambda _: None, 20)
    calibration.bench(lambda _: None, 25)
    assert len(computed) == 2 * 25
    assert len(set(computed)) == 25, "twice: once for each family"
    text = (tmp_path / "table.md").read_text()
    assert "## National" in text
    assert "## Small panel" in text
    assert text.count("| adstock_alpha (tv) |") == 2
    assert "calibration" in suite.PARTS
