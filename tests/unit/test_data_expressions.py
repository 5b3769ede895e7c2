"""Formulas are read by a small grammar and never run as Python."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmm_core.data.expressions import FUNCTIONS, columns, evaluate
from mmm_core.domain.errors import DataError

FRAME = pd.DataFrame(
    {"a": [1.0, 2.0, 4.0], "b": [2, 0, 1], "TV Ausgaben": [10.0, np.nan, 30.0], "x.y": [1.0] * 3, "t": "x"}
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a + b * 2", [5, 2, 6]),
        ("(a + b) * 2", [6, 4, 10]),
        ("-a ^ 2", [-1, -4, -16]),
        ("2 ^ 3 ^ 2", [512, 512, 512]),
        ("a - b - 1", [-2, 1, 2]),
        ("a ** 2 / 4", [0.25, 1, 4]),
        ("a / b", [0.5, np.nan, 4]),
        ("`TV Ausgaben` / 10", [1, np.nan, 3]),
        ("fill(`TV Ausgaben`, 0) + x.y", [11, 1, 31]),
        ("a > 1 and b < 1", [0, 1, 0]),
        ("not a > 1 or b == 1", [1, 0, 1]),
        ("if(a >= 2, a, 0 - 1)", [-1, 2, 4]),
        ("log(exp(a))", [1, 2, 4]),
        ("clip(a, 1.5, 3)", [1.5, 2, 3]),
        ("min(a, b) + max(a, b)", [3, 2, 5]),
        ("lag(a)", [np.nan, 1, 2]),
        ("diff(a, 2)", [np.nan, np.nan, 3]),
        ("rolling_mean(a, 2)", [1, 1.5, 3]),
        ("cumsum(a) - mean(a)", [1 - 7 / 3, 3 - 7 / 3, 7 - 7 / 3]),
        ("sqrt(abs(0 - a))", [1, 2**0.5, 2]),
        ("1.5e2 + .5", [150.5] * 3),
    ],
)
def test_values(text: str, expected: list[float]) -> None:
    np.testing.assert_allclose(evaluate(text, FRAME), expected)


def test_lags_stay_inside_a_geography() -> None:
    groups = pd.Series(["n", "s", "s"])
    np.testing.assert_allclose(evaluate("lag(a, 1)", FRAME, groups=groups), [np.nan, np.nan, 2])


def test_the_columns_of_a_formula() -> None:
    assert columns("log(a) + `TV Ausgaben` * a") == ("a", "TV Ausgaben")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "empty"),
        ("a +", "at its end"),
        ("a b", "operator"),
        ("(a", "lacks"),
        ("nope + 1", "nope, which is not a column"),
        ("t + 1", "holds text"),
        ("system(a)", r"system\(\), which is not known"),
        ("log(a, b)", "takes 1 values"),
        ("lag(a, b)", "whole number"),
        ("lag(a, 1e9)", "whole number"),
        ("a; b", "cannot be read"),
        ("a = 1", "cannot be read"),
        ("'text'", "cannot be read"),
        ("(" * 200 + "a" + ")" * 200, "nested too deeply"),
        ("-" * 5000 + "a", "longer"),
        ("-" * 1000 + "a", "nested too deeply"),
        ("+".join(["a"] * 1500), "longer"),
    ],
)
def test_what_cannot_be_read_is_said(text: str, says: str) -> None:
    with pytest.raises(DataError, match=says):
        evaluate(text, FRAME)


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('true')",
        "a.__class__",
        "().__class__.__bases__",
        "[x for x in a]",
        "lambda: 1",
        "eval(a)",
        "exec(a)",
        "open(a)",
        "a if a else b",
        "f'{a}'",
        "a[0]",
        "{a}",
        "@a",
        "`__builtins__`",
    ],
)
def test_python_is_not_understood(text: str) -> None:
    with pytest.raises(DataError):
        evaluate(text, FRAME)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=60) | st.text(alphabet="ab0123.()+-*/^<>=!,` _clogif", max_size=40))
def test_any_text_is_a_formula_or_a_sentence(text: str) -> None:
    try:
        values = evaluate(text, FRAME)
    except DataError:
        return
    assert len(values) == 3
    assert not np.isinf(values).any()


def _formulas() -> st.SearchStrategy[tuple[str, float]]:
    """A formula together with what Python says it is worth."""
    leaf = st.integers(1, 9).map(lambda n: (str(n), float(n)))

    def grow(inner: st.SearchStrategy[tuple[str, float]]) -> st.SearchStrategy[tuple[str, float]]:
        def join(parts: tuple[tuple[str, float], str, tuple[str, float]]) -> tuple[str, float]:
            (left, x), sign, (right, y) = parts
            value = {"+": x + y, "-": x - y, "*": x * y}[sign]
            return f"({left} {sign} {right})", value

        return st.tuples(inner, st.sampled_from("+-*"), inner).map(join)

    return st.recursive(leaf, grow, max_leaves=8)


@settings(max_examples=100, deadline=None)
@given(_formulas())
def test_arithmetic_is_arithmetic(formula: tuple[str, float]) -> None:
    assert evaluate(formula[0], FRAME).iloc[0] == formula[1]


def test_functions_are_the_known_ones() -> None:
    assert set(FUNCTIONS) >= {"log", "exp", "lag", "if", "clip", "fill", "rolling_mean"}
