"""A session carried out in this process from beginning to end: what ``mmm tune`` does."""

from collections.abc import Callable
from dataclasses import replace

from langgraph.checkpoint.memory import InMemorySaver

from mmm_core.agents.workflow.drive import Hands, drive
from mmm_core.agents.workflow.here import Ask, Said, Say, doer
from mmm_core.domain.identity import Actor
from mmm_core.domain.ports import Services
from mmm_core.domain.tuning import TuningOptions
from mmm_core.domain.workflow import Event, EventKind, Question, Verdict, Workflow
from mmm_core.modeling.spec import ModelSpec
from mmm_core.use_cases import approvals, tuning, workflows

UNATTENDED = "Nobody attends: the session ends with the best so far."


def tune_here(
    services: Services,
    actor: Actor,
    project_id: str,
    spec: ModelSpec,
    context: str,
    options: TuningOptions,
    *,
    ask: Ask | None,
    say: Say,
) -> workflows.Watch:
    """Run a session to its end.

    Parameters
    ----------
    ask
        Puts the question of a third rejection to the person; None where nobody attends: the session ends then.
    """
    session = tuning.create(services, actor, project_id, spec, context, options)
    hands = Hands(respond=_responder(services, actor, ask), carry_out=doer(services, actor, say), tell=_teller(say))
    drive(services, session, actor.organisation_id, InMemorySaver(), session.id, hands)
    return workflows.watch(services, actor, session.id)


def _responder(services: Services, actor: Actor, ask: Ask | None) -> Callable[[Workflow, Question], None]:
    def respond(workflow: Workflow, question: Question) -> None:
        said = ask(question) if ask else Said(Verdict.REJECT, UNATTENDED)
        who = actor if ask else replace(actor, name="unattended")
        approvals.record_answer(services, who, workflow.id, question.key, said.verdict, said.reason, said.edits or {})

    return respond


def _teller(say: Say) -> Callable[[Event], None]:
    def tell(event: Event) -> None:
        if event.kind in (EventKind.DECISION, EventKind.STATUS):
            say(event.text)
            if event.reason:
                say(f"  {event.reason}")

    return tell
