"""``mmm data check``, ``mmm data add`` and ``mmm sample``."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

from mmm_core.data import panel, simulate, simulate_categories
from mmm_core.domain.checks import CheckReport
from mmm_core.domain.dataset import DatasetVersion, Recognition, Role
from mmm_core.domain.errors import DataError, Unavailable
from mmm_core.settings import Settings
from mmm_core.use_cases import datasets, file_projects, projects


def read_file(path: Path) -> bytes:
    """The file's bytes; DataError with one sentence where that is not possible."""
    limit = Settings().max_upload_mb
    try:
        if path.is_dir():
            raise DataError(f"{path} is a folder; name a file.")
        if path.stat().st_size > limit * 2**20:
            raise DataError(f"{path} is larger than {limit} MB, the limit set by CARRYOVER_MAX_UPLOAD_MB.")
        return path.read_bytes()
    except FileNotFoundError:
        raise DataError(f"There is no file {path}.") from None
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}.") from None


def check(path: Path, kpi: str | None, as_json: bool) -> bool:
    """Print what is in the file; False where a failed check would block the fit."""
    found = datasets.inspect_file(read_file(path), path.name, kpi=kpi, max_mb=Settings().max_upload_mb)
    report = found.version.report
    if as_json:
        _print_json(_described(found.version, found.recognition, _geos(found)))
    else:
        _print_version(found.version, found.recognition, _geos(found))
    return not report.blocking


def add(path: Path, project_name: str | None, kpi: str | None, as_json: bool) -> None:
    from server.local import local_services

    content = read_file(path)
    with local_services() as (services, actor):
        name = (project_name or path.stem).strip() or "Project"
        known = {p.name.casefold(): p for p in projects.list_projects(services, actor)}
        project = known.get(name.casefold()) or projects.create_project(services, actor, name=name)
        version = datasets.add_dataset(services, actor, project.id, [datasets.Upload(content, path.name)], kpi=kpi)
        if name.casefold() not in known:
            file_projects.settle_unit(services, actor, project, version.recognition)
        table = datasets.load_working(services, actor, version.id)
        now, geos = table.recognition, _geos(table)
    if as_json:
        _print_json({"project": project.name, "project_id": project.id, **_described(version, now, geos)})
        return
    print(f"Added to {project.name} as data version {version.number}.")  # noqa: T201
    _print_version(version, now, geos)


def _geos(table: datasets.Working) -> int:
    """1 for national data."""
    return max(1, len(panel.geo_names(table.frame, table.recognition)))


def sample(kind: Literal["national", "geo", "categories"], seed: int, out: Path) -> None:
    company = simulate_categories.categories(seed) if kind == "categories" else simulate.company(kind, seed)
    try:
        out.mkdir(parents=True, exist_ok=True)
        company.frame.to_csv(out / "data.csv", index=False)
        (out / "truth.json").write_text(json.dumps(company.truth, indent=2, ensure_ascii=False) + "\n", "utf-8")
    except OSError as error:
        raise Unavailable(f"The folder {out} cannot be written to: {error.strerror or error}.") from None
    print(f"Wrote {out / 'data.csv'} ({len(company.frame)} rows) and {out / 'truth.json'}.")  # noqa: T201


def _described(version: DatasetVersion, recognition: Recognition, geos: int) -> dict[str, Any]:
    return {
        "file": version.filename,
        "version": version.number,
        "hash": version.content_hash,
        "shape": recognition.shape,
        "convention": recognition.convention,
        "frequency_days": recognition.frequency_days,
        "periods": version.periods,
        "geos": geos,
        "first_period": version.first_period,
        "last_period": version.last_period,
        "status": version.report.status,
        "columns": [asdict(r) for r in recognition.roles],
        "recipe": [{"step": s.step, "arguments": s.arguments, "label": s.label} for s in version.recipe],
        "checks": _checks(version.report),
        "notes": list(recognition.notes),
    }


def _checks(report: CheckReport) -> list[dict[str, Any]]:
    kept = ("id", "title", "status", "value", "limit", "message")
    return [{k: getattr(c, k) for k in kept} | {"columns": list(c.columns)} for c in report.checks]


def _print_json(value: Any) -> None:
    json.dump(finite(value), sys.stdout, indent=2, ensure_ascii=False, default=str, allow_nan=False)
    sys.stdout.write("\n")


def finite(value: Any) -> Any:
    """JSON knows no NaN and no infinity."""
    if isinstance(value, float) and (value != value or abs(value) == float("inf")):
        return None
    if isinstance(value, dict):
        return {k: finite(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [finite(v) for v in value]
    return value


def _print_version(version: DatasetVersion, recognition: Recognition, geos: int) -> None:
    span = f", {version.first_period} to {version.last_period}" if version.first_period else ""
    places = f" in {geos} geos" if geos > 1 else ""
    lines = [f"{version.filename}: {recognition.shape} data, {version.periods} periods{places}{span}"]
    for role in Role:
        columns = recognition.columns(role)
        if columns and role not in (Role.IGNORE, Role.TIME):
            shown = ", ".join(columns[:12]) + (f" and {len(columns) - 12} more" if len(columns) > 12 else "")
            lines.append(f"  {role.replace('_', ' ')}: {shown}")
    lines += [f"  {note}" for note in recognition.notes]
    lines.append(f"Quality: {version.report.status}")
    lines += [f"  {c.status:<6} {c.title}: {c.message}" for c in version.report.checks]
    print("\n".join(lines))  # noqa: T201
