"""A specification brought in line with a plan that was decided after it was written (P5, A2)."""

from typing import Any

from mmm_core.domain.project import Plan
from mmm_core.modeling.spec import ModelSpec
from mmm_core.reports import wording as f

UNITS = {"revenue": "money", "count": "a count"}


def with_plan(plan: Plan, spec: ModelSpec, fresh: ModelSpec) -> tuple[ModelSpec, tuple[str, ...]]:
    """The specification with the plan's KPI, channels and controls, and a sentence for each change.

    Parameters
    ----------
    fresh
        What plan and data suggest anew; what the specification lacks is taken from it.
    """
    if spec.kpi.column != fresh.kpi.column:
        was, now = f.plain(spec.kpi.column), f.plain(fresh.kpi.column)
        return fresh, (f"Suggested anew: the plan explains {now}, no longer {was}.",)
    document: dict[str, Any] = spec.model_dump()
    notes: list[str] = []
    if spec.kpi.unit != fresh.kpi.unit:
        document["kpi"] = fresh.kpi
        notes.append(f"{f.plain(spec.kpi.column)} is {UNITS[fresh.kpi.unit]} now, as the project says.")
    if any({c.name, *c.columns} & set(plan.channels) for c in fresh.channels):
        known = {c.name: c for c in spec.channels}
        document["channels"] = tuple(known.get(c.name, c) for c in fresh.channels)
        names = {c.name for c in fresh.channels}
        notes += _told(tuple(known), tuple(names), "channel")
        document["lift_tests"] = tuple(t for t in spec.lift_tests if t.channel in names)
    before = (*spec.controls, *spec.holidays)
    if {*before, *fresh.controls, *fresh.holidays} & set(plan.controls):
        taken = {*before, *(t.column for t in spec.treatments)}
        document["controls"] = _those(plan, spec.controls, fresh.controls, taken)
        document["holidays"] = _those(plan, spec.holidays, fresh.holidays, taken)
        notes += _told(before, (*document["controls"], *document["holidays"]), "control")
    return (ModelSpec.model_validate(document), tuple(notes)) if notes else (spec, ())


def follows(plan: Plan, spec: ModelSpec) -> bool:
    """Whether the specification has just what the plan says."""
    named = ([c.name for c in spec.channels], [*spec.controls, *spec.holidays])
    return plan.target == spec.kpi.column and all(
        set(a) == set(b) for a, b in zip(named, (plan.channels, plan.controls), strict=True)
    )


def _those(plan: Plan, now: tuple[str, ...], fresh: tuple[str, ...], taken: set[str]) -> tuple[str, ...]:
    """What the plan names of those that are in, and what it brings."""
    return (*(c for c in now if c in plan.controls), *(c for c in fresh if c not in taken))


def _told(before: tuple[str, ...], after: tuple[str, ...], what: str) -> list[str]:
    gone = ", ".join(map(f.plain, sorted(set(before) - set(after))))
    new = ", ".join(map(f.plain, sorted(set(after) - set(before))))
    told = [f"Left out as the plan no longer has the {what}: {gone}."] if gone else []
    return [*told, *([f"Taken in as the plan has the {what}: {new}."] if new else [])]
