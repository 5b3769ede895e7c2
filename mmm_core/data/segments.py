"""Groups of sub-categories (or geographies) that sell alike: K-means on what the data say of each."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from mmm_core.data import roles_words as w
from mmm_core.data.quality_maths import Array
from mmm_core.data.quality_view import listed, to_numbers
from mmm_core.domain.dataset import Recognition, Role
from mmm_core.domain.errors import DataError

FEWEST_ITEMS = 4
MOST_SEGMENTS = 8
FEWEST_PERIODS = 8
SAME = 0.98
"""Correlation from which on two features say the same and the later one is left out."""
APART = 0.5
"""Standard deviations from the mean of all items from which on a feature sets a segment apart."""
CLEAR, SOME = 0.5, 0.25
"""Silhouettes from which on groups are clear, or at least there (after Kaufman and Rousseeuw)."""

VOLUME = frozenset(("units", "unit", "volume", "quantity", "qty", "pieces", "einheiten", "menge", "absatz", "quantite"))
OUTLETS = frozenset(("stores", "store", "outlets", "doors", "distribution", "filialen", "magasins", "shops"))
WORDS = {
    "sales": ("high sales", "low sales"),
    "volume": ("high volume", "low volume"),
    "price": ("high price", "low price"),
    "velocity": ("fast selling", "slow selling"),
    "volatility": ("volatile", "steady"),
}
"""What a segment is called that lies above or below the mean in a feature."""
PER_HEAD = ("high sales per head", "low sales per head")
"""The same for the velocity of geographies, whose outlets are their people."""


@dataclass(frozen=True)
class Quality:
    """How good the grouping into ``k`` is: silhouette and Calinski-Harabasz higher, Davies-Bouldin lower is better."""

    k: int
    silhouette: float
    davies_bouldin: float
    calinski_harabasz: float
    smallest: int


@dataclass(frozen=True)
class Segment:
    name: str
    items: tuple[str, ...]
    centre: dict[str, float]
    """Mean of each feature, in its own unit."""
    sales_share: float


@dataclass(frozen=True)
class Segmentation:
    column: str
    """What was grouped: the column of sub-categories or of geographies."""
    features: tuple[str, ...]
    left_out: tuple[str, ...]
    """Features that say the same as an earlier one."""
    table: pd.DataFrame
    """``item``, ``segment``, each feature in its own unit, ``silhouette``, and the picture's ``x`` and ``y``."""
    segments: tuple[Segment, ...]
    """Largest sales first."""
    quality: tuple[Quality, ...]
    """For every number of segments that was tried."""
    chosen: int
    explained: tuple[float, float]
    """Share of the features' variance in the picture's two directions."""

    @property
    def silhouette(self) -> float:
        return next(q.silhouette for q in self.quality if q.k == self.chosen)


def segment(frame: pd.DataFrame, recognition: Recognition, column: str, k: int | None = None) -> Segmentation:
    """Group the items of a column.

    Parameters
    ----------
    frame
        A row per period and item at least, as it was read (before rows of one period are joined).
    column
        The column of sub-categories or of geographies.
    k
        Number of segments; the one with the highest mean silhouette where None.

    Raises
    ------
    DataError
        When there are too few items or periods, or nothing to group by.
    """
    raw = features(frame, recognition, column)
    names, left_out = _distinct(raw)
    scaled = _standardised(raw[names])
    grouped, labels, quality, chosen = _grouped(scaled, k)
    points, explained = _picture(scaled)
    order = _by_sales(raw, labels)
    words = WORDS | ({"velocity": PER_HEAD} if column == recognition.one(Role.GEO) else {})
    named = _names(scaled, labels, words, order)
    table = raw.reset_index(names="item")
    table.insert(1, "segment", [named[label] for label in labels])
    table["silhouette"], table["x"], table["y"] = grouped, points[:, 0], points[:, 1]
    total = float(raw["sales"].sum())
    segments = tuple(
        Segment(
            named[label],
            tuple(raw.index[labels == label]),
            {n: float(raw.loc[labels == label, n].mean()) for n in names},
            float(raw.loc[labels == label, "sales"].sum()) / total if total else 0.0,
        )
        for label in order
    )
    return Segmentation(column, tuple(names), left_out, table, segments, quality, chosen, explained)


