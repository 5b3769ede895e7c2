"""The sample company: a project with data, roles and an approved plan, one click away (D11)."""

from mmm_core.data import read, simulate
from mmm_core.domain.identity import Actor, TeamRole
from mmm_core.domain.ports import Services
from mmm_core.domain.project import Project
from mmm_core.use_cases import datasets, fits, models, plans, projects
from mmm_core.use_cases.access import require

SEED = 7


def create_sample(services: Services, actor: Actor, *, seed: int = SEED) -> Project:
    """Set up the sample company and put its first fit on the queue."""
    require(actor, TeamRole.ANALYST, "open the sample company")
    company = simulate.company("national", seed)
    names = {p.name for p in projects.list_projects(services, actor)}
    base = "Sample company"
    name = next(n for i in range(1, 1000) if (n := base if i == 1 else f"{base} {i}") not in names)
    project = projects.create_project(
        services,
        actor,
        name=name,
        question="What did each channel bring, and where should the next euro go?",
        kpi_name="revenue",
        is_sample=True,
    )
    upload = datasets.Upload(read.to_parquet(company.frame), "sample_company.parquet")
    version = datasets.add_dataset(services, actor, project.id, [upload])
    version = datasets.apply_recommended(services, actor, version.id)
    target, channels, controls = plans.plan_columns(version.recognition)
    plan = plans.save_plan(
        services,
        actor,
        project.id,
        question=project.question,
        target=target,
        channels=channels,
        controls=controls,
        hypotheses=("Paid search partly catches demand that is there anyway.",),
    )
    plans.save_diagram(services, actor, plans.first_diagram(project, plan))
    plans.skip_plan(services, actor, project.id, "The sample company comes with its plan.")
    spec = models.suggest_spec(services, actor, project.id).spec
    fits.request_fit(services, actor, project.id, spec, name="First model")
    return project
