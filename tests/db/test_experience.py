"""What worked before: graded models of an organisation, what they hand on and what not, and who sees them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sqlalchemy import Engine

from mmm_core.data import simulate
from mmm_core.domain.checks import Check, Status
from mmm_core.domain.fit import Chunk, Progress
from mmm_core.domain.identity import Actor
from mmm_core.domain.ports import FitOutcome, Services
from mmm_core.domain.project import Plan, PrecedentKind
from mmm_core.domain.results import Evidence, Interval, Results
from mmm_core.modeling.spec import ModelSpec
from mmm_core.use_cases import datasets, experience, fits, models, plans, projects
from mmm_core.use_cases.datasets import Upload
from mmm_core.use_cases.execute import execute
from mmm_core.use_cases.experience import Grade, Lesson
from tests.agents import world
from tests.db.test_use_cases import PriorFit

pytestmark = pytest.mark.slow

Change = Callable[[Results], Results]
RHAT = Check("rhat", "Chains agree", Status.FAIL, "They do not.", 1.3, 1.01)
SUGGESTED: list[ModelSpec] = []
"""The same columns ask for the same specification; it is worked out once."""
ODD = Check("misfit", "Shape", Status.REVIEW, "Look at it.", 0.1, 0.2)


class Told(PriorFit):
    """A fit whose results are what a test says."""

    change: Change = staticmethod(lambda r: r)

    def run(
        self, spec_yaml: str, table: bytes, chunks: Sequence[Chunk], stop: Callable[[], bool]
    ) -> Iterator[Progress | Chunk | FitOutcome]:
        for message in super().run(spec_yaml, table, chunks, stop):
            yield replace(message, results=self.change(message.results)) if isinstance(message, FitOutcome) else message


@pytest.fixture
def services(engine: Engine) -> Services:
    made = world.services_on(engine)
    process: Any = Told()
    return replace(made, fit_process=process)


def learned(*checks: Check, **returns: tuple[float, float, float]) -> Change:
    """Results with these checks; the named channels' returns were learned from data."""

    def change(found: Results) -> Results:
        channels = [
            replace(c, evidence=Evidence.DATA, roi=Interval(low_mid_high[1], *low_mid_high))
            if (low_mid_high := returns.get(c.channel))
            else replace(c, evidence=Evidence.PRIOR)
            for c in found.channels
        ]
        return replace(found, checks=checks, channels=tuple(channels))

    return change


def planned(services: Services, actor: Actor, name: str, *, seed: int = 5, rename: Any = None) -> tuple[str, Plan]:
    """A project of other weeks than those of another seed, and the draft of its plan."""
    frame = simulate.company("national", seed, weeks=110, channels=3).frame
    frame = rename(frame) if rename else frame
    project = projects.create_project(services, actor, name=name, question="What works?")
    version = datasets.add_dataset(services, actor, project.id, [Upload(frame.to_csv(index=False).encode(), "a.csv")])
    target, channels, controls = plans.plan_columns(version.recognition)
    plan = plans.save_plan(
        services, actor, project.id, question="?", target=target, channels=channels, controls=controls
    )
    return project.id, plan


def modelled(services: Services, actor: Actor, name: str, change: Change, *, seed: int = 5, **spec: Any) -> str:
    process: Any = services.fit_process
    process.change = change
    project_id, _ = planned(services, actor, name, seed=seed)
    plans.approve_plan(services, actor, project_id)
    if not SUGGESTED:
        SUGGESTED.append(models.suggest_spec(services, actor, project_id).spec)
    wanted = ModelSpec.model_validate(SUGGESTED[0].model_dump() | spec)
    run = fits.request_fit(services, actor, project_id, wanted, name=f"Model of {name}")
    execute(services, actor, run.id)
    return run.id


def of(services: Services, actor: Actor, project_id: str, plan: Plan) -> list[Lesson]:
    with services.work(actor) as work:
        here = experience.here_of(work, project_id, plan)
        assert here is not None
        return experience.lessons(work, here)


def test_models_are_graded_by_their_checks(services: Services, actor: Actor, fresh: str) -> None:
    wanted = {
        "best": (learned(tv=(1.0, 1.5, 2.0)), Grade.A), "bad": (learned(RHAT), Grade.D),
    }  # fmt: skip
    for place, (name, (change, _)) in enumerate(wanted.items()):
        modelled(services, actor, f"{fresh} {name}", change, seed=20 + place)
    project_id, plan = planned(services, actor, f"{fresh} new", seed=5)
    found = of(services, actor, project_id, plan)
    assert [lesson.grade for lesson in found] == [grade for _, grade in wanted.values()]
    assert "failed chains agree" in found[-1].sentence
    assert found[-1].refused == ("Nothing is handed on by a model of grade D: failed chains agree.",)


def test_a_return_that_was_learned_is_handed_on_twice_as_wide(services: Services, actor: Actor, fresh: str) -> None:
    run = modelled(services, actor, f"{fresh} old", learned(tv=(1.0, 2.0, 4.0)), seed=21)
    project_id, plan = planned(services, actor, f"{fresh} new")
    (lesson,) = of(services, actor, project_id, plan)
    (prior,) = [p for p in lesson.offers if p.kind is PrecedentKind.PRIOR]
    assert (prior.name, prior.low, prior.high, prior.run_id) == ("tv", 0.5, 8.0, run)
    assert "grade A" in prior.source
    assert "widened twofold" in prior.source
    assert any("mostly prior, a belief rather than a finding" in why for why in lesson.refused)