def features(frame: pd.DataFrame, recognition: Recognition, column: str) -> pd.DataFrame:
    """What is known of each item, one row per item.

    ``sales`` (KPI per period), ``volume`` (units per period), ``price`` (sales per unit, else the mean price),
    ``velocity`` (units, or else sales, per outlet or head and period) and ``volatility`` (standard deviation of a
    period's sales over their mean); those that the columns allow.
    """
    date, kpi = recognition.one(Role.DATE), recognition.one(Role.KPI)
    if column not in frame.columns or date is None or kpi is None:
        raise DataError("Segments need a date, a KPI and a column that names sub-categories or geos.")
    rows = frame[frame[column].notna() & frame[date].notna()]
    items = rows[column].astype(str)
    found = {"kpi": kpi, **_columns(rows, recognition, kpi)}
    numbers = pd.DataFrame({n: to_numbers(rows[c]) for n, c in found.items()})
    if "volume" in found:
        # Sales of rows that do not say how much was sold are no part of a price.
        numbers["priced"] = numbers["kpi"].where(numbers["volume"].notna())
    sums = numbers.groupby([items, rows[date]])
    by_period = sums.sum(min_count=1)
    for name in ("price", "outlets"):
        if name in found:
            by_period[name] = sums[name].mean()
    grouped = by_period.groupby(level=0)
    counts = grouped["kpi"].count()
    kept = counts.index[(counts >= FEWEST_PERIODS) & (grouped["kpi"].sum() > 0)]
    if len(kept) < FEWEST_ITEMS:
        raise DataError(
            f"Column {column} has {len(kept)} items with sales in at least {FEWEST_PERIODS} periods; grouping needs "
            f"{FEWEST_ITEMS}."
        )
    out = pd.DataFrame({"sales": grouped["kpi"].mean()})
    if "volume" in found:
        out["volume"] = grouped["volume"].mean()
        out["price"] = grouped["priced"].sum() / grouped["volume"].sum()
    elif "price" in found:
        out["price"] = grouped["price"].mean()
    if "outlets" in found:
        out["velocity"] = out["volume" if "volume" in out else "sales"] / grouped["outlets"].mean()
    out["volatility"] = grouped["kpi"].std(ddof=0) / grouped["kpi"].mean()
    out = out.loc[kept].replace([np.inf, -np.inf], np.nan)
    return out.dropna(axis=1, how="any").rename_axis(None)


def _columns(rows: pd.DataFrame, recognition: Recognition, kpi: str) -> dict[str, str]:
    """Columns of units, prices and outlets (or people), by what they are called."""
    out: dict[str, str] = {}
    for column in rows.columns:
        texts = {x.text for x in w.words(str(column))}
        if column == kpi or not pd.api.types.is_numeric_dtype(rows[column]) or texts & w.RIVALS:
            continue
        for name, known in (("volume", VOLUME), ("price", w.PRICES), ("outlets", OUTLETS)):
            if texts & known and name not in out and not (name == "price" and texts & {"index"}):
                out[name] = str(column)
                break
    people = recognition.one(Role.POPULATION)
    if people is not None and people in rows.columns:
        out.setdefault("outlets", people)
    return out


def _distinct(raw: pd.DataFrame) -> tuple[list[str], tuple[str, ...]]:
    """Features that vary and say something of their own."""
    scaled = _standardised(raw)
    kept: list[str] = []
    for name in raw.columns:
        values = scaled[name].to_numpy(dtype=float)
        if not values.std() > 0:
            continue
        if all(abs(float(np.corrcoef(values, scaled[k])[0, 1])) < SAME for k in kept):
            kept.append(str(name))
    if not kept:
        raise DataError("Every item sells alike, so there is nothing to group by.")
    return kept, tuple(str(c) for c in raw.columns if c not in kept)


