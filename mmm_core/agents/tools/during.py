"""The tool for a part of the time or of the market: what channels brought and returned there."""

from datetime import date

from pydantic import Field

from mmm_core.agents.tools.kinds import Arguments, Context, Result, Tool, name, sheet_of
from mmm_core.domain.errors import NotFound
from mmm_core.domain.results import Interval
from mmm_core.reports import wording
from mmm_core.use_cases import during


class Part(Arguments):
    first: date | None = Field(default=None, description="First day; the data's first where none is given.")
    last: date | None = Field(default=None, description="Last day; the data's last where none is given.")
    geo: str = Field(default="", description="One geo of the model; all together where none is given.")
    channels: list[str] = Field(default=[], description="Names as roi_summary lists them; all where none is given.")


def returns_during(context: Context, given: Part) -> Result:
    results = context.results()
    names = [_named(c, [r.channel for r in results.channels]) for c in given.channels]
    found = during.returns_during(context.fitted().response, given.first, given.last, given.geo, names)
    sheet = sheet_of(results)
    part = f"during.{found.first}.{found.last}{f'.geo.{found.geo}' if found.geo else ''}"

    def parts(key: str, value: Interval | None, unit: str) -> dict[str, str | None]:
        ends = ("p5", "p50", "p95") if value else ()
        return {end: sheet.n(f"{key}.{end}", getattr(value, end), unit) for end in ends}

    rows = []
    for one in sorted(found.channels, key=lambda c: -(c.roi.p50 if c.roi else -1.0)):
        stem = f"{part}.channel.{one.channel}"
        rows.append(
            {
                "channel": name(one.channel),
                "brought": parts(f"{stem}.contribution", one.contribution, "kpi"),
                "spent": sheet.n(f"{stem}.spend", one.spend, "money"),
                "returned": parts(f"{stem}.roi", one.roi, "ratio"),
            }
        )
    said = {
        "first_period": str(found.first),
        "last_period": str(found.last),
        "periods": sheet.n(f"{part}.periods", found.periods, "count"),
        "geo": name(found.geo),
        "kpi": name(results.kpi),
        "channels": rows,
        "note": "What was brought counts in the weeks in which it came, also where the money was spent before.",
    }
    return sheet.result(said, lineage_of=context.run().id)


def _named(wanted: str, known: list[str]) -> str:
    low = wanted.casefold().strip()
    found = next((c for c in known if low in (c.casefold(), wording.plain(c).casefold())), None)
    if found is None:
        raise NotFound(f"The model has no channel called {name(wanted)}; it has {', '.join(known)}.")
    return found


TOOLS = (
    Tool("returns_during", "model",
         "What channels brought, cost and returned in some weeks of the past, or in one geo. Use it for every question "
         "about a period or a place; the other tools tell of all of the data.",
         "during.returns_during", Part, returns_during),
)  # fmt: skip
