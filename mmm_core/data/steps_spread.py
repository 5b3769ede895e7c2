"""From one row per channel and period, as advertising platforms export, to one column per channel."""

import pandas as pd

from mmm_core.data.recognise import recognise
from mmm_core.data.roles_words import CHANNEL_COLUMNS, adds_up, words
from mmm_core.data.steps import Arguments, Table
from mmm_core.domain.dataset import Recognition, Role, Shape
from mmm_core.domain.errors import DataError

MOST_CHANNELS = 60


def channel_column(frame: pd.DataFrame, recognition: Recognition) -> str | None:
    """The text column that names each row's channel, where the table has one and measures media."""
    if recognition.shape is not Shape.TRANSACTIONS:
        return None
    if not recognition.columns(Role.SPEND) and not recognition.columns(Role.ORGANIC):
        return None
    for column in frame.columns:
        values = frame[column]
        text = not pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_datetime64_any_dtype(values)
        if text and {w.text for w in words(str(column))} & CHANNEL_COLUMNS and 2 <= values.nunique() <= MOST_CHANNELS:
            return str(column)
    return None


def spread_channels(table: Table, a: Arguments) -> Table:
    """One column per channel and measure; media are summed, all else is taken once per period.

    Texts and other identifiers of the long rows do not come along.
    """
    (column,) = a.columns(table.frame)[:1]
    frame = table.frame[table.frame[column].notna() & table.frame[table.keys[0]].notna()]
    levels = frame[column].nunique()
    if not 1 <= levels <= MOST_CHANNELS:
        raise DataError(f"Column {column} holds {levels} names; 1 to {MOST_CHANNELS} can become channels.")
    keys = [k for k in table.keys if k != column]
    media = table.of(Role.SPEND, Role.EXPOSURE, Role.ORGANIC, Role.REACH)
    # A channel's second exposure is set aside by the recognition, but here it is data like the first.
    set_aside = [c for c in table.of(Role.IGNORE) if adds_up(c) and pd.api.types.is_numeric_dtype(frame[c])]
    media += set_aside
    if not media:
        raise DataError(f"No column measures spend or exposure, so {column} cannot be spread into channels.")
    wide = frame.pivot_table(index=keys, columns=column, values=media, aggfunc="sum", sort=False, observed=True)
    if often := table.of(Role.FREQUENCY):
        means = frame.pivot_table(index=keys, columns=column, values=often, aggfunc="mean", sort=False, observed=True)
        wide = wide.join(means)
    measures, channels = (wide.columns.get_level_values(i).tolist() for i in (0, 1))
    wide.columns = pd.Index([f"{channel}_{measure}" for measure, channel in zip(measures, channels, strict=True)])
    once = [c for c in table.of(Role.KPI, Role.CONTROL, Role.HOLIDAY, Role.VALUE_PER_UNIT) if c not in media]
    if once:
        wide = wide.join(frame.groupby(keys, observed=True)[once].first())
    out = wide.reset_index()
    return Table(out, recognise(out))
