"""Recipe step that mends a change of unit: a part of some columns is multiplied."""

import numpy as np

from mmm_core.data.steps import Arguments, Table, listed
from mmm_core.domain.dataset import Role
from mmm_core.domain.errors import DataError


def multiply_part(table: Table, a: Arguments) -> Table:
    """Multiply columns by ``factor`` from ``start`` to ``end`` (both included), in ``geos`` or everywhere."""
    columns = a.numbers(table.frame)
    factor = a.number("factor", 1.0, 1e-9, 1e9)
    when = table.frame[table.one(Role.DATE, "the date")]
    start, end = a.day("start"), a.day("end")
    rows = np.ones(len(when), dtype=bool)
    if start is not None:
        rows &= (when >= start).to_numpy()
    if end is not None:
        rows &= (when <= end).to_numpy()
    if geos := a.values.get("geos"):
        wanted = [geos] if isinstance(geos, str) else [str(g) for g in geos]
        column = table.one(Role.GEO, "the geography")
        known = table.frame[column].astype(str)
        gone = [g for g in wanted if g not in set(known)]
        if gone:
            raise DataError(f"The data have no geography called {gone[0]}, but {listed(sorted(set(known)))}.")
        rows &= known.isin(wanted).to_numpy()
    if not rows.any():
        raise DataError("No row of the data lies in that part.")
    factors = np.where(rows, factor, 1.0)
    return table.with_frame(table.frame.assign(**{c: table.frame[c].astype(float) * factors for c in columns}))
