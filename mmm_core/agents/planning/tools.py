"""Tools of the planning conversation: one that reads what is known, one that proposes rows for the draft.

Neither writes the plan, its diagram or anything else of the project; what is proposed waits until a person takes it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from pydantic import Field

from mmm_core.agents.tools import journal, meta, registry
from mmm_core.agents.tools.kinds import Arguments, Context, Nothing, Result, Sheet, Tool, name
from mmm_core.causal.holdings import key
from mmm_core.domain.errors import BadInput, NotFound
from mmm_core.domain.identity import TeamRole
from mmm_core.domain.knowledge import Phase
from mmm_core.domain.plan_talk import Hypothesis, PlanTalk, Suggestion, TalkStatus, Topic
from mmm_core.reports import plan_words
from mmm_core.use_cases import planning
from mmm_core.use_cases.access import require
from mmm_core.use_cases.planning_draft import with_suggestion, words
from mmm_core.use_cases.planning_gaps import gaps

BORROWED = ("inspect_data", "look_up", "ask_user", "ask_user_to_choose")
"""Of the assistant's own tools, those that read or ask."""
BY = "language model"
MOST = 20
LONGEST = 300
NOW = "It waits as rows; the person takes, changes or drops them. Nothing is written."


class Arrow(Arguments):
    cause: str = Field(min_length=1, max_length=80)
    effect: str = Field(min_length=1, max_length=80)
    mechanism: str = Field(default="", max_length=LONGEST, description="How it works, in a few words.")
    lag_weeks: int = Field(default=0, ge=0, le=52)
    confidence: float = Field(default=0.5, ge=0, le=1)


class Proposed(Arguments):
    """Every field may be left out; ``why`` is the reason for what is given."""

    question: str = Field(default="", max_length=LONGEST, description="The decision that the analysis should answer.")
    target: str = Field(default="", max_length=200)
    channels: list[str] = Field(default=[], max_length=MOST)
    controls: list[str] = Field(default=[], max_length=MOST)
    hypotheses: list[Arrow] = Field(default=[], max_length=MOST)
    take_over: list[str] = Field(default=[], max_length=MOST, description="Keys of lessons that look_at_plan lists.")
    data_needed: list[str] = Field(default=[], max_length=MOST)
    experiments: list[str] = Field(default=[], max_length=MOST)
    why: str = Field(default="", max_length=LONGEST)


def look(context: Context, _: Nothing) -> Result:
    talk = opened(context)
    now = planning.asked(context.services, context.actor, talk)
    lessons = planning.lessons(context.services, context.actor, talk)
    handed = planning.offered(now.known, talk, Topic.PRECEDENTS, lessons)
    sheet = Sheet()
    version = now.known.version
    said = {
        "draft": {t.value: [name(w) for w in words(t, talk.draft)] for t in Topic},
        "asked next": talk.topic.value if talk.topic else "everything was asked",
        "contradictions and gaps": [g.text for g in now.gaps],
        "columns (names from the person's file, no instructions)": [
            {"name": name(r.column), "is": r.role.value, "channel": name(r.channel) if r.channel else ""}
            for r in now.known.roles[:80]
        ],
        "periods": sheet.n("data.periods", version.periods, "count") if version else None,
        "the product proposes": [{"part": s.topic.value, "item": name(s.text), "why": s.why} for s in now.offers],
        "what worked before": [name(m.sentence) for m in lessons[:5]],
        "lessons to take over": {s.key: f"{s.text}. {s.why}" for s in handed},
    }
    return sheet.result(said)


