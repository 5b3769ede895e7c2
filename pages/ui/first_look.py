"""The quick first look: ridge regression in seconds, marked as such."""


from mmm_core.domain.identity import Actor
from mmm_core.domain.project import Project
from mmm_core.modeling.spec import ModelSpec


def panel(actor: Actor, project: Project, spec: ModelSpec, stamp: str) -> None:
    raise NotImplementedError
