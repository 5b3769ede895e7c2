"""Data phase: what is in the table, what is mended, what is let stand, and the specification that follows."""

from mmm_core.agents.workflow.desk import Desk, asked_again, next_key
from mmm_core.agents.workflow.state import Decided, State, Step, plain, question_of
from mmm_core.domain.dataset import DatasetVersion, RecipeStep, Role
from mmm_core.domain.errors import CarryoverError
from mmm_core.domain.words import counted
from mmm_core.domain.workflow import Gate, Input, Question, Verdict
from mmm_core.modeling.spec import ModelSpec
from mmm_core.reports import wording as f
from mmm_core.use_cases import datasets, mending, models

REJECTED = "The data stay as they are and nothing is fitted; mend them on the Data page and run the analysis again."
STUCK = "Nothing can be fitted to data like these: mend them on the Data page and run the analysis again."
UNSURE = 0.6
"""Confidence below which a column's role is told as a guess."""
MOST_TOLD = 12


def load(desk: Desk, state: State) -> Step:
    now = datasets.load_working(desk.services, desk.actor, state["version_id"])
    version = now.version
    geo = now.recognition.one(Role.GEO)
    facts = {
        "file": version.filename,
        "version": version.number,
        "periods": version.periods,
        "first_period": str(version.first_period),
        "last_period": str(version.last_period),
        "rows": len(now.frame),
        "columns": len(now.frame.columns),
        "geos": int(now.frame[geo].nunique()) if geo and geo in now.frame else 1,
        "recipe": [s.label for s in version.recipe],
    }
    read = Decided(
        f"Read {version.filename}: {version.periods} periods, "
        f"{f.day(version.first_period)} to {f.day(version.last_period)}.",
        f"The newest data of the project, version {version.number}.",
    )
    revised = version.restatement.revised_cells if version.restatement else 0
    told = (
        Decided(f"{revised} values of earlier periods were revised.", "Compared with the version before."),
    ) if revised else ()  # fmt: skip
    return Step({}, facts, (read, *told))


def profile(desk: Desk, state: State) -> Step:
    now = datasets.load_working(desk.services, desk.actor, state["version_id"])
    roles = now.recognition
    spend = {r.channel or r.column: float(now.frame[r.column].sum()) for r in roles.roles if r.role is Role.SPEND}
    total = sum(spend.values())
    facts = {
        "shape": roles.shape.value,
        "period_days": roles.frequency_days,
        "kpi": roles.one(Role.KPI) or "",
        "spend_share": {c: s / total for c, s in spend.items()} if total > 0 else {},
        "controls": list(roles.columns(Role.CONTROL)),
        "holidays": list(roles.columns(Role.HOLIDAY)),
        "organic": list(roles.columns(Role.ORGANIC)),
    }
    guessed = [r for r in roles.roles if r.confidence < UNSURE and r.role is not Role.IGNORE][:MOST_TOLD]
    decided = [
        Decided(f"{r.column} is taken for {r.role.value}; correct it on the Data page.", r.reason) for r in guessed
    ]
    decided += [Decided(note, "Recognised in the file.") for note in roles.notes[:MOST_TOLD]]
    return Step({}, facts, tuple(decided))


def validate(desk: Desk, state: State) -> Step:
    """Ask where something is to be mended, waived or known; clean data go on."""
    mended = mending.preview(desk.services, desk.actor, state["version_id"])
    facts = {
        "status": mended.report.status.value,
        "fixes": [x.label for x in mended.fixes],
        "failing": [c.message for c in mended.failing],
        "review": [c.message for c in mended.reviewed],
    }
    if state.get("auto") and mended.failing:
        # Nobody is asked, and a failed check is never waived for somebody: the sentence says what is left.
        version = _mend(desk, "unwaived", state["version_id"], mended)
        datasets.ensure_usable(version)
    if stuck := [c for c in mended.failing if not c.waivable]:
        sentence = f"{stuck[0].message} {STUCK}"
        kept = Decided(f"Stopped: {stuck[0].message}", "No approval can let this stand.")
        return Step({"question": None, "stopped": sentence, "leads_to": "data"}, facts, (kept,))
    if not (mended.fixes or mended.failing or mended.reviewed):
        clean = Decided("Every check of the data passed; nothing is asked.", f"{len(mended.report.checks)} checks.")
        return Step({"question": None}, facts, (clean,))
    return Step({"question": plain(_question(state, mended))}, facts, closes=False)


