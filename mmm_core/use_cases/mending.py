"""What the recommended fixes would do to the data, looked at before they are made."""

from collections.abc import Sequence
from dataclasses import dataclass

from mmm_core.data import quality, recipe
from mmm_core.domain.checks import Check, CheckReport, Status
from mmm_core.domain.dataset import DatasetVersion, RecipeStep, Recognition
from mmm_core.domain.identity import Actor
from mmm_core.domain.ports import Services
from mmm_core.use_cases.datasets import apply_step, load_working

MOST_ROUNDS = 5


@dataclass(frozen=True)
class Mended:
    """A version as it would stand with its recommended fixes."""

    version: DatasetVersion
    fixes: tuple[RecipeStep, ...]
    """The recommended ones that are not made yet."""
    recognition: Recognition
    columns: tuple[str, ...]
    report: CheckReport

    @property
    def failing(self) -> tuple[Check, ...]:
        """What would still block a fit, waivers of the version counted."""
        waived = {(c.id, c.columns) for c in self.version.report.checks if c.waived_by}
        return tuple(c for c in self.report.checks if c.status is Status.FAIL and (c.id, c.columns) not in waived)

    @property
    def reviewed(self) -> tuple[Check, ...]:
        return tuple(c for c in self.report.checks if c.status is Status.REVIEW)


def preview(services: Services, actor: Actor, version_id: str) -> Mended:
    """Recommended fixes, again until none is left, and the checks after them; nothing is kept."""
    now = load_working(services, actor, version_id)
    frame, recognition, fixes = now.frame, now.recognition, list[RecipeStep]()
    for _ in range(MOST_ROUNDS):
        report = quality.check(frame, recognition)
        more = recipe.recommend(recognition, report)
        if not more:
            break
        fixes += more
        frame, recognition = recipe.apply(frame, recognition, more)
    return Mended(now.version, tuple(fixes), recognition, tuple(map(str, frame.columns)), report)


def mend(services: Services, actor: Actor, version_id: str, fixes: Sequence[RecipeStep]) -> DatasetVersion:
    """Make the chosen fixes, one recipe entry each."""
    version = None
    for fix in fixes:
        version = apply_step(services, actor, version.id if version else version_id, fix)
    if version is None:
        with services.work(actor) as work:
            version = work.datasets.get(version_id)
    return version
