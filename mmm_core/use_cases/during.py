"""What channels brought in a part of the past."""

from collections.abc import Sequence
from datetime import date

from mmm_core.analysis.during import During, during
from mmm_core.analysis.response import ResponseModel


def returns_during(
    response: ResponseModel, first: date | None, last: date | None, geo: str = "", channels: Sequence[str] = ()
) -> During:
    """Of the periods that begin from ``first`` through ``last``, in one geo or all; computation on loaded draws alone.

    Raises
    ------
    BadInput
        Where no period of the data begins there.
    NotFound
        Where the model has no such geo or channel.
    """
    return during(response, first, last, geo, channels)
