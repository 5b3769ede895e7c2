"""What ``mmm bench`` runs, one name each; every one writes its table under ``benchmarks/results/``."""

from collections.abc import Callable
from dataclasses import dataclass

Say = Callable[[str], None]


@dataclass(frozen=True)
class Options:
    """What a part may be narrowed to; empty and None mean all of it."""

    sizes: tuple[str, ...] = ()
    seeds: int | None = None
    """Companies per size (or of each sort)."""
    contestants: tuple[str, ...] = ()


def engine(say: Say, options: Options) -> str:
    from benchmarks import engine as part

    return part.run(say=say)


def what_if(say: Say, options: Options) -> str:
    from benchmarks import what_if as part

    return part.run(say=say)


def slider(say: Say, options: Options) -> str:
    from benchmarks import slider as part

    return part.run(say=say)


def truth(say: Say, options: Options) -> str:
    from benchmarks import truth_recovery as part

    return part.bench(say) if options.seeds is None else part.bench(say, options.seeds)


def contributions(say: Say, options: Options) -> str:
    from benchmarks import contributions as part

    return part.bench(say, options.sizes, options.seeds, options.contestants)


def speed(say: Say, options: Options) -> str:
    from benchmarks import speed as part

    return part.bench(say, options.sizes, options.contestants)


def checks(say: Say, options: Options) -> str:
    from benchmarks import checks as part

    return part.bench(say, options.seeds)


def calibration(say: Say, options: Options) -> str:
    from benchmarks import calibration as part

    return part.bench(say, options.seeds)


def grammar(say: Say, options: Options) -> str:
    from benchmarks import grammar as part

    return part.bench(say)


def retrieval(say: Say, options: Options) -> str:
    from benchmarks import retrieval as part

    return part.bench(say)


def workflow(say: Say, options: Options) -> str:
    from benchmarks import workflow as part

    return part.bench(say)


PARTS: dict[str, Callable[[Say, Options], str]] = {
    "engine": engine,
    "what-if": what_if,
    "slider": slider,
    "truth": truth,
    "checks": checks,
    "speed": speed,
    "contributions": contributions,
    "calibration": calibration,
    "grammar": grammar,
    "retrieval": retrieval,
    "workflow": workflow,
}

QUICK = ("engine", "what-if", "slider", "truth")
"""What runs where nobody chooses; the rest takes hours, some of it days."""


def chosen(names: list[str]) -> list[str]:
    """Parts by name, the quick ones for none, every one for 'all'."""
    return list(PARTS) if "all" in names else names or list(QUICK)


def sizes() -> tuple[str, ...]:
    from benchmarks.worlds import SIZES

    return tuple(SIZES)


def contestants() -> tuple[str, ...]:
    from benchmarks.contributions_table import NAMES

    return tuple(NAMES)
