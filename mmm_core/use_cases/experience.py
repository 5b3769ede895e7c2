"""What worked before: the organisation's models by quality, and what of them the next one may take over (A0).

A model is graded by its checks and by the validations that were run on it. What it may hand on goes into the research
plan, where a person sees whose it is and decides; a specification takes it from an approved plan, from nowhere else.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

import pandas as pd

from mmm_core.causal.holdings import key
from mmm_core.domain.checks import Status
from mmm_core.domain.dataset import Role
from mmm_core.domain.errors import NotFound
from mmm_core.domain.fit import Run, RunStatus
from mmm_core.domain.identity import Actor
from mmm_core.domain.ports import Services, Work
from mmm_core.domain.project import Plan, Precedent, PrecedentKind, Project
from mmm_core.domain.results import ChannelResult, Evidence, Results
from mmm_core.domain.study import Study
from mmm_core.modeling.spec import Adstock, ModelSpec, Saturation
from mmm_core.reports import wording as f
from mmm_core.use_cases.datasets import working
from mmm_core.use_cases.knowledge import shape_in_words
from mmm_core.use_cases.precedents import in_words

NEWEST = 3
"""Models of one project that are looked at: an organisation that fits daily would otherwise read all its results."""
PROJECTS = 40
"""The newest, for the same reason."""
MOST = 12
"""Models that are shown."""
VALIDATIONS = ("holdout", "expanding", "refresh", "placebo", "perturbation")
CONVERGENCE = ("rhat", "ess_bulk", "ess_tail", "divergences")
SUGGESTED = (Adstock.GEOMETRIC, Saturation.HILL)
"""What a specification starts from anyway."""
SAME = 0.5
"""Share of the common periods with one and the same KPI from which on two tables are the same data."""


class Grade(StrEnum):
    A = "A"
    """Passed every check."""
    B = "B"
    """Something to review, nothing failed."""
    C = "C"
    """One check or a validation failed."""
    D = "D"
    """The chains did not agree, or several checks failed."""


TRUSTED = (Grade.A, Grade.B)


@dataclass(frozen=True)
class Here:
    """The project for which something is taken over."""

    project_id: str
    channels: tuple[str, ...]
    target: str
    currency: str
    is_revenue: bool
    period_days: int | None
    content_hash: str
    taken: frozenset[str] = frozenset()
    """Columns that already have a part in the plan, by key."""
    columns: dict[str, str] = field(default_factory=dict)
    """Columns that could be a control, by key."""
    kpi: dict[date, float] = field(default_factory=dict)
    """The KPI by period, all geos together."""


@dataclass(frozen=True)
class Lesson:
    """One earlier model: how good it was, what it hands on, and what it does not, with the reason."""

    run: Run
    project: Project
    at: datetime
    grade: Grade
    why: str
    shape: str
    shared: tuple[str, ...]
    """Channels of the plan that it has too."""
    offers: tuple[Precedent, ...]
    refused: tuple[str, ...]
    missing: tuple[str, ...]
    """Its controls for which these data have no column."""
    uncertain: tuple[str, ...]
    """Shared channels about which its data said little."""

    @property
    def model(self) -> str:
        return self.run.name or "A model"

    @property
    def sentence(self) -> str:
        return f"{self.model} of {self.project.name} (grade {self.grade}: {self.why}; {self.shape})."


def lessons(work: Work, here: Here) -> list[Lesson]:
    """The best first: those that share channels, then by grade; what a better model hands on, a lesser one does not."""
    found = sorted(_models(work), key=lambda m: m.rank(here))[:MOST]
    given: set[tuple[PrecedentKind, str]] = set()
    out = []
    for model in found:
        lesson = model.lesson(here, given)
        given |= {(p.kind, _slot(p)) for p in lesson.offers}
        out.append(lesson)
    return out


def for_plan(services: Services, actor: Actor, project_id: str, plan: Plan) -> list[Lesson]:
    """What earlier models say about a plan's channels; empty where there are no data yet."""
    with services.work(actor) as work:
        here = here_of(work, project_id, plan)
        return [m for m in lessons(work, here) if m.shared] if here else []


