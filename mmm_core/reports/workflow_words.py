"""The workflow in words: its phases, what it asks about, and how it stands."""

from mmm_core.domain.workflow import Gate, Phase, Stage, WorkflowStatus

PHASES = {
    Phase.PLAN: "Plan",
    Phase.DATA: "Data",
    Phase.MODEL: "Model",
    Phase.INTERPRET: "Interpret",
}
STAGES = {
    Stage.PLANNING: "Planning",
    Stage.LOADING: "Loading the data",
    Stage.PROFILING: "Looking at what is in them",
    Stage.VALIDATION: "Checking the data",
    Stage.FEATURES: "Choosing what enters the model",
    Stage.ADSTOCK: "A first look, and what is believed before the fit",
    Stage.FITTING: "Fitting the model",
    Stage.EVALUATION: "Judging the fit",
    Stage.BUDGET: "Finding a better budget",
    Stage.REPORT: "Writing the report",
}
SHORT = {
    Stage.PLANNING: "Planning",
    Stage.LOADING: "Loading",
    Stage.PROFILING: "Profiling",
    Stage.VALIDATION: "Validation",
    Stage.FEATURES: "Features",
    Stage.ADSTOCK: "Adstock",
    Stage.FITTING: "Fitting",
    Stage.EVALUATION: "Evaluation",
    Stage.BUDGET: "Budget",
    Stage.REPORT: "Report",
}
GATES = {
    Gate.PLAN: "Plan",
    Gate.DATA: "Data",
    Gate.BASELINE: "Baseline",
    Gate.FIT: "Fit",
    Gate.BUDGET: "Budget",
    Gate.PUBLICATION: "Publication",
    Gate.TUNING: "Tuning",
}
STATUS = {
    WorkflowStatus.QUEUED: "waits for a worker",
    WorkflowStatus.RUNNING: "is at work",
    WorkflowStatus.WAITING: "waits for an answer",
    WorkflowStatus.DONE: "is done",
    WorkflowStatus.STOPPED: "was stopped at a checkpoint",
    WorkflowStatus.FAILED: "failed",
    WorkflowStatus.CANCELLED: "was cancelled",
}
