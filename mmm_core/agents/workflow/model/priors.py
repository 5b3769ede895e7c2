"""Model phase, the agent for priors: what is believed before the data speak, a first look, and the fit's question."""

from mmm_core.agents.workflow.desk import Desk, next_key
from mmm_core.agents.workflow.state import Decided, State, Step, plain
from mmm_core.domain.errors import CarryoverError
from mmm_core.domain.workflow import Gate, Input, Question
from mmm_core.modeling.implied import PriorPicture
from mmm_core.modeling.spec import Adstock, ModelSpec, Saturation
from mmm_core.reports import wording as f
from mmm_core.use_cases import fit_times, models

REJECTED = (
    "Nothing is fitted: the first look stands. Change the specification on the Model page and run the analysis again."
)
MOST_DRAWS, MOST_CHAINS = 10_000, 16


def look(desk: Desk, state: State) -> Step:
    """Check the specification, simulate its priors, and fit a ridge regression: seconds, and marked as such."""
    services, actor, project_id = desk.services, desk.actor, state["project_id"]
    spec = ModelSpec.from_yaml(state["spec"])
    picture = models.check_spec(services, actor, project_id, spec)
    first = models.first_look(services, actor, project_id, spec)
    share = picture.media_share
    facts = {
        "adstock": spec.adstock.value,
        "saturation": spec.saturation.value,
        "max_lag": spec.max_lag,
        "media_share_before": {"p5": share.p5, "p50": share.p50, "p95": share.p95},
        "first_look": {
            "r2": first.r2,
            "holdout_mape": first.holdout_mape,
            "media_share": first.media_share,
            "mean_lag": {c.channel: c.mean_lag for c in first.channels},
            "warnings": list(first.warnings),
        },
    }
    slowest = max(first.channels, key=lambda c: c.mean_lag)
    decided = (
        Decided(
            f"{spec.adstock.value.capitalize()} adstock over up to {spec.max_lag} periods, "
            f"{spec.saturation.value} saturation.",
            f"In the first look {f.plain(slowest.channel)} works longest: {slowest.mean_lag:.1f} periods on average.",
        ),
        Decided(_before(spec, picture), "Priors follow each channel's spend and a plausible range for all media."),
        *(Decided(w, first.note) for w in first.warnings),
    )
    return Step({}, facts, decided)


def ask(desk: Desk, state: State) -> Step:
    """Put the question of the fit, with its expected time."""
    return Step({"question": plain(question(desk, state, ModelSpec.from_yaml(state["spec"])))}, closes=False)


def question(
    desk: Desk, state: State, spec: ModelSpec, *, text: str = "", lead: tuple[str, ...] = (), rejected: str = REJECTED,
    problem: str = "",
) -> Question:  # fmt: skip
    expected = fit_times.expected(desk.services, desk.actor, state["project_id"], spec)
    rests = f"set right by {expected.fits} earlier fits" if expected.fits else "from benchmarks"
    first = state.get("facts", {}).get("adstock", {}).get("first_look", {})
    picture = models.check_spec(desk.services, desk.actor, state["project_id"], spec)
    sampling = spec.sampling
    evidence = [
        *lead,
        f"It will take about {f.duration(expected.seconds)} on a machine like this one ({rests}).",
        _before(spec, picture),
        f"{spec.adstock.value.capitalize()} adstock, {spec.saturation.value} saturation, {spec.trend.kind} trend, "
        f"{f.waves(spec.season.yearly_terms)}, {f.around(spec.controls, spec.holidays)}.",
    ]
    if first:
        evidence.append(f"The first look explains {f.share(first['r2'])} of {f.inside(spec.kpi.column)}.")
    return Question(
        key=next_key(state, Gate.FIT),
        gate=Gate.FIT,
        text=text or f"Fit {len(spec.channels)} channels with {sampling.chains} chains of {sampling.draws} draws?",
        evidence=tuple(evidence),
        rejected=rejected,
        inputs=(
            Input("draws", "Draws per chain", "whole", sampling.draws, low=50, high=MOST_DRAWS),
            Input("chains", "Chains", "whole", sampling.chains, low=1, high=MOST_CHAINS),
            Input("adstock", "Memory", "choice", spec.adstock.value, tuple(a.value for a in Adstock)),
            Input("saturation", "Saturation", "choice", spec.saturation.value, tuple(s.value for s in Saturation)),
            Input("max_lag", "Longest memory, periods", "whole", spec.max_lag, low=1, high=52),
        ),
        subject={"version": state["version_id"], **({"run": state["run_id"]} if state.get("run_id") else {})},
        problem=problem,
    )


def edited(spec: ModelSpec, edits: dict[str, object]) -> ModelSpec:
    """The specification with a person's changes."""
    document = spec.model_dump(mode="json")
    sampling = {k: v for k, v in edits.items() if k in ("draws", "chains")}
    document["sampling"] |= sampling
    document |= {k: v for k, v in edits.items() if k not in sampling}
    return ModelSpec.model_validate(document)


def usable(desk: Desk, state: State, spec: ModelSpec) -> str:
    """Why a changed specification cannot be fitted; empty where it can."""
    try:
        models.check_spec(desk.services, desk.actor, state["project_id"], spec)
    except CarryoverError as problem:
        return str(problem)
    return ""


def _before(spec: ModelSpec, picture: PriorPicture) -> str:
    share = picture.media_share
    return f"Before the data speak, media bring {share.p5:.0%} to {share.p95:.0%} of {spec.kpi.column}."
