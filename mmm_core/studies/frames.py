"""Changed copies of a table: noise on media, a shuffled twin of a channel, old rows beside new ones."""

import numpy as np
import pandas as pd

from mmm_core.modeling.spec import ChannelSpec, ModelSpec

MEDIA_COLUMNS = ("spend", "exposure", "reach")
"""Fields of a channel whose columns grow with what is bought; frequency does not."""
TWIN_COLUMNS = (*MEDIA_COLUMNS, "frequency")


def columns_of(channel: ChannelSpec, fields: tuple[str, ...] = MEDIA_COLUMNS) -> dict[str, str]:
    """Columns of a channel by the field that names them."""
    named = {field: getattr(channel, field, None) for field in fields}
    return {field: column for field, column in named.items() if isinstance(column, str)}


def with_noise(frame: pd.DataFrame, spec: ModelSpec, noise: float, seed: int) -> pd.DataFrame:
    """Media of each channel times 1 + ``noise`` x a standard normal, drawn for each row anew.

    One factor for all columns of a channel, so that spend and what it bought stay tied.
    """
    rng = np.random.default_rng([seed, 5])
    out = frame.copy()
    for channel in spec.channels:
        factor = np.maximum(0.0, 1.0 + noise * rng.standard_normal(len(frame)))
        for column in columns_of(channel).values():
            out[column] = pd.to_numeric(frame[column], errors="coerce") * factor
    return out


def with_twin(frame: pd.DataFrame, spec: ModelSpec, name: str, seed: int) -> tuple[pd.DataFrame, ModelSpec, str]:
    """Add a channel whose weeks are those of ``name`` in random order, the same order in every geo.

    Returns
    -------
    frame, spec, name of the twin; the twin has no belief of its own.
    """
    channel = next(c for c in spec.channels if c.name == name)
    twin = f"{name} (shuffled)"
    columns = columns_of(channel, TWIN_COLUMNS)
    dates = pd.to_datetime(frame[spec.date])
    periods = np.sort(dates.unique())
    order = dict(zip(periods, np.random.default_rng([seed, 6]).permutation(periods), strict=True))
    place = [str(spec.geo)] if spec.geo else []
    source = frame[[*place, *columns.values()]].assign(**{spec.date: dates})
    moved = frame[place].assign(**{spec.date: dates.map(order)}).merge(source, on=[*place, spec.date], how="left")
    fresh = {column: f"{column} (shuffled)" for column in columns.values()}
    out = frame.assign(**{new: moved[old].to_numpy() for old, new in fresh.items()})
    made = channel.model_copy(
        update={"name": twin, "belief": None, **{field: fresh[column] for field, column in columns.items()}}
    )
    return out, spec.model_copy(update={"channels": (*spec.channels, made)}), twin
