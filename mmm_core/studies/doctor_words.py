"""Which remedy mended what: checks before and after, one verdict, and no claim that an open check passes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from pydantic import TypeAdapter

from mmm_core.causal.words import listed
from mmm_core.domain.checks import Check, Status
from mmm_core.domain.dataset import RecipeStep
from mmm_core.domain.study import Column, Line, Picture, Proposal, StudyOutcome, Table
from mmm_core.modeling.spec import ModelSpec
from mmm_core.studies.doctor_remedies import SAMPLER, Remedy

CHECK = TypeAdapter(Check)
FEWER = 0.25
"""Of a check passed, for naming fewer columns than before."""
HALF = 0.5
"""Of a check passed: where a remedy moved the yardstick, or the check calls the data silent, not the model wrong."""
SILENT = ("unidentified",)
WEIGHT = {Status.PASS: 0, Status.REVIEW: 1, Status.FAIL: 2}
UNMENDED = {
    "unidentified": "what the data cannot see no specification can show: an experiment would",
    "vif": "channels that move together are told apart by an experiment, or by letting one of them pause",
    "demand_capture": "spend that follows demand is told from it by an experiment, or by a control for demand",
}


@dataclass(frozen=True)
class Seen:
    """What a fit says: its checks, and the mean return of each channel."""

    checks: tuple[Check, ...]
    returns: Mapping[str, float]

    def of(self, check_id: str) -> Check | None:
        return next((c for c in self.checks if c.id == check_id), None)


@dataclass(frozen=True)
class Effect:
    """Titles of the checks that a remedy changed."""

    mended: tuple[str, ...]
    """Pass now and did not before."""
    eased: tuple[str, ...]
    """Better than before, though not passing."""
    worse: tuple[str, ...]
    left: tuple[str, ...]
    """Still open."""
    score: float
    failing: bool
    """Something fails that did not before."""

    @property
    def helps(self) -> bool:
        """Something is better and nothing worse."""
        return self.score > 0 and not self.worse


@dataclass(frozen=True)
class Tried:
    remedies: Sequence[Remedy]
    spec: ModelSpec
    needs: tuple[RecipeStep, ...]
    before: Seen
    after: Seen

    @property
    def label(self) -> str:
        if len(self.remedies) == 1:
            return self.remedies[0].label
        labels = [r.label.partition(" (")[0] for r in self.remedies]
        return f"Together: {listed([text[:1].lower() + text[1:] for text in labels])}"

    @property
    def heading(self) -> str:
        """The label as the head of a column."""
        return self.remedies[0].label.partition(" (")[0] if len(self.remedies) == 1 else "Together"

    @property
    def sampler(self) -> bool:
        return any(r.sampler for r in self.remedies)

    @property
    def effect(self) -> Effect:
        moved = tuple(i for r in self.remedies for i in r.yardstick)
        return compare(self.before, self.after, sampler=self.sampler, yardstick=moved)


def read(result: Mapping[str, Any]) -> Seen:
    """A step's result, which may have been stored in between."""
    checks = tuple(CHECK.validate_python(c) for c in result["checks"])
    return Seen(checks, {name: float(values[0]) for name, values in result["returns"].items()})


def compare(before: Seen, after: Seen, *, sampler: bool = False, yardstick: tuple[str, ...] = ()) -> Effect:
    """Checks one by one; those of the draws count between short fits only where they fail outright."""
    mended: list[str] = []
    eased: list[str] = []
    worse: list[str] = []
    left: list[str] = []
    score, failing = 0.0, False
    draws = 0.0
    for now in after.checks:
        was = before.of(now.id)
        if was is None:
            continue
        old, new = _grade(was, sampler), _grade(now, sampler)
        if new < old:
            (eased if new[0] else mended).append(now.title)
        elif new > old:
            worse.append(now.title)
            failing = failing or new[0] == WEIGHT[Status.FAIL]
        if new[0]:
            left.append(now.title)
        gain = old[0] - new[0] + FEWER * float(np.sign(old[1] - new[1]))
        if now.id in SAMPLER:
            # Checks of the draws all say the same thing, so that together they count as one.
            draws = min(draws, gain) if gain < 0 else max(draws, gain)
        else:
            score += gain * (HALF if now.id in (*SILENT, *yardstick) else 1.0)
    return Effect(tuple(mended), tuple(eased), tuple(worse), tuple(left), score + draws, failing)


def _grade(check: Check, sampler: bool) -> tuple[int, int]:
    """Status, then how many columns are named."""
    if check.id in SAMPLER and not sampler and check.status is not Status.FAIL:
        return 0, 0
    return WEIGHT[check.status], len(check.columns) if check.status is not Status.PASS else 0


def outcome(tried: Sequence[Tried], small: Seen, found: Sequence[Check], failed: Sequence[str]) -> StudyOutcome:
    best = _best(tried)
    return StudyOutcome(
        verdict=_verdict(tried, best, found),
        checks=tuple(_check(t) for t in sorted(tried, key=lambda t: (t is not best, -t.effect.score))),
        tables=(_statuses(tried, small, found, failed), _returns(tried, small)),
        pictures=(_picture(best),) if best else (),
        proposals=tuple(
            Proposal(t.label, t.spec.to_yaml(), t is best, t.needs) for t in tried if t.effect.score > 0
        ),
    )  # fmt: skip


def _best(tried: Sequence[Tried]) -> Tried | None:
    """The most mended; among equals the simplest, then the one that moves returns least."""
    able = [t for t in tried if t.effect.score > 0 and not t.effect.failing]
    return max(able, key=lambda t: (t.effect.score, -len(t.remedies), -_moved(t)), default=None)


