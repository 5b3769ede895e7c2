"""Tables put together from several countries: each place writes its numbers in its own way."""

from collections.abc import Mapping

import pandas as pd

from mmm_core.data import read_numbers
from mmm_core.data.roles_words import GEO, words

MOST_PLACES = 500


def decimals(
    frame: pd.DataFrame, texts: Mapping[str, pd.Series], empty: pd.DataFrame
) -> tuple[str, "pd.Series[str]"] | None:
    """The column that names each row's place, and the decimal sign that the place uses throughout.

    None where no column names places, where a place itself writes both ways, or where all write alike.
    """
    for column in (str(c) for c in frame.columns):
        if not {w.text for w in words(str(column))} & GEO or column not in texts:
            continue
        places = texts[column]
        if not 2 <= places.nunique() <= MOST_PLACES:
            continue
        signs = {str(p): _sign(texts, empty, column, rows) for p, rows in places.groupby(places).groups.items()}
        if None not in signs.values() and {",", "."} <= set(signs.values()):
            return str(column), places.map(signs)
    return None


def _sign(texts: Mapping[str, pd.Series], empty: pd.DataFrame, place: str, rows: pd.Index) -> str | None:
    """The decimal sign in these rows over all columns; None where both are used."""
    found = [
        read_numbers.votes(of[~empty.loc[rows, column]])
        for column, of in ((c, t.loc[rows]) for c, t in texts.items() if c != place)
    ]
    numbers = [v for v in found if v.total and v.numbers == v.total]
    point, comma = sum(v.point for v in numbers), sum(v.comma for v in numbers)
    if point and comma:
        return None
    return "," if comma else "."


def values(given: pd.Series, signs: "pd.Series[str]") -> pd.Series:
    """Floats of a column, each row read with its place's decimal sign."""
    parts = [read_numbers.values(given[signs == sign], sign) for sign in (",", ".")]
    joined: pd.Series = pd.concat(parts)
    return joined.loc[given.index]
