"""The use cases on the real database, with a queue that keeps what it is given and a fit that answers at once."""

import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import Engine

from db.shared_reports import PostgresSharedReports
from db.work import PostgresWork
from mmm_core.analysis import results as metrics
from mmm_core.data import quality, read, simulate
from mmm_core.domain.checks import CheckReport, Status
from mmm_core.domain.dataset import RecipeStep, Recognition, Role
from mmm_core.domain.errors import (
    BadInput,
    Cancelled,
    Conflict,
    DataError,
    NotAllowed,
    NotFound,
    PlanError,
    SpecError,
    Unavailable,
)
from mmm_core.domain.fit import Chunk, ModelData, Posterior, Progress, RunStatus
from mmm_core.domain.identity import Actor, TeamRole
from mmm_core.domain.ports import FitOutcome, Services
from mmm_core.domain.project import CausalEdge, PlanStatus, Project
from mmm_core.modeling import artifact, prepare, priors
from mmm_core.modeling.spec import ModelSpec
from mmm_core.modeling.transforms import media_parameters
from mmm_core.use_cases import datasets, fits, given_spec, models, plans, projects, reports, samples, what_if
from mmm_core.use_cases.datasets import Upload
from mmm_core.use_cases.execute import execute


@dataclass
class KeptQueue:
    jobs: list[str] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)
    down: bool = False

    def submit(self, actor: Actor, run_id: str, device: str) -> str:
        if self.down:
            raise Unavailable("The queue cannot be reached; try again in a moment.")
        self.jobs.append(run_id)
        return f"job-{run_id}"

    def submit_study(self, actor: Actor, study_id: str, device: str) -> str:
        return self.submit(actor, study_id, device)

    def submit_workflow(self, actor: Actor, workflow_id: str) -> str:
        return self.submit(actor, workflow_id, "cpu")

    def stop(self, job_id: str) -> None:
        self.stopped.append(job_id)

    def position(self, job_id: str) -> int | None:
        return self.jobs.index(job_id.removeprefix("job-"))

    def workers(self) -> int:
        return 1


class PriorFit:
    """Answers with draws from the prior: a posterior of the right shape without a sampler."""

    def run(
        self, spec_yaml: str, table: bytes, chunks: Sequence[Chunk], stop: Callable[[], bool]
    ) -> Iterator[Progress | Chunk | FitOutcome]:
        spec = ModelSpec.from_yaml(spec_yaml)
        data = prepare.prepare(read.from_parquet(table), spec)
        yield Chunk(Progress(0, 1, "sampling", 10, 100), b"state", b"draws")
        if stop():
            return
        posterior = prior_draws(spec, data)
        results = metrics.summarise(data, posterior, spec)
        yield FitOutcome(results, metrics.facts(results), artifact.dump(posterior))

    def export(self, spec_yaml: str, table: bytes, draws: bytes) -> bytes:
        return b"netcdf"


def prior_draws(spec: ModelSpec, data: ModelData) -> Posterior:
    rng = np.random.default_rng(1)
    resolved = priors.resolve(spec, data)
    names = media_parameters(spec.adstock, spec.saturation)
    draws = {n: resolved.media[n].sample(rng, 100).reshape(2, 50, -1) for n in names}
    draws["intercept_contribution"] = rng.normal(0.5, 0.01, (2, 50))
    draws["gamma_control"] = rng.normal(0, 0.01, (2, 50, data.linear.shape[-1]))
    draws["gamma_fourier"] = rng.normal(0, 0.01, (2, 50, data.fourier.shape[-1]))
    draws["y_sigma"] = np.full((2, 50), 0.05)
    return Posterior(spec.adstock.value, spec.saturation.value, spec.max_lag, draws)


@pytest.fixture
def services(engine: Engine) -> Services:
    return Services(
        work=lambda who: PostgresWork(engine, who),
        queue=KeptQueue(),
        fit_process=PriorFit(),
        shared_reports=PostgresSharedReports(engine),
        now=lambda: datetime.now(UTC),
        new_id=lambda: str(uuid.uuid4()),
    )


def csv(weeks: int = 110, seed: int = 5) -> bytes:
    return simulate.company("national", seed, weeks=weeks, channels=3).frame.to_csv(index=False).encode()


@pytest.fixture
def project(services: Services, actor: Actor) -> Project:
    return projects.create_project(services, actor, name=f"Acme {uuid.uuid4()}", question="What works?")


@pytest.fixture
def ready(services: Services, actor: Actor, project: Project) -> Project:
    """A project with data and an approved plan."""
    version = datasets.add_dataset(services, actor, project.id, [Upload(csv(), "acme.csv")])
    target, channels, controls = plans.plan_columns(version.recognition)
    plans.save_plan(services, actor, project.id, question="?", target=target, channels=channels, controls=controls)
    plans.approve_plan(services, actor, project.id)
    return project


