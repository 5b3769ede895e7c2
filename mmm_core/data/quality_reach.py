"""Check of reach and frequency: people reached, and how often each."""

from mmm_core.data.quality_view import ChannelColumns, View, drop, listed, passed
from mmm_core.domain.checks import Check, Fix, Status
from mmm_core.domain.dataset import Role
from mmm_core.domain.words import counted


def pairs(view: View) -> list[ChannelColumns]:
    return [c for c in view.channels if c.reach is not None and c.frequency is not None]


def reach_and_frequency(view: View) -> Check:
    """Contacts per person are at least 1 where somebody was reached, and nobody reaches more people than there are."""
    title = "Reach and frequency"
    people = view.recognition.one(Role.POPULATION)
    low: dict[str, int] = {}
    many: dict[str, int] = {}
    columns: list[str] = []
    for channel in pairs(view):
        reach, often = view.numeric[str(channel.reach)].fillna(0), view.numeric[str(channel.frequency)].fillna(0)
        if short := int(((reach > 0) & (often < 1)).sum()):
            low[channel.name] = short
            columns.append(str(channel.frequency))
        if people in view.numeric and (over := int((reach > view.numeric[people]).sum())):
            many[channel.name] = over
            columns.append(str(channel.reach))
    if not columns:
        return passed("reach_frequency", title, "Every person reached was reached at least once.", 0.0, 0.0)
    parts = []
    if low:
        parts.append(f"{listed(list(low))} reaches people under once in {counted(sum(low.values()), 'row')}")
    if many:
        parts.append(
            f"{listed(list(many))} reaches more people than live there in {counted(sum(many.values()), 'row')}"
        )
    total = sum(low.values()) + sum(many.values())
    used = [str(c) for p in pairs(view) if p.name in {*low, *many} for c in (p.reach, p.frequency)]
    spend = all(p.spend for p in pairs(view) if p.name in {*low, *many})
    words = f"Leave {listed(used)} out and let the spend act"
    ignore = Fix("set_role", {"columns": used, "role": Role.IGNORE.value}, words)
    return Check(
        "reach_frequency",
        title,
        Status.REVIEW,
        f"{' and '.join(parts)}; check what these columns count.",
        float(total),
        0.0,
        tuple(columns),
        (ignore,) if spend else (drop(used),),
    )
