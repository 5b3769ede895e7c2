"""What an export's own process runs: a stored posterior becomes the NetCDF file that other tools open."""

import os
import sys
import tempfile
import threading
import traceback
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from mmm_core.domain.errors import CarryoverError, Unavailable
from mmm_core.modeling.fit_process import end_with_starter


@dataclass(frozen=True)
class ExportRequest:
    spec_yaml: str
    table: bytes
    """The working table as Parquet."""
    draws: bytes
    """The posterior as kept in the database."""


def main(connection: Connection) -> None:
    """Serve one request: answer with the file's bytes, or with the error to raise."""
    request = connection.recv()
    threading.Thread(target=end_with_starter, args=(connection,), daemon=True).start()
    answer: bytes | CarryoverError
    try:
        answer = netcdf(request)
    except CarryoverError as error:
        answer = error
    except MemoryError:
        answer = Unavailable("The export ran out of memory.")
    except OSError as error:
        answer = Unavailable(f"The export could not be written: {error.strerror or error}.")
    except Exception as error:
        traceback.print_exc(file=sys.stderr)
        answer = Unavailable(f"The export stopped on an unexpected problem ({type(error).__name__}); the log has it.")
    connection.send(answer)
    sys.stderr.flush()
    os._exit(0)


def netcdf(request: ExportRequest) -> bytes:
    from mmm_core.data.read import from_parquet
    from mmm_core.modeling import artifact, export
    from mmm_core.modeling.prepare import prepare
    from mmm_core.modeling.priors import resolve
    from mmm_core.modeling.spec import ModelSpec

    spec = ModelSpec.from_yaml(request.spec_yaml)
    data = prepare(from_parquet(request.table), spec)
    with tempfile.TemporaryDirectory(prefix="carryover-") as folder:
        path = Path(folder) / "posterior.nc"
        export.write_netcdf(path, artifact.load(request.draws), data, resolve(spec, data))
        return path.read_bytes()