def fitted(services: Services, actor: Actor, project: Project) -> str:
    spec = models.suggest_spec(services, actor, project.id).spec
    run = fits.request_fit(services, actor, project.id, spec)
    execute(services, actor, run.id)
    return run.id


def test_two_projects_of_one_name_are_refused(services: Services, actor: Actor, project: Project) -> None:
    with pytest.raises(BadInput, match="already a project"):
        projects.create_project(services, actor, name=project.name.upper())


def test_a_table_is_read_once_and_checked_once_per_state(
    services: Services, actor: Actor, project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = simulate.company("national", 3, weeks=120).frame
    content = frame.assign(twin=frame[frame.columns[2]], still=1.0).to_csv(index=False).encode()
    plain = datasets.add_dataset(services, actor, project.id, [Upload(content, "acme.csv")])
    wanted = datasets.apply_recommended(services, actor, plain.id)
    assert len(wanted.recipe) > len(plain.recipe), "something to mend is needed"
    checked: list[tuple[str, ...]] = []
    check = quality.check

    def counted(table: pd.DataFrame, recognition: Recognition) -> CheckReport:
        checked.append(tuple(table.columns))
        return check(table, recognition)

    monkeypatch.setattr(quality, "check", counted)
    monkeypatch.setattr(read, "read_table", Once(read.read_table))
    other = projects.create_project(services, actor, name=f"Other {uuid.uuid4()}")
    added = datasets.add_dataset(services, actor, other.id, datasets.open_files([Upload(content, "acme.csv")]))
    mended = datasets.apply_recommended(services, actor, added.id, report=added.report)
    assert (mended.report, mended.content_hash) == (wanted.report, wanted.content_hash)
    assert [s.label for s in mended.recipe] == [s.label for s in wanted.recipe]
    assert len(checked) == len(set(checked)) == 2


class Once:
    """A function that may be called one time."""

    def __init__(self, function: Callable[..., object]) -> None:
        self._function, self._called = function, False

    def __call__(self, *arguments: object, **named: object) -> object:
        assert not self._called
        self._called = True
        return self._function(*arguments, **named)


def test_a_viewer_changes_nothing(services: Services, actor: Actor, project: Project) -> None:
    viewer = replace(actor, role=TeamRole.VIEWER)
    with pytest.raises(NotAllowed, match="viewer"):
        projects.update_project(services, viewer, replace(project, name="Other"))
    with pytest.raises(NotAllowed, match="analyst"):
        datasets.add_dataset(services, viewer, project.id, [Upload(csv(), "a.csv")])
    with pytest.raises(NotAllowed, match="approver"):
        plans.approve_plan(services, replace(actor, role=TeamRole.ANALYST), project.id)


def test_data_are_kept_with_hash_roles_and_report(services: Services, actor: Actor, project: Project) -> None:
    version = datasets.add_dataset(services, actor, project.id, [Upload(csv(), "acme.csv")])
    assert version.recognition.one(Role.KPI) == "revenue"
    assert version.periods == 110
    assert len(version.content_hash) >= 32
    again = datasets.load_working(services, actor, version.id)
    assert read.content_hash(again.frame) == version.content_hash


def test_a_step_is_applied_undone_and_changes_the_hash(services: Services, actor: Actor, project: Project) -> None:
    before = datasets.add_dataset(services, actor, project.id, [Upload(csv(), "acme.csv")])
    column = before.recognition.columns(Role.CONTROL)[0]
    step = RecipeStep("drop_columns", {"columns": [column]}, f"Leave out {column}")
    after = datasets.apply_step(services, actor, before.id, step)
    assert column not in datasets.load_working(services, actor, after.id).frame.columns
    assert after.content_hash != before.content_hash
    assert datasets.undo_step(services, actor, after.id).content_hash == before.content_hash


def test_a_new_file_tells_what_was_restated(services: Services, actor: Actor, project: Project) -> None:
    datasets.add_dataset(services, actor, project.id, [Upload(csv(), "acme.csv")])
    frame = simulate.company("national", 5, weeks=110, channels=3).frame
    frame.loc[50, "revenue"] *= 1.5
    version = datasets.add_dataset(services, actor, project.id, [Upload(frame.to_csv(index=False).encode(), "v2.csv")])
    assert version.number == 2
    assert version.restatement is not None
    assert version.restatement.revised_cells == 1
    assert version.restatement.revised[0][0] == "revenue"


def test_twenty_weeks_block_the_fit_until_waived_with_a_reason(
    services: Services, actor: Actor, project: Project
) -> None:
    version = datasets.add_dataset(services, actor, project.id, [Upload(csv(20), "short.csv")])
    failed = [c.id for c in version.report.checks if c.status is Status.FAIL]
    assert "coverage" in failed
    with pytest.raises(DataError, match="cannot be modelled yet"):
        datasets.ensure_usable(version)
    with pytest.raises(BadInput, match="why"):
        datasets.waive(services, actor, version.id, "coverage", "  ")
    for check in failed:
        version = datasets.waive(services, actor, version.id, check, "a pilot")
    assert datasets.ensure_usable(version).report.blocking == ()


def test_nothing_is_fitted_under_an_undecided_plan(services: Services, actor: Actor, project: Project) -> None:
    datasets.add_dataset(services, actor, project.id, [Upload(csv(), "acme.csv")])
    spec = models.suggest_spec(services, actor, project.id).spec
    with pytest.raises(PlanError, match="Approve the plan"):
        fits.request_fit(services, actor, project.id, spec)
    assert plans.skip_plan(services, actor, project.id, "a quick look").status is PlanStatus.SKIPPED
    assert fits.request_fit(services, actor, project.id, spec).status is RunStatus.QUEUED


def test_a_specification_with_a_column_that_is_gone_is_refused(
    services: Services, actor: Actor, ready: Project
) -> None:
    spec = models.suggest_spec(services, actor, ready.id).spec
    gone = spec.model_copy(update={"controls": ("weather",)})
    with pytest.raises(SpecError, match="weather"):
        fits.request_fit(services, actor, ready.id, gone)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"treatments": ({"column": "discount"},)}, "names discount, which the data does not have"),
        (
            {"lift_tests": ({"start": "2031-01-06", "end": "2031-02-03", "lift": 1.0, "standard_error": 1.0},)},
            "outside",
        ),
    ],
)
def test_a_specification_brought_along_is_held_against_the_data_at_once(
    services: Services, actor: Actor, ready: Project, changes: dict[str, Any], words: str
) -> None:
    spec = models.suggest_spec(services, actor, ready.id).spec
    version = datasets.latest_dataset(services, actor, ready.id)
    assert version is not None
    given_spec.ensure_fits(services, actor, version.id, spec)
    for test in changes.get("lift_tests", ()):
        test["channel"] = spec.channels[0].name
    odd = ModelSpec.model_validate({**spec.model_dump(), **changes})
    with pytest.raises(SpecError, match=words):
        given_spec.ensure_fits(services, actor, version.id, odd)


