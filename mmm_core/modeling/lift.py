"""Lift tests as numbers: which contribution each of them measured (NumPy and pandas only).

A test says what a channel's exposure in a window brought: the KPI with the exposure as it was, less the KPI had the
tested part of it been left out. Carry-over counts: from before the window into both, and from the window into the
periods after it, as far as the measurement lasted. A period that the window covers in part is switched by that part of
its days, its exposure being taken as even over them; a day that names a period in the data means all of it.
"""

import datetime
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mmm_core.domain.errors import SpecError
from mmm_core.domain.fit import Array, ModelData
from mmm_core.modeling.prepare import Days, period_spans
from mmm_core.modeling.spec import LiftTest, ModelSpec
from mmm_core.modeling.transforms import EFFECT, adstock_weights, saturate

Places = npt.NDArray[np.int64]


@dataclass(frozen=True)
class LiftData:
    """N tests, M rows (a test in one geo), W periods, L lags."""

    test: Places
    """(M,) which test."""
    geo: Places
    """(M,)"""
    channel: Places
    """(M,)"""
    start: Places
    """(M,) position of the window's first period."""
    seen: Array
    """(M, W + L - 1) scaled exposure as it was, from L - 1 periods before the window."""
    without: Array
    """(M, W + L - 1) the same without what was tested."""
    frequency: Array
    """(M, W + L - 1) scaled frequency then, 1 for a channel that has none."""
    by_frequency: npt.NDArray[np.bool_]
    """(M,) whether the channel saturates in its frequency."""
    weight: Array
    """(M, W) KPI units of one scaled unit in the periods that were measured, else 0."""
    lift: Array
    """(N,) measured, KPI units."""
    sd: Array
    """(N,) its standard error."""

    @property
    def periods(self) -> Places:
        """(M, W) position of each measured period; the last one again where a row's weight is zero."""
        measured = np.count_nonzero(self.weight, axis=1)[:, None]
        found: Places = self.start[:, None] + np.minimum(np.arange(self.weight.shape[1]), measured - 1)
        return found

    def modelled(
        self,
        adstock: str,
        saturation: str,
        max_lag: int,
        shapes: Mapping[str, Array],
        effect: Array,
        drift: Array | None = None,
    ) -> Array:
        """What the model says the tests should have measured.

        Parameters
        ----------
        shapes
            (S, C) draws of the adstock and saturation parameters.
        effect
            (S, G, C) effect sizes.
        drift
            (S, T) what each period multiplies media by; None where nothing drifts.

        Returns
        -------
        array (S, N)
            KPI units.
        """
        draws, rows, periods = len(effect), len(self.test), self.weight.shape[1]
        own = {name: values[:, self.channel] for name, values in shapes.items()}
        weights = adstock_weights(adstock, max_lag, dict(own), shape=(draws, rows))
        curve = {name: values[..., None] for name, values in own.items()}

        def carried(exposure: Array) -> Array:
            lagged = np.lib.stride_tricks.sliding_window_view(exposure, max_lag, axis=-1)[..., ::-1]
            found: Array = np.matmul(lagged[..., :periods, :], weights[..., None])[..., 0]
            return found

        often = saturate(saturation, self.frequency, curve)
        brought = [
            np.where(self.by_frequency[:, None], carried(x * often), saturate(saturation, carried(x), curve))
            for x in (self.seen, self.without)
        ]
        apart = brought[0] - brought[1]
        if drift is not None:
            apart = apart * drift[:, self.periods]
        by_row = np.einsum("smw,mw->sm", apart, self.weight) * effect[:, self.geo, self.channel]
        return np.stack([by_row[:, self.test == n].sum(axis=1) for n in range(len(self.lift))], axis=1)


def lift_data(spec: ModelSpec, data: ModelData) -> LiftData | None:
    """The specification's lift tests on prepared data; None where there is none.

    Raises
    ------
    SpecError
        When a test lies outside the data, names a geo that is not there, or its channel was off throughout.
    """
    if not spec.lift_tests:
        return None
    rows = [row for n, test in enumerate(spec.lift_tests) for row in _rows(n, test, spec, data)]
    longest = max(row.weight.size for row in rows)
    return LiftData(
        test=np.array([row.test for row in rows]),
        geo=np.array([row.geo for row in rows]),
        channel=np.array([row.channel for row in rows]),
        start=np.array([row.start for row in rows]),
        seen=np.stack([_to(row.seen, longest + spec.max_lag - 1) for row in rows]),
        without=np.stack([_to(row.without, longest + spec.max_lag - 1) for row in rows]),
        frequency=np.stack([_to(row.frequency, longest + spec.max_lag - 1) for row in rows]),
        by_frequency=np.isin([row.channel for row in rows], data.by_frequency),
        weight=np.stack([_to(row.weight, longest) for row in rows]),
        lift=np.array([test.lift for test in spec.lift_tests]),
        sd=np.array([test.standard_error for test in spec.lift_tests]),
    )


