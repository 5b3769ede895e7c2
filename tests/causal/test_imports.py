"""What a page loads for causal advice and questions, and what it must not."""

import subprocess
import sys

import pytest


@pytest.mark.slow
@pytest.mark.parametrize(
    ("modules", "kept_out"),
    [
        (
            "mmm_core.use_cases.causal, pages.ui.diagram, pages.ui.past, pages.ui.causal",
            ("dowhy", "networkx", "sklearn"),
        ),
        ("mmm_core.causal.advice, mmm_core.studies.causal, mmm_core.studies.counterfactual", ("dowhy", "statsmodels")),
    ],
    ids=["pages", "worker"],
)
def test_dowhy_is_loaded_where_it_computes_and_nowhere_else(modules: str, kept_out: tuple[str, ...]) -> None:
    code = f"import sys, {modules}; print([m for m in {kept_out} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
