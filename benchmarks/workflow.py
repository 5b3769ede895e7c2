"""What a whole analysis costs by phase: seconds, and calls and tokens of a language model where one remarks.

The workflow runs from a file to its report with every checkpoint approved beforehand, the fit in the product's own fit
process. It runs once without a model and once with one: an OpenAI-compatible server on this machine that always says
the same, so that what is counted is what the product sends, not what some model makes of it.
"""

import json
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.engine import RESULTS, ROOT
from mmm_core.data.simulate import company
from mmm_core.domain.errors import Unavailable
from mmm_core.domain.identity import Actor
from mmm_core.domain.passages import tokens
from mmm_core.domain.ports import Services
from mmm_core.domain.workflow import Event, EventKind, Stage
from mmm_core.reports.workflow_words import STAGES
from mmm_core.use_cases import file_projects

Say = Callable[[str], None]
REMARK = "Look at the channels that move together before you agree."


def bench(say: Say = print, results: Path = RESULTS) -> str:
    if not (ROOT / "tests" / "agents" / "llm").is_dir():
        raise Unavailable("The scripted model is not part of an installed copy; run this in the project's folder.")
    from tests.agents.llm.loopback import serving

    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        table = company("national", 3).frame.to_csv(index=False).encode()
        # The first analysis compiles; what is measured finds its programs, as any but the very first does.
        _run(home, table, "", say)
        alone = _run(home, table, "", say)
        with serving({"text": REMARK}) as (address, script):
            remarked, asked = _run(home, table, address, say), script.requests
    lines = _table(alone, remarked, [tokens(json.dumps(request["messages"])) for request in asked])
    text = "\n".join(lines) + "\n"
    results.mkdir(exist_ok=True)
    (results / "workflow.md").write_text(text, encoding="utf-8")
    return text


def _run(home: Path, table: bytes, model: str, say: Say) -> list[Event]:
    """Every line of the history of one analysis."""
    from mmm_core.agents.workflow.here import run_here

    with _services(home, model) as (services, actor):
        project = file_projects.open_project(services, actor, table, "company.csv", kpi="revenue").project
        run_here(services, actor, project.id, out=home / "out", ask=None, say=lambda _: None)
        with services.work(actor) as work:
            (workflow,) = work.workflows.list(project.id)
            events = list(work.workflows.events(workflow.id))
    say(f"{len(events)} lines of history")
    return events


@contextmanager
def _services(home: Path, model: str) -> Iterator[tuple[Services, Actor]]:
    from pydantic import SecretStr

    from db import migrate
    from jobs import wiring
    from mmm_core.settings import Settings
    from server import embedded

    with embedded.servers(home / "servers", durable=False) as urls:
        migrate.upgrade(urls.admin)
        # Keys of whoever runs this would send the sample to a real model.
        none = dict.fromkeys(("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GOOGLE_API_KEY"))
        given = {"compatible_url": model, "model": "compatible:script"}
        settings = Settings(
            DATABASE_URL=SecretStr(urls.admin), REDIS_URL=SecretStr(urls.redis), home=home, **none,
            **(given if model else {}),
        )  # fmt: skip
        with wiring.opened(settings) as wired:
            yield wired.services, wired.people.local()


def _table(alone: list[Event], remarked: list[Event], sent: list[int]) -> list[str]:
    plain, slower = _seconds(alone), _seconds(remarked)
    calls: dict[Stage, list[int]] = defaultdict(list)
    remarks = [e for e in remarked if e.kind is EventKind.REMARK]
    for event, count in zip(remarks, sent, strict=True):
        calls[event.stage or Stage.REPORT].append(count)
    lines = [
        "# What an analysis costs",
        "",
        "The product's own national sample, from the file to the report, every checkpoint approved beforehand;",
        "programs compiled before. With a model, it may remark on each question; it decides nothing. Tokens are those",
        "of what is sent, counted on the safe side of the tokenizers in use; the model is a script, so its time and",
        "words are not in the table. Seconds are of one run: their order is what they are good for.",
        "",
        "| Phase | Seconds | Calls of a model | Tokens sent | Largest call | Seconds with the script |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for stage in (s for s in Stage if s in plain):
        got = calls[stage]
        lines.append(
            f"| {STAGES[stage]} | {plain[stage]:.2f} | {len(got)} | {sum(got):,} | {max(got, default=0):,} | "
            f"{slower.get(stage, 0.0):.2f} |"
        )
    lines.append(
        f"| all | {sum(plain.values()):.2f} | {len(sent)} | {sum(sent):,} | {max(sent, default=0):,} | "
        f"{sum(slower.values()):.2f} |"
    )
    return lines


def _seconds(events: list[Event]) -> dict[Stage, float]:
    """What the steps of each phase took; waiting for the fit is the fit's phase, since it is carried out in between."""
    out: dict[Stage, float] = defaultdict(float)
    begun = {e.key.removesuffix(":begun"): e.at for e in events if e.kind is EventKind.BEGUN and e.at}
    for event in events:
        start = begun.get(event.key.removesuffix(":ended"))
        if event.stage and start and event.at and event.key.endswith(":ended"):
            out[event.stage] += (event.at - start).total_seconds()
    return dict(out)