def test_the_same_weeks_hand_on_no_return(services: Services, actor: Actor, fresh: str) -> None:
    modelled(services, actor, f"{fresh} old", learned(tv=(1.0, 2.0, 4.0)), seed=5)
    project_id, plan = planned(services, actor, f"{fresh} new", seed=5, rename=lambda t: t.iloc[10:])
    (lesson,) = of(services, actor, project_id, plan)
    assert not lesson.offers
    assert any("count the same data twice" in why for why in lesson.refused)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda r: replace(learned(tv=(1.0, 2.0, 4.0))(r), currency="SEK"), "costs differ between markets"),
        (lambda r: replace(learned(tv=(1.0, 2.0, 4.0))(r), is_revenue=False, kpi="orders"), "another KPI"),
    ],
)
def test_what_cannot_be_compared_is_not_handed_on(
    services: Services, actor: Actor, fresh: str, change: Change, why: str
) -> None:
    modelled(services, actor, f"{fresh} old", change, seed=21)
    project_id, plan = planned(services, actor, f"{fresh} new")
    (lesson,) = of(services, actor, project_id, plan)
    assert not lesson.offers
    assert any(why in said for said in lesson.refused)


def test_families_and_controls_are_handed_on_where_they_differ(services: Services, actor: Actor, fresh: str) -> None:
    modelled(services, actor, f"{fresh} old", learned(), seed=21, adstock="weibull_pdf", max_lag=6)
    project_id, plan = planned(services, actor, f"{fresh} new")
    (lesson,) = of(services, actor, project_id, replace(plan, controls=()))
    assert [(p.name, p.max_lag) for p in lesson.offers if p.kind is PrecedentKind.MEMORY] == [("weibull_pdf", 6)]
    assert {p.name for p in lesson.offers if p.kind is PrecedentKind.CONTROL} == set(plan.controls)
    (bare,) = of(services, actor, project_id, replace(plan, channels=("moon",)))
    assert not bare.offers
    assert bare.refused == ("It has none of this plan's channels.",)


def test_a_better_model_goes_before_a_lesser_one(services: Services, actor: Actor, fresh: str) -> None:
    modelled(services, actor, f"{fresh} lesser", learned(ODD, tv=(3.0, 4.0, 5.0)), seed=22)
    best = modelled(services, actor, f"{fresh} better", learned(tv=(1.0, 2.0, 4.0)), seed=21)
    project_id, plan = planned(services, actor, f"{fresh} new")
    first, second = of(services, actor, project_id, plan)
    assert [p.run_id for p in first.offers] == [best]
    assert not second.offers
    assert any("a better model hands on its own" in why for why in second.refused)


def test_only_an_approved_plan_brings_it_into_the_specification(services: Services, actor: Actor, fresh: str) -> None:
    modelled(services, actor, f"{fresh} old", learned(tv=(1.0, 2.0, 4.0)), seed=21, saturation="tanh")
    project_id, plan = planned(services, actor, f"{fresh} new")
    (lesson,) = of(services, actor, project_id, plan)
    plain = models.suggest_spec(services, actor, project_id)
    assert not any(c.belief for c in plain.spec.channels)
    (before,) = [n for n in plain.notes if n.startswith("What worked before")]
    assert "grade A: passed every check, not validated" in before
    assert "which takes none of it" in before
    plans.save_plan(
        services, actor, project_id, question="?", target=plan.target, channels=plan.channels, controls=plan.controls,
        precedents=lesson.offers,
    )  # fmt: skip
    assert not any(c.belief for c in models.suggest_spec(services, actor, project_id).spec.channels), "a draft"
    plans.approve_plan(services, actor, project_id)
    found = models.suggest_spec(services, actor, project_id)
    belief = next(c.belief for c in found.spec.channels if c.name == "tv")
    assert belief is not None
    assert (belief.kind, belief.low, belief.high) == ("roi", 0.5, 8.0)
    assert found.spec.saturation == "tanh"
    assert len([n for n in found.notes if n.startswith("Taken over: ")]) == len(lesson.offers) == 2
    models.check_spec(services, actor, project_id, found.spec)
    with services.work(actor) as work:
        steps = work.graph.lineage("plan", plan.id)
    assert any(s.kind == "model" for s in steps), "the plan's lineage names the model"
    plans.save_plan(
        services, actor, project_id, question="again", target=plan.target, channels=plan.channels
    )  # fmt: skip
    kept = plans.latest_plan(services, actor, project_id)
    assert kept is not None
    assert kept.precedents == lesson.offers, "a form that knows nothing of them does not lose them"


def test_another_organisation_sees_none_of_it(
    services: Services, actor: Actor, stranger: Actor, fresh: str, engine: Engine
) -> None:
    modelled(services, actor, f"{fresh} old", learned(tv=(1.0, 2.0, 4.0)), seed=21)
    project_id, plan = planned(services, stranger, f"{fresh} new")
    assert of(services, stranger, project_id, plan) == []
    notes = models.suggest_spec(services, stranger, project_id).notes
    assert not [n for n in notes if "worked before" in n or fresh in n]
    theirs = modelled(services, stranger, f"{fresh} theirs", learned(tv=(2.0, 3.0, 4.0)), seed=22)
    assert [lesson.run.id for lesson in of(services, stranger, project_id, plan)] == [theirs]
    with services.work(actor) as work:
        mine = [p.name for p in work.projects.list()]
    assert not [n for n in mine if "theirs" in n]


@pytest.fixture
def fresh(services: Services, actor: Actor, stranger: Actor) -> str:
    """A name for this test's projects; what other tests left is put away."""
    for who in (actor, stranger):
        with services.work(who) as work:
            for project in work.projects.list():
                work.projects.update(replace(project, archived=True))
    return f"T{np.random.default_rng().integers(10**9)}"
