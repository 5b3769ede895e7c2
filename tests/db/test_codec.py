import json
import math
from dataclasses import dataclass
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from db.codec import clean, decode, decode_plain, encode
from mmm_core.domain.checks import Fix
from mmm_core.domain.dataset import DatasetVersion, RecipeStep
from mmm_core.domain.fit import Progress
from mmm_core.domain.planning import Scenario
from mmm_core.domain.project import Diagram, Plan, Project
from mmm_core.domain.results import Results

NUMBERS = st.floats(allow_nan=False)
WORDS = st.text(st.characters(exclude_characters="\x00", exclude_categories=("Cs",)), max_size=8)
FREE = st.dictionaries(WORDS, st.none() | st.booleans() | st.integers() | NUMBERS | WORDS | st.dates(), max_size=3)
st.register_type_strategy(float, NUMBERS)
st.register_type_strategy(str, WORDS)
st.register_type_strategy(datetime, st.datetimes(timezones=st.just(UTC)))
st.register_type_strategy(Fix, st.builds(Fix, arguments=FREE))
st.register_type_strategy(RecipeStep, st.builds(RecipeStep, arguments=FREE))


@pytest.mark.parametrize("kind", [Project, Plan, DatasetVersion, Progress, Scenario, Diagram, Results])
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_what_is_stored_comes_back_equal(kind: type, data: st.DataObject) -> None:
    thing = data.draw(st.from_type(kind))
    document = json.loads(json.dumps(encode(thing), allow_nan=False))
    assert decode(kind, document) == thing


@dataclass(frozen=True)
class Version1:
    name: str
    dropped: int


@dataclass(frozen=True)
class Version2:
    name: str
    values: tuple[float, ...]
    added: float | None = 2.5


def test_numbers_that_json_lacks_survive() -> None:
    thing = Version2("x", (math.inf, -math.inf, math.nan))
    document = json.loads(json.dumps(encode(thing), allow_nan=False))
    assert [str(v) for v in decode(Version2, document).values] == ["inf", "-inf", "nan"]


def test_an_older_document_takes_defaults_and_loses_what_is_gone() -> None:
    document = encode(Version1("x", 3)) | {"values": []}
    assert decode(Version2, document) == Version2("x", (), 2.5)


def test_plain_values_keep_dates_and_lose_numpy() -> None:
    import numpy as np

    value = {"day": date(2026, 1, 5), "at": datetime(2026, 1, 5, tzinfo=UTC), "n": np.int64(3), "x": np.float64("nan")}
    document = json.loads(json.dumps(encode(value), allow_nan=False))
    back = decode_plain(document)
    assert (back["day"], back["at"], back["n"]) == (value["day"], value["at"], 3)
    assert math.isnan(back["x"])


def test_text_that_postgres_cannot_hold_is_replaced() -> None:
    assert clean("a\x00b\ud800c") == "a\ufffdb?c"
    assert clean("Größe 数") == "Größe 数"


def test_a_type_without_a_form_is_refused() -> None:
    with pytest.raises(TypeError, match="object"):
        encode({"a": object()})