def decide(desk: Desk, state: State) -> Step:
    answer = desk.ask(state)
    key = next_key(state, Gate.DATA)
    if answer.verdict is Verdict.REJECT:
        sentence = f"{answer.by} did not accept the data: {answer.reason} {REJECTED}"
        return Step({"question": None, "stopped": sentence, "leads_to": "data"})
    mended = mending.preview(desk.services, desk.actor, state["version_id"])
    left_out = set(answer.edits.get("leave", ()))
    fixes = tuple(x for x in mended.fixes if x.label not in left_out)
    version = _mend(desk, key, state["version_id"], mended, keep=fixes)
    after = {c.id: c for c in version.report.blocking if c.waivable}
    shown: list[str] = next((i.value for i in question_of(state["question"] or {}).inputs if i.name == "waive"), [])
    waived = [i for i in after if i in answer.edits.get("waive", shown)] if answer.reason else []
    who = desk.person(answer)
    for check in waived:
        desk.once(
            f"{key}:waive:{check}", f"Let the check {check} stand",
            lambda s, a, c=check: datasets.waive(s, a, version.id, c, answer.reason).id, by=who,  # type: ignore[misc]
        )  # fmt: skip
    decided = [Decided(x.label, x.reason or "Recommended by a check.") for x in fixes]
    decided += [Decided(f"Left as it is: {label}", f"{answer.by}: {answer.reason}") for label in sorted(left_out)]
    decided += [Decided(f"Waived: {after[c].message}", f"{answer.by}: {answer.reason}") for c in waived]
    update: State = {"version_id": version.id, "question": None}
    try:
        with desk.services.work(desk.actor) as work:
            datasets.ensure_usable(work.datasets.get(version.id))
    except CarryoverError as problem:
        again = mending.preview(desk.services, desk.actor, version.id)
        update["question"] = plain(_question(asked_again(state, Gate.DATA), again, str(problem)))
        return Step(update, {}, tuple(decided), closes=False)
    return Step(update, {"status": version.report.status.value}, tuple(decided))


def _mend(
    desk: Desk, key: str, version_id: str, mended: mending.Mended, *, keep: tuple[RecipeStep, ...] | None = None
) -> DatasetVersion:
    fixes = [x for x in mended.fixes if keep is None or x in keep]
    # Done again after a crash, the fixes are no longer recommended: the note says which version they gave.
    if fixes or desk.done(f"{key}:mend"):
        version_id = desk.once(
            f"{key}:mend", "Made the fixes: " + "; ".join(x.label for x in fixes),
            lambda s, a: mending.mend(s, a, version_id, fixes).id,
        )  # fmt: skip
    with desk.services.work(desk.actor) as work:
        return work.datasets.get(version_id)


def _question(state: State, mended: mending.Mended, problem: str = "") -> Question:
    failing = mended.failing
    count = f"{len(failing)} failed check{'' if len(failing) == 1 else 's'}"
    periods = mended.version.periods
    evidence = [f"Fix: {x.label}." if not x.label.endswith(".") else f"Fix: {x.label}" for x in mended.fixes]
    evidence += [f"FAIL: {c.message}" for c in failing] + [f"REVIEW: {c.message}" for c in mended.reviewed]
    labels = tuple(dict.fromkeys(x.label for x in mended.fixes))
    ids = tuple(dict.fromkeys(c.id for c in failing if c.waivable))
    inputs: tuple[Input, ...] = (Input("leave", "Fixes to leave out", "choices", [], labels),) if labels else ()
    if ids:
        called = {c.id: c.title for c in failing}
        inputs = (*inputs, Input("waive", "Failed checks to let stand", "choices", list(ids), ids, called))
    return Question(
        key=next_key(state, Gate.DATA),
        gate=Gate.DATA,
        text=f"Let {count} stand and model these {periods} periods?" if failing else f"Model these {periods} periods?",
        evidence=tuple(evidence),
        rejected=REJECTED,
        inputs=inputs,
        subject={"version": mended.version.id},
        needs_reason=bool(failing),
        problem=problem,
    )


def choose(desk: Desk, state: State) -> Step:
    """The specification: the person's own, else one suggested from plan and data."""
    given = state.get("given_spec")
    if given:
        found = models.given_spec(desk.services, desk.actor, state["project_id"], ModelSpec.from_yaml(given))
    else:
        found = models.suggest_spec(desk.services, desk.actor, state["project_id"])
    spec = found.spec
    facts = {
        "channels": [c.name for c in spec.channels],
        "controls": list(spec.controls),
        "holidays": list(spec.holidays),
        "treatments": [t.column for t in spec.treatments],
        "season_terms": spec.season.yearly_terms,
        "trend": spec.trend.kind,
    }
    why = "A given specification." if given else "Rule of the suggestion, from plan and data."
    entered = Decided(
        f"{counted(len(spec.channels), 'channel')}, {f.around(spec.controls, spec.holidays)}, "
        f"{f.inside(spec.trend.kind)} trend and {f.waves(spec.season.yearly_terms)} enter the model.",
        why,
    )
    return Step({"spec": spec.to_yaml()}, facts, (entered, *(Decided(n, why) for n in found.notes)), closes=False)
