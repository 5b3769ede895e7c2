"""From an empty project to an approved plan in a conversation, without a language model; and rows of one."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from jobs import wiring
from mmm_core.data import simulate
from mmm_core.domain.project import PlanStatus
from mmm_core.settings import Settings
from mmm_core.use_cases import datasets, planning, plans, projects
from tests.agents.llm.loopback import Step, serving
from tests.conftest import Database
from tests.journeys.conftest import Web, free_port
from tests.journeys.looking import PHONE, person

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PROPOSED = {"channels": ["tv", "search"], "controls": ["tv"], "why": "You said so."}
ROWS: tuple[Step, ...] = (
    {"text": "", "calls": [("propose_for_plan", PROPOSED)]},
    {"text": "Have a look at these rows."},
)  # fmt: skip


def content() -> bytes:
    return simulate.company("national", 5, weeks=90, channels=3).frame.to_csv(index=False).encode()


def _say(page: Page, words: str) -> None:
    box = page.locator(".st-key-plan_talk").get_by_test_id("stChatInput").get_by_role("textbox")
    box.fill(words)
    box.press("Enter")


def _fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


def test_from_an_empty_project_to_an_approved_plan(
    page: Page, browser: Browser, web: Web, fresh_database: Database, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GOOGLE_API_KEY", "CARRYOVER_MODEL"):
        monkeypatch.delenv(name, raising=False)
    settings = Settings(DATABASE_URL=fresh_database.admin, REDIS_URL=redis_url)
    with (
        wiring.opened(settings) as wired,
        web(port := free_port(), DATABASE_URL=fresh_database.admin, REDIS_URL=redis_url) as address,
    ):
        assert str(port) in address
        services, actor = wired.services, wired.people.local()
        project = projects.create_project(services, actor, name="Acme")
        page.goto(f"{address}/data?project={project.id}")
        page.locator('input[type="file"]').set_input_files(
            {"name": "acme.csv", "mimeType": "text/csv", "buffer": content()}
        )
        page.get_by_role("button", name="Read the data").click()
        expect(page.get_by_role("tab", name="Quality")).to_be_visible()

        page.goto(f"{address}/plan?project={project.id}")
        page.locator(".st-key-plan_talk_begin").get_by_role("button").click()
        talk, take = page.locator(".st-key-plan_talk"), page.locator(".st-key-plan_talk_take").get_by_role("button")
        draft = page.locator(".st-key-plan_talk_draft")
        expect(talk).to_contain_text("Built-in questions, no language model. 0 of 8 answered.")
        _say(page, "Can we cut TV without losing sales?")
        expect(talk).to_contain_text("1 of 8 answered")
        expect(draft.get_by_label("Question")).to_have_value("Can we cut TV without losing sales?")
        take.click()
        expect(talk).to_contain_text("2 of 8 answered")
        expect(draft.get_by_label("Target")).to_have_value("revenue")
        _say(page, "all but tv, and plus tiktok")
        expect(talk).to_contain_text("is not among them")
        _say(page, "search, paid social, tiktok")
        expect(talk).to_contain_text("The data have no channel called Tiktok.")
        page.get_by_role("button", name="Note it as data needed").click()
        expect(draft.get_by_label("Data still needed")).to_have_value("Tiktok by week")
        page.get_by_role("button", name="Add it").click()
        expect(page.get_by_role("button", name="Add it")).to_have_count(0)

        page.reload()
        expect(talk).to_contain_text("3 of 8 answered")
        take.click()
        expect(talk).to_contain_text("4 of 8 answered")
        _say(page, "TV lifts search after 2 weeks")
        expect(talk).to_contain_text("no earlier model yet")
        page.get_by_role("button", name="Nothing from earlier models").click()
        expect(talk).to_contain_text("6 of 8 answered")
        take.click()
        expect(talk).to_contain_text("7 of 8 answered")
        assert plans.latest_plan(services, actor, project.id) is None, "nothing is written yet"

        small = person(browser, viewport=PHONE, color_scheme="dark")
        small.goto(f"{address}/plan?project={project.id}")
        expect(small.locator(".st-key-plan_talk_card")).to_be_visible()
        assert _fits(small)
        small.locator(".st-key-plan_talk_take").get_by_role("button").click()
        writing = small.locator(".st-key-plan_talk_writing")
        expect(writing).to_contain_text("This becomes plan 1")
        expect(writing).to_contain_text("A first causal diagram is drawn")
        assert _fits(small)
        writing.get_by_role("button", name="Write it down as the plan").click()
        small.get_by_role("button", name="Approve the plan").click()
        expect(small.locator(".st-key-plan_status")).to_contain_text("Approved")
        small.context.close()

        plan = plans.latest_plan(services, actor, project.id)
        assert plan is not None
        assert plan.status is PlanStatus.APPROVED
        assert plan.channels == ("search", "paid_social", "tv")
        assert "TV → Search, 2 weeks later" in plan.hypotheses
        assert "Tiktok by week" in plan.data_needed
        arrows = {(e.cause, e.effect) for e in plans.get_diagram(services, actor, project.id).edges}
        assert ("tv", "search") in arrows
        page.reload()
        expect(page.locator(".st-key-plan_talk_start")).to_contain_text("Planned in a conversation")
        page.get_by_role("button", name="What was said").click()
        expect(page.get_by_text("Plan 1 is written as a draft.").first).to_be_visible()
        expect(page.get_by_text("Something went wrong on our side")).to_have_count(0)


def test_what_a_model_proposes_is_changed_and_taken(
    page: Page, web: Web, fresh_database: Database, redis_url: str, tmp_path: Path
) -> None:
    settings = Settings(DATABASE_URL=fresh_database.admin, REDIS_URL=redis_url)
    with serving(*ROWS) as (model, _), wiring.opened(settings) as wired:
        services, actor = wired.services, wired.people.local()
        project = projects.create_project(services, actor, name="Acme")
        datasets.add_dataset(services, actor, project.id, [datasets.Upload(content(), "acme.csv")])
        own = {"CARRYOVER_COMPATIBLE_URL": model, "CARRYOVER_MODEL": "compatible:small-one"}
        with web(free_port(), DATABASE_URL=fresh_database.admin, REDIS_URL=redis_url, **own) as address:
            page.goto(f"{address}/plan?project={project.id}")
            page.locator(".st-key-plan_talk_begin").get_by_role("button").click()
            talk = page.locator(".st-key-plan_talk")
            expect(talk).to_contain_text("compatible · small-one asks and proposes.")
            _say(page, "We buy TV and search.")
            rows = page.locator(".st-key-plan_talk_suggested")
            expect(rows).to_contain_text("Proposed by the language model")
            expect(talk).to_contain_text("Have a look at these rows.")
            rows.get_by_role("textbox").nth(2).fill("price_index")
            rows.get_by_role("textbox").nth(2).press("Tab")
            rows.get_by_role("button", name="Take the ticked ones").click()
            expect(talk).to_contain_text("Taken into the draft: tv; search; price")
            kept = planning.latest(services, actor, project.id)
            assert kept is not None
            assert (kept.draft.channels, kept.draft.controls) == (("tv", "search"), ("price_index",))
            assert plans.latest_plan(services, actor, project.id) is None
