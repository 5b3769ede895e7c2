"""The planning conversation: questions one at a time, a draft plan that fills, and its writing down (P2).

The draft belongs to the conversation. The project's plan and its diagram change in
``planning_writing.write_down`` alone, which a person calls after having seen what it will do.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from mmm_core.domain.errors import BadInput, Conflict, NotFound
from mmm_core.domain.identity import Actor, TeamRole
from mmm_core.domain.plan_talk import DraftPlan, Hypothesis, PlanTalk, Suggestion, TalkStatus, Topic, Turn, Voice
from mmm_core.domain.ports import Services, Work
from mmm_core.domain.project import Plan, PlanStatus
from mmm_core.reports import plan_words
from mmm_core.use_cases import experience, planning_offers, planning_reading
from mmm_core.use_cases.access import require
from mmm_core.use_cases.experience import Lesson
from mmm_core.use_cases.planning_draft import ONE, answered_with, cleaned, of_plan, sentence, with_suggestion
from mmm_core.use_cases.planning_gaps import Gap, gaps
from mmm_core.use_cases.planning_known import Known, known
from mmm_core.use_cases.planning_reading import Said, Word

LONGEST = 4000
"""Characters of one message."""
MOST_TURNS = 300
MOST_REMARKS = 2
"""Contradictions pointed out after one answer; the others stand beside the draft."""
RULES = "rules"
TALK = "talk a plan over"
NEEDS_LESSONS = (Topic.PRECEDENTS, Topic.DATA_NEEDED, Topic.EXPERIMENTS)
ORDER = tuple(Topic)


@dataclass(frozen=True)
class Asked:
    """What is asked now and what the product proposes as the answer."""

    talk: PlanTalk
    known: Known
    offers: tuple[Suggestion, ...]
    gaps: tuple[Gap, ...]
    lessons: tuple[Lesson, ...]
    """Earlier models, where the question is about them."""


def latest(services: Services, actor: Actor, project_id: str) -> PlanTalk | None:
    with services.work(actor) as work:
        return work.plan_talks.latest(project_id)


def get(services: Services, actor: Actor, talk_id: str) -> PlanTalk:
    with services.work(actor) as work:
        return work.plan_talks.get(talk_id)


def begin(services: Services, actor: Actor, project_id: str) -> PlanTalk:
    """Open a conversation from what the plan holds already; the open one where there is one."""
    require(actor, TeamRole.ANALYST, TALK)
    with services.work(actor) as work:
        last = work.plan_talks.latest(project_id)
        if last is not None and last.status is TalkStatus.OPEN:
            return last
        project, plan = work.projects.get(project_id), work.projects.latest_plan(project_id)
        draft = of_plan(plan) if plan else DraftPlan()
        draft = replace(draft, question=draft.question or project.question)
        now = services.now()
        made = PlanTalk(
            services.new_id(), project_id, 0, TalkStatus.OPEN, Topic.QUESTION, draft,
            (Turn(Voice.ASSISTANT, plan_words.GREETING, now, RULES), _question(services, Topic.QUESTION, draft)),
            (), actor.name, now, now,
        )  # fmt: skip
        work.plan_talks.add(made)
    return made


def asked(services: Services, actor: Actor, talk: PlanTalk) -> Asked:
    """Worked out anew each time: the data or an earlier model may have changed since the question was put."""
    with services.work(actor) as work:
        what = known(work, talk.project_id)
        lessons = _lessons(work, talk) if talk.topic in NEEDS_LESSONS else []
    offers = planning_offers.offers(talk.topic, what, talk.draft, lessons) if talk.topic else ()
    return Asked(talk, what, offers, gaps(what, talk.draft), tuple(lessons))


def lessons(services: Services, actor: Actor, talk: PlanTalk) -> list[Lesson]:
    """Earlier models for the plan as it stands in the draft."""
    with services.work(actor) as work:
        return _lessons(work, talk)


def offered(what: Known, talk: PlanTalk, topic: Topic, found: Sequence[Lesson]) -> tuple[Suggestion, ...]:
    """What the product proposes for another part than the one that is asked about."""
    return planning_offers.offers(topic, what, talk.draft, found)


def hypothesis_of(now: Asked, text: str) -> Hypothesis:
    """A typed line as an arrow, or as the sentence that it is."""
    return planning_reading.hypothesis(text, now.known, now.talk.draft.target)


def give(
    services: Services,
    actor: Actor,
    talk: PlanTalk,
    *,
    texts: Sequence[str] = (),
    picked: Sequence[Suggestion] = (),
    spoken: bool = False,
) -> PlanTalk:
    """Answer the question that is asked; what it was answered with takes the place of the draft's part.

    Parameters
    ----------
    spoken
        Whether the person's words stand in the conversation already.
    """
    require(actor, TeamRole.ANALYST, TALK)
    topic = opened(talk)
    if topic is None:
        raise Conflict("Every question is answered; change the draft itself.")
    draft = answered_with(talk.draft, topic, texts, picked)
    words = () if spoken else (_by_person(services, actor, talk, sentence(topic, draft)),)
    answered = tuple(dict.fromkeys((*talk.answered, topic)))
    moved = replace(talk, draft=draft, turns=(*talk.turns, *words), answered=answered)
    with services.work(actor) as work:
        what = known(work, talk.project_id)
        before = {g.key for g in gaps(what, talk.draft)}
        fresh = [g for g in gaps(what, draft) if g.key not in before][:MOST_REMARKS]
        remarks = tuple(Turn(Voice.ASSISTANT, g.text, services.now(), RULES, topic) for g in fresh)
        return kept(services, work, _onward(services, replace(moved, turns=(*moved.turns, *remarks))))


def skip(services: Services, actor: Actor, talk: PlanTalk, *, spoken: bool = False) -> PlanTalk:
    """Leave the part as it is and go on."""
    require(actor, TeamRole.ANALYST, TALK)
    topic = opened(talk)
    if topic is None:
        return talk
    turns = talk.turns if spoken else (*talk.turns, _by_person(services, actor, talk, "Skip"))
    answered = tuple(dict.fromkeys((*talk.answered, topic)))
    with services.work(actor) as work:
        return kept(services, work, _onward(services, replace(talk, turns=turns, answered=answered)))


def turn_to(services: Services, actor: Actor, talk: PlanTalk, topic: Topic | None) -> PlanTalk:
    """Ask about another part; None goes to the end."""
    require(actor, TeamRole.ANALYST, TALK)
    opened(talk)
    question = _question(services, topic, talk.draft)
    with services.work(actor) as work:
        return kept(services, work, replace(talk, topic=topic, turns=(*talk.turns, question), options=()))


def back(services: Services, actor: Actor, talk: PlanTalk) -> PlanTalk:
    """The question before this one; the first stays the first."""
    place = ORDER.index(talk.topic) if talk.topic else len(ORDER)
    return turn_to(services, actor, talk, ORDER[max(0, place - 1)])


def edit(services: Services, actor: Actor, talk: PlanTalk, draft: DraftPlan) -> PlanTalk:
    """The draft as a person changed it beside the conversation."""
    require(actor, TeamRole.ANALYST, TALK)
    opened(talk)
    with services.work(actor) as work:
        return kept(services, work, replace(talk, draft=cleaned(draft)))


def leave(services: Services, actor: Actor, talk: PlanTalk) -> PlanTalk:
    """End it without writing anything; what was said stays."""
    require(actor, TeamRole.ANALYST, TALK)
    opened(talk)
    with services.work(actor) as work:
        return kept(services, work, replace(talk, status=TalkStatus.LEFT))


def say(services: Services, actor: Actor, talk: PlanTalk, text: str) -> PlanTalk:
    """A typed answer, read by rules; what they cannot read is asked back."""
    said = heard(text)
    return understood(services, actor, spoken(services, actor, talk, said), said)


def spoken(services: Services, actor: Actor, talk: PlanTalk, said: str) -> PlanTalk:
    """Keep what the person said, before anybody answers."""
    require(actor, TeamRole.ANALYST, TALK)
    opened(talk)
    turn = _by_person(services, actor, talk, said)
    with services.work(actor) as work:
        return kept(services, work, replace(talk, turns=(*talk.turns, turn), options=()))


def told(services: Services, actor: Actor, talk: PlanTalk, turn: Turn, options: Sequence[str] = ()) -> PlanTalk:
    """Keep what the assistant said."""
    opened(talk)
    with services.work(actor) as work:
        return kept(services, work, replace(talk, turns=(*talk.turns, turn), options=tuple(options)))


def understood(services: Services, actor: Actor, talk: PlanTalk, said: str, note: str = "") -> PlanTalk:
    """Read what the person just said by rules, and go on; ``note`` says why rules and no language model."""
    require(actor, TeamRole.ANALYST, TALK)
    if note:
        talk = _answer(services, actor, talk, note)
    now = asked(services, actor, talk)
    if talk.topic is None:
        return _answer(services, actor, talk, "Every question is answered: change the draft, or write it down.")
    proposed = [s.text for s in now.offers if s.advised]
    read = planning_reading.read(talk.topic, said, now.known, proposed, talk.draft.target)
    return _follow(services, actor, now, read)


def heard(text: str) -> str:
    """BadInput for a message that is empty or far too long."""
    said = text.strip()
    if not said:
        raise BadInput("Type an answer first.")
    if len(said) > LONGEST:
        raise BadInput(f"A message has at most {LONGEST:,} characters; this one has {len(said):,}.")
    return said


# ---- what a model proposes ------------------------------------------------------------------------------------------


def suggest(services: Services, actor: Actor, talk: PlanTalk, found: Sequence[Suggestion]) -> PlanTalk:
    """Keep what a language model proposes beside the draft, for a person to take, change or drop."""
    require(actor, TeamRole.ANALYST, TALK)
    opened(talk)
    waiting = {s.key: s for s in (*talk.suggested, *found)}
    with services.work(actor) as work:
        return kept(services, work, replace(talk, suggested=tuple(waiting.values())[-40:]))


def take(services: Services, actor: Actor, talk: PlanTalk, chosen: dict[str, str]) -> PlanTalk:
    """Put proposals into the draft, each with the text that the person left it with; the others are dropped."""
    require(actor, TeamRole.ANALYST, TALK)
    opened(talk)
    draft, parts = talk.draft, []
    with services.work(actor) as work:
        what = known(work, talk.project_id)
        for one in talk.suggested:
            text = chosen.get(one.key, "").strip()
            if text:
                draft = with_suggestion(draft, one, text[: planning_reading.LONGEST], what)
                parts.append(one.topic)
        answered = tuple(dict.fromkeys((*talk.answered, *parts)))
        texts = [chosen[s.key].strip() for s in talk.suggested if chosen.get(s.key, "").strip()]
        words = f"Taken into the draft: {'; '.join(texts)}" if texts else "None of these"
        turns = (*talk.turns, _by_person(services, actor, talk, words))
        moved = replace(talk, draft=cleaned(draft), suggested=(), turns=turns, answered=answered, options=())
        return kept(services, work, replace(moved, topic=_next(moved, talk.topic)))


# ---- parts ----------------------------------------------------------------------------------------------------------


def _follow(services: Services, actor: Actor, now: Asked, read: Said) -> PlanTalk:
    talk = now.talk
    if read.word is Word.SKIP:
        return skip(services, actor, talk, spoken=True)
    if read.word is Word.BACK:
        return back(services, actor, talk)
    if read.word is Word.WHY:
        reasons = [f"{s.text}: {s.why}" for s in now.offers if s.why][:6]
        assert talk.topic is not None
        return _answer(services, actor, talk, "\n".join([plan_words.WHY[talk.topic], *reasons]))
    if read.question:
        return _answer(services, actor, talk, read.question)
    if read.word is Word.YES:
        advised = [s for s in now.offers if s.advised]
        if talk.topic in ONE:
            advised = advised[:1]
        if not advised:
            return _answer(services, actor, talk, "Nothing is proposed here to say yes to; answer in your own words.")
        return give(services, actor, talk, texts=[s.text for s in advised], picked=advised, spoken=True)
    arrows = [Suggestion(h.text, Topic.HYPOTHESES, h.text, arrow=h) for h in read.arrows]
    return give(services, actor, talk, texts=read.texts, picked=arrows, spoken=True)


def _answer(services: Services, actor: Actor, talk: PlanTalk, text: str) -> PlanTalk:
    return told(services, actor, talk, Turn(Voice.ASSISTANT, text, services.now(), RULES, talk.topic))


def _by_person(services: Services, actor: Actor, talk: PlanTalk, text: str) -> Turn:
    return Turn(Voice.PERSON, text[:LONGEST], services.now(), actor.name, talk.topic)


def _onward(services: Services, talk: PlanTalk) -> PlanTalk:
    topic = _next(talk, talk.topic)
    return replace(talk, topic=topic, turns=(*talk.turns, _question(services, topic, talk.draft)), options=())


def _next(talk: PlanTalk, topic: Topic | None) -> Topic | None:
    """The next part in order that nobody has answered; None where every one is."""
    place = ORDER.index(topic) if topic else len(ORDER)
    return next((t for t in (*ORDER[place:], *ORDER[:place]) if t not in talk.answered), None)


def _question(services: Services, topic: Topic | None, draft: DraftPlan) -> Turn:
    words = plan_words.ask(topic, draft.target) if topic else plan_words.DONE
    return Turn(Voice.ASSISTANT, words, services.now(), RULES, topic)


def _lessons(work: Work, talk: PlanTalk) -> list[Lesson]:
    draft = talk.draft
    like = Plan("", talk.project_id, 0, "", draft.target, draft.channels, draft.controls, (), (), (), PlanStatus.DRAFT)
    here = experience.here_of(work, talk.project_id, like)
    return experience.lessons(work, here) if here else []


def opened(talk: PlanTalk) -> Topic | None:
    """The topic of a conversation that goes on; Conflict where it has ended."""
    if talk.status is not TalkStatus.OPEN:
        raise Conflict("This conversation has ended; start a new one.")
    if len(talk.turns) >= MOST_TURNS:
        raise Conflict("This conversation is full; write the draft down, or start anew.")
    return talk.topic


def kept(services: Services, work: Work, talk: PlanTalk) -> PlanTalk:
    """Keep the next state; refused where somebody else was faster."""
    moved = replace(talk, number=talk.number + 1, changed_at=services.now())
    if talk.project_id != work.plan_talks.get(talk.id).project_id:
        raise NotFound("There is no such conversation here; it may have been removed.")
    work.plan_talks.put(moved)
    return moved
