"""What studies look like on a page: every kind of picture, numbers in words, the card of a fitted model."""

import json
import uuid
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine
from streamlit.testing.v1 import AppTest

from db.work import PostgresWork
from mmm_core.domain.checks import Check, Status
from mmm_core.domain.fit import Run, RunStatus
from mmm_core.domain.identity import Actor
from mmm_core.domain.study import Column, Line, Picture, StudyOutcome, Table
from mmm_core.use_cases import comparisons
from mmm_core.use_cases.comparisons import Comparison, Side
from pages.ui import charts_study, study, study_compare
from pages.ui.palette import DARK, LIGHT, Scheme
from server import web
from tests.db import some
from tests.fakes.some_results import some_results

ROOT = Path(__file__).resolve().parents[2]
DAYS = ("2025-01-06", "2025-01-13", "2025-01-20")
PICTURES = {
    "lines": Picture(
        "Forecast", "lines", DAYS,
        (Line("Forecast", (10.0, 11.0, 12.0), (9.0, 10.0, 11.0), (11.0, 12.0, 13.0), "predicted"),
         Line("Actual", (10.5, 10.0, 14.0), role="actual")), "kpi",
    ),
    "bars": Picture(
        "Change", "bars", ("tv", "search"),
        (Line("Mean change", (0.2, 0.1)), Line("Limit", (0.15, 0.15), role="limit")), "share",
    ),
    "stacked": Picture("Parts", "stacked", ("tv",), (Line("Weeks", (0.5,)), Line("Noise", (-0.1,))), "ratio"),
    "dots": Picture(
        "Copy", "dots", ("tv",), (Line("Copy", (0.2,), (0.1,), (0.4,)), Line("Itself", (2.0,))), "ratio"
    ),
    "histograms": Picture(
        "Ranks", "histograms", (0.25, 0.75),
        tuple(Line(f"alpha ({c})", (5.0, 20.0), (2.0, 2.0), (12.0, 12.0)) for c in "abcd"), "count",
    ),
}  # fmt: skip


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("kind", list(charts_study.KINDS))
def test_each_picture_draws_in_our_own_template(kind: str, scheme: Scheme) -> None:
    fig = charts_study.drawn(PICTURES[kind], scheme, study.writer(PICTURES[kind].unit, some_results()))
    drawn = json.loads(fig.to_json())
    assert drawn["data"]
    assert drawn["layout"]["template"]["layout"]["font"]["color"] == scheme.ink


def test_a_bar_past_its_limit_asks_for_a_look_and_one_outside_its_band_stands_out() -> None:
    bars = charts_study.drawn(PICTURES["bars"], LIGHT, str)
    assert list(bars.data[0].marker.color) == [LIGHT.review, LIGHT.accent]
    histogram = charts_study.drawn(PICTURES["histograms"], LIGHT, str)
    assert list(histogram.data[0].marker.color) == [LIGHT.accent, LIGHT.bad]


def test_cells_are_numbers_that_sort_or_words() -> None:
    results = some_results()
    name = results.channels[0].channel
    assert study._cell(0.125, "share", results) == 12.5
    assert study._cell(0.03, "points", results) == 3.0
    assert study._cell(None, "ratio", results) is None
    assert study._cell("2025-01-06", "date", results) == "6 Jan 2025"
    assert study._cell(1_200_000.0, "money", results) == "€1.2m"
    assert study._cell(name, "text", results) != ""
    assert study.worst([]) is Status.PASS


def comparison() -> Comparison:
    old = some_results()
    first, *rest = old.channels
    assert first.roi is not None
    higher = replace(first, roi=replace(first.roi, p50=first.roi.p50 + 0.5))
    new = replace(old, channels=(higher, *rest[:-1]))
    at = datetime(2026, 1, 5, tzinfo=UTC)
    runs = [Run(i, "p", "v", "", RunStatus.DONE, 1, "Ada", at, name="Model") for i in "ab"]
    return Comparison(Side(runs[0], old), Side(runs[1], new), (), True)


