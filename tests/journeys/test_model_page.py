"""The Model page after a first fit: beliefs and tests go in, other models come out, and advice is taken."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.journeys import grid
from tests.journeys.looking import person, shown

pytestmark = [pytest.mark.browser, pytest.mark.slow]

STUDY = 240_000
"""A study of several small fits on a busy machine, milliseconds."""


@pytest.fixture(scope="module")
def company(browser: Browser, product: str) -> Iterator[str]:
    """The sample company with its first model: the address of its Model page."""
    page = person(browser)
    page.goto(product)
    page.get_by_role("button", name="Open the sample company").click()
    expect(page.get_by_text("Brought by media")).to_be_visible(timeout=300_000)
    yield page.url
    page.context.close()


def opened(page: Page, address: str, tab: str) -> None:
    page.goto(address)
    page.get_by_role("tab", name=tab, exact=True).click()


def table(page: Page, expander: str) -> Locator:
    """The table in an expander of the form, which is opened."""
    box = page.get_by_test_id("stExpander").filter(has_text=expander)
    if not box.get_by_test_id("stDataFrame").is_visible():
        box.get_by_text(expander).first.click()
    found = box.get_by_test_id("stDataFrame")
    expect(found).to_be_visible()
    return found


def all_went_well(page: Page) -> None:
    expect(page.get_by_text("Something went wrong on our side")).to_have_count(0)
    expect(page.get_by_test_id("stException")).to_have_count(0)


def test_a_belief_shows_its_picture_and_a_wrong_one_its_sentence(page: Page, company: str) -> None:
    opened(page, company, "Specification")
    beliefs = table(page, "Beliefs about channels")
    fit = page.get_by_role("button", name="Fit the model")
    grid.paste(page, beliefs, 0, "tvv\troi\t0.5\t2\tAnn")
    expect(page.get_by_text("tvv is no channel of this model; it has tv")).to_be_visible()
    expect(page.get_by_text("Mend one row of the specification first")).to_be_visible()
    expect(fit).to_be_disabled()
    grid.paste(page, beliefs, 0, "tv\troi\t3\t1\tAnn")
    expect(page.get_by_text("TV: the low end (3) must lie under the high end (1).")).to_be_visible()
    grid.paste(page, beliefs, 0, "tv\troi\t0.5\t2\tAnn")
    expect(page.get_by_text("Diamond: a stated belief")).to_be_visible()
    expect(fit).to_be_enabled()
    expect(shown(page, ".st-key-prior_channels .js-plotly-plot")).to_be_visible()
    page.get_by_text("Any hump").click()
    page.get_by_text("Slowly diminishing").click()
    expect(shown(page, ".st-key-prior_memory .js-plotly-plot")).to_be_visible()
    page.get_by_role("tab", name="Results", exact=True).click()
    page.get_by_role("tab", name="Specification", exact=True).click()
    expect(page.get_by_text("Diamond: a stated belief")).to_be_visible()
    all_went_well(page)


def test_a_lift_test_enters_the_next_model_which_is_compared_and_examined(
    page: Page, company: str, tmp_path: Path
) -> None:
    opened(page, company, "Specification")
    page.get_by_text("Lift tests", exact=True).click()
    bring = page.get_by_role("button", name="Bring a file of tests")
    bring.click()
    bad, good = tmp_path / "bad.csv", tmp_path / "tests.csv"
    bad.write_text("channel,lift\ntv,100\n")
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(bad)
    expect(page.get_by_text("this one has no start and no end and no standard_error")).to_be_visible()
    header = "channel,start,end,lift,standard_error,source"
    good.write_text(f"{header}\nsearch,2024-03-04,2024-03-31,60000,9000,Regions\nradioo,2024-03-04,2024-03-31,1,1,\n")
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(good)
    expect(page.get_by_text("radioo is no channel of this model")).to_be_visible()
    page.keyboard.press("Escape")
    grid.paste(page, table(page, "Lift tests"), 1, "radio\t2031-03-04\t2031-03-31\t1\t1")
    expect(page.get_by_text("radioo is no channel")).to_have_count(0)
    expect(page.get_by_role("alert").filter(has_text="radio").first).to_be_visible()
    grid.clear(page, table(page, "Lift tests"), 1, 5)
    expect(page.get_by_text("1 lift test")).to_be_visible()
    page.get_by_text("Sampling (how the computation runs)").click()
    for label in ("Draws per chain", "Warm-up per chain"):
        page.get_by_role("spinbutton", name=label).fill("50")
        page.keyboard.press("Enter")
    expect(page.get_by_text("1 lift test, 4 chains × 50 draws")).to_be_visible()
    page.get_by_label("Name").fill("With a test")
    page.get_by_role("button", name="Fit the model").click()
    chosen = page.get_by_role("combobox", name="Model", exact=True)
    expect(chosen).to_have_value(re.compile("^With a test"), timeout=STUDY)
    page.get_by_role("tab", name="Results", exact=True).click()
    expect(page.locator(".stMarkdownBadge", has_text="Tested").first).to_be_visible()

    page.get_by_role("tab", name="Models", exact=True).click()
    expect(page.get_by_text("with search from 4 Mar 2024 to 31 Mar 2024")).to_be_visible()
    page.get_by_role("button", name="Find out").click()
    expect(page.get_by_text("What moved each return").first).to_be_visible(timeout=STUDY)

    # So few draws leave checks open: what the doctor is there for.
    page.get_by_role("tab", name="Trust", exact=True).click()
    page.get_by_role("button", name="Examine").click()
    doctor = page.locator(".st-key-doctor")
    expect(doctor.get_by_text("Asked by You")).to_be_visible(timeout=STUDY)
    expect(doctor.get_by_text("Longer sampling").first).to_be_visible()
    all_went_well(page)


def test_the_ladder_recommends_a_step_and_its_specification_is_taken_over(page: Page, company: str) -> None:
    opened(page, company, "Ladder")
    page.get_by_role("button", name="Climb the ladder").click()
    expect(page.get_by_role("button", name="Use this specification")).to_be_visible(timeout=STUDY)
    expect(page.get_by_text("is recommended")).to_be_visible()
    expect(page.get_by_text("Advice, step by step")).to_be_visible()
    expect(page.locator(".js-plotly-plot").first).to_be_visible()
    page.get_by_role("button", name="Use this specification").click()
    expect(page.get_by_text("Taken over: Step")).to_be_visible()
    expect(page.get_by_role("button", name="Fit the model")).to_be_enabled()
    all_went_well(page)


def test_the_diagram_is_held_against_the_model(page: Page, company: str) -> None:
    opened(page, company, "Causal")
    expect(page.get_by_text("What the diagram says about")).to_be_visible()
    page.get_by_role("button", name="Run the checks").click()
    expect(page.get_by_text("Attempts to refute", exact=True)).to_be_visible(timeout=STUDY)
    page.get_by_role("button", name="Ask both models").click()
    expect(page.get_by_text("Told twice", exact=True)).to_be_visible(timeout=STUDY)
    all_went_well(page)


def test_weeks_of_the_past_are_asked_about(page: Page, company: str) -> None:
    page.goto(company.replace("/model", "/what-if"))
    page.get_by_role("tab", name="The past").click()
    page.get_by_text("Nothing", exact=True).click()
    expect(page.get_by_text("That is what TV was given")).to_be_visible()
    page.get_by_role("combobox", name="Channel").click()
    page.get_by_role("option", name="Search").click()
    expect(page.get_by_text("less (with a probability")).to_be_visible()
    expect(page.locator(".st-key-past_difference .js-plotly-plot").first).to_be_visible()
    page.get_by_text("Percent", exact=True).click()
    expect(page.get_by_text("more (with a probability")).to_be_visible()
    all_went_well(page)


def test_what_the_data_can_answer_is_simulated_before_a_fit(page: Page, company: str) -> None:
    page.goto(company.replace("/model", "/data"))
    page.get_by_role("tab", name="What it can answer").click()
    page.get_by_role("spinbutton", name="Worlds").fill("3")
    for scenario in ("A year more, spent as in the last one", "A year more, with channels on and off in turns"):
        page.get_by_role("button", name=scenario).click()
    page.get_by_role("button", name="Simulate").click()
    expect(page.get_by_text("The numbers")).to_be_visible(timeout=STUDY)
    expect(page.locator(".js-plotly-plot").first).to_be_visible()
    all_went_well(page)
