"""What worked before, at the plan's approval: shown, chosen by a person, and then in the fitted specification."""

import io
import sys
from dataclasses import replace
from typing import Any

import pytest

from mmm_core.data import simulate
from mmm_core.domain.identity import Actor
from mmm_core.domain.ports import Services
from mmm_core.modeling.spec import ModelSpec
from mmm_core.use_cases import fits, plans
from server.cli_run import ask_person
from tests.agents.workflow.conftest import Open
from tests.db.test_experience import Told, learned, modelled

pytestmark = pytest.mark.slow


def test_nothing_is_taken_over_before_a_person_chooses_it(
    services: Services, actor: Actor, office: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    process: Any = Told()
    run = modelled(replace(services, fit_process=process), actor, "Sister", learned(tv=(1.0, 2.0, 4.0)), seed=21)
    content = simulate.company("national", 5, weeks=110, channels=3).frame.to_csv(index=False).encode()
    one = office(content).start()
    one.go()
    question = one.asked.question
    assert any(e.startswith("Worked before: Model of Sister of Sister (grade A") for e in question.evidence)
    (offered,) = [i for i in question.inputs if i.name == "precedents"]
    assert offered.value == []
    (prior,) = offered.options
    assert prior.startswith("TV: a return of 0.50× to 8.00× as its prior, from Model of Sister of Sister (grade A")
    assert "," in prior
    for typed in (prior, prior.lower(), "1"):
        # At the terminal all else is kept with Enter.
        monkeypatch.setattr(sys, "stdin", io.StringIO("e\n" + "\n" * (len(question.inputs) - 1) + f"{typed}\n"))
        said = ask_person(question)
        assert said.edits == {"precedents": [prior]}
    one.edit(**said.edits)
    plan = plans.latest_plan(one.services, one.actor, one.project_id)
    assert plan is not None
    assert [(p.name, p.run_id) for p in plan.precedents] == [("tv", run)]
    one.until("budget")
    (fitted,) = fits.list_runs(one.services, one.actor, one.project_id)
    belief = next(c.belief for c in ModelSpec.from_yaml(fitted.spec_yaml).channels if c.name == "tv")
    assert belief is not None
    assert (belief.low, belief.high) == (0.5, 8.0)

    other = office(content.replace(b"2025-12-29", b"2025-12-30")).start()
    other.go()
    other.yes()
    kept = plans.latest_plan(other.services, other.actor, other.project_id)
    assert kept is not None
    assert kept.precedents == (), "an approval that chooses nothing takes nothing over"