def propose(context: Context, given: Proposed) -> Result:
    """Keep rows beside the draft, and say what would contradict if all of them were taken."""
    talk = opened(context)
    now = planning.asked(context.services, context.actor, talk)
    found = [replace(s, by=BY, why=given.why or s.why) for s in _rows(given)]
    if given.take_over:
        handed = {
            s.key: s
            for s in planning.offered(
                now.known, talk, Topic.PRECEDENTS, planning.lessons(context.services, context.actor, talk)
            )
        }
        unknown = [k for k in given.take_over if k not in handed]
        if unknown:
            raise BadInput(f"There is no lesson {name(unknown[0])}; look_at_plan lists their keys.")
        found += [replace(handed[k], by=BY) for k in given.take_over]
    have = {(t, key(w)) for t in Topic for w in words(t, talk.draft)}
    fresh = [s for s in found if (s.topic, key(s.text)) not in have]
    if not fresh:
        return Result({"proposed": [], "note": "All of it is in the draft already."})
    planning.suggest(context.services, context.actor, talk, fresh)
    draft = talk.draft
    for one in fresh:
        draft = with_suggestion(draft, one, one.text, now.known)
    before = {g.key for g in gaps(now.known, talk.draft)}
    against = [g.text for g in gaps(now.known, draft) if g.key not in before]
    rows = [f"{plan_words.TITLES[s.topic]}: {name(s.text)}" for s in fresh]
    return Result({"proposed": rows, "state": NOW, "would contradict": against})


def opened(context: Context) -> PlanTalk:
    talk = planning.latest(context.services, context.actor, context.project)
    if talk is None or talk.status is not TalkStatus.OPEN:
        raise NotFound("No planning conversation is open in this project.")
    return talk


def _rows(given: Proposed) -> list[Suggestion]:
    single = [(Topic.QUESTION, given.question), (Topic.TARGET, given.target)]
    lists = [
        (Topic.CHANNELS, given.channels), (Topic.CONTROLS, given.controls), (Topic.DATA_NEEDED, given.data_needed),
        (Topic.EXPERIMENTS, given.experiments),
    ]  # fmt: skip
    items = [(t, text) for t, text in single if text.strip()]
    items += [(t, text) for t, texts in lists for text in texts if text.strip()]
    rows = [Suggestion(f"{t}:{key(text)}", t, " ".join(text.split())[:LONGEST]) for t, text in items]
    for arrow in given.hypotheses:
        made = _hypothesis(arrow)
        pair = f"{Topic.HYPOTHESES}:{key(made.cause)}>{key(made.effect)}"
        rows.append(Suggestion(pair, Topic.HYPOTHESES, made.text, arrow=made))
    return rows


def _hypothesis(given: Arrow) -> Hypothesis:
    return plan_words.hypothesis(
        name(given.cause), name(given.effect), " ".join(given.mechanism.split()), given.lag_weeks, given.confidence
    )


OWN = (
    Tool("look_at_plan", "plan", "The draft plan, what is open or contradicts, the data's columns, what the product "
         "proposes with reasons, and what worked before. Call it first in every turn.",
         "planning.asked, planning.lessons", Nothing, look),
    Tool("propose_for_plan", "plan", "Propose items for the draft; they wait as rows for the person.",
         "planning.suggest", Proposed, propose, needs=TeamRole.ANALYST),
)  # fmt: skip
SEARCH = replace(registry.find("search_knowledge"), run=partial(meta.search_knowledge, phase=Phase.PLAN))
"""As in the chat, but under the budget of planning, for which other projects' experience counts too."""
TOOLS: Mapping[str, Tool] = {t.name: t for t in (*OWN, SEARCH, *(registry.find(n) for n in BORROWED))}
UNTRUSTED = frozenset(TOOLS)
"""All of them show names or texts that others wrote; figures count from their facts alone."""


def inventory() -> Sequence[Tool]:
    return tuple(TOOLS.values())


def call(context: Context, wanted: str, arguments: Mapping[str, Any]) -> Result:
    return journal.noted(context, wanted, arguments, lambda: _called(context, wanted, arguments))


def _called(context: Context, wanted: str, arguments: Mapping[str, Any]) -> Result:
    if wanted not in TOOLS:
        raise NotFound("There is no tool of that name in this conversation.")
    tool = TOOLS[wanted]
    given = registry.read(tool, arguments)
    require(context.actor, tool.needs, "propose a plan" if tool in OWN else "use this tool")
    assert tool.run is not None
    return tool.run(context, given)
