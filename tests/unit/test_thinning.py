"""Fewer draws: the copy and the positions keep the same ones."""

import numpy as np
import pytest

from mmm_core.domain.fit import Posterior
from mmm_core.modeling import thinning


@pytest.mark.parametrize(("chains", "length", "most"), [(4, 1000, 500), (2, 300, 500), (3, 7, 10), (4, 50, 2)])
def test_a_copy_and_positions_keep_the_same_draws_of_every_chain(chains: int, length: int, most: int) -> None:
    numbers = np.arange(chains * length, dtype=float).reshape(chains, length)
    posterior = Posterior("geometric", "hill", 8, {"y_sigma": numbers})
    fewer = thinning.thinned(posterior, most)
    kept = thinning.positions(posterior, most)
    assert fewer.flat("y_sigma").tolist() == posterior.flat("y_sigma")[kept].tolist()
    assert fewer.chains == chains
    assert len(kept) <= max(most, chains)
    spacing = np.diff(fewer.draws["y_sigma"], axis=1)
    assert spacing.size == 0 or np.ptp(spacing) == 0
