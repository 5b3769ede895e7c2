"""A loaded model says from how many of its draws it answers."""

from types import SimpleNamespace
from typing import Any

import pytest

from mmm_core.use_cases.fits import Fitted


@pytest.mark.parametrize(("used", "says"), [(4000, None), (1000, (1000, 4000))])
def test_a_model_says_when_it_answers_from_fewer_draws(used: int, says: tuple[int, int] | None) -> None:
    posterior: Any = SimpleNamespace(chains=4, draws_per_chain=1000)
    response: Any = SimpleNamespace(draws=used)
    unused: Any = None
    assert Fitted(unused, unused, posterior, response).thinning == says
