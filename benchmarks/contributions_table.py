"""The rows of the contribution benchmark summed up as a page of Markdown."""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from benchmarks.worlds import SIZES

OURS = "ours"
NAMES = {
    OURS: "Carryover",
    "meridian": "Meridian, defaults",
    "meridian-informed": "Meridian, same information",
    "pymc-marketing": "PyMC-Marketing, defaults",
    "pymc-marketing-informed": "PyMC-Marketing, same information",
}
CONVERGENCE = ("rhat", "ess_bulk", "ess_tail", "divergences", "energy")
"""Checks of the sampler: they say nothing about the model's fitness."""
FEWEST = 4
"""Companies from which on a range over resampled ones means something."""
HUMBLE = ("unidentified",)
"""Says that the data could not tell, which is true of many a company inside the family too, and no misfit."""

HEAD = """# Contributions beside other tools

Companies whose truth is known (`benchmarks/worlds.py`: small 1 region x 3 channels x 130 weeks, medium 1 x 8 x 160,
panel 8 x 8 x 156, large 30 x 12 x 200). Every contestant gets the same table; ours is fitted with the specification
that the product suggests for it. Contributions are each tool's own (`benchmarks/peers/README.md`), the truth is what
the KPI would have lost had the channel been off. RMSE is over weeks as a share of the mean KPI, SMAPE is of totals,
both averaged over channels; bias is of all media's total; coverage is of the intervals of the channels' totals.
Off-family companies have another memory, another saturation, drifting effects, spend that chases demand, or bursts.
"""


def write(rows: Sequence[dict[str, object]]) -> str:
    frame = pd.DataFrame(list(rows))
    if frame.empty:
        return HEAD + "\nNo company has been fitted yet.\n"
    frame["family"] = np.where(frame["kind"] == "in", "in", "off")
    failed = frame["failed"].notna() if "failed" in frame else pd.Series(False, index=frame.index)
    good = frame[~failed]
    parts = [HEAD, *_accuracy(good, frame[failed]), *_ratios(good), *_flags(good), *_kinds(good), *_speed(good)]
    parts += _failures(frame[failed])
    return "\n".join(parts) + "\n"


def _groups(frame: pd.DataFrame) -> Iterator[tuple[str, str, str, pd.DataFrame]]:
    for size in SIZES:
        for family in ("in", "off"):
            for contestant in NAMES:
                part = frame[
                    (frame["size"] == size) & (frame["family"] == family) & (frame["contestant"] == contestant)
                ]
                yield size, family, contestant, part


