"""Two finished models side by side (M12)."""

from dataclasses import dataclass

from mmm_core.domain.errors import BadInput
from mmm_core.domain.fit import Run
from mmm_core.domain.identity import Actor
from mmm_core.domain.ports import Services
from mmm_core.domain.results import ChannelResult, Results
from mmm_core.modeling.spec import ModelSpec
from mmm_core.studies import differences
from mmm_core.use_cases.fits import results_of


@dataclass(frozen=True)
class Side:
    run: Run
    results: Results


@dataclass(frozen=True)
class Comparison:
    """``old`` is the model that was asked for first."""

    old: Side
    new: Side
    specification: tuple[str, ...]
    """What the specifications differ in, in words."""
    same_data: bool
    """Whether both saw the same version of the data."""

    @property
    def channels(self) -> tuple[tuple[str, ChannelResult | None, ChannelResult | None], ...]:
        """Every channel of either model, those of the new one first."""
        before, after = ({c.channel: c for c in side.results.channels} for side in (self.old, self.new))
        return tuple((name, before.get(name), after.get(name)) for name in dict.fromkeys((*after, *before)))


def compare_models(services: Services, actor: Actor, one_id: str, other_id: str) -> Comparison:
    """Put two done models of a project beside each other."""
    if one_id == other_id:
        raise BadInput("Choose two different models to compare.")
    with services.work(actor) as work:
        sides = [Side(work.runs.get(i), results_of(work, i)) for i in (one_id, other_id)]
    old, new = sorted(sides, key=lambda s: (s.run.requested_at, s.run.id))
    if old.run.project_id != new.run.project_id:
        raise BadInput("The two models belong to different projects; compare models of one project.")
    said = differences.in_words(ModelSpec.from_yaml(old.run.spec_yaml), ModelSpec.from_yaml(new.run.spec_yaml))
    return Comparison(old, new, said, old.run.dataset_version_id == new.run.dataset_version_id)
