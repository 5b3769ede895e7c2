"""Calibration by simulation of the national family and of a small panel: rank histograms with a chi-square per number.

The study's own steps, one refit each; every rank is written as it is there, so that a long run goes on later.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mmm_core.data import read, simulate
from mmm_core.domain.study import ModelInput, Step, StepState, StepStatus
from mmm_core.modeling.spec import ChannelSpec, KpiSpec, ModelSpec
from mmm_core.studies import process, registry
from mmm_core.studies.kind import Tools

RESULTS = Path(__file__).parent / "results"
ROWS = RESULTS / "calibration.jsonl"
TABLE = RESULTS / "calibration.md"
COMPILED = Path(".carryover") / "compiled"


def families() -> dict[str, tuple[ModelInput, int]]:
    """The model of each family on a made-up company's spend, and how many refits it gets."""
    national = simulate.company("national", 3, weeks=104, channels=3).frame
    panel = simulate.company("geo", 3, weeks=80, channels=2, geos=3).frame
    place = {"geo": "region", "population": "population"}
    return {
        "national": (_input(national, ("tv", "search", "paid_social"), {}), 200),
        "small panel": (_input(panel, ("tv", "search"), place), 100),
    }


def _input(frame: Any, channels: tuple[str, ...], place: dict[str, str]) -> ModelInput:
    spec = ModelSpec(
        kpi=KpiSpec(column="revenue"),
        date="week",
        channels=tuple(ChannelSpec(name=n, spend=f"{n}_spend") for n in channels),
        controls=("price_index", "promotion_depth"),
        **place,  # type: ignore[arg-type]
    )
    return ModelInput(spec.to_yaml(), read.to_parquet(frame))


def bench(say: Callable[[str], None], most: int | None = None) -> str:
    """Do the refits that are not there yet (at most ``most`` per family), and write the table of all."""
    kind = registry.find("sbc")
    parts = ["# Calibration by simulation", ""]
    for family, (model, fits) in families().items():
        inputs, options = registry.inputs(model), registry.read_options(kind, {"fits": min(fits, most or fits)})
        steps = list(kind.plan(inputs, options))
        for step in (s for s in steps if s.name not in _kept(family)):
            result = process.plain(kind.run_step(step, inputs, options, {}, Tools(cache_dir=str(COMPILED))))
            with ROWS.open("a") as rows:
                rows.write(json.dumps({"family": family, "fit": step.name, **result}) + "\n")
            say(f"{family}: {step.name} of {len(steps)}")
        done = enumerate(_kept(family).items())
        states = [StepState(n, Step(name, name), StepStatus.DONE, result) for n, (name, result) in done]
        parts += _section(family, kind.conclude(inputs, options, states))
    TABLE.write_text("\n".join(parts) + "\n")
    return f"Written to {TABLE}"


def _kept(family: str) -> dict[str, dict[str, Any]]:
    if not ROWS.exists():
        return {}
    rows = [json.loads(line) for line in ROWS.read_text().splitlines()]
    return {r["fit"]: {"ranks": r["ranks"]} for r in rows if r["family"] == family}


def _section(family: str, found: Any) -> list[str]:
    """Verdict, then a line per number: its test and its histogram."""
    bars = {line.name: line.values for line in found.pictures[0].lines}
    rows = [
        f"| {name} | {chi:.1f} | {p:.3f} | {middle:.2f} | {' '.join(f'{v:.0f}' for v in bars[name])} |"
        for name, chi, p, middle, _ in found.tables[0].rows
    ]
    head = ["| Number | Chi-square | p | Mean rank | Ranks by bin |", "|---|---|---|---|---|"]
    check = found.checks[0]
    said = f"{check.status.value}: {found.verdict} {check.message}"
    return [f"## {family.capitalize()}", "", said, found.tables[0].note, "", *head, *rows, ""]
