"""Fewer draws of a posterior, evenly spread: every n-th of each chain."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from mmm_core.domain.fit import Posterior


def thinned(posterior: Posterior, most: int) -> Posterior:
    """At most ``most`` draws, the chains equally long."""
    step = _step(posterior, most)
    return posterior if step == 1 else replace(posterior, draws={n: v[:, ::step] for n, v in posterior.draws.items()})


def positions(posterior: Posterior, most: int) -> npt.NDArray[np.int64]:
    """Where the draws that ``thinned`` keeps stand among the joined draws of all chains, (n,)."""
    length = posterior.draws_per_chain
    kept = np.arange(0, length, _step(posterior, most), dtype=np.int64)
    return (np.arange(posterior.chains, dtype=np.int64)[:, None] * length + kept).ravel()


def _step(posterior: Posterior, most: int) -> int:
    """Smallest spacing within a chain that leaves at most ``most`` draws in all, and one of each chain at least."""
    each = max(1, most // posterior.chains)
    return -(-posterior.draws_per_chain // each)