def here_of(work: Work, project_id: str, plan: Plan | None) -> Here | None:
    """None where there are no data yet."""
    version = work.datasets.latest(project_id)
    if version is None:
        return None
    now, project = working(work, version), work.projects.get(project_id)
    roles = now.recognition.roles
    channels = (
        plan.channels if plan else tuple(dict.fromkeys(r.channel or r.column for r in roles if r.role is Role.SPEND))
    )
    target = (plan.target if plan else "") or now.recognition.one(Role.KPI) or ""
    day = now.recognition.one(Role.DATE)
    fixed = [r for r in roles if r.role not in (Role.CONTROL, Role.HOLIDAY, Role.IGNORE)]
    taken = {key(n) for r in fixed for n in (r.column, r.channel) if n} | {
        key(c) for c in (plan.controls if plan else ())
    }
    frame = now.frame
    usable = [c for c in frame if pd.api.types.is_numeric_dtype(frame[c]) and frame[c].notna().all()]
    kpi: dict[date, float] = {}
    if day in frame and target in usable:
        summed = frame.groupby(pd.to_datetime(frame[day]))[target].sum()
        kpi = {pd.Timestamp(str(at)).date(): float(value) for at, value in summed.items()}
    return Here(
        project_id, channels, target, project.currency, project.kpi_unit == "revenue", now.recognition.frequency_days,
        version.content_hash, frozenset(taken), {key(str(c)): str(c) for c in usable}, kpi,
    )  # fmt: skip


# ---- one earlier model ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Model:
    run: Run
    project: Project
    spec: ModelSpec
    results: Results
    content_hash: str
    grade: Grade
    why: str

    def rank(self, here: Here) -> tuple[bool, str, int, float, float]:
        shared = len(self.shared(here))
        return (not shared, self.grade.value, -shared, -self.results.fit.r2, -self.at.timestamp())

    @property
    def at(self) -> datetime:
        return self.run.ended_at or self.run.requested_at

    def shared(self, here: Here) -> dict[str, ChannelResult]:
        """Channel here to its result there."""
        theirs = {c.channel: c for c in self.results.channels}
        known = {key(x): theirs[c.name] for c in self.spec.channels if c.name in theirs for x in (c.name, *c.columns)}
        return {name: known[key(name)] for name in here.channels if key(name) in known}

    def lesson(self, here: Here, given: set[tuple[PrecedentKind, str]]) -> Lesson:
        shared, offers, refused = self.shared(here), [], []
        for found in self._judged(here, shared):
            if isinstance(found, str):
                refused.append(found)
            elif (found.kind, _slot(found)) in given:
                refused.append(f"{in_words(found)}: a better model hands on its own.")
            else:
                offers.append(found)
        controls = [*self.spec.controls, *self.spec.holidays]
        return Lesson(
            self.run, self.project, self.at, self.grade, self.why, shape_in_words(self.spec), tuple(shared),
            tuple(offers), tuple(refused),
            tuple(c for c in controls if key(c) not in here.columns) if self.grade in TRUSTED and shared else (),
            tuple(n for n, c in shared.items() if c.evidence is Evidence.PRIOR and c.spend),
        )  # fmt: skip

    def _judged(self, here: Here, shared: dict[str, ChannelResult]) -> Iterator[Precedent | str]:
        """What it hands on, and a sentence for what it does not."""
        if not shared:
            yield "It has none of this plan's channels."
            return
        if self.grade not in TRUSTED:
            yield f"Nothing is handed on by a model of grade {self.grade}: {self.why}."
            return
        if self._same_data(here):
            yield "It saw the same weeks of the same KPI: its returns would count the same data twice."
        else:
            for name, result in shared.items():
                yield self._return(here, name, result)
        yield from self._families(here)
        for column in (*self.spec.controls, *self.spec.holidays):
            there = here.columns.get(key(column))
            if there is not None and key(there) not in here.taken:
                yield Precedent(PrecedentKind.CONTROL, there, self.run.id, self.source)

    def _return(self, here: Here, name: str, found: ChannelResult) -> Precedent | str:
        words = f.plain(name)
        if found.roi is None:
            return f"{words}: it had no return there."
        if found.evidence is Evidence.PRIOR:
            return f"{words}: its return there was mostly prior, a belief rather than a finding."
        if self.results.currency != here.currency:
            return f"{words}: its return was in {self.results.currency}, and costs differ between markets."
        if not (self.results.is_revenue and here.is_revenue) and key(self.results.kpi) != key(here.target):
            return f"{words}: its return was on {f.inside(self.results.kpi)}, another KPI."
        if found.roi.p5 <= 0:
            return f"{words}: its range reached zero."
        middle = found.roi.p50
        # Another market is not this one, so that the range is as wide again on both sides, in the logarithm.
        low, high = (_rounded(middle * (end / middle) ** 2) for end in (found.roi.p5, found.roi.p95))
        if not low < high:
            return f"{words}: its range was a single number."
        return Precedent(PrecedentKind.PRIOR, name, self.run.id, f"{self.source}, widened twofold", low, high)

    def _families(self, here: Here) -> Iterator[Precedent | str]:
        same = (self.spec.adstock, self.spec.saturation) == SUGGESTED
        if same:
            yield "Its memory and saturation are those that are suggested anyway."
            return
        if self.results.period_days != (here.period_days or self.results.period_days):
            yield "Its memory counts in other periods than these data."
        elif self.spec.adstock is not SUGGESTED[0]:
            yield Precedent(
                PrecedentKind.MEMORY, self.spec.adstock.value, self.run.id, self.source, max_lag=self.spec.max_lag
            )  # fmt: skip
        if self.spec.saturation is not SUGGESTED[1]:
            yield Precedent(PrecedentKind.SATURATION, self.spec.saturation.value, self.run.id, self.source)

    def _same_data(self, here: Here) -> bool:
        if self.project.id == here.project_id or self.content_hash == here.content_hash:
            return True
        series = next((s.mean for s in self.results.series if s.group == "actual" and not s.geo), ())
        both = [(v, here.kpi[d]) for d, v in zip(self.results.dates, series, strict=False) if d in here.kpi]
        alike = sum(abs(a - b) <= 1e-6 * max(abs(a), abs(b)) for a, b in both)
        return bool(both) and alike >= SAME * len(both)

    @property
    def source(self) -> str:
        return f"{self.run.name or 'a model'} of {self.project.name} (grade {self.grade}, {f.day(self.at)})"


