"""Data phase, its end: what the KPI would have been without media, agreed on before any model."""

from mmm_core.agents.workflow.desk import Desk, asked_again, next_key
from mmm_core.agents.workflow.state import Decided, State, Step, plain
from mmm_core.domain.baseline import Baseline, BaselineMethod, BaselineStatus
from mmm_core.domain.errors import Conflict, DataError
from mmm_core.domain.workflow import Gate, Input, Question, Verdict
from mmm_core.reports import baseline_words as words
from mmm_core.use_cases import baselines

METHODS = (BaselineMethod.REGRESSION, BaselineMethod.MEDIAN, BaselineMethod.MEAN)
"""In the order in which they are proposed: the one first that takes off what is left of media."""
REJECTED = (
    "The next method is proposed; when all are rejected, the model is fitted without a baseline to be held against."
)
LAST = "It was the last method: the model is fitted without a baseline to be held against."
WITH, WITHOUT = "with season", "without season"


def propose(desk: Desk, state: State) -> Step:
    """The approved baseline of these data, else the first method that nobody has rejected."""
    services, actor = desk.services, desk.actor
    with services.work(actor) as work:
        content = work.datasets.get(state["version_id"]).content_hash
    approved = baselines.approved_baseline(services, actor, state["project_id"])
    if approved and approved.content_hash == content:
        known = Decided(
            "The approved baseline of these data stands.", f"{approved.decided_by}: {approved.decision_reason}"
        )
        return Step({"baseline_id": approved.id, "question": None}, _facts(approved), (known,))
    tried = list(state.get("methods_tried", []))
    missed: list[Decided] = []
    for method in METHODS:
        if method.value in tried:
            continue
        tried.append(method.value)
        try:
            found = _estimated(desk, state, method, seasonal=True)
        except (Conflict, DataError) as reason:
            missed.append(Decided(f"No baseline by {method.value}.", str(reason)))
            continue
        update: State = {
            "baseline_id": found.id,
            "methods_tried": tried,
            "question": plain(_question(state, found, tried)),
        }
        return Step(update, _facts(found), tuple(missed), closes=False)
    without = Decided("The model is fitted without an agreed baseline.", "No method is left to propose.")
    return Step({"baseline_id": "", "methods_tried": tried, "question": None}, {"agreed": False}, (*missed, without))


def decide(desk: Desk, state: State) -> Step:
    answer = desk.ask(state)
    key, who, baseline_id = next_key(state, Gate.BASELINE), desk.person(answer), state["baseline_id"]
    reason = answer.reason or "Approved in the analysis."
    if answer.verdict is Verdict.REJECT:
        desk.once(
            f"{key}:reject", "Rejected the baseline",
            lambda s, a: baselines.reject_baseline(s, a, baseline_id, reason).id, by=who,
        )  # fmt: skip
        said = Decided(f"{answer.by} rejected this baseline; the next method follows.", answer.reason)
        return Step({"question": None, "baseline_id": ""}, {}, (said,), closes=False)
    if answer.verdict is Verdict.EDIT:
        return _changed(desk, state, answer.edits)
    desk.once(
        f"{key}:approve", "Approved the baseline",
        lambda s, a: baselines.approve_baseline(s, a, baseline_id, reason).id, by=who,
    )  # fmt: skip
    with desk.services.work(desk.actor) as work:
        found = work.baselines.get(baseline_id)
    return Step({"question": None}, _facts(found), (Decided(f"{answer.by} agreed on the baseline.", reason),))


def _changed(desk: Desk, state: State, edits: dict[str, str]) -> Step:
    """Another method gives other numbers, so that it is asked about anew."""
    with desk.services.work(desk.actor) as work:
        before = work.baselines.get(state["baseline_id"]).estimate
    method = BaselineMethod(edits.get("method", before.method.value))
    seasonal = edits.get("season", WITH if before.seasonal else WITHOUT) == WITH
    later = asked_again(state, Gate.BASELINE)
    tried = [*state.get("methods_tried", []), method.value]
    try:
        found = _estimated(desk, later, method, seasonal=seasonal)
    except (Conflict, DataError) as problem:
        with desk.services.work(desk.actor) as work:
            same = work.baselines.get(state["baseline_id"])
        return Step({"question": plain(_question(later, same, tried, str(problem)))}, {}, closes=False)
    update: State = {"baseline_id": found.id, "methods_tried": tried, "question": plain(_question(later, found, tried))}
    return Step(update, _facts(found), closes=False)


def _estimated(desk: Desk, state: State, method: BaselineMethod, *, seasonal: bool) -> Baseline:
    version_id = state["version_id"]
    key = f"estimate:{next_key(state, Gate.BASELINE)}:{method.value}"
    made = desk.once(
        key, f"Estimated the baseline by {method.value}",
        lambda s, a: baselines.estimate_baseline(s, a, version_id, method, seasonal=seasonal).id,
    )  # fmt: skip
    with desk.services.work(desk.actor) as work:
        return work.baselines.get(made)


def _question(state: State, found: Baseline, tried: list[str], problem: str = "") -> Question:
    open_ones = [m for m in METHODS if m.value not in tried]
    methods = tuple(m.value for m in METHODS)
    return Question(
        key=next_key(state, Gate.BASELINE),
        gate=Gate.BASELINE,
        text="Agree on this baseline?",
        evidence=(words.summary(found), words.basis(found)),
        rejected=REJECTED if open_ones else LAST,
        inputs=(
            Input(
                "method", "Method", "choice", found.estimate.method.value, methods,
                {m.value: words.METHODS[m] for m in METHODS},
            ),
            Input("season", "Yearly season", "choice", WITH if found.estimate.seasonal else WITHOUT, (WITH, WITHOUT)),
        ),
        subject={"baseline": found.id, "version": found.dataset_version_id},
        problem=problem,
    )  # fmt: skip


def _facts(found: Baseline) -> dict[str, object]:
    share = found.estimate.share
    return {
        "baseline_method": found.estimate.method.value,
        "baseline_share": {"mean": share.mean, "p5": share.p5, "p95": share.p95},
        "agreed": found.status is BaselineStatus.APPROVED,
    }
