"""``mmm whatif``: a question in words, the changes as understood, and what they bring beside today's plan."""

import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from mmm_core.domain.errors import BadInput, PlanError
from mmm_core.domain.identity import Actor
from mmm_core.domain.instructions import Change, Reading
from mmm_core.domain.planning import PlanOutcome
from mmm_core.domain.ports import Services
from mmm_core.domain.results import Results
from mmm_core.reports import change_words
from mmm_core.reports import wording as f
from mmm_core.use_cases import fits, projects, sentences


def run(wanted: str, sentence: str, periods: int, as_json: bool) -> bool:
    """Print the answer; False where something has to be asked back."""
    from server.local import local_services

    with local_services() as (services, actor):
        return answer(services, actor, wanted, sentence, periods, as_json)


def answer(services: Services, actor: Actor, wanted: str, sentence: str, periods: int, as_json: bool) -> bool:
    project = projects.find_project(services, actor, wanted)
    newest = fits.latest_done(services, actor, project.id)
    if newest is None:
        raise BadInput(f"{project.name} has no fitted model yet; fit one on its Model page first.")
    response = fits.load_fitted(services, actor, newest.id).response
    results = fits.get_results(services, actor, newest.id)
    reading = sentences.read(response, results, sentence, (), periods)
    if reading.question is not None:
        return _ask(reading, sentence, as_json)
    one = sentences.applied(response, results, reading.changes, response.current_plan(periods))
    found = sentences.answer(response, one)
    if as_json:
        _print_json(sentence, reading.changes, found, results)
    else:
        print("\n".join(_lines(reading.changes, found, results)))  # noqa: T201
    return True


def _ask(reading: Reading, sentence: str, as_json: bool) -> bool:
    if not as_json:
        choices = f" ({' / '.join(reading.options)})" if reading.options else ""
        raise PlanError(f"{reading.question}{choices}")
    out = {"sentence": sentence, "question": reading.question, "options": list(reading.options), "changes": []}
    sys.stdout.write(json.dumps(out, indent=2, ensure_ascii=False) + "\n")
    return False


def _print_json(sentence: str, changes: tuple[Change, ...], found: sentences.Answer, results: Results) -> None:
    out = {
        "sentence": sentence,
        "changes": [{"change": type(c).__name__.lower(), **asdict(c)} for c in changes],
        "currency": results.currency,
        "kpi": results.kpi,
        "periods": found.outcome.plan.periods,
        "today": _outcome(found.today),
        "plan": _outcome(found.outcome),
        "against_today": asdict(found.outcome.against_current),
        "probability_better": found.outcome.probability_better,
    }
    sys.stdout.write(json.dumps(out, indent=2, ensure_ascii=False) + "\n")


def _outcome(one: PlanOutcome) -> dict[str, Any]:
    return {
        "spend": one.plan.spend,
        "total_spend": one.total_spend,
        "kpi": asdict(one.kpi),
        "roi": asdict(one.roi) if one.roi else None,
    }


def _lines(changes: tuple[Change, ...], found: sentences.Answer, results: Results) -> list[str]:
    write = f.kpi_writer(results)
    now, then = found.today, found.outcome
    money: Callable[[float | None], str] = lambda v: f.money(v, results.currency)  # noqa: E731
    lines = ["Understood (read by rules, no language model):"]
    lines += [f"  {change_words.said(c, results.currency)}" for c in changes]
    rows = [(f"over {f.periods(then.plan.periods, results.period_days)}", "today", "this plan", "difference")]
    for name in sorted(then.plan.spend, key=lambda n: -now.plan.spend[n]):
        a, b = now.plan.spend[name], then.plan.spend[name]
        if abs(a - b) > 0.5:
            rows.append((f"  {f.plain(name)}", money(a), money(b), f.signed(b - a, money)))
    rows.append(
        ("spend", money(now.total_spend), money(then.total_spend), f.signed(then.total_spend - now.total_spend, money))
    )
    rows.append(
        ("brought by media", write(now.kpi.mean), write(then.kpi.mean), f.signed(then.against_current.mean, write))
    )
    if now.roi and then.roi:
        rows.append(("return", f.times(now.roi.p50), f.times(then.roi.p50), ""))
    widest = [max(len(r[n]) for r in rows) for n in range(4)]
    lines += ["", *(f"{r[0]:<{widest[0]}}  " + "  ".join(f"{r[n]:>{widest[n]}}" for n in (1, 2, 3)) for r in rows)]
    gain = then.against_current
    same = abs(then.total_spend - now.total_spend) < 0.5 and abs(gain.mean) < 1e-9
    if same:
        return [*lines, "", "That is today's plan."]
    lines += ["", f"90% interval of the difference: {f.signed(gain.p5, write)} to {f.signed(gain.p95, write)}; "
              f"brings more than today's plan with a probability of {f.chance(then.probability_better)}."]  # fmt: skip
    return lines
