"""Which returns can be recovered, in words, and what each scenario would gain."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import scipy

from mmm_core.analysis.verdict import LEARNED
from mmm_core.causal.words import listed
from mmm_core.domain.checks import Check, Status
from mmm_core.domain.fit import Array, ModelData
from mmm_core.domain.study import Column, Line, Picture, StudyOutcome, Table
from mmm_core.modeling.limits import Limits
from mmm_core.modeling.validity import follows_demand
from mmm_core.studies.grading import LIMITS as VALIDATION
from mmm_core.studies.recoverability_settings import Assumed, Scenario
from mmm_core.studies.windows import spoken

NAMES = {
    Scenario.TODAY: "Today",
    Scenario.WEEKS: "More weeks",
    Scenario.PULSES: "More weeks, pulsed",
    Scenario.EXPERIMENT: "An experiment",
    Scenario.GEOS: "By region",
}
UNSEEN = Limits().unidentified_review
CAVEAT = (
    "In these worlds spend keeps its course whatever the noise does; where it really follows demand that nobody "
    "recorded, returns can be told less well than here."
)
ANSWERS = {Status.PASS: "yes", Status.REVIEW: "in part", Status.FAIL: "no"}
SURE = 0.9
"""Width of the intervals."""
Worlds = Sequence[Mapping[str, Sequence[float]]]


@dataclass(frozen=True)
class Recovered:
    """One channel over the worlds of a scenario; errors are factors less one."""

    channel: str
    narrowed: float
    """Width of the posterior's 90% interval over the prior's, on the log scale (geometric mean over worlds)."""
    error: float
    """Typical distance of the estimate from the truth."""
    believed: float
    """The same of what was believed before."""
    bias: float
    hits: int
    worlds: int
    rank: float
    """Spearman correlation of estimate and truth over the worlds."""

    @property
    def honest(self) -> bool:
        """Whether its intervals hold the truth about as often as they claim."""
        return bool(scipy.stats.binom.cdf(self.hits, self.worlds, SURE) >= VALIDATION.chance_review)

    @property
    def status(self) -> Status:
        if self.narrowed > UNSEEN or self.error >= self.believed:
            return Status.FAIL
        return Status.PASS if self.narrowed < LEARNED and self.honest else Status.REVIEW


def recovered(worlds: Worlds, channel: str) -> Recovered:
    """Measure one channel: true value, prior 5, 50, 95%, posterior 5, 50, 95% in each world."""
    numbers = np.maximum(np.array([w[channel] for w in worlds], dtype=float), 1e-12)
    logs: Array = np.log(numbers)
    true, prior, after = logs[:, 0], logs[:, 1:4], logs[:, 4:7]
    rank = scipy.stats.spearmanr(true, after[:, 1]).statistic if len(true) > 2 and np.ptp(after[:, 1]) > 0 else 0.0
    return Recovered(
        channel=channel,
        narrowed=float(np.exp(np.mean(np.log((after[:, 2] - after[:, 0]) / (prior[:, 2] - prior[:, 0]))))),
        error=_factor(np.abs(after[:, 1] - true)),
        believed=_factor(np.abs(prior[:, 1] - true)),
        bias=float(np.expm1(np.median(after[:, 1] - true))),
        hits=int(((true >= after[:, 0]) & (true <= after[:, 2])).sum()),
        worlds=len(true),
        rank=float(rank),
    )


def _factor(distance: Array) -> float:
    return float(np.expm1(np.median(distance)))


def outcome(found: Mapping[Scenario, Worlds], assumed: Assumed, data: ModelData, failed: Sequence[str]) -> StudyOutcome:
    """What the worlds say, and what they cannot: in them nobody spends more because more would be sold anyway."""
    seen = {s: [recovered(worlds, name) for name in data.channels] for s, worlds in found.items()}
    today = seen[Scenario.TODAY]
    return StudyOutcome(
        verdict=_verdict(seen),
        checks=(*(_check(one, seen) for one in today), *_followed(data)),
        tables=(_today(today), _scenarios(seen, assumed, data, failed)),
        pictures=(_picture(seen),),
    )


def _verdict(seen: Mapping[Scenario, list[Recovered]]) -> str:
    today = seen[Scenario.TODAY]
    groups = {s: [r.channel for r in today if r.status is s] for s in ANSWERS}
    parts = []
    if groups[Status.PASS]:
        parts.append(f"these data can tell the return of {listed(groups[Status.PASS])}")
    if groups[Status.REVIEW]:
        parts.append(f"in part that of {listed(groups[Status.REVIEW])}")
    if groups[Status.FAIL]:
        what = "they cannot tell that of" if parts else "these data cannot tell the return of"
        parts.append(f"{what} {listed(groups[Status.FAIL])}")
    text = "; ".join(parts)
    return f"{text[:1].upper()}{text[1:]}. {_best(seen)}".strip()


def _best(seen: Mapping[Scenario, list[Recovered]]) -> str:
    """Which scenario gains most, by channels that become recoverable and then by how far intervals narrow."""
    others = {s: rows for s, rows in seen.items() if s is not Scenario.TODAY}
    if not others or all(r.status is Status.PASS for r in seen[Scenario.TODAY]):
        return ""

    def gain(rows: list[Recovered]) -> tuple[int, float]:
        return sum(r.status is Status.PASS for r in rows), -_middle(rows)

    best = max(others, key=lambda s: gain(others[s]))
    before, after = (sum(r.status is Status.PASS for r in seen[s]) for s in (Scenario.TODAY, best))
    if gain(others[best]) <= gain(seen[Scenario.TODAY]):
        return "None of the scenarios tried would change that."
    change = f"{before} to {after} of {len(seen[best])} channels" if after > before else (
        f"no further channel, but ranges of {_middle(others[best]):.0%} of what was believed instead of "
        f"{_middle(seen[Scenario.TODAY]):.0%}"
    )  # fmt: skip
    return f"{HELPS[best]} would help most: {change}."


HELPS = {
    Scenario.WEEKS: "More weeks like the last ones",
    Scenario.PULSES: "More weeks with pulsed spend",
    Scenario.EXPERIMENT: "An experiment",
    Scenario.GEOS: "Data by region",
}


def _middle(rows: list[Recovered]) -> float:
    return float(np.exp(np.mean([np.log(r.narrowed) for r in rows])))


def _check(one: Recovered, seen: Mapping[Scenario, list[Recovered]]) -> Check:
    """Whether one channel's return can be recovered today, and what would make it so."""
    told = {
        Status.PASS: "Yes",
        Status.REVIEW: "In part",
        Status.FAIL: "No",
    }[one.status]
    text = (
        f"{told}: in {one.worlds} worlds with a known return the fit narrowed what was believed to {one.narrowed:.0%} "
        f"of its range and was typically {one.error:.0%} off (before the data {one.believed:.0%}); its 90% interval "
        f"held the truth {one.hits} times."
    )
    if not one.honest:
        text += " So its interval will claim more than it knows."
    if one.status is not Status.PASS:
        text += f" {_remedy(one, seen)}"
    title = f"Return of {one.channel}"
    return Check(f"recover_{one.channel}", title, one.status, text, one.narrowed, LEARNED, (one.channel,))


