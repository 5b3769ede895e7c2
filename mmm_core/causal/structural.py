"""The diagram as a fitted structural causal model (``dowhy.gcm``), and what it says about the past. Needs DoWhy.

Every variable is a linear function of its causes plus its own noise; a channel stands in it with its exposure as the
media model sees it (adstocked, saturated), so that memory and saturation are the media model's and the strength of
every arrow is the diagram's own.
"""

from dataclasses import dataclass

import networkx as nx
import numpy as np
import numpy.typing as npt
import pandas as pd
from dowhy import gcm

from mmm_core.analysis.response import ResponseModel
from mmm_core.causal import past
from mmm_core.causal.design import Exposures, blocks, sizes, time_columns
from mmm_core.causal.holdings import Holdings
from mmm_core.domain.errors import PlanError
from mmm_core.domain.fit import Array
from mmm_core.domain.results import Interval
from mmm_core.modeling.spec import ModelSpec

BLOCK = 8
"""Periods that a resample keeps together, so that what is carried over stays beside its cause."""
PERCENTILES = (5.0, 50.0, 95.0)


@dataclass(frozen=True)
class StructuralAnswer:
    """KPI units; 'instead' less 'as it was'. The interval is over resampled histories."""

    kpi: Interval
    value: Interval | None
    equations: tuple[str, ...]
    """Variables that the model has, each with its causes."""
    unseen: tuple[str, ...]
    """Variables of the diagram that it has to do without."""


@dataclass(frozen=True)
class Table:
    graph: nx.DiGraph
    """Columns as nodes."""
    frame: pd.DataFrame
    """One row per geo and period, geo outermost; KPI and exposures over the geo's size, as in ``Design``."""
    kpi: str
    channel: str


def counterfactual(
    model: ResponseModel,
    seen: Exposures,
    frame: pd.DataFrame,
    spec: ModelSpec,
    diagram: nx.DiGraph,
    kpi: str,
    holdings: Holdings,
    question: past.Question,
    *,
    repetitions: int = 60,
    seed: int = 1,
) -> StructuralAnswer:
    """What the structural model says would have been, with an interval over ``repetitions`` resampled histories."""
    data = model.data
    name = next((n for n, c in holdings.columns.items() if c == question.channel), question.channel)
    if name not in diagram or not nx.has_path(diagram, name, kpi):
        raise PlanError(f"The diagram has no path from {question.channel} to {kpi}; draw one on the Plan page.")
    table = _table(seen, frame, spec, diagram, kpi, name, holdings, model)
    size = sizes(data)
    changed, value = _changed_exposure(model, question) / size, np.nan_to_num(data.value_per_unit)
    units = np.stack([np.broadcast_to(size, value.shape).ravel(), (value * size).ravel()])
    rng = np.random.default_rng(seed)
    totals = [_total(table, table.frame, changed, units)]
    for _ in range(repetitions):
        rows = _resampled(rng, *data.target.shape)
        totals.append(_total(table, table.frame.iloc[rows], changed, units))
    found = np.array(totals)  # (1 + repetitions, 2): KPI units and money
    valued = bool(np.isfinite(data.value_per_unit).all())
    parents = {n: sorted(table.graph.predecessors(n)) for n in nx.topological_sort(table.graph)}
    return StructuralAnswer(
        kpi=_interval(found[:, 0]),
        value=_interval(found[:, 1]) if valued else None,
        equations=tuple(f"{n} ← {', '.join(p)}" for n, p in parents.items() if p),
        unseen=tuple(sorted(set(diagram) - holdings.data - {kpi})),
    )


def _total(table: Table, history: pd.DataFrame, changed: Array, units: Array) -> Array:
    """Fit on a history, then ask about what really was: difference of the KPI summed in each of ``units`` (2, rows)."""
    scm = gcm.InvertibleStructuralCausalModel(table.graph)
    for node in table.graph:
        root = table.graph.in_degree(node) == 0
        linear = gcm.AdditiveNoiseModel(gcm.ml.create_linear_regressor())
        scm.set_causal_mechanism(node, gcm.EmpiricalDistribution() if root else linear)
    gcm.config.disable_progress_bars()
    gcm.fit(scm, history)
    other = iter(changed.ravel())  # an intervention is asked for one row after the other
    would = gcm.counterfactual_samples(scm, {table.channel: lambda _: next(other)}, observed_data=table.frame)
    difference = would[table.kpi].to_numpy() - table.frame[table.kpi].to_numpy()
    return np.asarray(units @ difference)


