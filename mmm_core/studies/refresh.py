"""Refresh stability: as weeks are added step by step, do the channels' returns over the same past stay put?"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated, Any

from pydantic import Field

from mmm_core.domain.checks import Check
from mmm_core.domain.study import StepState, StudyOutcome
from mmm_core.studies import grading, small_fit, stability, windows
from mmm_core.studies.grading import LIMITS
from mmm_core.studies.kind import Earlier, Inputs, Kind, Options, Step, Tools, results_of


class RefreshOptions(Options):
    refreshes: Annotated[int, Field(ge=1, le=26, title="Refreshes")] = 4
    periods: Annotated[int, Field(ge=1, le=52, title="Periods that each refresh adds")] = 4


def plan(inputs: Inputs, options: RefreshOptions) -> list[Step]:
    data = inputs.model.data
    each = windows.spoken(data, options.periods)
    words = f"{options.refreshes} refreshes of {each}, a span"
    edges = windows.spans(inputs.model.frame, inputs.model.spec, data, options.refreshes, options.periods, words)
    return [
        Step(f"fit {n}", f"Fit {windows.spoken(data, edge)}", {"train": edge, "before": edge - options.periods})
        for n, edge in enumerate([*edges, len(data.dates)])
    ]


def run_step(step: Step, inputs: Inputs, options: RefreshOptions, earlier: Earlier, tools: Tools) -> dict[str, Any]:
    """Returns over all periods shown, and over those that the fit before was shown."""
    train, before = step.arguments["train"], step.arguments["before"]
    window = windows.cut(inputs.model.frame, inputs.model.spec, train, train)
    posterior = small_fit.fit(window.spec, window.train, options, tools)
    return {
        "own": small_fit.returns(window.train, posterior),
        "common": small_fit.returns(window.train, posterior, 0, before),
    }


def conclude(inputs: Inputs, options: RefreshOptions, states: Sequence[StepState]) -> StudyOutcome:
    results = list(results_of(states).values())
    found = stability.moved([(a["own"], b["common"]) for a, b in pairwise(results)])
    each = windows.spoken(inputs.model.data, options.periods)
    checks = (
        stability.mean_check(
            found, LIMITS.refresh, "refresh", "Returns after a refresh", f"when {each} of data were added"
        ),
        _spread(found),
    )
    worst = found[0]
    verdict = (
        f"Over {options.refreshes} refreshes of {each} the returns over the same past moved by "
        f"{sum(m.mean for m in found) / len(found):.1%} on average, most for {worst.channel} ({worst.mean:.1%})."
    )
    title = f"Change of each channel's return when {each} are added"
    table = stability.table(found, title, stability.unpaid(inputs.model.data))
    return StudyOutcome(verdict, checks, (table,), (stability.picture(found, LIMITS.refresh, title),))


def _spread(found: Sequence[stability.Moved]) -> Check:
    worst = max(found, key=lambda m: m.spread)
    return Check(
        "refresh_spread",
        "Steadiness of refreshes",
        grading.most(worst.spread, LIMITS.refresh_spread),
        f"From refresh to refresh the change differs by at most {100 * worst.spread:.1f} percentage points "
        f"({worst.channel}, standard deviation).",
        worst.spread,
        LIMITS.refresh_spread,
    )


KIND = Kind(
    name="refresh",
    title="Refresh stability",
    question="As weeks are added step by step, do the returns over the same past stay put?",
    options=RefreshOptions,
    plan=plan,
    run_step=run_step,
    conclude=conclude,
)
