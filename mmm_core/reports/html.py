"""The report as one self-contained page: no script, no font and no picture from elsewhere."""

import base64
import re
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, select_autoescape
from markdown_it import MarkdownIt
from markupsafe import Markup

from mmm_core.domain.planning import OptimisedPlan, SpendPlan
from mmm_core.domain.results import Evidence, Results
from mmm_core.reports import charts, wording
from mmm_core.reports.story import Story

TEMPLATES = Path(__file__).parent / "templates"
AFTER = {
    "What each channel brought": ("over_time", "contributions"),
    "What the money returned": ("roi",),
    "Geo by geo": ("geos",),
    "Where more money returns less": ("curves",),
    "The plan": ("allocation", "scenarios"),
}
"""Which charts follow which heading of the story; curves come last where nothing has bent."""
LABELS = re.compile(rf"<(strong|td)>({'|'.join((*wording.ACTION.values(), *wording.EVIDENCE.values()))})</")
"""An action or an evidence that stands alone; the page shows it as a coloured label."""


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
        figures=_figures(results),
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
        page = LABELS.sub(_label, reader.render(body))
        out.append((heading.strip(), Markup(page), [(n, pictures[n]) for n in names]))  # noqa: S704
    rest = [(n, p) for n, p in pictures.items() if n not in used]
    if rest and out:
        heading, body, shown = out[-1]
        out[-1] = (heading, body, [*shown, *rest])
    return out


def _label(found: re.Match[str]) -> str:
    tag, words = found.groups()
    return f'<{tag}><span class="label {words.split()[0].lower()}">{words}</span></'


def _figures(results: Results) -> list[tuple[str, str, str]]:
    """(name, value, 90% interval or period) of what a reader looks for first."""
    write = wording.kpi_writer(results)
    brought = sum(c.contribution.mean for c in results.channels)
    spend = sum(c.spend or 0.0 for c in results.channels)
    share = results.media_share
    where = f", in {wording.geos(results.geos)}" if results.geos > 1 else ""
    out = [
        (
            "Brought by media",
            write(brought),
            f"{wording.day(results.first_period)} to {wording.day(results.last_period)}",
        )
    ]
    if spend:
        out.append(("Spend", wording.money(spend, results.currency), "over the same time" + where))
    out.append(
        (
            f"Media's share of {wording.plain(results.kpi)}",
            wording.share(share.p50),
            wording.interval(share, wording.share),
        )
    )
    sure = [c for c in results.channels if c.roi and c.evidence is not Evidence.PRIOR]
    best = max(sure, key=lambda c: c.roi.p50 if c.roi else 0.0, default=None)
    if best and best.roi:
        name = f"Best supported return: {wording.plain(best.channel)}"
        out.append((name, wording.times(best.roi.p50), wording.interval(best.roi, wording.times)))
    return out
