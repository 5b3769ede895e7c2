"""Formulas over columns: a small grammar of names, arithmetic and a few functions, parsed here and never run as code.

Columns are named plainly (``tv_spend``) or in backticks (```TV Ausgaben```). There are ``+ - * / ^``, comparisons,
``and or not``, and the functions in ``FUNCTIONS``.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from mmm_core.domain.errors import DataError

MAX_LENGTH = 2_000
MAX_DEPTH = 40

_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)|`(?P<quoted>[^`]*)`|(?P<name>[^\W\d][\w.]*)"
    r"|(?P<op>\*\*|<=|>=|==|!=|[-+*/^<>(),]))"
)
_POWER = {"or": 1, "and": 2, "<": 4, "<=": 4, ">": 4, ">=": 4, "==": 4, "!=": 4, "+": 5, "-": 5, "*": 6, "/": 6, "^": 8}
_NOT, _SIGN = 3, 7


@dataclass(frozen=True)
class Node:
    """One piece of a parsed formula: ``kind`` is 'number', 'column', 'call' or an operator."""

    kind: str
    value: str | float = ""
    parts: "tuple[Node, ...]" = ()


@dataclass
class _Parser:
    text: str
    tokens: list[tuple[str, str]]
    at: int = 0
    depth: int = 0

    def peek(self) -> tuple[str, str]:
        return self.tokens[self.at] if self.at < len(self.tokens) else ("end", "")

    def take(self) -> tuple[str, str]:
        token = self.peek()
        self.at += 1
        return token

    def expression(self, least: int = 0) -> Node:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise DataError("The formula is nested too deeply: compute a part of it as a column of its own first.")
        left = self.operand()
        while True:
            kind, text = self.peek()
            sign = "^" if text == "**" else text
            power = _POWER.get(sign, 0) if kind in ("op", "word") else 0
            if not power or power < least:
                break
            self.take()
            left = Node(sign, parts=(left, self.expression(power if sign == "^" else power + 1)))
        self.depth -= 1
        return left

    def operand(self) -> Node:
        kind, text = self.take()
        if kind == "number":
            return Node("number", float(text))
        if kind == "column":
            return Node("column", text)
        if kind == "name":
            return self.call(text) if self.peek() == ("op", "(") else Node("column", text)
        if (kind, text) == ("op", "("):
            inside = self.expression()
            self.expect(")")
            return inside
        if kind == "op" and text in "+-":
            return Node("negate" if text == "-" else "keep", parts=(self.expression(_SIGN),))
        if (kind, text) == ("word", "not"):
            return Node("not", parts=(self.expression(_NOT),))
        shown = "its end" if kind == "end" else f"“{text}”"
        raise DataError(f"The formula cannot be read at {shown}: a column, a number or a bracket was expected there.")

    def call(self, name: str) -> Node:
        if name not in FUNCTIONS:
            raise DataError(f"The formula uses {name}(), which is not known; there are {', '.join(FUNCTIONS)}.")
        self.take()
        parts = [self.expression()]
        while self.peek() == ("op", ","):
            self.take()
            parts.append(self.expression())
        self.expect(")")
        low, high = FUNCTIONS[name].arguments
        if not low <= len(parts) <= high:
            wanted = str(low) if low == high else f"{low} to {high}"
            raise DataError(f"{name}() takes {wanted} values in brackets, but {len(parts)} were given.")
        return Node("call", name, tuple(parts))

    def expect(self, text: str) -> None:
        if self.take() != ("op", text):
            raise DataError(f"The formula lacks a “{text}”: check its brackets.")


def parse(text: str) -> Node:
    """Read a formula.

    Raises
    ------
    DataError
        Saying where it cannot be read.
    """
    if not text.strip():
        raise DataError("The formula is empty: write something like tv_spend / 1000.")
    if len(text) > MAX_LENGTH:
        raise DataError(f"The formula is longer than {MAX_LENGTH:,} characters: compute it in parts.")
    parser = _Parser(text, _tokens(text))
    found = parser.expression()
    kind, rest = parser.peek()
    if kind != "end":
        raise DataError(f"The formula cannot be read at “{rest}”: an operator such as + or * was expected there.")
    return found


def _tokens(text: str) -> list[tuple[str, str]]:
    out: list[tuple[str, str]] = []
    at, end = 0, len(text.rstrip())
    while at < end:
        match = _TOKEN.match(text, at)
        if match is None:
            raise DataError(
                f"The formula cannot be read at “{text[at : at + 12].strip()}”; put column names in backticks."
            )
        kind = str(match.lastgroup)
        value = match[kind]
        if kind == "quoted":
            kind = "column"
        elif kind == "name" and value in ("and", "or", "not"):
            kind = "word"
        out.append((kind, value))
        at = match.end()
    return out


def columns(text: str) -> tuple[str, ...]:
    """The columns that a formula reads, in order of appearance."""

    def walk(node: Node) -> list[str]:
        own = [str(node.value)] if node.kind == "column" else []
        return own + [name for part in node.parts for name in walk(part)]

    return tuple(dict.fromkeys(walk(parse(text))))


def evaluate(text: str, frame: pd.DataFrame, *, groups: pd.Series | None = None) -> pd.Series:
    """The formula's value for each row, as floats; what cannot be computed (such as 1/0) is empty.

    Parameters
    ----------
    text : str
    frame : DataFrame
        Rows in the order in which lags and running means look back.
    groups : Series, optional
        Geography of each row; lags, differences and running values stay inside one.

    Returns
    -------
    Series of float, indexed as ``frame``.
    """
    value = _value(parse(text), _Rows(frame, groups))
    with np.errstate(all="ignore"):
        clean = np.where(np.isfinite(value), value, np.nan)
    return pd.Series(clean, index=frame.index, dtype=float)


@dataclass(frozen=True)
class _Rows:
    frame: pd.DataFrame
    groups: pd.Series | None

    def column(self, name: str) -> np.ndarray:
        if name not in self.frame.columns:
            raise DataError(f"The formula names {name}, which is not a column of the data.")
        values = self.frame[name]
        if not pd.api.types.is_numeric_dtype(values):
            raise DataError(f"The formula needs numbers, but column {name} holds text or dates.")
        return np.asarray(values.to_numpy(dtype=float, na_value=np.nan), dtype=float)

    def grouped(self, values: np.ndarray, change: Callable[[pd.Series], pd.Series]) -> np.ndarray:
        series = pd.Series(values)
        if self.groups is None:
            return np.asarray(change(series), dtype=float)
        parts = [change(part) for _, part in series.groupby(self.groups.to_numpy(), observed=True, dropna=False)]
        return np.asarray(pd.concat(parts).sort_index(), dtype=float)


_OPERATORS: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "^": np.power,
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
    "==": np.equal,
    "!=": np.not_equal,
}


def _value(node: Node, rows: _Rows) -> np.ndarray:
    if node.kind == "number":
        return np.full(len(rows.frame), float(node.value))
    if node.kind == "column":
        return rows.column(str(node.value))
    if node.kind == "call":
        return _call(node, rows)
    values = [_value(part, rows) for part in node.parts]
    with np.errstate(all="ignore"):
        if node.kind == "negate":
            return np.asarray(np.negative(values[0]))
        if node.kind == "keep":
            return values[0]
        missing = np.any(np.isnan(values), axis=0)
        if node.kind == "not":
            return np.where(missing, np.nan, values[0] == 0)
        if node.kind in ("and", "or"):
            left, right = values[0] != 0, values[1] != 0
            return np.where(missing, np.nan, left & right if node.kind == "and" else left | right)
        return np.where(missing, np.nan, np.asarray(_OPERATORS[node.kind](values[0], values[1]), dtype=float))


def _call(node: Node, rows: _Rows) -> np.ndarray:
    function = FUNCTIONS[str(node.value)]
    if function.window:
        count = _whole(node, default=1)
        return rows.grouped(_value(node.parts[0], rows), lambda s: function.window(s, count))  # type: ignore[misc]
    values = [_value(part, rows) for part in node.parts]
    assert function.plain is not None
    with np.errstate(all="ignore"):
        return np.asarray(function.plain(*values), dtype=float)


def _whole(node: Node, default: int) -> int:
    """The second argument of a window function: a plain whole number."""
    if len(node.parts) == 1:
        return default
    number = node.parts[1]
    count = float(number.value) if number.kind == "number" else np.nan
    if not 1 <= count <= 520 or count != int(count):
        raise DataError(f"The second value of {node.value}() must be a whole number of periods from 1 to 520.")
    return int(count)


def _choose(test: np.ndarray, yes: np.ndarray, no: np.ndarray) -> np.ndarray:
    return np.where(np.isnan(test), np.nan, np.where(test != 0, yes, no))


def _filled(x: np.ndarray, other: np.ndarray) -> np.ndarray:
    return np.where(np.isnan(x), other, x)


@dataclass(frozen=True)
class Function:
    arguments: tuple[int, int]
    plain: Callable[..., Any] | None = None
    window: Callable[[pd.Series, int], pd.Series] | None = None


FUNCTIONS: dict[str, Function] = {
    "abs": Function((1, 1), np.abs),
    "log": Function((1, 1), np.log),
    "log1p": Function((1, 1), np.log1p),
    "exp": Function((1, 1), np.exp),
    "sqrt": Function((1, 1), np.sqrt),
    "round": Function((1, 1), np.round),
    "min": Function((2, 2), np.minimum),
    "max": Function((2, 2), np.maximum),
    "clip": Function((3, 3), np.clip),
    "if": Function((3, 3), _choose),
    "fill": Function((2, 2), _filled),
    "lag": Function((1, 2), window=lambda s, n: s.shift(n)),
    "diff": Function((1, 2), window=lambda s, n: s.diff(n)),
    "rolling_mean": Function((2, 2), window=lambda s, n: s.rolling(n, min_periods=1).mean()),
    "rolling_sum": Function((2, 2), window=lambda s, n: s.rolling(n, min_periods=1).sum()),
    "cumsum": Function((1, 1), window=lambda s, n: s.cumsum()),
    "mean": Function((1, 1), window=lambda s, n: pd.Series(s.mean(), index=s.index)),
}
