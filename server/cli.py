"""The command ``mmm``: one sentence on stderr for every error, exit code 0 done, 1 failed, 2 wrong use or input.

Nothing slow is imported before a command needs it, so that help and mistakes answer at once.
"""

import errno
import os
import sys
import traceback
import warnings
from collections.abc import Sequence
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typer.exceptions import TyperException

from mmm_core.domain.errors import BadInput, CarryoverError
from mmm_core.domain.project import KpiUnit

if TYPE_CHECKING:
    from mmm_core.use_cases.file_projects import KpiMeaning

DONE, FAILED, WRONG = 0, 1, 2
CTRL_C = 130
"""What Typer makes of it."""

app = typer.Typer(
    name="mmm",
    help="Carryover: what each channel brought, how sure that is, and where the money should go.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
data = typer.Typer(help="Check a data file, or add it to a project.", no_args_is_help=True)
app.add_typer(data, name="data")
router = typer.Typer(help="Who answers a message, and what the router learns.", no_args_is_help=True)
app.add_typer(router, name="router")
knowledge = typer.Typer(help="What is kept: search it, or have it read anew.", no_args_is_help=True)
app.add_typer(knowledge, name="knowledge")


class Kind(StrEnum):
    NATIONAL = "national"
    GEO = "geo"
    CATEGORIES = "categories"


class Device(StrEnum):
    CPU = "cpu"
    GPU = "gpu"


DataFile = Annotated[Path, typer.Argument(metavar="FILE", help="CSV, Excel, Parquet or JSON.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Port = Annotated[int | None, typer.Option(min=1, max=65535, help="Port; the next free one from 8501 if unset.")]
Spec = Annotated[Path | None, typer.Option(help="Model specification (YAML); suggested from the data if unset.")]
Project = Annotated[str | None, typer.Option(help="Project's name, made where there is none; else the file's name.")]
Kpi = Annotated[str | None, typer.Option(help="Column to explain, where it is not recognised.")]
Unit = Annotated[KpiUnit | None, typer.Option(help="What the KPI is; its name tells if unset.")]
Worth = Annotated[
    float | None, typer.Option("--value-per-unit", help="What one unit of a KPI that counts is worth, in money.")
]
Currency = Annotated[str | None, typer.Option(help="Three letters; EUR if unset.")]


@app.command()
def up(
    port: Port = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
) -> None:
    """Start everything on this machine and print the address; Ctrl-C stops all of it."""
    from server import up as supervisor

    supervisor.run(host, port)


@app.command()
def run(
    source: Annotated[
        str,
        typer.Argument(metavar="DATA", help="CSV, Excel, Parquet or JSON; or the name or id of a project."),
    ],
    kpi: Kpi = None,
    kpi_unit: Unit = None,
    value_per_unit: Worth = None,
    currency: Currency = None,
    spec: Spec = None,
    out: Annotated[Path, typer.Option(help="Folder for the results.")] = Path("out"),
    auto_approve: Annotated[bool, typer.Option("--auto-approve", help="Do not stop at the checkpoints.")] = False,
    ladder: Annotated[
        bool, typer.Option("--ladder", help="First compare simpler and richer models; writes ladder.json.")
    ] = False,
    hand_over: Annotated[
        bool,
        typer.Option(
            "--hand-over", help="With --ladder: each step once more with the posterior of the step before as prior."
        ),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print summary.json on stdout.")] = False,
) -> None:
    """Run the whole analysis without a browser and write every result into a folder."""
    from server import cli_run

    if hand_over and not ladder:
        raise BadInput("--hand-over is about the ladder's steps; add --ladder.")
    means = _meaning(kpi_unit, value_per_unit, currency)
    cli_run.run(cli_run.Wanted(source, kpi, means, spec, out, auto_approve, as_json, ladder, hand_over))


def _meaning(unit: KpiUnit | None, value: float | None, currency: str | None) -> "KpiMeaning":
    from mmm_core.use_cases.file_projects import KpiMeaning

    return KpiMeaning(unit, value, currency.upper() if currency else None)


@app.command()
def sample(
    out: Annotated[Path, typer.Option(help="Folder for data.csv and truth.json.")],
    kind: Annotated[
        Kind, typer.Option(help="One row per week, one per week and region, or sales by sub-category (MFF).")
    ] = Kind.NATIONAL,
    seed: Annotated[int, typer.Option(min=0, help="The same number gives the same company.")] = 7,
) -> None:
    """Make up a company whose true returns are known, to try things out."""
    from server import cli_data

    cli_data.sample(kind.value, seed, out)


@data.command("check")
def data_check(source: DataFile, kpi: Kpi = None, as_json: AsJson = False) -> None:
    """Read a file and say what is in it and whether it can be modelled; nothing is kept."""
    from server import cli_data

    if not cli_data.check(source, kpi, as_json):
        raise typer.Exit(WRONG)


@data.command("add")
def data_add(
    source: DataFile,
    project: Project = None,
    kpi: Kpi = None,
    as_json: AsJson = False,
) -> None:
    """Keep a file as the next data version of a project."""
    from server import cli_data

    cli_data.add(source, project, kpi, as_json)


@app.command()
def whatif(
    project: Annotated[str, typer.Argument(metavar="PROJECT", help="Name or id of a project with a fitted model.")],
    sentence: Annotated[str, typer.Argument(help='In English, German or French: "raise TV by 20%".')],
    periods: Annotated[int, typer.Option(min=4, max=52, help="Length of the plan, where the sentence says none.")] = 13,
    as_json: AsJson = False,
) -> None:
    """Ask in words what a change of spend would bring; what is not understood is asked back."""
    from server import cli_whatif

    if not cli_whatif.run(project, sentence, periods, as_json):
        raise typer.Exit(WRONG)


@app.command()
def tune(
    source: Annotated[
        str,
        typer.Argument(metavar="PROJECT|FILE", help="Name or id of a project, or a file: CSV, Excel, Parquet, JSON."),
    ],
    context: Annotated[
        Path | None, typer.Option(help="Business context (YAML): plausible ranges, whose judgement, success criteria.")
    ] = None,
    spec: Annotated[
        Path | None, typer.Option(help="Specification to begin with (YAML); the newest model's if unset.")
    ] = None,
    kpi: Kpi = None,
    kpi_unit: Unit = None,
    value_per_unit: Worth = None,
    currency: Currency = None,
    iterations: Annotated[int, typer.Option(min=1, max=50, help="Proposals at most.")] = 8,
    threshold: Annotated[float, typer.Option(min=0.0, max=1.0, help="Score from which it has converged.")] = 0.9,
    holdout: Annotated[int | None, typer.Option(min=1, help="Periods held out; 13 if unset.")] = None,
    draws: Annotated[int, typer.Option(min=50, max=2000, help="Draws of each trial's small fit.")] = 300,
    out: Annotated[Path, typer.Option(help="Folder for results.json, history.json and spec.yaml.")] = Path("tuning"),
    unattended: Annotated[
        bool, typer.Option("--unattended", help="End the session where a person would be asked.")
    ] = False,
    example_context: Annotated[
        bool, typer.Option("--example-context", help="Print a business context to fill in, and do nothing else.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Have four roles tune a specification: propose, guard, validate, approve; with the whole history."""
    from mmm_core.domain.tuning import TuningOptions
    from server import cli_tune

    options = TuningOptions(iterations=iterations, threshold=threshold, holdout=holdout, draws=draws, tune=draws)
    cli_tune.run(
        cli_tune.Wanted(
            source, spec, context, options, out, unattended, as_json, kpi,
            _meaning(kpi_unit, value_per_unit, currency), example=example_context,
        )
    )  # fmt: skip


@app.command()
def mcp() -> None:
    """Answer an MCP client of this machine on standard input and output; over the network it is /mcp of the web app."""
    from server import cli_mcp

    cli_mcp.run()


@app.command()
def worker(
    queue: Annotated[list[Device] | None, typer.Option(help="Kind of device to fit on; repeat for both.")] = None,
) -> None:
    """Take fits from the queue until Ctrl-C."""
    from server import cli_worker

    cli_worker.run([d.value for d in queue or [Device.CPU]])


@app.command()
def bench(
    parts: Annotated[
        list[str] | None, typer.Argument(metavar="[PART]...", help="The quick ones if unset; 'all' for every one.")
    ] = None,
    only: Annotated[str | None, typer.Option(help="The same, separated by commas.")] = None,
    size: Annotated[str | None, typer.Option(help="Sizes of company, separated by commas.")] = None,
    seeds: Annotated[int | None, typer.Option(min=1, help="Companies per size.")] = None,
    contestants: Annotated[str | None, typer.Option(help="Ours and the peers, separated by commas.")] = None,
) -> None:
    """Measure what the project claims beside what one would use instead; the tables go to benchmarks/results/."""
    from benchmarks import suite

    wanted = [*(parts or []), *_listed(only)]
    options = suite.Options(_listed(size), seeds, _listed(contestants))
    for what, given, known in (
        ("benchmark", wanted, (*suite.PARTS, "all")),
        ("size", options.sizes, suite.sizes() if options.sizes else ()),
        ("contestant", options.contestants, suite.contestants() if options.contestants else ()),
    ):
        unknown = [name for name in given if name not in known]
        if unknown:
            raise BadInput(f"There is no {what} called {unknown[0]}; choose from {', '.join(known)}.")
    for part in suite.chosen(wanted):
        print(suite.PARTS[part](print, options))  # noqa: T201


@router.command("train")
def router_train(
    product: Annotated[
        bool, typer.Option("--product", help="Write the weights that ship with the product, from its own examples.")
    ] = False,
) -> None:
    """Teach the router from where people here went with their messages."""
    from server import cli_router

    cli_router.train(product)


@router.command("ask")
def router_ask(message: Annotated[str, typer.Argument(help="What somebody might write.")]) -> None:
    """Say who would answer a message; nothing is kept."""
    from server import cli_router

    cli_router.ask(message)


@knowledge.command("index")
def knowledge_index() -> None:
    """Have the present sentence model read what it has not seen."""
    from server import cli_router

    cli_router.index()


@knowledge.command("search")
def knowledge_search(question: Annotated[str, typer.Argument(help="In plain words.")]) -> None:
    """Find what is kept about a question: notes, decisions, models, reports, sources."""
    from server import cli_router

    cli_router.search(question)


def _listed(text: str | None) -> tuple[str, ...]:
    return tuple(name.strip() for name in (text or "").split(",") if name.strip())


def main() -> None:
    """Entry point of the installed command."""
    if not sys.warnoptions:
        # Libraries' advice to programmers is no sentence for the person, here or in processes begun from here.
        warnings.simplefilter("ignore")
        os.environ.setdefault("PYTHONWARNINGS", "ignore")
    sys.exit(execute(sys.argv[1:]))


def execute(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit code; no exception leaves this function."""
    try:
        code = _guarded(arguments)
        sys.stdout.flush()
    except OSError as error:
        code = _os_error(error)
    except KeyboardInterrupt:
        code = _say("Stopped.", FAILED)
    return code


def _guarded(arguments: Sequence[str]) -> int:
    try:
        command = typer.main.get_command(app)
        result = command.main(args=list(arguments), prog_name="mmm", standalone_mode=False)
        if result == CTRL_C:
            return _say("Stopped.", FAILED)
        return result if isinstance(result, int) else DONE
    except typer.Exit as end:
        return end.exit_code
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else FAILED
    except (typer.Abort, KeyboardInterrupt):
        return _say("Stopped.", FAILED)
    except TyperException as error:
        return _usage(error)
    except BadInput as error:
        return _say(str(error), WRONG)
    except CarryoverError as error:
        return _say(str(error), FAILED)
    except OSError:
        raise
    except MemoryError:
        return _say("This machine's memory is too small for this.", FAILED)
    except Exception as error:
        return _say(_unexpected(error), FAILED)


def _usage(error: TyperException) -> int:
    message = error.format_message().strip()
    if not message or type(error).__name__ == "NoArgsIsHelpError":
        print(message, file=sys.stderr)  # noqa: T201
        return WRONG
    context = getattr(error, "ctx", None)
    where = context.command_path if context is not None else "mmm"
    return _say(f"{message.rstrip('.')}. See {where} --help.", WRONG)


def _os_error(error: OSError) -> int:
    if isinstance(error, BrokenPipeError):
        # Whoever read the output has gone; Python would complain once more when it flushes at exit.
        _discard_stdout()
        return FAILED
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        _discard_stdout()
        return _say("The disk is full; free some space and run the command again.", FAILED)
    where = f" ({error.filename})" if error.filename else ""
    return _say(f"{error.strerror or type(error).__name__}{where}.", FAILED)


def _discard_stdout() -> None:
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.close(null)


def _unexpected(error: Exception) -> str:
    """The sentence for an error that nobody foresaw; its trace goes to a file, not to the person's screen."""
    from server.logs import mask

    try:
        from mmm_core.settings import Settings

        home = Settings().home.expanduser()
        home.mkdir(parents=True, exist_ok=True)
        log = home / "mmm-errors.log"
        with log.open("a", encoding="utf-8") as file:
            file.write(mask("".join(traceback.format_exception(error))) + "\n")
        return f"An unexpected problem stopped the command ({type(error).__name__}); {log} has the details."
    except Exception:
        return f"An unexpected problem stopped the command ({type(error).__name__}: {mask(str(error))[:200]})."


def _say(sentence: str, code: int) -> int:
    with suppress(OSError):
        print(f"mmm: {sentence}", file=sys.stderr, flush=True)  # noqa: T201
    return code


if __name__ == "__main__":
    main()
