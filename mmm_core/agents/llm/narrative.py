"""The report's summary in a model's own words, shown only where the number lock finds nothing.

The template's text is what a model is given and what stands where the model fails: it can phrase, and it can decide
nothing.
"""

import re
from dataclasses import dataclass, replace
from html import unescape
from pathlib import Path

from mmm_core.domain.errors import ModelFailed
from mmm_core.domain.identity import Actor
from mmm_core.domain.llm import Answer, LanguageModels, Task
from mmm_core.domain.ports import Services
from mmm_core.domain.report import Fact
from mmm_core.domain.results import Results
from mmm_core.reports import number_lock, story, wording
from mmm_core.reports.number_names import NAMED
from mmm_core.use_cases import fits, projects

PROMPT = Path(__file__).parent / "prompts" / "narrative.md"
FIGURE = re.compile(r'<span class="n" title="([^"]*)">([^<]*)</span>')
SECTION = re.compile(r"^## (.+)$", re.MULTILINE)
TOLD = ("In short", "What each channel brought", "What the money returned")


@dataclass(frozen=True)
class Narrative:
    text: str
    """Without marks."""
    references: tuple[str, ...]
    by: str
    """Provider and model; 'template' where the built-in words stand."""
    note: str = ""


@dataclass(frozen=True)
class _Source:
    summary: str
    facts: dict[str, Fact]
    results: Results

    def check(self, text: str) -> number_lock.Checked:
        """The lock's word; the first and last day of the data are no figures."""
        found = number_lock.check(self._undated(text), self.facts, *self._about)
        return replace(found, text=number_lock.with_names(text, found.names))

    def _undated(self, text: str) -> str:
        for day in (self.results.first_period, self.results.last_period):
            text = text.replace(wording.day(day), "then")
        return text

    @property
    def _about(self) -> tuple[list[str], str, bool]:
        return [c.channel for c in self.results.channels], self.results.currency, self.results.is_revenue


def retell(services: Services, actor: Actor, run_id: str) -> Narrative:
    """The summary of a model's report, by a language model where there is one and it keeps to the figures."""
    source = _source(services, actor, run_id)
    models = services.models
    if models is None or not models.available(actor, Task.WRITE):
        return _template(source, "")
    wrong: tuple[str, ...] = ()
    for _ in range(2):
        try:
            answer = _ask(models, actor, source, wrong)
        except ModelFailed as failure:
            return _template(source, f"{failure} These are the built-in words.")
        found = source.check(answer.text)
        if found.holds:
            return Narrative(found.text, found.references, str(answer.choice), NAMED if any(found.names) else "")
        wrong = tuple(f.sentence for f in found.findings)
    count = f"{len(wrong)} figure{'' if len(wrong) == 1 else 's'}"
    return _template(source, f"The model's text was refused: {count} in it did not hold. These are the built-in words.")


def _ask(models: LanguageModels, actor: Actor, source: _Source, wrong: tuple[str, ...]) -> Answer:
    prompt = source.summary
    if wrong:
        prompt += "\n\nYour last text was refused:\n" + "\n".join(f"- {w}" for w in wrong[:10])
    return models.ask(actor, Task.WRITE, PROMPT.read_text(encoding="utf-8"), prompt)


def _template(source: _Source, note: str) -> Narrative:
    text = number_lock.CLAIM.sub(lambda m: m.group(1), source.summary)
    references = tuple(dict.fromkeys(m.group(2) for m in number_lock.CLAIM.finditer(source.summary)))
    return Narrative(text, references, "template", note)


def _source(services: Services, actor: Actor, run_id: str) -> _Source:
    run = fits.get_run(services, actor, run_id)
    results = fits.get_results(services, actor, run_id)
    facts = fits.get_facts(services, actor, run_id)
    project = projects.get_project(services, actor, run.project_id)
    whole = story.write(results, project, facts).html
    return _Source(_marked(whole), {f.key: f for f in facts}, results)


def _marked(html: str) -> str:
    """The sections that are told, each figure with its reference."""
    pieces = SECTION.split(html)
    kept = [body.strip() for title, body in zip(pieces[1::2], pieces[2::2], strict=True) if title.strip() in TOLD]
    return unescape(FIGURE.sub(lambda m: f"[[{m.group(2)}|{unescape(m.group(1))}]]", "\n\n".join(kept)))
