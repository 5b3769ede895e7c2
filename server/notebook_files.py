"""Files for a notebook (PyMC-Marketing script, NetCDF posterior), made in a process of their own.

They need PyMC, which the web process never loads. Run as ``python -m server.notebook_files KIND`` the module reads a
pickled request of its parent on stdin and writes the file to stdout.
"""

import io
import pickle
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from jobs.fit_export import ExportRequest
from mmm_core.data import read
from mmm_core.domain.errors import Unavailable
from mmm_core.domain.identity import Actor
from mmm_core.domain.ports import Services
from mmm_core.modeling.spec import ModelSpec
from mmm_core.use_cases import datasets

ROOT = Path(__file__).resolve().parents[1]
SECONDS = 180


def script_zip(services: Services, actor: Actor, project_id: str, spec: ModelSpec) -> bytes:
    """A zip with ``model.py`` and the prepared table that it reads."""
    version = datasets.ensure_usable(datasets.latest_dataset(services, actor, project_id))
    table = read.to_parquet(datasets.load_working(services, actor, version.id).frame)
    return _elsewhere("script", ExportRequest(spec.to_yaml(), table, b""))


def netcdf(services: Services, actor: Actor, run_id: str) -> bytes:
    """The posterior of a finished run as ArviZ and PyMC-Marketing open it."""
    with services.work(actor) as work:
        run = work.runs.get(run_id)
        frame = datasets.working_table(work, work.datasets.get(run.dataset_version_id))
        draws = work.blobs.get(work.runs.draws_blob(run_id))
    return _elsewhere("netcdf", ExportRequest(run.spec_yaml, read.to_parquet(frame), draws))


def _elsewhere(kind: str, request: ExportRequest) -> bytes:
    command = [sys.executable, "-m", "server.notebook_files", kind]
    try:
        done = subprocess.run(  # noqa: S603
            command, input=pickle.dumps(request), capture_output=True, cwd=ROOT, timeout=SECONDS, check=True
        )
    except subprocess.TimeoutExpired:
        raise Unavailable("The file took too long to make; try again when the machine is less busy.") from None
    except subprocess.CalledProcessError as error:
        raise Unavailable("The file could not be made; the log has the reason.") from error
    return done.stdout


def _script(request: ExportRequest) -> bytes:
    from mmm_core.modeling import export_script
    from mmm_core.modeling.prepare import prepare
    from mmm_core.modeling.priors import resolve

    spec = ModelSpec.from_yaml(request.spec_yaml)
    data = prepare(read.from_parquet(request.table), spec)
    out = io.BytesIO()
    with tempfile.TemporaryDirectory(prefix="carryover-") as folder:
        export_script.write_script(Path(folder) / "model.py", spec, data, resolve(spec, data))
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(Path(folder).iterdir()):
                archive.write(path, path.name)
    return out.getvalue()


def main() -> None:
    """Answer one request of the web process, which alone writes to this process's stdin."""
    from jobs import fit_export

    request = pickle.loads(sys.stdin.buffer.read())  # noqa: S301
    content = _script(request) if sys.argv[1] == "script" else fit_export.netcdf(request)
    sys.stdout.buffer.write(content)


if __name__ == "__main__":
    main()