def _standardised(raw: pd.DataFrame) -> pd.DataFrame:
    """Mean 0 and standard deviation 1; sizes and prices by their logarithm, since they differ by factors."""
    out = raw.astype(float).copy()
    for name in out.columns:
        if name != "volatility" and (out[name] > 0).all():
            out[name] = np.log(out[name])
    spread = out.std(ddof=0)
    return (out - out.mean()) / spread.where(spread > 1e-12, np.inf)


def _grouped(scaled: pd.DataFrame, k: int | None) -> tuple[Array, Array, tuple[Quality, ...], int]:
    """Each item's silhouette and label, the quality of every number of segments, and the number taken."""
    from sklearn.cluster import KMeans
    from sklearn.metrics import calinski_harabasz_score, davies_bouldin_score, silhouette_samples
    from threadpoolctl import threadpool_limits

    values = scaled.to_numpy(dtype=float)
    most = min(MOST_SEGMENTS, len(values) - 1, len(np.unique(values.round(9), axis=0)))
    if k is not None and not 2 <= k <= most:
        raise DataError(f"{len(values)} items can be grouped into 2 to {most} segments, not {k}.")
    tried: dict[int, tuple[Quality, Array, Array]] = {}
    for count in range(2, most + 1):
        # A few dozen points: more than one thread only waits for the others.
        with threadpool_limits(1):
            labels = KMeans(count, n_init=10, random_state=1).fit_predict(values)
        found = len(np.unique(labels))
        if found < count:
            break
        each = np.asarray(silhouette_samples(values, labels), dtype=float)
        quality = Quality(
            count,
            float(each.mean()),
            float(davies_bouldin_score(values, labels)),
            float(calinski_harabasz_score(values, labels)),
            int(np.bincount(labels).min()),
        )
        tried[count] = (quality, np.asarray(labels), each)
    if not tried or (k is not None and k not in tried):
        raise DataError("The items do not differ enough to be grouped into that many segments.")
    chosen = k or max(tried, key=lambda c: tried[c][0].silhouette)
    _, labels, each = tried[chosen]
    return each, labels, tuple(q for q, _, _ in tried.values()), chosen


def _picture(scaled: pd.DataFrame) -> tuple[Array, tuple[float, float]]:
    """(items, 2) principal components and the share of the variance in each."""
    from sklearn.decomposition import PCA

    values = scaled.to_numpy(dtype=float)
    if values.shape[1] == 1:
        return np.column_stack([values[:, 0], np.zeros(len(values))]), (1.0, 0.0)
    found = PCA(2).fit(values)
    shares = found.explained_variance_ratio_
    return np.asarray(found.transform(values), dtype=float), (float(shares[0]), float(shares[1]))


def _by_sales(raw: pd.DataFrame, labels: Array) -> list[int]:
    sales = raw["sales"].groupby(labels).sum().sort_values(ascending=False)
    return [int(label) for label in sales.index]


def _names(
    scaled: pd.DataFrame, labels: Array, words: dict[str, tuple[str, str]], order: Sequence[int]
) -> dict[int, str]:
    """A name for each segment by what sets it apart; as many features as it takes to tell it from the others."""
    centres = {label: scaled[labels == label].mean() for label in order}
    out: dict[int, str] = {}
    for label, centre in centres.items():
        ranked = centre.abs().sort_values(ascending=False, kind="stable").index
        apart = [n for n in ranked if abs(float(centre[n])) >= APART]
        said = [words[n][0 if centre[n] > 0 else 1] for n in apart]
        choices = [listed(said[:count]) for count in range(min(2, len(said)), len(said) + 1) if count] or ["average"]
        name = next((c for c in choices if c not in out.values()), choices[-1])
        number = 2
        while name in out.values():
            name, number = f"{choices[-1]} ({number})", number + 1
        out[label] = name
    return {label: name[0].upper() + name[1:] for label, name in out.items()}
