"""What happens when a person says yes: the proposal as it is stored, once, under the person's own role."""

from dataclasses import replace

from mmm_core.agents.tools.kinds import Context
from mmm_core.agents.tools.registry import find, read
from mmm_core.domain.conversation import Proposal, ProposalStatus
from mmm_core.domain.errors import CarryoverError
from mmm_core.use_cases import conversations
from mmm_core.use_cases.access import require


def confirm(context: Context, proposal_id: str) -> Proposal:
    """Carry out a proposal; called by a page's button alone, never by a tool.

    The arguments are those that were shown and kept, not what a browser or a model sends now. Where the act cannot be
    done any more, the proposal ends as failed with the sentence that says why.
    """
    waiting = conversations.proposal(context.services, context.actor, proposal_id)
    tool = find(waiting.tool)
    require(context.actor, tool.needs, tool.title.lower())
    given = read(tool, waiting.arguments)
    assert tool.act is not None
    conversations.confirm(context.services, context.actor, proposal_id)
    place = replace(context, project_id=waiting.project_id)
    try:
        outcome = tool.act(place, given)
    except CarryoverError as error:
        return conversations.conclude(context.services, context.actor, proposal_id, ProposalStatus.FAILED, str(error))
    return conversations.conclude(context.services, context.actor, proposal_id, ProposalStatus.DONE, outcome)