def _moved(tried: Tried) -> float:
    """Median relative change of the returns."""
    both = [n for n in tried.before.returns if n in tried.after.returns and tried.before.returns[n]]
    changes = [abs(tried.after.returns[n] / tried.before.returns[n] - 1) for n in both]
    return float(np.median(changes)) if changes else 0.0


def _verdict(tried: Sequence[Tried], best: Tried | None, found: Sequence[Check]) -> str:
    count = f"{len(tried)} {'remedy' if len(tried) == 1 else 'remedies'} tried"
    if best is None:
        advice = [UNMENDED[c.id] for c in found if c.id in UNMENDED]
        tail = f" {advice[0][:1].upper()}{advice[0][1:]}." if advice else ""
        return f"None of the {count} mends anything without breaking something else; the checks stay open.{tail}"
    effect = best.effect
    done = [f"mends {_lower(effect.mended)}"] if effect.mended else []
    done += [f"eases {_lower(effect.eased)}"] if effect.eased else []
    text = f"Best of {count}: {best.label[:1].lower()}{best.label[1:]}. It {' and '.join(done)}"
    if effect.worse:
        text += f", but makes {_lower(effect.worse)} worse"
    left = f"still open: {_lower(effect.left)}" if effect.left else "nothing is left open in the small fit"
    drawn = [t for t in tried if t.sampler and t.effect.helps and t is not best]
    with_it = f" Take it with {_lower([t.heading for t in drawn])}, which mends what the draws lack." if drawn else ""
    return f"{text}; {left}.{with_it}"


def _lower(titles: Sequence[str]) -> str:
    return listed([t[:1].lower() + t[1:] for t in titles])


def _check(tried: Tried) -> Check:
    effect = tried.effect
    # A check that is better but open is not mended, and neither is the remedy's own verdict.
    status = Status.PASS if effect.mended and not effect.worse else Status.REVIEW
    parts = [f"Mended: {_lower(effect.mended)}." if effect.mended else ""]
    parts.append(f"Better, not passing: {_lower(effect.eased)}." if effect.eased else "")
    moved = {i for r in tried.remedies for i in r.yardstick}
    if moved & {c.id for c in tried.before.checks if c.title in (*effect.mended, *effect.eased)}:
        parts.append("That moves the yardstick rather than the model, so it counts half.")
    parts.append(f"Worse: {_lower(effect.worse)}." if effect.worse else "")
    if not (effect.mended or effect.eased or effect.worse):
        parts.append("It changes no check.")
    parts.append(f"Still open: {_lower(effect.left)}." if effect.left else "Nothing is left open.")
    if tried.before.returns:
        parts.append(f"Returns move by {_moved(tried):.0%} in the middle{_most(tried)}.")
    cause = " ".join(dict.fromkeys(r.cause for r in tried.remedies)) if len(tried.remedies) == 1 else ""
    key = "+".join(r.key for r in tried.remedies)
    return Check(key, tried.label, status, " ".join(p for p in (cause, *parts) if p))


def _most(tried: Tried) -> str:
    """The channel whose return moves most, from and to."""
    both = [n for n in tried.before.returns if n in tried.after.returns and tried.before.returns[n] > 0]
    if not both:
        return ""
    worst = max(both, key=lambda n: abs(np.log(max(tried.after.returns[n], 1e-9) / tried.before.returns[n])))
    return f", most for {worst} ({tried.before.returns[worst]:.2f} to {tried.after.returns[worst]:.2f})"


def _statuses(tried: Sequence[Tried], small: Seen, found: Sequence[Check], failed: Sequence[str]) -> Table:
    """Every check that is open anywhere, remedy by remedy."""
    sides = [("As it is", small), *((t.heading, t.after) for t in tried)]
    asked = {c.id for c in found}
    ids = [c.id for c in small.checks if c.id in asked or any(s.of(c.id) and _open(s, c.id) for _, s in sides)]
    rows = []
    for check_id in ids:
        titled = small.of(check_id)
        stored = next((c.status.value for c in found if c.id == check_id), Status.PASS.value)
        cells = tuple(one.status.value if (one := seen.of(check_id)) else None for _, seen in sides)
        rows.append((titled.title if titled else check_id, stored, *cells))
    columns = (Column("Check"), Column("The model"), *(Column(label) for label, _ in sides))
    note = (
        "The model: as it was fitted. As it is: the same with the few draws that each remedy gets, which it is "
        "compared with; limits on the number of draws are in proportion. Remedies of the sampler are fitted at full "
        "length."
    )
    return Table("Checks, remedy by remedy", columns, tuple(rows), " ".join([note, *failed]))


def _open(seen: Seen, check_id: str) -> bool:
    found = seen.of(check_id)
    return found is not None and found.status is not Status.PASS


def _returns(tried: Sequence[Tried], small: Seen) -> Table:
    sides = [("As it is", small.returns), *((t.heading, t.after.returns) for t in tried)]
    names = list(dict.fromkeys(n for _, returns in sides for n in returns))
    columns = (Column("Channel"), *(Column(label, "ratio") for label, _ in sides))
    return Table("What it does to returns", columns, tuple((n, *(r.get(n) for _, r in sides)) for n in names))


def _picture(best: Tried) -> Picture:
    names = tuple(n for n in best.before.returns if n in best.after.returns)
    before = Line("As it is", tuple(best.before.returns[n] for n in names))
    after = Line("After the best remedy", tuple(best.after.returns[n] for n in names))
    return Picture("Returns before and after", "dots", names, (before, after), "ratio")
