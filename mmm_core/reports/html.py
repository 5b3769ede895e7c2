"""The report as one self-contained page: no script, no font and no picture from elsewhere."""

import base64
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, select_autoescape
from markdown_it import MarkdownIt
from markupsafe import Markup

from mmm_core.domain.planning import OptimisedPlan, SpendPlan
from mmm_core.domain.results import Results
from mmm_core.reports import charts, wording
from mmm_core.reports.story import Story

TEMPLATES = Path(__file__).parent / "templates"
AFTER = {
    "What each channel brought": ("over_time", "contributions"),
    "What the money returned": ("roi",),
    "Where more money returns less": ("curves",),
    "The plan": ("allocation", "scenarios"),
}
"""Which charts follow which heading of the story; curves come last where nothing has bent."""


def render(
    title: str,
    story: Story,
    results: Results,
    plans: Sequence[OptimisedPlan],
    current: SpendPlan | None,
    *,
    created: datetime,
) -> str:
    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=select_autoescape(default=True))
    pictures = {
        name: base64.b64encode(charts.render(draw, "svg")).decode()
        for name, draw in charts.drawings(results, plans, current).items()
    }
    return environment.get_template("report.html.j2").render(
        title=title,
        sections=_sections(story.html, pictures),
        through=wording.day(results.last_period),
        model_of=wording.day(created),
        css=Markup((TEMPLATES / "report.css").read_text()),  # noqa: S704 - our own file
    )


def _sections(text: str, pictures: dict[str, str]) -> list[tuple[str, Markup, list[tuple[str, str]]]]:
    """(heading, body, [(chart name, SVG in base64)]) for each second-level heading."""
    reader = MarkdownIt("commonmark", {"html": True}).enable("table")
    out = []
    used: set[str] = set()
    for part in text.split("\n## "):
        heading, _, body = part.removeprefix("## ").partition("\n")
        if not heading.strip():
            continue
        names = [n for n in AFTER.get(heading.strip(), ()) if n in pictures]
        used.update(names)
        # Names from files were escaped when the story was locked; nothing else in it is a person's text.
        out.append((heading.strip(), Markup(reader.render(body)), [(n, pictures[n]) for n in names]))  # noqa: S704
    rest = [(n, p) for n, p in pictures.items() if n not in used]
    if rest and out:
        heading, body, shown = out[-1]
        out[-1] = (heading, body, [*shown, *rest])
    return out
