"""Tools that read models: quick ones, fitted ones, their numbers and where those come from."""

from pydantic import Field

from mmm_core.agents.tools import numbers
from mmm_core.agents.tools.kinds import Arguments, Context, Nothing, Result, Sheet, Tool, name, sheet_of
from mmm_core.analysis.first_look import FirstLook
from mmm_core.domain.errors import NotFound
from mmm_core.domain.report import Fact
from mmm_core.domain.results import ChannelResult
from mmm_core.modeling.spec import ModelSpec
from mmm_core.reports import wording
from mmm_core.use_cases import comparisons, fits, models, studies


class Channel(Arguments):
    channel: str = Field(description="Name of a channel, as roi_summary lists it.")


class Number(Arguments):
    figure: str = Field(description="The figure as it was shown, for example '3.2×' or '€1.2m', or a metric's key.")


class TwoModels(Arguments):
    one: str = Field(description="Name of a model, as list_models gives it.")
    other: str


def suggest_model(context: Context, _: Nothing) -> Result:
    found = models.suggest_spec(context.services, context.actor, context.project)
    spec = found.spec
    return Result(
        {
            "channels": [name(c.name) for c in spec.channels],
            "adstock": str(spec.adstock),
            "saturation": str(spec.saturation),
            "notes": [n[:300] for n in found.notes],
        }
    )


def quick_model(context: Context, _: Nothing) -> Result:
    return _look(context, None)


def quick_channel(context: Context, given: Channel) -> Result:
    return _look(context, given.channel)


def _look(context: Context, channel: str | None) -> Result:
    spec = models.suggest_spec(context.services, context.actor, context.project).spec
    look: FirstLook = models.first_look(context.services, context.actor, context.project, spec)
    wanted = [c for c in look.channels if channel is None or c.channel == channel]
    if not wanted:
        raise NotFound(f"The data have no channel called {name(channel)}.")
    sheet = _blank(spec)
    weeks = (look.dates[-1] - look.dates[0]).days / 7 / max(1, len(look.dates) - 1)
    rows = []
    for c in wanted:
        stem = f"first_look.channel.{c.channel}"
        rows.append(
            {
                "channel": name(c.channel),
                "contribution_share": sheet.n(f"{stem}.contribution_share", c.contribution_share, "share"),
                "roi": sheet.n(f"{stem}.roi", c.roi.mean if c.roi else None, "ratio"),
                "mean_lag": sheet.n(f"{stem}.carryover.mean_lag", c.mean_lag * weeks, "weeks"),
                "saturation_at_mean": sheet.n(f"{stem}.level.saturation", c.saturation_at_mean, "share"),
            }
        )
    said = {"channels": rows, "r2": sheet.n("first_look.r2", look.r2, "share"), "note": look.note}
    return sheet.result({**said, "warnings": list(look.warnings)})


def _blank(spec: ModelSpec) -> Sheet:
    return Sheet(spec.currency, spec.kpi.unit == "revenue")


def list_models(context: Context, _: Nothing) -> Result:
    runs = fits.list_runs(context.services, context.actor, context.project)
    return Result({"models": [{"name": name(r.name), "status": r.status.value} for r in runs[:20]]})


def roi_summary(context: Context, _: Nothing) -> Result:
    results = context.results()
    sheet = sheet_of(results)
    ranked = sorted(results.channels, key=lambda c: -(c.roi.p50 if c.roi else -1.0))
    rows = []
    for c in ranked:
        stem = f"channel.{c.channel}"
        row = {"channel": name(c.channel), "evidence": c.evidence.value, "action": c.action.value}
        for part in ("p5", "p50", "p95") if c.roi else ():
            row[f"roi_{part}"] = sheet.of(Fact(f"{stem}.roi.{part}", getattr(c.roi, part), "ratio"))
        share = Fact(f"{stem}.contribution_share.p50", c.contribution_share.p50, "share")
        rows.append({**row, "contribution_share": sheet.of(share)})
    return sheet.result({"kpi": name(results.kpi), "channels": rows}, lineage_of=context.run().id)


def channel_results(context: Context, given: Channel) -> Result:
    results = context.results()
    found = _find(results.channels, given.channel)
    stored = fits.get_facts(context.services, context.actor, context.run().id)
    sheet = sheet_of(results)
    stem = f"channel.{found.channel}."
    figures = {f.key.removeprefix(stem): sheet.of(f) for f in stored if f.key.startswith(stem)}
    names = [c.channel for c in results.channels]
    said = {
        "channel": name(found.channel),
        "figures": figures,
        "evidence": wording.named(found.evidence_reason, names),
        "action": f"{found.action.value}: {wording.named(found.action_reason, names)}",
    }
    return sheet.result(said, lineage_of=context.run().id)


