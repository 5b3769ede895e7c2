"""Code on a project's data, step by step, behind the runner's walls; variables stay for the next step (A5)."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from mmm_core.domain.code import CodeLimits, CodeStatus, Program
from mmm_core.domain.errors import BadInput
from mmm_core.domain.identity import Actor, TeamRole
from mmm_core.domain.ports import Services
from mmm_core.domain.runtime_tools import CodeSession, CodeStep
from mmm_core.use_cases.access import require
from mmm_core.use_cases.programs import KEPT_BYTES, LONGEST_SOURCE, STEP, parsed
from mmm_core.use_cases.runtime_tools import newest_table, runner_of

MOST_STEPS = 50
"""Of a session; older ones are dropped from the record, their variables stay."""
SHOWN = 5_000
"""Characters of what a step printed that are kept."""


def run_step(services: Services, actor: Actor, project_id: str, source: str) -> CodeStep:
    """Run one step: it sees ``data``, ``np``, ``pd`` and what earlier steps left; the last expression is its answer."""
    require(actor, TeamRole.ANALYST, "run code")
    runner = runner_of(services)
    code = source.strip()
    if not code or len(code) > LONGEST_SOURCE:
        raise BadInput(f"A step needs code of up to {LONGEST_SOURCE:,} characters.")
    parsed(code)
    with services.work(actor) as work:
        session = work.code.get(project_id)
        table = newest_table(work, project_id)
    arguments = {"source": code, "kept": session.kept, "room": KEPT_BYTES}
    outcome = runner.run(Program(STEP, {"data": table}, arguments, CodeLimits(result_bytes=4 * KEPT_BYTES)))
    answer: Mapping[str, Any] = outcome.result if isinstance(outcome.result, dict) else {}
    done = outcome.status is CodeStatus.DONE and isinstance(answer.get("kept"), dict)
    kept = dict(answer["kept"]) if done else session.kept
    step = CodeStep(
        source=code,
        output=outcome.output[:SHOWN],
        result=answer.get("result") if done else None,
        error=outcome.error if not done else "",
        names=tuple(sorted(kept)),
        lost=tuple(str(n) for n in answer.get("lost", ())) if done else (),
        seconds=outcome.seconds,
        at=services.now(),
    )
    with services.work(actor) as work:
        now = work.code.get(project_id)
        work.code.put(replace(now, steps=(*now.steps, step)[-MOST_STEPS:], kept=kept), services.now())
        ended = {"status": outcome.status.value, "seconds": round(outcome.seconds, 2), "error": step.error}
        work.audit.record("code.ran", project_id, {"code": code[:2000], **ended})
    return step


def get_session(services: Services, actor: Actor, project_id: str) -> CodeSession:
    with services.work(actor) as work:
        return work.code.get(project_id)


def end_session(services: Services, actor: Actor, project_id: str) -> None:
    """Forget the steps and their variables."""
    require(actor, TeamRole.ANALYST, "run code")
    with services.work(actor) as work:
        work.code.end(project_id)
        work.audit.record("code.ended", project_id)
