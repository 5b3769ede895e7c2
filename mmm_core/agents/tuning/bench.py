"""What every step of a session stands on: its inputs, the trials it had run, and the best of them."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from mmm_core.agents.tuning.state import Plain, Step, TuningState
from mmm_core.agents.workflow.desk import Desk
from mmm_core.data import read
from mmm_core.domain.errors import BadInput
from mmm_core.domain.study import Study
from mmm_core.domain.tuning import Context, TuningOptions
from mmm_core.domain.workflow import Event
from mmm_core.modeling.spec import ModelSpec
from mmm_core.studies import trial
from mmm_core.studies.tuning import scoring
from mmm_core.studies.tuning.guard import Bounds
from mmm_core.studies.tuning.scoring import Findings, Score
from mmm_core.use_cases import studies, tuning
from mmm_core.use_cases.datasets import working_table

Work = Callable[["Bench", TuningState], Step]
CHANGED = "The data changed while the session ran, so its trials cannot be compared any more; start a new session."


@dataclass(frozen=True)
class Bench:
    desk: Desk

    @property
    def options(self) -> TuningOptions:
        found = self.desk.workflow.options.tuning
        assert found is not None
        return found

    @property
    def context(self) -> Context:
        return self.options.context

    def start(self) -> ModelSpec:
        return ModelSpec.from_yaml(self.desk.workflow.options.spec_yaml or "")

    def bounds(self, state: TuningState) -> Bounds:
        def made() -> Bounds:
            with self.desk.services.work(self.desk.actor) as work:
                version = work.datasets.get(state["version_id"])
            return tuning.bounds(version, self.start(), self.context)

        return self.desk.keep("bounds", made)

    def table(self, state: TuningState) -> bytes:
        def made() -> bytes:
            with self.desk.services.work(self.desk.actor) as work:
                return read.to_parquet(working_table(work, work.datasets.get(state["version_id"])))

        return self.desk.keep("table", made)

    # ---- trials -----------------------------------------------------------------------------------------------------

    def ask_trial(self, spec: ModelSpec, number: int, *, full: bool) -> Study:
        """The study of a specification, written once whatever happens to this process."""
        project_id, options = self.desk.workflow.project_id, tuning.trial_options(self.options, full=full)
        study_id = self.desk.once(
            f"trial:{number}", f"Asked for trial {number}" if number else "Asked for the trial of the baseline",
            lambda s, a: studies.create_study(s, a, project_id, trial.KIND.name, spec=spec, options=options).id,
        )  # fmt: skip
        self.desk.found["trial"] = study_id
        return studies.get_study(self.desk.services, self.desk.actor, study_id)

    def fingerprint(self, version_id: str) -> str:
        with self.desk.services.work(self.desk.actor) as work:
            version = work.datasets.get(version_id)
        recipe = [[s.step, s.arguments] for s in version.recipe]
        return hashlib.sha256(json.dumps([version_id, version.content_hash, recipe], default=str).encode()).hexdigest()

    def same_data(self, state: TuningState, study: Study) -> None:
        if study.dataset_version_id != state["version_id"] or self.fingerprint(state["version_id"]) != state["data"]:
            raise BadInput(CHANGED)

    def findings(self, study_id: str) -> Findings:
        def made() -> Findings:
            with self.desk.services.work(self.desk.actor) as work:
                found = {s.step.name: s.result for s in work.studies.steps(study_id)}
            return scoring.findings(found[trial.FIT] or {}, found[trial.HOLDOUT] or {})

        return self.desk.keep(f"trial {study_id}", made)

    def best(self, state: TuningState) -> tuple[ModelSpec, Findings, Score]:
        spec = ModelSpec.from_yaml(state["best"])
        found = self.findings(state["best_trial"])
        return spec, found, scoring.score(found, spec, self.context)


def measured(found: Findings, score: Score) -> Plain:
    """What a trial found, as the history keeps it."""
    return {
        "score": score_document(score),
        "holdout_error": found.mape,
        "holdout_r2": found.r2,
        "failed": [c.title for c in found.failed],
        "open": [c.title for c in (*found.checks, *found.ahead) if c.status.value != "PASS"],
        "channels": {name: dict(one) for name, one in found.channels.items()},
    }


def score_document(score: Score) -> Plain:
    return {**asdict(score), "assumed": list(score.assumed)}


def node(bench: Bench, name: str, work: Work) -> Callable[[TuningState], Plain]:
    """A step as a node of the graph: its lines are written once, under keys that a repetition shares."""

    def run(state: TuningState) -> Plain:
        visit = int(state.get("visits", {}).get(name, 0)) + 1
        bench.desk.check()
        step = work(bench, state)
        iteration = step.update.get("iteration", state.get("iteration", 0))
        events = []
        for n, told in enumerate(step.told):
            role = told.role.value if told.role else ""
            detail: dict[str, Any] = {"what": told.what, "role": role, "iteration": iteration, **told.detail}
            events.append(
                Event(f"{name}:{visit}:{n}", told.kind, None, told.text, reason=told.reason, detail=detail, by=role)
            )
        bench.desk.record(None, events)
        return {**step.update, "visits": {name: visit}}

    return run
