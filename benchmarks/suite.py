"""What ``mmm bench`` runs, one name each; every one writes its table under ``benchmarks/results/``."""

from collections.abc import Callable

Say = Callable[[str], None]


def engine(say: Say) -> str:
    from benchmarks import engine as part

    return part.run(say=say)


def what_if(say: Say) -> str:
    from benchmarks import what_if as part

    return part.run(say=say)


def slider(say: Say) -> str:
    from benchmarks import slider as part

    return part.run(say=say)


def truth(say: Say) -> str:
    from benchmarks import truth_recovery as part

    return part.bench(say)


PARTS: dict[str, Callable[[Say], str]] = {"engine": engine, "what-if": what_if, "slider": slider, "truth": truth}
