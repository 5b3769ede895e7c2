"""Leaves an act for a person to confirm."""

from collections.abc import Sequence

from mmm_core.agents.tools.kinds import Arguments, Context
from mmm_core.domain.conversation import Proposal
from mmm_core.use_cases import conversations


def leave(context: Context, tool: str, title: str, given: Arguments, lines: Sequence[str]) -> Proposal:
    return conversations.propose(
        context.services,
        context.actor,
        tool=tool,
        arguments=given.model_dump(mode="json"),
        title=title,
        lines=lines,
        project_id=context.project_id,
        conversation_id=None if context.remote else context.conversation_id,
    )