def _table(
    seen: Exposures,
    frame: pd.DataFrame,
    spec: ModelSpec,
    diagram: nx.DiGraph,
    kpi: str,
    channel: str,
    holdings: Holdings,
    model: ResponseModel,
) -> Table:
    """Measured causes of the KPI with their columns; what has no data is bridged by arrows from its causes."""
    kept = diagram.subgraph(nx.ancestors(diagram, kpi) | {kpi}).copy()
    for hidden in [n for n in kept if n not in holdings.data and n != kpi]:
        kept.add_edges_from((a, b) for a in kept.predecessors(hidden) for b in kept.successors(hidden))
        kept.remove_node(hidden)
    values = blocks(seen, frame, spec, [n for n in kept if n != kpi], holdings, sizes(model.data))
    columns: dict[str, tuple[str, ...]] = {kpi: (kpi,)}
    table = {kpi: model.data.target / sizes(model.data)}
    for name in list(kept):
        if name == kpi:
            continue
        block = values.get(name)
        if block is None:  # a trend or season that the model makes itself: its columns come below
            kept.remove_node(name)
            continue
        columns[name] = (name,) if block.shape[-1] == 1 else tuple(f"{name} {k + 1}" for k in range(block.shape[-1]))
        table |= {c: block[:, :, k] for k, c in enumerate(columns[name])}
    own = {f"{n} {k + 1}": b[:, :, k] for n, b in time_columns(model, spec).items() for k in range(b.shape[-1])}
    graph = nx.DiGraph()
    graph.add_nodes_from([c for cs in columns.values() for c in cs])
    graph.add_edges_from((a, b) for x, y in kept.edges for a in columns[x] for b in columns[y])
    caused = [n for n in graph if graph.in_degree(n)]
    graph.add_edges_from((t, n) for t in own if np.ptp(own[t]) > 0 for n in caused)
    table |= {t: v for t, v in own.items() if t in graph}
    centred = {n: v - v.mean(axis=1, keepdims=True) if len(v) > 1 else v for n, v in table.items()}
    return Table(graph, pd.DataFrame({n: v.ravel() for n, v in centred.items()}), kpi, columns[channel][0])


def _changed_exposure(model: ResponseModel, question: past.Question) -> Array:
    """The channel's exposure had the window been spent otherwise, in the units of ``Exposures.shape``, (G, T)."""
    data = model.data
    other = ResponseModel(past.instead(data, question), model.posterior, model.dtype)
    c = data.channels.index(question.channel)
    now, was = (_mean_contribution(m, c) for m in (other, model))
    centre = was.mean(axis=1, keepdims=True) if len(data.geos) > 1 else 0.0
    return np.asarray(now - centre)


def _mean_contribution(model: ResponseModel, channel: int) -> Array:
    geos = range(len(model.data.geos))
    return np.array([model.channel_contribution(channel, g).mean(axis=1, dtype=np.float64) for g in geos])


def _resampled(rng: np.random.Generator, geos: int, periods: int) -> npt.NDArray[np.intp]:
    """Row numbers of a history made of blocks of periods, the same ones in every geo."""
    size = min(BLOCK, periods)
    starts = rng.integers(0, periods - size + 1, -(-periods // size))
    chosen = (starts[:, None] + np.arange(size)).ravel()[:periods]
    return np.concatenate([chosen + g * periods for g in range(geos)])


def _interval(found: Array) -> Interval:
    """The first is the estimate on the whole history, the others give its spread."""
    low, middle, high = np.percentile(found[1:], PERCENTILES)
    return Interval(float(found[0]), float(low), float(middle), float(high))