def _models(work: Work) -> Iterator[_Model]:
    kept = [p for p in work.projects.list() if not p.archived]
    for project in sorted(kept, key=lambda p: p.created_at, reverse=True)[:PROJECTS]:
        done = [r for r in work.runs.list(project.id) if r.status is RunStatus.DONE]
        for run in sorted(done, key=lambda r: r.requested_at, reverse=True)[:NEWEST]:
            try:
                results = work.runs.results(run.id)
            except NotFound:
                continue
            found = graded(results, work.studies.of_run(run.id))
            spec = ModelSpec.from_yaml(run.spec_yaml)
            content = work.datasets.get(run.dataset_version_id).content_hash
            yield _Model(run, project, spec, results, content, *found)


def graded(results: Results, studies: Sequence[Study]) -> tuple[Grade, str]:
    """How far a model can be trusted, by its checks and by the studies of it, and why."""
    failed = [c for c in results.checks if c.status is Status.FAIL]
    odd = [c.title.lower() for c in results.checks if c.status is Status.REVIEW]
    kept = [s for s in studies if s.kind in VALIDATIONS and s.outcome is not None]
    broken = [s.kind for s in kept if s.outcome is not None and s.outcome.status is Status.FAIL]
    why = [f"failed {_listed([c.title.lower() for c in failed])}"] if failed else []
    why += [f"its {_listed(list(dict.fromkeys(broken)))} validation failed"] if broken else []
    if len(failed) > 1 or any(c.id in CONVERGENCE for c in failed):
        return Grade.D, "; ".join(why)
    if why:
        return Grade.C, "; ".join(why)
    held = f", and held in {_listed([s.kind for s in kept])}" if kept else ", not validated"
    if odd:
        return Grade.B, f"to review: {_listed(odd)}{held}"
    return Grade.A, f"passed every check{held}"


def _slot(one: Precedent) -> str:
    return key(one.name) if one.kind in (PrecedentKind.PRIOR, PrecedentKind.CONTROL) else ""


def _rounded(value: float) -> float:
    return float(f"{value:.3g}")


def _listed(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else "".join(names)
