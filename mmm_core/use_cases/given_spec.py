"""A specification that somebody brings along, held against the data before anything is asked of a person."""

from mmm_core.domain.errors import SpecError
from mmm_core.domain.identity import Actor
from mmm_core.domain.ports import Services
from mmm_core.modeling import prepare, priors
from mmm_core.modeling.lift import lift_data
from mmm_core.modeling.spec import ModelSpec
from mmm_core.use_cases import datasets


def ensure_fits(services: Services, actor: Actor, version_id: str, spec: ModelSpec) -> None:
    """Refuse what no mending of the data repairs.

    Raises
    ------
    SpecError
        When a column is not in the data, a lift test does not fit them, or a belief cannot become a prior.
    """
    frame = datasets.load_working(services, actor, version_id).frame
    prepare.all_there(frame, spec)
    try:
        data = prepare.prepare(frame, spec)
    except SpecError:
        # Empty cells and the like may yet be mended; whoever prepares the mended table says what is left.
        return
    lift_data(spec, data)
    priors.resolve(spec, data)
