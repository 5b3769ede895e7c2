"""The diagram as a study keeps it: what was drawn when the question was asked."""

from typing import ClassVar, Self

from pydantic import BaseModel, ConfigDict

from mmm_core.causal import holdings
from mmm_core.causal.holdings import Holdings
from mmm_core.domain.errors import BadInput
from mmm_core.domain.project import CausalEdge, CausalNode, Diagram, NodeRole
from mmm_core.studies.kind import Inputs, Options


class Drawn(BaseModel):
    """Variables with their roles, and arrows."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    nodes: tuple[tuple[str, NodeRole], ...]
    edges: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, diagram: Diagram) -> Self:
        return cls(
            nodes=tuple((n.name, n.role) for n in diagram.nodes),
            edges=tuple((e.cause, e.effect) for e in diagram.edges),
        )

    @property
    def diagram(self) -> Diagram:
        nodes = tuple(CausalNode(name, role) for name, role in self.nodes)
        return Diagram("", nodes, tuple(CausalEdge(cause, effect) for cause, effect in self.edges))


class DrawnOptions(Options):
    fitting: ClassVar[bool] = False

    diagram: Drawn


def held(inputs: Inputs, options: DrawnOptions) -> Holdings:
    """What data and model hold of the diagram; BadInput where they share no channel."""
    found = holdings.of_spec(options.diagram.diagram, inputs.model.spec, map(str, inputs.model.frame.columns))
    if not found.channels:
        raise BadInput("No channel of the diagram is in this model; name them alike on the Plan page.")
    return found
