"""The planning conversation in words: its questions, what each part of a plan is called, and arrows as sentences."""

from mmm_core.domain.plan_talk import Hypothesis, Topic
from mmm_core.reports import wording as f

TITLES = {
    Topic.QUESTION: "Question",
    Topic.TARGET: "Target",
    Topic.CHANNELS: "Channels",
    Topic.CONTROLS: "Controls",
    Topic.HYPOTHESES: "Hypotheses",
    Topic.PRECEDENTS: "From earlier models",
    Topic.DATA_NEEDED: "Data still needed",
    Topic.EXPERIMENTS: "Experiments worth running",
}
ASKS = {
    Topic.QUESTION: "Which decision should this analysis answer?",
    Topic.TARGET: "What should marketing move? That is the target.",
    Topic.CHANNELS: "Which channels are looked at?",
    Topic.CONTROLS: "What else moves {target}, whatever marketing does?",
    Topic.HYPOTHESES: "What do you believe causes what?",
    Topic.PRECEDENTS: "Which lessons of earlier models should this one start from?",
    Topic.DATA_NEEDED: "Which data are still missing?",
    Topic.EXPERIMENTS: "Which channels are worth an experiment?",
}
WHY = {
    Topic.QUESTION: "It decides what the report has to say in the end. One sentence is enough.",
    Topic.TARGET: "Everything a channel brings is counted in it.",
    Topic.CHANNELS: "Every channel that had money or reach belongs here: what is left out is credited to the others.",
    Topic.CONTROLS: "Price, weather, holidays, competitors: what moves sales and spend alike and is left out here is "
    "credited to media.",
    Topic.HYPOTHESES: "They become arrows of the causal diagram, which says what to hold still. Write one a line: "
    "“demand drives search”, “tv lifts search after 2 weeks”.",
    Topic.PRECEDENTS: "A model of another market is a wide starting point, never a finding about this one.",
    Topic.DATA_NEEDED: "The list goes into the plan, so that nobody forgets it. One a line.",
    Topic.EXPERIMENTS: "Where data alone cannot tell, a test can. One a line.",
}
NOTHING = {
    Topic.CONTROLS: "No controls",
    Topic.HYPOTHESES: "No hypotheses",
    Topic.PRECEDENTS: "Nothing from earlier models",
    Topic.DATA_NEEDED: "No data are missing",
    Topic.EXPERIMENTS: "No experiments",
}
"""How an empty answer reads."""
INVITATION = "Eight questions; answers are proposed from your data and from what worked before."
GREETING = "Eight questions make the plan. I propose answers; you decide, and nothing is written before you say so."
DONE = "That was all. Look at the draft, change what you like, then write it down as the plan."
ASK_PEOPLE = "What people believe a channel brings can be asked under a link: see the tab What people believe."
WRITTEN = "Plan {version} is written as a draft. An approver approves it at the top of this page."


def ask(topic: Topic, target: str) -> str:
    return ASKS[topic].format(target=f.inside(target) if target else "the KPI")


def arrow(cause: str, effect: str, mechanism: str = "", lag_weeks: int = 0) -> str:
    """Demand → Search: more people look for it, 2 weeks later."""
    how = f": {mechanism}" if mechanism else ""
    late = f", {lag_weeks} week{'' if lag_weeks == 1 else 's'} later" if lag_weeks else ""
    return f"{f.plain(cause)} → {f.plain(effect)}{how}{late}"


def hypothesis(
    cause: str, effect: str, mechanism: str = "", lag_weeks: int = 0, confidence: float = 0.5, evidence: str = ""
) -> Hypothesis:
    """An arrow with its sentence."""
    words = arrow(cause, effect, mechanism, lag_weeks)
    return Hypothesis(words, cause, effect, mechanism, lag_weeks, confidence, evidence)
