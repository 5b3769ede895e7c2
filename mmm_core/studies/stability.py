"""What refresh and perturbation share: how far each channel's return moved, and whether that is little enough."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mmm_core.causal.words import listed
from mmm_core.domain.checks import Check
from mmm_core.domain.fit import ModelData
from mmm_core.domain.study import Column, Line, Picture, Table
from mmm_core.studies import grading, small_fit

Returns = Mapping[str, float]


@dataclass(frozen=True)
class Moved:
    """Relative changes of one channel's return, as shares, without their sign."""

    channel: str
    changes: tuple[float, ...]

    @property
    def mean(self) -> float:
        return float(np.mean(self.changes))

    @property
    def spread(self) -> float:
        return float(np.std(self.changes, ddof=1)) if len(self.changes) > 1 else 0.0


def moved(pairs: Sequence[tuple[Returns, Returns]]) -> list[Moved]:
    """Changes by channel over pairs (before, after); a channel counts where both know it. Largest mean first."""
    names = list(dict.fromkeys(name for before, after in pairs for name in before if name in after))
    out = []
    for name in names:
        known = [(b[name], a[name]) for b, a in pairs if name in b and name in a]
        out.append(Moved(name, tuple(abs(a - b) / abs(b) if b else float("inf") for b, a in known)))
    return sorted(out, key=lambda m: -m.mean)


def mean_check(found: Sequence[Moved], limit: float, identity: str, title: str, because: str) -> Check:
    """Judged by the channel that moved most."""
    worst = found[0]
    over = [m.channel for m in found if m.mean > limit]
    message = f"Returns moved by at most {worst.mean:.1%} on average ({worst.channel}) {because}"
    if over:
        message += f"; {len(found) - len(over)} of {len(found)} channels kept within {limit:.0%}"
    return Check(identity, title, grading.most(worst.mean, limit), f"{message}.", worst.mean, limit, tuple(over))


def table(found: Sequence[Moved], title: str, note: str = "") -> Table:
    changes = (Column("Mean change", "share"), Column("Largest", "share"), Column("Spread", "points"))
    return Table(
        title, (Column("Channel"), *changes), tuple((m.channel, m.mean, max(m.changes), m.spread) for m in found), note
    )


def unpaid(data: ModelData) -> str:
    """Whose change is that of what they brought, as they have no spend; empty where all have some."""
    names = [name for name, money in small_fit.spent(data).items() if not money]
    return f"{listed(names)}: the change of what it brought, as nothing is spent on it." if names else ""


def picture(found: Sequence[Moved], limit: float, title: str) -> Picture:
    names = tuple(m.channel for m in found)
    lines = (
        Line("Mean change", tuple(m.mean for m in found)),
        Line("Limit", tuple(limit for _ in found), role="limit"),
    )
    return Picture(title, "bars", names, lines, "share")
