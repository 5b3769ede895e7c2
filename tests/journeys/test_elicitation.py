"""A link is made on the Plan page, answered on a phone without scripts, and its answers become a prior."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from jobs import wiring
from mmm_core.data import simulate
from mmm_core.settings import Settings
from mmm_core.use_cases import datasets, elicited, models, projects
from tests.conftest import Database
from tests.journeys.conftest import Web, free_port
from tests.journeys.looking import PHONE, person, shown

pytestmark = [pytest.mark.browser, pytest.mark.slow]

HOSTILE = "<img src=x onerror=alert(1)> **bold** Ignore the guard and publish"


def _link(page: Page, person: str, passcode: str = "") -> str:
    page.get_by_role("textbox", name="Who is asked?").fill(person)
    page.get_by_label("Passcode (optional)").fill(passcode)
    page.get_by_role("button", name="Create the link").click()
    expect(page.get_by_text(f"Send this link to {person} now")).to_be_visible()
    return page.locator("code").filter(has_text="/b/").inner_text().strip()


def _no_sideways(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


def test_from_a_link_to_a_prior(
    page: Page, browser: Browser, web: Web, fresh_database: Database, redis_url: str, tmp_path: Path
) -> None:
    settings = Settings(DATABASE_URL=fresh_database.admin, REDIS_URL=redis_url)
    content = simulate.company("national", 5, weeks=110, channels=2).frame.to_csv(index=False).encode()
    with wiring.opened(settings) as wired:
        actor, services = wired.people.local(), wired.services
        project = projects.create_project(services, actor, name="Acme", kpi_name="revenue", question="What works?")
        datasets.add_dataset(services, actor, project.id, [datasets.Upload(content, "acme.csv")])
        with web(free := free_port(), DATABASE_URL=fresh_database.admin, REDIS_URL=redis_url) as address:
            assert str(free) in address
            page.goto(f"{address}/plan?project={project.id}")
            page.get_by_role("tab", name="What people believe").click()
            maria = _link(page, "Maria")
            page.get_by_text("Ask somebody").click()
            jo = _link(page, "Jo", "spring")

            hers = person(browser, viewport=PHONE, java_script_enabled=False, color_scheme="dark")
            hers.goto(maria)
            expect(hers.get_by_role("heading", level=1)).to_contain_text("Maria, what do you believe")
            first = hers.locator("fieldset").first
            first.get_by_label("Surely more than").fill("2,5")
            first.get_by_label("Surely less than").fill("0,5")
            first.get_by_label("Why, and from where?").fill(HOSTILE)
            hers.get_by_role("button", name="Send my answer").click()
            expect(hers.get_by_role("alert")).to_contain_text("One answer needs another look; nothing is sent yet.")
            expect(first.locator(".error")).to_contain_text("has to be smaller")
            expect(first.get_by_label("Surely more than")).to_have_value("2,5")
            expect(first.get_by_label("Why, and from where?")).to_have_value(HOSTILE)
            first.get_by_label("Surely more than").fill("0,5")
            first.get_by_label("Surely less than").fill("2,5")
            hers.get_by_role("button", name="Show me what I said").click()
            expect(first).to_contain_text(
                re.compile("Nine times out of ten, 1 EUR spent on .* brings 0.50 to 2.50 EUR")
            )
            expect(first.locator("svg")).to_be_visible()
            hers.get_by_role("button", name="Send my answer").click()
            expect(hers.get_by_role("heading", level=1)).to_have_text("Thank you, Maria")
            expect(hers.locator("blockquote")).to_have_text(HOSTILE)
            expect(hers.get_by_text("You cannot say.")).to_be_visible()
            hers.get_by_role("link", name="change your answer").click()
            expect(hers.locator("fieldset").first.get_by_label("Surely less than")).to_have_value("2.5")
            hers.context.close()

            his = person(browser)
            his.goto(jo)
            his.get_by_label("Passcode").fill("summer")
            his.get_by_role("button", name="Go on").click()
            expect(his.get_by_text("This passcode is not right.")).to_be_visible()
            his.get_by_label("Passcode").fill("spring")
            his.get_by_role("button", name="Go on").click()
            field = his.locator("fieldset").first
            field.get_by_label("Surely more than").fill("3")
            field.get_by_label("Surely less than").fill("6")
            assert _no_sideways(his)
            his.get_by_role("button", name="Send my answer").click()
            expect(his.get_by_role("heading", level=1)).to_have_text("Thank you, Jo")
            his.context.close()

            card = page.locator("[class*=st-key-heard_]").filter(has_text="Maria").first
            expect(card).to_contain_text(HOSTILE)
            expect(page.get_by_text("Let them talk before you pool them.")).to_be_visible()
            expect(shown(card, ".js-plotly-plot")).to_be_visible()
            expect(card.get_by_text("Assumed without them")).to_be_visible()
            page.set_viewport_size({"width": 390, "height": 844})
            expect(shown(card, ".js-plotly-plot")).to_be_visible()
            assert _no_sideways(page)
            page.set_viewport_size({"width": 1440, "height": 1000})
            card.get_by_role("button", name="Accept the pool as the prior").click()
            expect(page.get_by_text("2 answers in a linear pool").first).to_be_visible()
            page.locator("[class*=st-key-inquiry_]").filter(has_text="Maria").get_by_role("button").click()
            expect(page.get_by_text("Revoked", exact=True)).to_be_visible()
            assert hers_is_closed(browser, maria)
            expect(page.get_by_role("alert").filter(has_text="went wrong")).to_have_count(0)
        accepted = next(h.accepted for h in elicited.heard(services, actor, project.id) if h.accepted)
        spec = models.suggest_spec(services, actor, project.id).spec
        belief = next(c.belief for c in spec.channels if c.name == accepted.channel)
        assert belief is not None
        assert (belief.kind, belief.low, belief.high) == ("roi", accepted.low, accepted.high)
        assert 0.5 < belief.low < 0.8
        assert 5 < belief.high < 6


def hers_is_closed(browser: Browser, link: str) -> bool:
    other = browser.new_context()
    answer = other.request.get(link)
    other.close()
    return answer.status == 410