def test_a_queue_that_is_down_leaves_a_run_that_says_so(services: Services, actor: Actor, ready: Project) -> None:
    spec = models.suggest_spec(services, actor, ready.id).spec
    down = replace(services, queue=KeptQueue(down=True))
    with pytest.raises(Unavailable):
        fits.request_fit(down, actor, ready.id, spec)
    run = fits.list_runs(services, actor, ready.id)[0]
    assert (run.status, run.error) == (RunStatus.FAILED, "The queue cannot be reached; try again in a moment.")
    assert fits.resume_fit(services, actor, run.id).status is RunStatus.QUEUED


def test_a_cancelled_fit_stops_and_cannot_be_cancelled_twice(services: Services, actor: Actor, ready: Project) -> None:
    spec = models.suggest_spec(services, actor, ready.id).spec
    run = fits.request_fit(services, actor, ready.id, spec)
    assert fits.watch_fit(services, actor, run.id).position == 0
    assert fits.cancel_fit(services, actor, run.id).status is RunStatus.CANCELLED
    assert services.queue.stopped == [f"job-{run.id}"]  # type: ignore[attr-defined]
    with pytest.raises(Conflict, match="already ended"):
        fits.cancel_fit(services, actor, run.id)


def test_a_cancellation_is_noticed_by_the_running_fit(services: Services, actor: Actor, ready: Project) -> None:
    class Waits(PriorFit):
        def run(self, *arguments: object) -> Iterator[Progress | Chunk | FitOutcome]:  # type: ignore[override]
            fits.cancel_fit(services, actor, run.id)
            stop = arguments[3]
            assert callable(stop)
            while not stop():
                yield Progress(0, 1, "sampling", 1, 100)

    spec = models.suggest_spec(services, actor, ready.id).spec
    run = fits.request_fit(services, actor, ready.id, spec)
    with pytest.raises(Cancelled):
        execute(replace(services, fit_process=Waits()), actor, run.id)
    assert fits.get_run(services, actor, run.id).status is RunStatus.CANCELLED


