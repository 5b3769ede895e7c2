"""A stand-in for the engine that takes its time, then answers from the prior: what it gives can be read as a model."""

import time
from multiprocessing.connection import Connection

from mmm_core.data import read
from mmm_core.domain.fit import Chunk, Progress
from mmm_core.domain.ports import FitOutcome
from mmm_core.modeling import prepare
from mmm_core.modeling.spec import ModelSpec

CHUNKS = 8
SECONDS = 0.5


def main(connection: Connection) -> None:
    from mmm_core.analysis import results as metrics
    from mmm_core.modeling import artifact
    from tests.db.test_use_cases import prior_draws

    request = connection.recv()
    for number in range(len(request.chunks), CHUNKS):
        time.sleep(SECONDS)
        row = Progress(0, number, "sampling", number + 1, CHUNKS)
        connection.send(Chunk(row, f"{number}".encode(), f"{number};".encode()))
    spec = ModelSpec.from_yaml(request.spec_yaml)
    data = prepare.prepare(read.from_parquet(request.table), spec)
    posterior = prior_draws(spec, data)
    found = metrics.summarise(data, posterior, spec)
    connection.send(FitOutcome(found, metrics.facts(found), artifact.dump(posterior)))