@dataclass(frozen=True)
class _Row:
    test: int
    geo: int
    channel: int
    start: int
    seen: Array
    without: Array
    frequency: Array
    weight: Array


def _to(values: Array, length: int) -> Array:
    return np.pad(values, (0, length - values.size))


def _rows(number: int, test: LiftTest, spec: ModelSpec, data: ModelData) -> Iterator[_Row]:
    channel, lags = data.channels.index(test.channel), spec.max_lag
    calendar = _Calendar(data.dates.astype("datetime64[D]"), *period_spans(data.dates, spec.date))
    covered = calendar.covered(test)
    places = np.flatnonzero(covered)
    first, last = int(places[0]), int(places[-1])
    measured = calendar.measured(test, first, last, lags)
    end = first + measured.size - 1
    known = {geo: g for g, geo in enumerate(data.geos)}
    missing = [geo for geo in test.geos if geo not in known]
    if missing:
        raise SpecError(f"The lift test of {test.channel} names the geo {missing[0]}, which is not in the data.")
    geos = [known[geo] for geo in test.geos] or list(range(len(data.geos)))
    scaled = np.pad(data.scaled_media[..., channel], ((0, 0), (lags - 1, 0)))
    if not scaled[geos][:, lags - 1 + first : lags + last].any():
        raise SpecError(
            f"{test.channel} was off from {test.start} to {test.end}, so a lift test there has nothing to measure."
        )
    often = np.ones_like(scaled)
    if data.scaled_frequency is not None and channel in data.by_frequency:
        often[:, lags - 1 :] = data.scaled_frequency[..., channel]
    for g in geos:
        seen = scaled[g, first : end + lags]
        without = seen.copy()
        without[lags - 1 : lags + last - first] *= 1.0 - test.share * covered[first : last + 1]
        yield _Row(
            number,
            g,
            channel,
            first,
            seen,
            without,
            often[g, first : end + lags],
            measured * data.target_scale[g],
        )


@dataclass(frozen=True)
class _Calendar:
    """The days of T periods."""

    names: Days
    """That the data name them by; where a test gives such a day, it means all of the period."""
    starts: Days
    ends: Days
    """The days after them."""

    def covered(self, test: LiftTest) -> Array:
        """Share of each period's days (T,) that lie in the test's window."""
        start, stop = self._from(test.start), self._until(test.end)
        outside = start < self.starts[0] or stop > self.ends[-1]
        if outside or not ((self.starts < stop) & (self.ends > start)).any():
            raise SpecError(
                f"The lift test of {test.channel} from {test.start} to {test.end} lies outside the data "
                f"({self.starts[0]} to {self.ends[-1] - np.timedelta64(1, 'D')})."
            )
        return self._part(start, stop)

    def measured(self, test: LiftTest, first: int, last: int, lags: int) -> Array:
        """How much of each period from the window's first on was measured (W,): until ``measured_until``, else until
        the carry-over is over. Periods of the window count whole: nothing was switched before it or after it."""
        over = len(self.starts) - 1
        if test.measured_until is None:
            return np.ones(min(over, last + lags - 1) - first + 1)
        part = self._part(self.starts[0], self._until(test.measured_until))
        part[first : last + 1] = 1.0
        out: Array = part[first : int(np.flatnonzero(part)[-1]) + 1]
        return out

    def _from(self, day: datetime.date) -> np.datetime64:
        named = np.flatnonzero(self.names == np.datetime64(day))
        found: np.datetime64 = self.starts[named[0]] if named.size else np.datetime64(day)
        return found

    def _until(self, day: datetime.date) -> np.datetime64:
        """The day after it."""
        named = np.flatnonzero(self.names == np.datetime64(day))
        found: np.datetime64 = self.ends[named[0]] if named.size else np.datetime64(day) + np.timedelta64(1, "D")
        return found

    def _part(self, start: np.datetime64, stop: np.datetime64) -> Array:
        """Share of each period (T,) between two days."""
        inside = (np.minimum(self.ends, stop) - np.maximum(self.starts, start)).astype(float)
        share: Array = np.maximum(inside, 0.0) / (self.ends - self.starts).astype(float)
        return share


def effect_of(draws: Mapping[str, Array]) -> Array:
    """Effect sizes (S, G, C) from one chain's draws (S, C) or (S, G, C)."""
    effect = draws[EFFECT]
    return effect if effect.ndim == 3 else effect[:, None]
