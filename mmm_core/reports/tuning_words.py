"""A tuning session in words: its roles, verdicts, and how it ended."""

from mmm_core.domain.tuning import TuningRole

ROLES = {
    TuningRole.SCIENTIST.value: "Data scientist",
    TuningRole.GUARD.value: "Methodology guard",
    TuningRole.ANALYST.value: "Business analyst",
    TuningRole.EXECUTIVE.value: "Executive",
    TuningRole.PERSON.value: "Person",
}
VERDICTS = {
    "passed": "lets it through",
    "rejected": "rejects it",
    "better": "keeps it",
    "set aside": "sets it aside",
    "approved": "approves",
}
ENDS = {
    "converged": "Converged: the score reached its goal.",
    "limit": "Ended at the limit of proposals.",
    "exhausted": "Ended: nobody had an idea left.",
    "person": "Ended by a person's decision.",
    "stopped": "Stopped by a person.",
}
ASSISTANTS = {
    "rules": "Rules propose and decide; no language model is set.",
    "language model": "A language model proposes and argues; rules guard, measure and decide.",
}
LEAD = (
    "Four roles tune a specification: a data scientist proposes, a methodology guard checks, a business analyst holds "
    "each trial against what is plausible, an executive approves. Adstock and saturation family, likelihood, target "
    "and holdout are protected. Every figure comes from small fits; nothing changes until you take the result over."
)