def test_a_model_keeps_the_version_it_saw(services: Services, actor: Actor, ready: Project) -> None:
    run_id = fitted(services, actor, ready)
    seen = fits.get_run(services, actor, run_id).dataset_version_id
    column = datasets.load_working(services, actor, seen).recognition.columns(Role.CONTROL)[0]
    changed = datasets.apply_step(services, actor, seen, RecipeStep("drop_columns", {"columns": [column]}, "drop"))
    assert changed.id != seen
    assert column in datasets.load_working(services, actor, seen).frame.columns
    assert projects.stamp(services, actor, ready.id).model_is_stale


def test_what_if_on_a_stored_model(services: Services, actor: Actor, ready: Project) -> None:
    model = fits.load_fitted(services, actor, fitted(services, actor, ready))
    today = model.response.current_plan(13)
    more = replace(today, spend={c: 1.5 * s for c, s in today.spend.items()})
    assert what_if.evaluate(model.response, more).against_current.p50 > 0
    saved = what_if.save_scenario(services, actor, model.run.id, "More of all", more)
    with pytest.raises(PlanError, match="already a scenario"):
        what_if.save_scenario(services, actor, model.run.id, "more of ALL", more)
    compared = what_if.compare(model.response, what_if.list_scenarios(services, actor, ready.id))
    assert [c.name for c in compared] == ["Today", "More of all"]
    assert compared[1].outcome == what_if.evaluate(model.response, saved.plan)
    optimised = what_if.optimise_styles(model.response, sum(today.spend.values()), 13)
    assert [p.style for p in optimised] == list(what_if.STYLES)


def test_a_report_is_shared_opened_and_revoked(services: Services, actor: Actor, ready: Project) -> None:
    report = reports.publish(services, actor, fitted(services, actor, ready))
    new = reports.share(services, actor, report.id, days=2)
    assert "<html" in reports.open_shared(services, new.token, None, "somebody")
    with pytest.raises(NotFound):
        reports.open_shared(services, new.token + "x", None, "somebody")
    reports.revoke(services, actor, report.id, new.link.id)
    with pytest.raises(NotAllowed, match=r"(?i)revoked|taken back"):
        reports.open_shared(services, new.token, None, "somebody")
    assert reports.list_links(services, actor, report.id)[0].views == 1


def test_a_link_expires_and_a_passcode_is_asked(services: Services, actor: Actor, ready: Project) -> None:
    report = reports.publish(services, actor, fitted(services, actor, ready))
    past = replace(services, now=lambda: datetime.now(UTC) - timedelta(days=10))
    old = reports.share(past, actor, report.id, days=2)
    with pytest.raises(NotAllowed, match="expired"):
        reports.open_shared(services, old.token, None, "somebody")
    locked = reports.share(services, actor, report.id, passcode="open sesame")
    with pytest.raises(NotAllowed, match="passcode"):
        reports.open_shared(services, locked.token, None, "somebody")
    with pytest.raises(NotAllowed, match="passcode"):
        reports.open_shared(services, locked.token, "wrong one", "somebody")
    assert "<html" in reports.open_shared(services, locked.token, "open sesame", "somebody")


def test_a_reports_number_leads_back_to_its_file(services: Services, actor: Actor, ready: Project) -> None:
    report = reports.publish(services, actor, fitted(services, actor, ready))
    steps = reports.lineage(services, actor, report.id, "media_share.p50")
    kinds = {s.kind for s in steps}
    assert {"model", "dataset", "file", "plan", "variable"} <= kinds
    assert any(s.label == "acme.csv" for s in steps if s.kind == "file")
    with pytest.raises(NotFound):
        reports.lineage(services, actor, report.id, "channel.nobody.roi.p50")


def test_reports_are_exported(services: Services, actor: Actor, ready: Project) -> None:
    report = reports.publish(services, actor, fitted(services, actor, ready))
    for kind, start in (("html", b"<!doctype"), ("md", b"## "), ("xlsx", b"PK")):
        content, name, _ = reports.export(services, actor, report.id, kind)
        assert content.startswith(start)
        assert name.endswith(f".{kind}")


def test_a_diagram_with_a_circle_is_refused(services: Services, actor: Actor, ready: Project) -> None:
    plan = plans.latest_plan(services, actor, ready.id)
    assert plan
    diagram = plans.first_diagram(ready, plan)
    assert plans.save_diagram(services, actor, diagram) == plans.get_diagram(services, actor, ready.id)
    back = CausalEdge(plan.target, plan.channels[0])
    with pytest.raises(PlanError, match="circle"):
        plans.save_diagram(services, actor, replace(diagram, edges=(*diagram.edges, back)))


def test_the_sample_company_is_ready_to_fit(services: Services, actor: Actor) -> None:
    sample = samples.create_sample(services, actor)
    assert sample.is_sample
    run = fits.list_runs(services, actor, sample.id)[0]
    assert run.status is RunStatus.QUEUED
    assert datasets.latest_dataset(services, actor, sample.id) is not None
