"""PyMC-Marketing's model with shocks that all geos of a panel share, which the library itself does not have.

Imported only by a fit's or an export's own process, and by a notebook before it loads an exported panel.
"""

from typing import Any

from pymc_extras.prior import Prior
from pymc_marketing.mmm.additive_effect import MuEffect


class SharedShocks(MuEffect):  # type: ignore[misc]
    """What hits all geos in the same period, in units of each geo's largest KPI; scale and shocks are sampled."""

    scale: float
    """Of the half-normal prior of the shocks' standard deviation."""

    def create_data(self, mmm: Any) -> None:
        """It reads none."""

    def create_effect(self, mmm: Any) -> Any:
        """A number for each date."""
        deviation = Prior("HalfNormal", sigma=self.scale)
        return Prior("Normal", mu=0.0, sigma=deviation, dims="date").create_variable("shocks", xdist=True)

    def set_data(self, mmm: Any, model: Any, X: Any) -> None:
        """It reads none."""

    @property
    def contribution_var_name(self) -> str:
        return "shocks"
