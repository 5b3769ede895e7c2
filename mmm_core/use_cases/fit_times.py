"""How long a fit is expected to take, set right by the project's finished fits."""

from itertools import islice

from mmm_core.analysis.fit_time import COMPILING, FitTime, Past, fit_time, sampling_seconds
from mmm_core.domain.errors import CarryoverError
from mmm_core.domain.fit import RunStatus
from mmm_core.domain.identity import Actor
from mmm_core.domain.ports import Services
from mmm_core.modeling.prepare import prepare
from mmm_core.modeling.spec import ModelSpec
from mmm_core.use_cases.datasets import working_table
from mmm_core.use_cases.models import prepared

MOST_PAST = 3


def expected(services: Services, actor: Actor, project_id: str, spec: ModelSpec) -> FitTime:
    """Seconds that a fit of ``spec`` on the newest data will take, compiling counted in."""
    past = []
    with services.work(actor) as work:
        _, data = prepared(work, project_id, spec)
        done = [r for r in work.runs.list(project_id) if r.status is RunStatus.DONE and r.started_at and r.ended_at]
        for run in islice(reversed(done), MOST_PAST):
            assert run.started_at is not None
            assert run.ended_at is not None
            try:
                before = ModelSpec.from_yaml(run.spec_yaml)
                table = working_table(work, work.datasets.get(run.dataset_version_id))
                foreseen = COMPILING + sampling_seconds(prepare(table, before), before)
            except CarryoverError:
                continue
            past.append(Past(foreseen, (run.ended_at - run.started_at).total_seconds()))
    return fit_time(data, spec, past)
