"""The page behind a link: what one is asked, what one typed, and thanks. Plain HTML; no script runs on it."""

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, select_autoescape

from mmm_core.domain.elicitation import Inquiry, Statement
from mmm_core.reports import wording as f
from mmm_core.use_cases.elicitation import LONGEST_REASON
from server import elicitation_picture as picture
from server.elicitation_form import LONGEST_NUMBER, Entry

TEMPLATES = Path(__file__).parent / "templates"
SURE = {"guess": "A guess", "experience": "Experience", "measured": "A test or a measurement"}


@cache
def _environment() -> Environment:
    made = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=select_autoescape(default=True))
    made.globals.update(sure=SURE, longest_number=LONGEST_NUMBER, longest_reason=LONGEST_REASON)
    return made


def form(
    inquiry: Inquiry, entries: Sequence[Entry], *, passcode: str = "", notice: str = "", answered: bool = False
) -> str:
    """``answered`` says that the fields hold what was sent before."""
    rows = [_row(inquiry, e) for e in entries]
    return _render(
        "inquiry.html.j2",
        inquiry=inquiry,
        rows=rows,
        wrong=[r for r in rows if r["entry"].error],
        passcode=passcode,
        notice=notice,
        answered=answered,
        example=picture.example(),
        until=f.day(inquiry.expires_at),
        money=money(inquiry),
    )


def thanks(inquiry: Inquiry, statements: Sequence[Statement]) -> str:
    told = [
        {"name": f.plain(s.channel), "picture": picture.drawn(inquiry, s), "says": says(inquiry, s), "why": s.why}
        for s in statements
    ]
    return _render("thanks.html.j2", inquiry=inquiry, told=told, until=f.day(inquiry.expires_at))


def notice(title: str, message: str, *, asks: bool = False, fields: Mapping[str, str] | None = None) -> str:
    """``fields``: what was typed before a passcode was asked for again; it comes back with the passcode."""
    return _render("notice.html.j2", title=title, message=message, asks=asks, fields=fields or {})


def money(inquiry: Inquiry) -> str:
    return f"{inquiry.per:,} {inquiry.currency}"


def says(inquiry: Inquiry, said: Statement) -> str:
    """The range in one sentence."""
    if said.low is None or said.high is None:
        return "You cannot say."
    unit = f.inside(inquiry.kpi) if inquiry.is_count else inquiry.currency
    low, high = picture.short(said.low), picture.short(said.high)
    sentence = (
        f"Nine times out of ten, {money(inquiry)} spent on {f.plain(said.channel)} brings {low} to {high} {unit}; "
        f"once in twenty less, once in twenty more."
    )
    if inquiry.is_count:
        return sentence
    if said.high <= inquiry.per:
        return f"{sentence} That is less than was spent."
    return f"{sentence} That is more than was spent." if said.low >= inquiry.per else sentence


def _row(inquiry: Inquiry, entry: Entry) -> dict[str, Any]:
    said = entry.statement if entry.statement and entry.statement.known else None
    return {
        "entry": entry,
        "name": f.plain(entry.channel),
        "picture": picture.drawn(inquiry, said) if said else "",
        "says": says(inquiry, said) if said else "",
    }


def _render(name: str, **values: Any) -> str:
    return _environment().get_template(name).render(**values)