def test_two_models_stand_side_by_side() -> None:
    seen = comparison()
    table = study_compare.returns(seen)
    assert list(table.columns) == ["Channel", "Model (older)", "Model (newer)", "Change"]
    assert table["Change"].iloc[0] == "+0.50×"
    assert table.iloc[-1]["Model (newer)"] == "not in this model"
    assert len(table) == len(seen.old.results.channels)
    facts = study_compare.facts(seen)
    assert facts["Model (older)"].tolist() == facts["Model (newer)"].tolist()


FOUND = StudyOutcome(
    "Fitted without the last 13 weeks, the model forecast them.",
    (Check("mape", "Typical error (MAPE)", Status.REVIEW, "It is off by 17%.", 0.17, 0.15),),
    (Table("How far off", (Column("Forecast"), Column("MAPE", "share")), (("The model", 0.17),), "A note."),),
    (PICTURES["lines"],),
)


def fitted(engine: Engine, actor: Actor) -> Run:
    """A done model whose holdout is done, whose placebo failed and whose refresh waits."""
    with PostgresWork(engine, actor) as w:
        run = some.store_run(w, name=f"Spring {uuid.uuid4().hex}")
        blob = w.blobs.put(b"draws", "application/octet-stream")
        w.runs.finish(run.id, w.runs.begin_attempt(run.id), some_results(), [], blob)
        done, failed, waits = (
            replace(some.study(run), kind=kind, id=uuid.uuid4().hex) for kind in ("holdout", "placebo", "refresh")
        )
        for one in (done, failed, waits):
            w.studies.add(one, some.steps())
        w.studies.finish(done.id, w.studies.begin_attempt(done.id), FOUND)
        w.studies.set_status(failed.id, RunStatus.FAILED, error="The column tv is gone.")
        w.studies.set_status(waits.id, RunStatus.QUEUED, job_id="gone")
        return w.runs.get(run.id)


def _card() -> None:
    import streamlit as st

    from pages.ui import study_validation

    study_validation.card(st.session_state["actor"], st.session_state["run"])


def test_the_card_says_what_was_found_what_failed_and_what_waits(
    backend: web.Backend, engine: Engine, actor: Actor
) -> None:
    page = AppTest.from_function(_card, default_timeout=60)
    page.session_state["actor"], page.session_state["run"] = actor, fitted(engine, actor)
    page.run()
    assert not page.exception
    said = "\n".join(m.value for m in page.markdown)
    assert "1 of 5 tests done: 1 to look at" in said
    assert "REVIEW" in said
    assert "failed: The column tv is gone" in said
    assert "no worker is running" in said
    assert "It is off by 17" in said
    assert "A copy of a channel" in said, "what is not done yet says what it would answer"
    labels = [b.label for b in page.button]
    assert "Run what is missing" in labels
    assert {"Run again", "Cancel", "Go on from where it stopped"} <= set(labels)
    assert page.number_input(key="validation_holdout_draws").value == 300


def _settings() -> None:
    import streamlit as st

    from pages.ui import study_settings

    for kind in ("perturbation", "placebo", "holdout"):
        st.session_state[kind] = study_settings.chosen(kind, "here")
        study_settings.popover(kind, "here", channels=["tv", "paid_search"])


def test_settings_give_what_was_chosen_otherwise_and_nothing_else() -> None:
    page = AppTest.from_function(_settings, default_timeout=60).run()
    assert not page.exception
    assert [page.session_state[k] for k in ("perturbation", "placebo", "holdout")] == [{}, {}, {}]
    assert page.number_input(key="here_holdout_periods").value is None
    assert "fifth of short data" in page.number_input(key="here_holdout_periods").placeholder
    page.number_input(key="here_perturbation_noise").set_value(12.0)
    page.multiselect(key="here_placebo_channels").set_value(["paid_search"])
    page.number_input(key="here_holdout_periods").set_value(26)
    page.number_input(key="here_holdout_draws").set_value(600)
    page.run()
    assert page.session_state["perturbation"] == {"noise": pytest.approx(0.12)}
    assert page.session_state["placebo"] == {"channels": ("paid_search",)}
    assert page.session_state["holdout"] == {"periods": 26, "draws": 600}


def test_comparing_a_model_with_itself_is_one_sentence(backend: web.Backend, engine: Engine, actor: Actor) -> None:
    run = fitted(engine, actor)
    with pytest.raises(Exception, match="two different models"):
        comparisons.compare_models(backend.services, actor, run.id, run.id)
