"""What can be set of a study: every kind's settings have words, bounds and a default that lies within them."""

import pytest

from mmm_core.domain.errors import BadInput
from mmm_core.studies import choices, registry
from mmm_core.studies.choices import choices as offered

ASKED = {
    "sensitivity": {"name": "More TV", "periods": 8, "spend": {"tv": 1.0}},
    "causal": {"diagram": {"nodes": [], "edges": []}},
    "counterfactual": {
        "diagram": {"nodes": [], "edges": []}, "channel": "tv", "first": "2025-01-06", "last": "2025-02-03",
    },
}  # fmt: skip
"""What some kinds need beside settings."""


@pytest.mark.parametrize("kind", [k for k in registry.KINDS if k != "trial"])
def test_every_setting_takes_its_bounds_and_refuses_what_lies_beyond(kind: str) -> None:
    found = registry.find(kind)
    assert offered(kind)
    for choice in offered(kind):
        assert choice.title
        if choice.unit == "channels":
            registry.read_options(found, {**ASKED.get(kind, {}), choice.name: ["tv"]})
            continue
        assert choice.low < choice.high
        assert choice.default is None or choice.low <= choice.default <= choice.high
        whole = int if choice.unit == "count" else float
        read = registry.read_options(found, {**ASKED.get(kind, {}), choice.name: whole(choice.high)})
        assert getattr(read, choice.name) == choice.high
        with pytest.raises(BadInput, match=f"{choice.name}: must be at most"):
            registry.read_options(found, {**ASKED.get(kind, {}), choice.name: whole(choice.high) + 1})


def test_a_kind_that_fits_nothing_has_no_draws_to_set() -> None:
    for kind in ("causal", "counterfactual"):
        assert not {"draws", "tune", "chains"} & {c.name for c in offered(kind)}
    assert {"draws", "tune", "chains"} <= {c.name for c in offered("changes")}


def test_what_is_no_setting_is_told_with_those_that_are() -> None:
    with pytest.raises(BadInput, match=r"no setting called horizon; it has periods, draws, tune, chains, seed\."):
        choices.ensure_known(registry.find("holdout"), {"horizon": 13})


def test_only_what_differs_is_told() -> None:
    usual = registry.find("placebo").options().model_dump(mode="json")
    assert choices.changed("placebo", usual) == ()
    found = choices.changed("placebo", {**usual, "channels": ["tv"], "draws": 600})
    assert [(c.name, value) for c, value in found] == [("channels", ["tv"]), ("draws", 600)]
