"""Tools about the talk itself: questions back to the person, notes, what is known, and the inventory."""

from pydantic import Field

from mmm_core.agents.tools.kinds import Arguments, Context, Nothing, Result, Tool, name
from mmm_core.domain.errors import BadInput
from mmm_core.domain.knowledge import Phase
from mmm_core.use_cases import knowledge, reports, retrieval


class Question(Arguments):
    question: str = Field(max_length=500)


class Choices(Question):
    options: list[str] = Field(min_length=2, max_length=6)


class Wanted(Arguments):
    question: str = Field(max_length=500, description="What to look for, in words.")


def ask_user(context: Context, given: Question) -> Result:
    return Result({"asked": given.question}, question=given.question)


def ask_user_to_choose(context: Context, given: Choices) -> Result:
    options = tuple(dict.fromkeys(name(o) for o in given.options if o.strip()))
    if len(options) < 2:
        raise BadInput("Give at least two different answers to choose from.")
    return Result({"asked": given.question}, question=given.question, options=options)


def search_knowledge(context: Context, given: Wanted, phase: Phase = Phase.CHAT) -> Result:
    found = retrieval.retrieve(context.services, context.actor, given.question, phase, project_id=context.project_id)
    return Result({"found": found.text or "Nothing is kept about this."})


def list_notes(context: Context, _: Nothing) -> Result:
    kept = knowledge.list_kept(context.services, context.actor, context.project, ("note", "decision"), 20)
    return Result({"notes": [{"title": name(d.title), "text": d.body[:300], "kind": d.kind} for d in kept]})


def list_reports(context: Context, _: Nothing) -> Result:
    found = reports.list_reports(context.services, context.actor, context.project)
    return Result({"reports": [{"version": f"v{r.version}", "title": name(r.title)} for r in found[:20]]})


TOOLS = (
    Tool("ask_user", "meta", "Ask the person one question and wait for the answer; only where nothing else tells.",
         "the conversation itself", Question, ask_user),
    Tool("ask_user_to_choose", "meta", "The same with two to six answers to choose from.",
         "the conversation itself", Choices, ask_user_to_choose),
    Tool("search_knowledge", "meta", "What is kept about a subject: notes, decisions, earlier models, research.",
         "retrieval.retrieve", Wanted, search_knowledge),
    Tool("get_analysis_history", "meta", "Notes and decisions of the project, newest first.",
         "knowledge.list_kept", Nothing, list_notes),
    Tool("list_reports", "meta", "Published reports.", "reports.list_reports", Nothing, list_reports),
)  # fmt: skip
