"""A decision under many settings, in words: where it holds, where it turns, and how strong what is hidden must be."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter

from mmm_core.causal.findings import SAFE, THIN
from mmm_core.causal.words import listed
from mmm_core.domain.checks import Check, Status
from mmm_core.domain.results import Interval
from mmm_core.domain.study import Column, Line, Picture, StudyOutcome, Table
from mmm_core.modeling.spec import ModelSpec
from mmm_core.reports import wording as f
from mmm_core.studies.sensitivity_settings import HIDDEN, MODEL, PRIORS, Setting

INTERVAL = TypeAdapter(Interval)
MOSTLY = 0.5
"""A decision that turns under more than this share of the settings of a kind fails; under any, it is reviewed."""
NEGLIGIBLE = 0.05
"""Leaving a driver out that changes the gain by less than this share of it says nothing about hidden ones."""
STRONGEST = 10.0
"""Hidden drivers so many times as strong as a measured one are not told apart."""
TITLES = {PRIORS: "Other priors", MODEL: "Other models", HIDDEN: "Hidden drivers"}
OWN = "As it is"


@dataclass(frozen=True)
class Answer:
    setting: Setting | None
    """None for the model itself."""
    gain: Interval
    chance: float
    """That the plan beats today's."""

    @property
    def label(self) -> str:
        return OWN if self.setting is None else self.setting.label

    @property
    def better(self) -> bool:
        return self.chance >= 0.5


def read(setting: Setting | None, answer: Mapping[str, Any]) -> Answer:
    return Answer(setting, INTERVAL.validate_python(answer["gain"]), answer["chance"])


def outcome(
    name: str, now: Answer, found: Sequence[Answer], failed: Sequence[str], spec: ModelSpec, valued: bool
) -> StudyOutcome:
    groups = {g: [a for a in found if a.setting is not None and a.setting.group == g] for g in TITLES}
    checks = [_settled(g, groups[g], now) for g in (PRIORS, MODEL) if groups[g]]
    checks += [_hidden(groups[HIDDEN], now)] if groups[HIDDEN] else []
    if failed:
        text = f"No answer under {listed([_inside(label) for label in failed])}, whose fit failed."
        checks.append(Check("failed", "Not answered", Status.REVIEW, text))
    return StudyOutcome(
        _verdict(name, now, [*groups[PRIORS], *groups[MODEL]], spec, valued),
        tuple(checks),
        (_table(now, found, valued),),
        (_picture(now, found, valued),),
    )


def _verdict(name: str, now: Answer, others: Sequence[Answer], spec: ModelSpec, valued: bool) -> str:
    money = valued or spec.kpi.unit == "revenue"
    amount = (
        f.money(abs(now.gain.mean), spec.currency)
        if money
        else f"{f.short(abs(now.gain.mean))} {f.inside(spec.kpi.column)}"
    )
    way = "more" if now.gain.mean >= 0 else "less"
    what = f"leaves {amount} {way} than today's spend" if money else f"brings {amount} {way} than today's spend"
    said = f"{name} {what} (better with a probability of {f.chance(now.chance)})"
    turned = _turned(others, now)
    if not others:
        return f"{said}."
    if not turned:
        return f"{said}, and every other prior and model tried agrees."
    stays = len(others) - len(turned)
    return f"{said}. {stays} of {len(others)} other priors and models agree; it turns with {_labels(turned)}."


def _turned(answers: Sequence[Answer], now: Answer) -> list[Answer]:
    return [a for a in answers if a.better != now.better]


def _labels(answers: Sequence[Answer]) -> str:
    return listed([_inside(a.label) for a in answers])


def _inside(label: str) -> str:
    """A label inside a sentence; a name keeps its capitals."""
    first, _, rest = label.partition(" ")
    return f"{first.lower()} {rest}" if first == first.capitalize() else label


def _settled(group: str, answers: Sequence[Answer], now: Answer) -> Check:
    turned = _turned(answers, now)
    most = len(turned) > MOSTLY * len(answers)
    status = Status.PASS if not turned else Status.FAIL if most else Status.REVIEW
    low, high = (f.chance(pick(a.chance for a in answers)) for pick in (min, max))
    span = f"the probability of beating today's spend is {low if low == high else f'{low} to {high}'}"
    text = f"The decision turns with {_labels(turned)}; " if turned else "The decision stays; "
    return Check(group, TITLES[group], status, f"{text}{span}.")


def _hidden(answers: Sequence[Answer], now: Answer) -> Check:
    """How strong a driver that nobody measured must be, against the measured one whose absence moves the gain most."""

    def moved(answer: Answer) -> float:
        return abs(answer.gain.mean - now.gain.mean)

    worst = max(answers, key=moved)
    assert worst.setting is not None
    driver, gain = worst.setting.driver, abs(now.gain.mean)
    if moved(worst) < NEGLIGIBLE * gain:
        text = (
            "Leaving out what was measured hardly moves the gain, so a hidden driver of that strength would not either."
        )
        return Check(HIDDEN, TITLES[HIDDEN], Status.PASS, text)
    times = gain / moved(worst)
    status = Status.PASS if times >= SAFE else Status.REVIEW if times >= THIN else Status.FAIL
    if times > STRONGEST:
        text = (
            f"A hidden driver would have to be over {STRONGEST:.0f} times as strong as {driver} to undo the decision."
        )
    else:
        text = f"A hidden driver {times:.1f} times as strong as {driver} would undo the decision."
    return Check(HIDDEN, TITLES[HIDDEN], status, text, times, SAFE)


def _table(now: Answer, found: Sequence[Answer], valued: bool) -> Table:
    unit = "money" if valued else "kpi"
    columns = (Column("Setting"), *(Column(n, unit) for n in ("Gain", "from", "to")), Column("Better", "chance"))
    rows = tuple((a.label, a.gain.mean, a.gain.p5, a.gain.p95, a.chance) for a in (now, *found))
    note = (
        "Gain: what the plan leaves above today's spend, its own spend taken off."
        if valued
        else "Gain: KPI above today's spend; a plan that spends more also costs more."
    )
    return Table("The same plan under every setting", columns, rows, note)


def _picture(now: Answer, found: Sequence[Answer], valued: bool) -> Picture:
    shown = (now, *found)
    line = Line(
        "Gain",
        tuple(a.gain.mean for a in shown),
        tuple(a.gain.p5 for a in shown),
        tuple(a.gain.p95 for a in shown),
    )
    labels = tuple(a.label for a in shown)
    return Picture("Gain over today's spend", "dots", labels, (line,), "money" if valued else "kpi")
