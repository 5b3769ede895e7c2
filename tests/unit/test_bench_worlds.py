"""The benchmark's companies hold what they promise: truth, kinds, sizes, panels."""

import numpy as np
import pandas as pd
import pytest

from benchmarks import worlds
from benchmarks.worlds import OFF_FAMILY, SIZES, kind_of, make
from mmm_core.data import recognise
from mmm_core.domain.dataset import Role, Shape


@pytest.mark.parametrize("size", list(SIZES))
def test_a_company_has_its_size_and_is_the_same_again(size: str) -> None:
    world, again, other = make(size, 3), make(size, 3), make(size, 4)
    plan = SIZES[size]
    assert world.brought.shape == world.spend.shape == (plan.channels, plan.geos, plan.weeks)
    assert world.kpi.shape == (plan.geos, plan.weeks)
    assert np.array_equal(world.kpi, again.kpi)
    assert not np.array_equal(world.kpi, other.kpi)


def test_half_of_the_companies_are_in_family_and_the_rest_takes_turns() -> None:
    kinds = [kind_of(n) for n in range(20)]
    assert kinds.count("in") == 10
    assert all(kinds.count(kind) == 2 for kind in OFF_FAMILY)


@pytest.mark.parametrize("number", range(12))
def test_truth_is_in_the_range_that_is_promised(number: int) -> None:
    world = make("small", number)
    assert (world.brought >= 0).all()
    assert (world.spend >= 0).all()
    assert (world.roi > 0.39).all()
    assert (world.roi < 5.01).all()
    # Nobody is graded on a baseline that went under.
    assert (world.kpi - world.brought.sum(axis=0)).min() > 0


def test_effects_that_drift_are_those_of_no_other_kind() -> None:
    """Return of the first against the last half of always-on channels: the same but for drift."""
    ratios: dict[str, list[float]] = {"in": [], "drift": []}
    for number in [*range(0, 120, 4), *range(5, 300, 10)]:
        world = make("medium", number)
        half = len(world.days) // 2
        for brought, spend in zip(world.brought[:, 0], world.spend[:, 0], strict=True):
            if (spend > 0).all():
                early, late = (float(brought[s].sum() / spend[s].sum()) for s in (slice(half), slice(half, None)))
                ratios[world.kind].append(abs(np.log(late / early)))
    assert np.median(ratios["drift"]) > 3 * np.median(ratios["in"])


def test_confounded_spend_follows_what_the_kpi_does_without_media() -> None:
    def linked(number: int) -> float:
        world = make("medium", number)
        base = world.kpi[0] - world.brought[:, 0].sum(axis=0)
        return float(np.max([np.corrcoef(base, spend)[0, 1] for spend in world.spend[:, 0]]))

    assert np.mean([linked(n) for n in (7, 17, 27, 37)]) > 0.6
    assert np.mean([linked(n) for n in (0, 2, 4, 6)]) < 0.5


def test_bursty_channels_are_off_most_of_the_time() -> None:
    bursty, usual = make("medium", 9), make("medium", 8)
    assert (bursty.spend > 0).mean() < 0.15 < (usual.spend > 0).mean()


def test_regions_differ_in_people_and_spend_follows_them() -> None:
    world = make("panel", 0)
    spend = world.spend.sum(axis=(0, 2))
    assert world.population.max() > 3 * world.population.min()
    assert np.corrcoef(np.log(world.population), np.log(spend))[0, 1] > 0.9
    per_head = spend / world.population
    assert per_head.max() > 1.05 * per_head.min()


@pytest.mark.parametrize("size", ["small", "panel"])
def test_the_product_recognises_the_table(size: str) -> None:
    world = make(size, 1)
    frame = pd.DataFrame(world.columns())
    found = recognise.recognise(frame)
    assert found.shape is (Shape.PANEL if world.geos else Shape.NATIONAL)
    assert found.one(Role.KPI) == "revenue"
    assert sorted(found.columns(Role.SPEND)) == sorted(f"{name}_spend" for name in world.channels)
    assert sorted(found.columns(Role.CONTROL)) == ["price", "promotion"]
    assert found.columns(Role.HOLIDAY) == ("holiday_peak",)


def test_names_suffice_for_every_size() -> None:
    assert max(plan.channels for plan in SIZES.values()) <= len(worlds.NAMES)