def _accuracy(good: pd.DataFrame, failed: pd.DataFrame) -> list[str]:
    out = [
        "## Accuracy",
        "",
        "| Size | Family | Contestant | Companies | RMSE | SMAPE | Bias | 50% holds | 90% holds | R2 | R-hat > 1.05 |",
        "|---|---|---|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for size, family, contestant, part in _groups(good):
        if part.empty:
            continue
        lost = len(
            failed[(failed["size"] == size) & (failed["family"] == family) & (failed["contestant"] == contestant)]
        )
        count = f"{len(part)}" + (f" (+{lost} failed)" if lost else "")
        out.append(
            f"| {size} | {family} | {NAMES[contestant]} | {count} | {part['rmse'].mean():.2%} "
            f"| {part['smape'].mean():.0%} | {part['bias'].mean():+.0%} | {part['cover50'].mean():.0%} "
            f"| {part['cover90'].mean():.0%} | {part['r2'].mean():.2f} | {int((part['rhat_max'] > 1.05).sum())} |"
        )
    return [*out, ""]


def _ratios(good: pd.DataFrame) -> list[str]:
    """Our mean error over the better peer's, on companies that all of them fitted."""
    out = [
        "## Our error against the better peer's",
        "",
        "On companies that every contestant with rows of that size and family fitted; the better peer is the one with",
        "the smaller mean error there, whichever of its two settings that was; in brackets the ratio's 90% range over",
        "resampled companies. Goal: at most 0.8 on average. The mean is of lines that have every peer, each counted by",
        "its companies: a line of one company says little.",
        "",
        "| Size | Family | Companies | RMSE ratio | Better peer | SMAPE ratio | Better peer |",
        "|---|---|---:|---:|---|---:|---|",
    ]
    found: dict[str, list[tuple[float, int]]] = {"rmse": [], "smape": []}
    for size in SIZES:
        for family in ("in", "off"):
            part = good[(good["size"] == size) & (good["family"] == family)]
            errors = {measure: _paired(part, measure) for measure in found}
            if any(table is None for table in errors.values()):
                continue
            cells = []
            for measure, table in errors.items():
                assert table is not None
                if set(NAMES) <= set(table.columns):
                    found[measure].append((_ratio(table), len(table)))
                cells += [f"{_ratio(table):.2f}{_range(table)}", NAMES[_better(table)]]
            out.append(f"| {size} | {family} | {len(table)} | " + " | ".join(cells) + " |")
    if found["rmse"]:
        counts = [count for _, count in found["rmse"]]
        rmse, smape = (np.average([ratio for ratio, _ in lines], weights=counts) for lines in found.values())
        out.append(f"| mean over companies | | {sum(counts)} | {rmse:.2f} | | {smape:.2f} | |")
    return [*out, ""]


def _paired(part: pd.DataFrame, measure: str) -> pd.DataFrame | None:
    """Companies by contestants, whole rows only; None where there is nobody to compare with."""
    wide = part.pivot_table(index="number", columns="contestant", values=measure)
    if OURS not in wide or len(wide.columns) < 2:
        return None
    wide = wide.dropna()
    return None if wide.empty else wide


def _better(table: pd.DataFrame) -> str:
    return str(table.mean().drop(OURS).idxmin())


def _ratio(table: pd.DataFrame) -> float:
    means = table.mean()
    return float(means[OURS] / means.drop(OURS).min())


def _range(table: pd.DataFrame, draws: int = 1000) -> str:
    """Empty for too few companies to resample."""
    if len(table) < FEWEST:
        return ""
    picked = np.random.default_rng(1).integers(0, len(table), (draws, len(table)))
    means = table.to_numpy()[picked].mean(axis=1)
    ours = list(table.columns).index(OURS)
    low, high = np.quantile(means[:, ours] / np.delete(means, ours, axis=1).min(axis=1), (0.05, 0.95))
    return f" ({low:.2f} to {high:.2f})"


def _flags(good: pd.DataFrame) -> list[str]:
    """How often our own checks found something, in companies inside and outside the family."""
    ours = good[good["contestant"] == OURS].copy()
    if ours.empty or "flags" not in ours:
        return []
    ours["found"] = [_found(flags, noticed) for flags, noticed in zip(ours["flags"], ours["noticed"], strict=True)]
    ours["any"] = ours["found"].map(lambda found: bool(found - set(HUMBLE)))
    out = [
        "## What our own checks said",
        "",
        "Share of companies with at least one check of the data or of the model in REVIEW or FAIL (checks of the",
        "sampler left out). The first line leaves out 'unidentified', which admits ignorance, not a misfit. Goal:",
        "at least 80% off-family; the in-family share is the rate of false alarms (noise is autocorrelated in all).",
        "'misfit' asks whether what is left over still follows a channel; rows that are older than it do not have it.",
        "",
        "| Check | In-family | Off-family |",
        "|---|---:|---:|",
    ]
    inside, outside = ours[ours["family"] == "in"], ours[ours["family"] == "off"]

    def share(part: pd.DataFrame, name: str | None) -> str:
        if part.empty:
            return ""
        hits = part["any"] if name is None else part["found"].map(lambda found: name in found)
        return f"{hits.mean():.0%}"

    out.append(
        f"| any misfit ({len(inside)} and {len(outside)} companies) | {share(inside, None)} | {share(outside, None)} |"
    )
    names = sorted({n for found in ours["found"] for n in found})
    return [*out, *(f"| {name} | {share(inside, name)} | {share(outside, name)} |" for name in names), ""]


def _found(flags: object, noticed: object) -> set[str]:
    after = [str(f).split(":")[0] for f in flags] if isinstance(flags, list) else []
    before = [f"data: {n}" for n in noticed] if isinstance(noticed, list) else []
    return {name for name in (*before, *after) if name not in CONVERGENCE}


def _kinds(good: pd.DataFrame) -> list[str]:
    out = [
        "## By kind of company",
        "",
        "National sizes and panels together; RMSE and coverage of 90% intervals.",
        "",
        "| Kind | " + " | ".join(NAMES.values()) + " |",
        "|---|" + "---:|" * len(NAMES),
    ]
    for kind in ("in", "adstock", "saturation", "drift", "confounded", "bursty"):
        cells = []
        for contestant in NAMES:
            part = good[(good["kind"] == kind) & (good["contestant"] == contestant)]
            cells.append(f"{part['rmse'].mean():.2%}, {part['cover90'].mean():.0%} ({len(part)})" if len(part) else "")
        if any(cells):
            out.append(f"| {kind} | " + " | ".join(cells) + " |")
    return [*out, ""]


def _speed(good: pd.DataFrame) -> list[str]:
    out = [
        "## Time and memory in these runs",
        "",
        "Medians. Other work shared the machine; load is its average at the start of a fit (2 cores), and times under",
        "unlike loads do not compare. Comparable ones come from `mmm bench --only speed` on a quiet machine.",
        "",
        "| Size | Contestant | Seconds to posterior | Importing | Minimum bulk ESS per second | Peak MB | Load |",
        "|---|---|---:|---:|---:|---:|---:|",
    ]
    for size in SIZES:
        for contestant in NAMES:
            part = good[(good["size"] == size) & (good["contestant"] == contestant)]
            if part.empty:
                continue
            middle = part[["seconds", "import_seconds", "ess_per_second", "peak_mb", "load"]].median()
            out.append(
                f"| {size} | {NAMES[contestant]} | {middle['seconds']:.1f} | {middle['import_seconds']:.1f} "
                f"| {middle['ess_per_second']:.1f} | {middle['peak_mb']:.0f} | {middle['load']:.1f} |"
            )
    return [*out, ""]


def _failures(failed: pd.DataFrame) -> list[str]:
    if failed.empty:
        return []
    lines = [
        f"- {r['size']} {r['number']} ({r['kind']}), {NAMES.get(str(r['contestant']), r['contestant'])}: {r['failed']}"
        for _, r in failed.iterrows()
    ]
    return ["## Fits that did not end", "", *lines, ""]
