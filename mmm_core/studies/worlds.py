"""Old and new data put together piece by piece, so that refits tell which piece moved a number."""

from dataclasses import dataclass
from itertools import permutations
from typing import Any

import numpy as np
import pandas as pd

from mmm_core.data.quality_view import listed
from mmm_core.modeling.spec import ModelSpec
from mmm_core.studies.kind import Inputs

HISTORY, WEEKS, SPEC = "history", "weeks", "spec"
WORDS = {HISTORY: "restated history", WEEKS: "new weeks", SPEC: "changed specification"}

World = frozenset[str]
"""Which of the three are the new model's; the others are the old one's."""


@dataclass(frozen=True)
class Tables:
    """Both tables by their rows: those whose period (and geo) both have, and those of one alone."""

    old: pd.DataFrame
    new: pd.DataFrame
    added: pd.DataFrame
    """Rows of the new table for periods that the old one does not have, of geos that it has."""
    revised: pd.DataFrame
    """Rows of the new table for periods that the old one has."""

    def of(self, world: World) -> pd.DataFrame:
        """The table of a world."""
        if HISTORY in world:
            return self.new if WEEKS in world else self.revised
        return pd.concat([self.old, self.added], ignore_index=True) if WEEKS in world else self.old


def tables(inputs: Inputs) -> Tables:
    old, new = inputs.other, inputs.model
    known = pd.to_datetime(old.frame[old.spec.date])
    dates = pd.to_datetime(new.frame[new.spec.date])
    frame = new.frame.rename(columns={new.spec.date: old.spec.date}) if new.spec.date != old.spec.date else new.frame
    seen = dates.isin(known.unique()).to_numpy()
    later = frame[~seen]
    geo = old.spec.geo
    if geo and geo in later.columns:
        # A geo that joined brings a history of its own: it comes with the history, not with the new weeks.
        later = later[later[geo].astype(str).isin(old.frame[geo].astype(str).unique())]
    return Tables(old.frame, frame, later, frame[seen])


def moved_geos(inputs: Inputs) -> tuple[str, ...]:
    """A sentence on the geos that only one of the models knows, whose weeks count as restated history."""
    old, new = (inputs.other, inputs.model)
    if old.spec.geo is None or new.spec.geo is None:
        return ()
    was, now = (set(m.frame[m.spec.geo].astype(str)) for m in (old, new))
    sides = ((now - was, "in the new data alone"), (was - now, "in the old data alone"))
    return tuple(
        f"{listed(sorted(names))} {'is' if len(names) == 1 else 'are'} {where}, which counts as restated history."
        for names, where in sides
        if names
    )


def what_differs(inputs: Inputs, found: Tables, same_spec: bool) -> tuple[str, ...]:
    """Which of the three are not the same in both models."""
    out = []
    if _restated(found, inputs.other.spec, inputs.model.spec):
        out.append(HISTORY)
    if len(found.added):
        out.append(WEEKS)
    return (*out, *(() if same_spec else (SPEC,)))


def _restated(found: Tables, old: ModelSpec, new: ModelSpec) -> bool:
    """Whether a cell that both models read, of a period that both tables have, is another one."""
    keys = [old.date, *([old.geo] if old.geo and old.geo in found.new.columns else [])]
    shared = [c for c in dict.fromkeys((*old.columns, *new.columns)) if c in found.old and c in found.revised]
    values = [c for c in shared if c not in keys]
    before, after = (_ordered(f[keys + values], keys) for f in (found.old, found.revised))
    if len(before) != len(after):
        return True
    return any(not _equal(before[c], after[c]) for c in values)


def _ordered(frame: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    out: pd.DataFrame = frame.assign(**{keys[0]: pd.to_datetime(frame[keys[0]])}).sort_values(keys, ignore_index=True)
    return out


def _equal(before: pd.Series, after: pd.Series) -> bool:
    if pd.api.types.is_numeric_dtype(before) and pd.api.types.is_numeric_dtype(after):
        return bool(np.allclose(before.to_numpy(float), after.to_numpy(float), rtol=1e-9, atol=0.0, equal_nan=True))
    return bool((before.astype("string").fillna("") == after.astype("string").fillna("")).all())


def possible(worlds: list[World], found: Tables, old: ModelSpec, new: ModelSpec) -> list[World]:
    """Worlds whose table has every column that their specification reads."""
    out = []
    for world in worlds:
        spec, frame = new if SPEC in world else old, found.of(world)
        wanted = [c for c in spec.columns if c != spec.date]
        if all(c in frame.columns and frame[c].notna().any() for c in wanted):
            out.append(world)
    return out


def shares(values: dict[World, float], factors: tuple[str, ...]) -> dict[str, float] | None:
    """How much each factor moved a number from the old world to the new one; the parts add up to the whole.

    The order in which factors are changed matters when they act together, so that each factor's part is its mean over
    all orders whose worlds are known (the Shapley value where all are); None where no order is.
    """
    paths = []
    for order in permutations(factors):
        worlds = [frozenset(order[:n]) for n in range(len(order) + 1)]
        if all(w in values for w in worlds):
            paths.append({f: values[worlds[n + 1]] - values[worlds[n]] for n, f in enumerate(order)})
    if not paths:
        return None
    return {f: float(np.mean([p[f] for p in paths])) for f in factors}


def label(world: World, factors: tuple[str, ...]) -> str:
    """What a person reads while it is fitted."""
    changed: list[Any] = [WORDS[f] for f in factors if f in world]
    return f"Fit the old model with {' and '.join(changed)}" if changed else "Fit the old model again"
