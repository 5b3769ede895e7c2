"""How sentences in words are read: exact, asked though clear, or wrong, by language and kind, held-out ones apart.

Of the sentences that are held out only counts are written, so that they stay unseen.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.engine import RESULTS, ROOT
from mmm_core.domain.errors import Unavailable


def bench(say: Callable[[str], None] = print, results: Path = RESULTS) -> str:
    if not (ROOT / "tests" / "grammar").is_dir():
        raise Unavailable("The sentences are not part of an installed copy; run this in the project's folder.")
    from tests.grammar import scoring, sentences

    developed = scoring.scored(sentences.load(sentences.SENTENCES))
    held_out = scoring.scored(sentences.load(sentences.HELD_OUT))
    say(f"grammar: {len(developed)} sentences to develop on, {len(held_out)} held out")
    first, later = ([x for x in held_out if (x.case.id >= sentences.LATER) is part] for part in (False, True))
    share = len(held_out) / (len(held_out) + len(developed))
    lines = [
        "# Questions in words",
        "",
        f"Sentences written by hand, {share:.0%} of them held out: who worked on the grammar saw only how many of them",
        "are read how. Their first part is by somebody who never saw the grammar; who wrote the second had seen its",
        "rules, not what they made of the sentences, and wrote before changing anything. *Exact*: every change as",
        "expected, or a question where one has to be asked. *Asked though clear*: a question where none was needed;",
        "nothing was changed. *Wrong*: a change that was not asked for.",
        "",
        "| Sentences | Count | Exact | Asked though clear | Without the choices expected | Wrong change |",
        "|---|---:|---:|---:|---:|---:|",
        _whole("To develop on", developed),
        _whole("Held out", held_out),
        _whole("of those, the first part", first),
        _whole("of those, the second part", later),
        "",
        "## By language",
        "",
        *_table(developed, held_out, "Language", lambda s: s.case.language),
        "",
        "## By kind of sentence",
        "",
        *_table(developed, held_out, "Kind", lambda s: s.case.kind.replace("_", " ")),
        "",
        "## Misses among the sentences to develop on",
        "",
        *_misses(developed),
    ]
    table = "\n".join(lines) + "\n"
    results.mkdir(exist_ok=True)
    (results / "grammar.md").write_text(table, encoding="utf-8")
    return table


def _whole(name: str, found: Sequence) -> str:
    from tests.grammar.scoring import Grade, totals

    count = totals(found)
    exact = f"{count[Grade.EXACT]} ({count[Grade.EXACT] / len(found):.1%})"
    return (
        f"| {name} | {len(found)} | {exact} | {count[Grade.ASKED]} | {count[Grade.NO_OPTION]} | {count[Grade.WRONG]} |"
    )


def _table(developed: Sequence, held_out: Sequence, title: str, of: Callable[..., str]) -> list[str]:
    """Exact of all, and wrong changes, for each value of ``of``."""
    from tests.grammar.scoring import Grade

    lines = [f"| {title} | To develop on: exact | wrong | Held out: exact | wrong |", "|---|---:|---:|---:|---:|"]
    for name in sorted({of(s) for s in (*developed, *held_out)}):
        cells = []
        for found in (developed, held_out):
            count = Counter(s.grade for s in found if of(s) == name)
            cells += [f"{count[Grade.EXACT]} of {count.total()}", str(count[Grade.WRONG])]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return lines


def _misses(found: Sequence) -> list[str]:
    from tests.grammar.scoring import Grade

    missed = [s for s in found if s.grade is not Grade.EXACT]
    if not missed:
        return ["None."]
    rows = [
        f"| {s.case.say.replace('|', '/')} | {s.grade} | {s.reading.question or s.reading.changes} |" for s in missed
    ]
    return ["| Sentence | What happened | Answer |", "|---|---|---|", *rows]
