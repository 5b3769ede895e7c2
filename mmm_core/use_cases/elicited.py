"""What people said, beside each other; accepting one range or their pool as a channel's prior (P7)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from mmm_core.analysis.opinion_pool import Range, apart, pool
from mmm_core.domain.elicitation import AcceptedBelief, Inquiry, Reply, Statement, Sure
from mmm_core.domain.errors import BadInput, NotFound
from mmm_core.domain.identity import Actor, TeamRole
from mmm_core.domain.ports import Services, Work
from mmm_core.modeling.spec import Belief, ChannelSpec, ModelSpec
from mmm_core.reports import wording as f
from mmm_core.use_cases.access import require

RESTS_ON = {Sure.GUESS: "a guess", Sure.EXPERIENCE: "experience", Sure.MEASURED: "a measurement"}


@dataclass(frozen=True)
class Voice:
    """One person on one channel."""

    inquiry: Inquiry
    reply: Reply
    statement: Statement

    @property
    def range(self) -> Range:
        low, high = self.statement.low, self.statement.high
        assert low is not None
        assert high is not None
        return Range.of(low, high, self.statement.best)


@dataclass(frozen=True)
class Heard:
    """A channel with everybody who was asked about it and answered."""

    channel: str
    voices: tuple[Voice, ...]
    """Who gave a range."""
    silent: tuple[Voice, ...]
    """Who cannot say."""
    accepted: AcceptedBelief | None

    @property
    def comparable(self) -> bool:
        """Whether all were asked in the same unit."""
        return len({(v.inquiry.is_count, v.inquiry.currency) for v in self.voices}) <= 1

    @property
    def pooled(self) -> Range | None:
        return pool([v.range for v in self.voices]) if len(self.voices) > 1 and self.comparable else None

    @property
    def apart(self) -> tuple[Voice, Voice] | None:
        """Two whose ranges share nothing, the lower one first."""
        found = apart([v.range for v in self.voices]) if self.comparable else None
        return (self.voices[found[0]], self.voices[found[1]]) if found else None


def heard(services: Services, actor: Actor, project_id: str) -> tuple[Heard, ...]:
    """By channel, in the order in which they were asked about."""
    with services.work(actor) as work:
        return _heard(work, project_id)


def accept(services: Services, actor: Actor, project_id: str, channel: str, reply_ids: Sequence[str]) -> AcceptedBelief:
    """Take one person's range, or the pool of several, as the channel's prior."""
    require(actor, TeamRole.APPROVER, "accept a belief as a prior")
    if not reply_ids:
        raise BadInput("Choose whose range is accepted.")
    with services.work(actor) as work:
        about = next((h for h in _heard(work, project_id) if h.channel == channel), None)
        voices = [v for v in about.voices if v.reply.id in set(reply_ids)] if about else []
        if len(voices) != len(set(reply_ids)):
            raise NotFound("One of these answers was replaced by a newer one; look at them again.")
        found, first = pool([v.range for v in voices]), voices[0].inquiry
        if any((v.inquiry.is_count, v.inquiry.currency) != (first.is_count, first.currency) for v in voices):
            raise BadInput("These people were asked in different units; ask again, or leave one of them out.")
        # What is counted has no return; money over what it brings is the cost of one, so that the ends change places.
        low, high = (first.per / found.high, first.per / found.low) if first.is_count else (found.low, found.high)
        accepted = AcceptedBelief(
            project_id=project_id,
            channel=channel,
            kind="cost_per_target" if first.is_count else "roi",
            low=low,
            high=high,
            source=_source(voices),
            replies=tuple(v.reply.id for v in voices),
            accepted_by=actor.name,
            accepted_at=services.now(),
        )
        work.inquiries.keep_accepted(accepted)
        node = ("belief", f"{project_id}:{channel}")
        facts = {"low": low, "high": high, "kind": accepted.kind, "source": accepted.source}
        work.graph.put_node(*node, f"Belief about {channel}", facts, project_id)
        for voice in voices:
            work.graph.put_edge(node, "derived_from", ("reply", voice.reply.id))
        work.audit.record("belief.accepted", f"{project_id}:{channel}", facts)
    return accepted


def withdraw(services: Services, actor: Actor, project_id: str, channel: str) -> AcceptedBelief:
    """Models fitted from now on start without it; those fitted before keep what they were fitted with."""
    require(actor, TeamRole.APPROVER, "withdraw a belief")
    with services.work(actor) as work:
        known = {a.channel: a for a in work.inquiries.accepted(project_id) if a.withdrawn_at is None}
        if channel not in known:
            raise NotFound(f"No belief about {f.plain(channel)} is accepted.")
        gone = replace(known[channel], withdrawn_at=services.now())
        work.inquiries.keep_accepted(gone)
        node = ("belief", f"{project_id}:{channel}")
        work.graph.put_node(*node, f"Belief about {channel} (withdrawn)", {"source": gone.source}, project_id)
        work.audit.record("belief.withdrawn", f"{project_id}:{channel}", {"source": gone.source})
    return gone


def with_accepted(
    work: Work, project_id: str, spec: ModelSpec, since: datetime | None = None
) -> tuple[ModelSpec, tuple[str, ...]]:
    """The specification with the accepted beliefs in it, and a sentence for each.

    Parameters
    ----------
    since
        Only what was decided later: what somebody changed in the specification before stays.
    """
    later = [
        a for a in work.inquiries.accepted(project_id) if since is None or (a.withdrawn_at or a.accepted_at) > since
    ]
    return merged(later, spec)


def merged(accepted: Sequence[AcceptedBelief], spec: ModelSpec) -> tuple[ModelSpec, tuple[str, ...]]:
    """The specification with these beliefs put in or, where they were withdrawn, taken out; a sentence for each."""
    notes: list[str] = []
    channels = list(spec.channels)
    for a in accepted:
        at = next((i for i, c in enumerate(channels) if a.channel in (c.name, c.spend, c.exposure)), None)
        if at is None:
            continue
        channels[at], note = _put(a, channels[at], spec)
        notes += [note] if note else []
    return spec.model_copy(update={"channels": tuple(channels)}), tuple(notes)


def _put(a: AcceptedBelief, channel: ChannelSpec, spec: ModelSpec) -> tuple[ChannelSpec, str]:
    name = f.plain(channel.name)
    if a.withdrawn_at is not None:
        mine = channel.belief is not None and channel.belief.source == a.source
        if not mine:
            return channel, ""
        return channel.model_copy(update={"belief": None}), f"{name}: the belief was withdrawn."
    if spec.media_prior.style == "pymc_marketing":
        return channel, f"{name}: the accepted belief is left out, as PyMC-Marketing's default priors hold none."
    if channel.spend is None:
        return channel, f"{name}: the accepted belief is left out, as no column has its spend."
    if a.kind == "roi" and spec.kpi.unit == "count" and spec.kpi.value_per_unit is None:
        return channel, f"{name}: the accepted belief is left out, as the KPI has no value per unit."
    belief = Belief.model_validate({"kind": a.kind, "low": a.low, "high": a.high, "source": a.source})
    return channel.model_copy(update={"belief": belief}), f"{name}: the prior is what was accepted of {a.source}."


def _heard(work: Work, project_id: str) -> tuple[Heard, ...]:
    asked = {i.id: i for i in work.inquiries.list(project_id)}
    accepted = {a.channel: a for a in work.inquiries.accepted(project_id) if a.withdrawn_at is None}
    found: dict[str, list[Voice]] = {}
    for reply in sorted(work.inquiries.replies(project_id), key=lambda r: r.at):
        for statement in reply.statements:
            found.setdefault(statement.channel, []).append(Voice(asked[reply.inquiry_id], reply, statement))
    order = [c for i in sorted(asked.values(), key=lambda i: i.created_at) for c in i.channels]
    return tuple(
        Heard(
            c,
            tuple(v for v in found[c] if v.statement.known),
            tuple(v for v in found[c] if not v.statement.known),
            accepted.get(c),
        )
        for c in dict.fromkeys(order)
        if c in found
    )


def _source(voices: Sequence[Voice]) -> str:
    """Who said it: names and days. What they wrote beside it stays with their answers."""
    if len(voices) == 1:
        voice = voices[0]
        return f"{voice.inquiry.person}, {f.day(voice.reply.at)} ({RESTS_ON[voice.statement.sure]})"
    names = ", ".join(v.inquiry.person for v in voices)
    return f"{names} ({len(voices)} answers in a linear pool)"
