"""From a figure as it was shown to the stored metrics that it may be, and from a metric back to its file."""

from collections.abc import Sequence

from mmm_core.agents.tools.kinds import Context, Result, Sheet, name, sheet_of
from mmm_core.agents.tools.written import written
from mmm_core.domain.errors import NotFound
from mmm_core.domain.fit import Run
from mmm_core.domain.report import Fact, LineageStep
from mmm_core.domain.results import Results
from mmm_core.reports import wording
from mmm_core.reports.number_names import PARTS, called
from mmm_core.use_cases import fits

MOST = 6
MOST_OF_A_KIND = 30
LIKELY = ("roi", "contribution", "contribution_share", "spend", "marginal_roi")
"""What a person means first, where several metrics show the same figure."""


def matching(figure: str, facts: list[Fact], results: Results) -> list[Fact]:
    """Stored metrics that the figure may be, most likely first."""
    text = figure.strip()
    exact = [f for f in facts if f.key == text]
    if exact:
        return exact
    read = written(text)
    if read is None:
        return []
    units = _units(read.unit, results)
    of_unit = [f for f in facts if not units or f.unit in units]
    return sorted((f for f in of_unit if any(_shows(f, *value) for value in read.values)), key=_rank)


def _units(said: str, results: Results) -> tuple[str, ...]:
    if said == "money":
        return ("money", "price", *(("kpi",) if results.is_revenue else ()))
    return ("count", "weeks") if said == "count" else (said,) if said else ()


def _shows(fact: Fact, value: float, half: float) -> bool:
    size = fact.value * (100 if fact.unit == "share" else 1)
    return abs(size - value) <= half * (1 + 1e-9) + 1e-9


def _rank(fact: Fact) -> tuple[int, int, str]:
    parts = fact.key.split(".")
    metric = next((LIKELY.index(p) for p in parts if p in LIKELY), len(LIKELY))
    return (0 if parts[-1] in ("p50", "mean") or parts[-1] not in PARTS else 1, metric, fact.key)


def where_from(context: Context, figure: str) -> Result:
    """The metric behind a figure with its lineage; a question where it may be several."""
    run = context.run()
    results = context.results()
    facts = list(fits.get_facts(context.services, context.actor, run.id))
    stored = {f.key for f in facts}
    # What was worked out in this talk comes second: the same figure on a page is a stored metric.
    found = matching(figure, facts, results) or matching(
        figure, [f for f in context.told if f.key not in stored], results
    )
    if not found:
        raise NotFound(
            f"No number of {name(run.name)} shows as {name(figure)}. Say it as it stands on the page, with its unit."
        )
    sheet = sheet_of(results)
    if len(found) > 1:
        options = tuple(f"{called(f.key)} ({f.key})" for f in found[:MOST])
        said = [{"metric": f.key, "is": called(f.key), "shows": sheet.of(f)} for f in found[:MOST]]
        question = f"{name(figure)} may be several numbers. Which one do you mean?"
        return sheet.result({"may_be": said}, question=question, options=options, lineage_of=run.id)
    return _traced(context, found[0], sheet, run, worked_out=found[0].key not in stored)


def _traced(context: Context, fact: Fact, sheet: Sheet, run: Run, *, worked_out: bool) -> Result:
    with context.services.work(context.actor) as work:
        steps = work.graph.lineage("model", run.id)
    said = {
        "metric": fact.key,
        "worked_out": f"It was worked out in this conversation from {name(run.name)}." if worked_out else "",
        "is": called(fact.key),
        "shows": sheet.of(fact),
        "exact": sheet.n(f"{fact.key}.exact", fact.value, "number"),
        "computed_from": by_kind(steps),
    }
    return sheet.result(said, lineage_of=run.id)


def by_kind(steps: Sequence[LineageStep]) -> dict[str, list[str]]:
    """What a number was made from in the words of the pages, nearest first, the things of one kind together."""
    out: dict[str, list[str]] = {}
    columns = [step.label for step in steps if step.kind == "variable"]
    for step in steps:
        of_kind = out.setdefault(wording.kind(step.kind), [])
        when = f" ({wording.day(step.at)})" if step.at and step.kind not in ("variable", "feature_decision") else ""
        column = step.kind == "variable"
        label = wording.plain(step.label) if column else wording.dated(wording.named(step.label, columns))
        if len(of_kind) < MOST_OF_A_KIND:
            of_kind.append(f"{name(label)}{when}")
    return out