def _followed(data: ModelData) -> tuple[Check, ...]:
    """Channels whose spend follows demand, where real data tell less than these worlds do."""
    found = follows_demand(data, Limits())
    if found.status is Status.PASS:
        return ()
    text = (
        f"{found.value:.0%} of what is spent on {listed(found.columns)} follows season, trend and controls. {CAVEAT}"
        if len(found.columns) == 1
        else f"Spend on {listed(found.columns)} follows season, trend and controls (up to {found.value:.0%}). {CAVEAT}"
    )
    return (Check("demand_capture", "Spend that follows demand", found.status, text, found.value, found.limit,
                  found.columns),)  # fmt: skip


def _remedy(one: Recovered, seen: Mapping[Scenario, list[Recovered]]) -> str:
    """Scenarios that make it recoverable, else the one that narrows it most."""
    others = {s: next(r for r in rows if r.channel == one.channel) for s, rows in seen.items() if s != Scenario.TODAY}
    if not others:
        return ""
    enough = [s for s, r in others.items() if r.status is Status.PASS]
    if enough:
        return f"It would be recoverable with {listed([PLAIN[s] for s in enough])}."
    best = min(others, key=lambda s: others[s].narrowed)
    if others[best].narrowed >= one.narrowed:
        return "Nothing that was tried would narrow it further."
    return f"Best of what was tried: {PLAIN[best]}, which leaves {others[best].narrowed:.0%} of the range."


PLAIN = {
    Scenario.WEEKS: "more weeks",
    Scenario.PULSES: "more weeks of pulsed spend",
    Scenario.EXPERIMENT: "an experiment",
    Scenario.GEOS: "data by region",
}


def _today(rows: list[Recovered]) -> Table:
    columns = (
        Column("Channel"), Column("Can be told"), Column("Range left", "share"), Column("Typical error", "share"),
        Column("Before the data", "share"), Column("Bias", "share"), Column("Truth inside"), Column("Rank", "number"),
    )  # fmt: skip
    cells = tuple(
        (r.channel, ANSWERS[r.status], r.narrowed, r.error, r.believed, r.bias, f"{r.hits} of {r.worlds}", r.rank)
        for r in rows
    )
    note = (
        "Range left: the 90% range after the data as a share of the one before, on the log scale. Typical error: of "
        "the estimate, median over worlds; before the data: of what was believed. Truth inside: how often the 90% "
        "interval held it. Rank: whether a world with a higher return was given a higher one (correlation). All of it "
        f"is simulated on this project's own spend; nothing is said yet about its real returns. {CAVEAT}"
    )
    return Table("As the data are today", columns, cells, note)


def _scenarios(
    seen: Mapping[Scenario, list[Recovered]], assumed: Assumed, data: ModelData, failed: Sequence[str]
) -> Table:
    columns = (Column("Channel"), *(Column(NAMES[s], "share") for s in seen))
    rows = tuple((name, *(rows[c].narrowed for rows in seen.values())) for c, name in enumerate(data.channels))
    more = spoken(data, assumed.added)
    notes = {
        Scenario.WEEKS: f"More weeks: {more} more, spent as in the last year.",
        Scenario.PULSES: f"Pulsed: in {more} more each channel is on at twice its spend for "
        f"{spoken(data, assumed.pulse)} and off for as long, at its own times.",
        Scenario.EXPERIMENT: f"An experiment: each paid channel switched off once for {spoken(data, assumed.tested)}, "
        "measured as exactly as the KPI's own noise allows.",
        Scenario.GEOS: f"By region: the same history in {assumed.regions} regions whose spend differs from week to "
        f"week by about {assumed.apart:.0%} of its own, half of the noise hitting all of them at once.",
    }
    note = "Range left, as above. " + " ".join(notes[s] for s in seen if s in notes)
    return Table("What would make it so", columns, rows, " ".join([note, *failed]))


def _picture(seen: Mapping[Scenario, list[Recovered]]) -> Picture:
    names = tuple(r.channel for r in seen[Scenario.TODAY])
    lines = tuple(Line(NAMES[s], tuple(r.narrowed for r in rows)) for s, rows in seen.items())
    note = f"dot: share of the believed range that is left; under {LEARNED:.0%} the data have spoken"
    return Picture("What is left of the range that was believed", "dots", names, lines, "share", note)
