"""The truth-recovery rows summed up as a page of Markdown."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

MEDIA = "(all media)"


def summary(rows: pd.DataFrame, confounding: float = 0.0, saturation: str | None = None) -> str:
    """Coverage over all companies, then by what makes a channel hard."""
    rows = rows.assign(
        in90=(rows["p5"] <= rows["truth"]) & (rows["truth"] <= rows["p95"]),
        in50=(rows["p25"] <= rows["truth"]) & (rows["truth"] <= rows["p75"]),
        below=rows["truth"] < rows["p5"],
        above=rows["truth"] > rows["p95"],
        scaled=(rows["mean"] - rows["truth"]) / rows["sd"],
        points=100 * (rows["mean"] - rows["truth"]).abs() / rows["kpi"],
        share=rows["truth"] / rows["kpi"],
    )
    one, media = rows[rows["channel"] != MEDIA], rows[rows["channel"] == MEDIA]
    fits = rows.drop_duplicates("company")
    low, high = clustered(one)
    kind = "spend independent of demand" if not confounding else f"spend follows the season (strength {confounding:g})"
    lines = [
        "# Truth recovery",
        "",
        f"{len(fits)} made-up national companies ({kind}; `benchmarks/companies.py`), {len(one)} channels, each "
        f"company fitted with the suggested specification{f' and {saturation} saturation' if saturation else ''}. A "
        "channel's contribution is its total over the data.",
        "",
        f"**90% intervals hold the truth for {one['in90'].mean():.1%} of the channels** (goal: 84-96%; "
        f"90% range over resampled companies {low:.1%} to {high:.1%}), 50% intervals for {one['in50'].mean():.1%}.",
        "",
        "| | channels | 90% covers | 50% covers | truth under p5 | truth over p95 | mean error / sd | rms error / sd | "
        "mean abs. error, points of KPI |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    lines += [_line(name, part) for name, part in _parts(one)]
    lines.append(_line("all media together", media))
    lines += [
        "",
        f"R-hat: largest {fits['rhat_max'].max():.3f}, over 1.01 in {int((fits['rhat_max'] > 1.01).sum())} fits. "
        f"Bulk ESS: smallest {fits['ess_bulk_min'].min():.0f}. Divergences: {int(fits['divergences'].sum())} in "
        f"{int((fits['divergences'] > 0).sum())} fits. Seconds per fit, results included: median "
        f"{fits['seconds'].median():.1f}, largest {fits['seconds'].max():.1f} (two cores shared with other work).",
        "",
        "Error is posterior mean less truth. Per company:",
        "",
        "| company | weeks | channels | inside 90% | noise, % of KPI | noise memory | largest error / sd | R-hat | "
        "seconds |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for number, part in one.groupby("company"):
        first = part.iloc[0]
        worst = part["scaled"].iloc[int(part["scaled"].abs().to_numpy().argmax())]
        lines.append(
            f"| {number} | {first['weeks']} | {len(part)} | {int(part['in90'].sum())} | "
            f"{100 * first['noise_sd']:.1f} | {first['noise_memory']:.2f} | {worst:+.1f} | "
            f"{first['rhat_max']:.3f} | {first['seconds']:.1f} |"
        )
    return "\n".join(lines) + "\n"


def clustered(rows: pd.DataFrame, draws: int = 2000) -> tuple[float, float]:
    """90% range of the coverage when companies (not channels, which share one fit) are resampled."""
    by = rows.groupby("company")["in90"].agg(["sum", "count"]).to_numpy(dtype=float)
    picked = np.random.default_rng(1).integers(0, len(by), (draws, len(by)))
    shares = by[picked, 0].sum(axis=1) / by[picked, 1].sum(axis=1)
    return float(np.quantile(shares, 0.05)), float(np.quantile(shares, 0.95))


def _parts(rows: pd.DataFrame) -> Iterable[tuple[str, pd.DataFrame]]:
    yield "all channels", rows
    for curve in sorted(set(rows["curve"])):
        yield f"{curve} response", rows[rows["curve"] == curve]
    for name, low, high in (("under 0.25", 0.0, 0.25), ("0.25 to 0.5", 0.25, 0.5), ("over 0.5", 0.5, 1.0)):
        yield f"retention {name}", rows[(rows["retention"] >= low) & (rows["retention"] < high)]
    for name, low, high in (("under 1%", 0.0, 0.01), ("1% to 3%", 0.01, 0.03), ("over 3%", 0.03, 1.0)):
        yield f"truth {name} of KPI", rows[(rows["share"] >= low) & (rows["share"] < high)]
    returns = rows["truth"] / rows["spend"]
    for name, low, high in (("under 1", 0.0, 1.0), ("1 to 2.5", 1.0, 2.5), ("over 2.5", 2.5, 99.0)):
        yield f"true return {name}", rows[(returns >= low) & (returns < high)]
    for name, low, high in (("under 0.3", 0.0, 0.3), ("over 0.3", 0.3, 1.0)):
        yield f"noise memory {name}", rows[(rows["noise_memory"] >= low) & (rows["noise_memory"] < high)]


def _line(name: str, part: pd.DataFrame) -> str:
    if part.empty:
        return f"| {name} | 0 | | | | | | | |"
    rms = float(np.sqrt((part["scaled"] ** 2).mean()))
    return (
        f"| {name} | {len(part)} | {part['in90'].mean():.1%} | {part['in50'].mean():.1%} | "
        f"{part['below'].mean():.1%} | {part['above'].mean():.1%} | "
        f"{part['scaled'].mean():+.2f} | {rms:.2f} | {part['points'].mean():.2f} |"
    )
