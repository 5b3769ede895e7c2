"""Model phase, the agent for diagnostics: whether the fit can be read, and what to do where it cannot."""

from mmm_core.agents.workflow.desk import Desk
from mmm_core.agents.workflow.model import priors
from mmm_core.agents.workflow.state import Decided, State, Step, plain
from mmm_core.domain.checks import Check, Status
from mmm_core.domain.results import Results
from mmm_core.modeling.spec import ModelSpec, Sampling
from mmm_core.use_cases import baselines, fits

CONVERGENCE = ("rhat", "ess_bulk", "ess_tail", "divergences", "energy")
LONGER = 2
LONGEST_DRAWS, LONGEST_TUNE = 10_000, 5_000
MOST_FITS = 2
"""After so many the next step is a person's: more of the same rarely helps."""
KEPT = "The analysis goes on with the model as it is; its failed checks stand in the report."


def judge(desk: Desk, state: State) -> Step:
    services, actor, run_id = desk.services, desk.actor, state["run_id"]
    results = fits.get_results(services, actor, run_id)
    against = (
        baselines.against_model(services, actor, state["project_id"], results) if state.get("baseline_id") else None
    )
    facts = _facts(results)
    decided = [Decided(results.verdict, "The verdict of the results.")]
    if against:
        decided.append(Decided(against, "The baseline that was agreed on beside the model's."))
    failed = _failed(results)
    if not failed:
        decided.append(
            Decided(
                "The chains agree well enough: the fit is taken over.",
                _said(results, CONVERGENCE) or "No check of them failed.",
            )
        )
        return Step({"question": None}, facts, tuple(decided))
    why = " ".join(c.message for c in failed)
    if state.get("auto"):
        # Whoever is not there to be asked gets the fit that was asked for, and its checks say what it is worth.
        decided.append(Decided("The fit did not converge and is kept as it was asked for.", why))
        return Step({"question": None}, facts, tuple(decided))
    spec = ModelSpec.from_yaml(state["spec"])
    longer = spec.model_copy(update={"sampling": _longer(spec.sampling)})
    if state.get("fits", 0) >= MOST_FITS:
        decided.append(Decided("A person decides how to go on: longer fits have not converged.", why))
        text = "Two fits have not converged; fit once more, longer still?"
    else:
        decided.append(Decided("A longer fit is proposed.", why))
        text = f"The chains have not converged; fit again with {longer.sampling.draws} draws each?"
    asked = priors.question(
        desk, state, longer, text=text, lead=tuple(f"{c.status}: {c.message}" for c in failed), rejected=KEPT
    )
    return Step({"question": plain(asked), "spec": longer.to_yaml()}, facts, tuple(decided), closes=False)


def _longer(sampling: Sampling) -> Sampling:
    draws = min(LONGER * sampling.draws, LONGEST_DRAWS)
    return sampling.model_copy(update={"draws": draws, "tune": min(LONGER * sampling.tune, LONGEST_TUNE)})


def _failed(results: Results) -> list[Check]:
    return [c for c in results.checks if c.id in CONVERGENCE and c.status is Status.FAIL]


def _said(results: Results, ids: tuple[str, ...]) -> str:
    return " ".join(c.message for c in results.checks if c.id in ids)


def _facts(results: Results) -> dict[str, object]:
    fit = results.fit
    return {
        "r2": fit.r2,
        "mape": fit.mape,
        "rhat_max": fit.rhat_max,
        "ess_bulk_min": fit.ess_bulk_min,
        "divergences": fit.divergences,
        "verdict": results.verdict,
        "failed": [c.message for c in results.checks if c.status is Status.FAIL],
        "review": [c.message for c in results.checks if c.status is Status.REVIEW],
        "channels": {
            c.channel: {
                "share": c.contribution_share.p50,
                "roi": c.roi.p50 if c.roi else None,
                "evidence": c.evidence.value,
                "action": c.action.value,
            }
            for c in results.channels
        },
        "baseline_share": results.baseline_share.p50,
    }