def _find(channels: tuple[ChannelResult, ...], wanted: str) -> ChannelResult:
    low = wanted.casefold().strip()
    for c in channels:
        if low in (c.channel.casefold(), wording.plain(c.channel).casefold()):
            return c
    raise NotFound(f"The model has no channel called {name(wanted)}; it has {', '.join(c.channel for c in channels)}.")


def model_quality(context: Context, _: Nothing) -> Result:
    run = context.run()
    results = context.results()
    sheet = sheet_of(results)
    stored = fits.get_facts(context.services, context.actor, run.id)
    figures = {f.key: sheet.of(f) for f in stored if f.key.startswith(("fit.", "baseline_share.", "media_share."))}
    spec = ModelSpec.from_yaml(run.spec_yaml)
    said = {
        "model": name(run.name),
        "verdict": results.verdict,
        "adstock": str(spec.adstock),
        "saturation": str(spec.saturation),
        "figures": figures,
        "checks": [{"check": c.title, "status": c.status.value, "finding": c.message[:300]} for c in results.checks],
    }  # fmt: skip
    return sheet.result(said, lineage_of=run.id)


def compare_models(context: Context, given: TwoModels) -> Result:
    runs = {r.name: r for r in reversed(fits.list_runs(context.services, context.actor, context.project))}
    missing = [n for n in (given.one, given.other) if n not in runs]
    if missing:
        raise NotFound(f"There is no model called {name(missing[0])}; list_models gives their names.")
    found = comparisons.compare_models(context.services, context.actor, runs[given.one].id, runs[given.other].id)
    sheet = sheet_of(found.new.results)
    rows = [
        {
            "channel": name(channel),
            "roi_before": sheet.n(f"old.channel.{channel}.roi.p50", a.roi.p50 if a and a.roi else None, "ratio"),
            "roi_after": sheet.n(f"new.channel.{channel}.roi.p50", b.roi.p50 if b and b.roi else None, "ratio"),
        }
        for channel, a, b in found.channels
    ]
    said = {"old": name(found.old.run.name), "new": name(found.new.run.name), "channels": rows}
    return sheet.result({**said, "differences": list(found.specification), "same_data": found.same_data})


def where_from(context: Context, given: Number) -> Result:
    return numbers.where_from(context, given.figure)


def list_studies(context: Context, _: Nothing) -> Result:
    found = studies.list_studies(context.services, context.actor, context.project)
    rows = [{"kind": s.kind, "status": s.status.value, "requested_by": name(s.requested_by)} for s in found[:20]]
    return Result({"studies": rows})


TOOLS = (
    Tool("get_adstock_recommendations", "model",
         "The specification that the data suggest, with its memory and saturation and why.",
         "models.suggest_spec", Nothing, suggest_model),
    Tool("optimize_adstock_parameters", "model", "Searched memory and saturation of one channel, by the quick model.",
         "models.suggest_spec, models.first_look", Channel, quick_channel),
    Tool("run_ols_mmm", "model", "A first look in seconds by ridge regression; no substitute for a fit.",
         "models.suggest_spec, models.first_look", Nothing, quick_model),
    Tool("list_models", "model", "Models of the project with their states.", "fits.list_runs", Nothing, list_models),
    Tool("roi_summary", "model", "Returns of every channel, ranked, with 90% intervals, evidence and advice.",
         "fits.get_results", Nothing, roi_summary),
    Tool("channel_results", "model", "Every stored number of one channel.",
         "fits.get_results, fits.get_facts", Channel, channel_results),
    Tool("model_quality", "model", "How good the model is: verdict, fit and checks.",
         "fits.get_results, fits.get_facts", Nothing, model_quality),
    Tool("compare_models", "model", "Two models side by side.", "comparisons.compare_models", TwoModels,
         compare_models),
    Tool("where_from", "model", "Where a figure comes from: its metric, model, data version, steps and file.",
         "fits.get_facts, graph lineage", Number, where_from),
    Tool("list_studies", "model", "Validation and other studies with their states.", "studies.list_studies", Nothing,
         list_studies),
)  # fmt: skip
