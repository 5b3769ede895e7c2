"""What the sample companies are made of: names, channels and how their money is spent."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ChannelKind:
    """One kind of channel; ranges are drawn from uniformly."""

    name: str
    exposure: str
    """Suffix of its exposure column."""
    cost: float
    """Currency per thousand impressions, or per click."""
    per_thousand: bool
    pattern: str
    """'burst' (campaigns of weeks), 'always_on' (steady with noise) or 'demand' (follows the season)."""
    budget_share: float
    roi: tuple[float, float]
    carryover: tuple[float, float]
    """Share of the effect that is still there a week later."""
    half_point: tuple[float, float]
    """Exposure with half the ceiling's effect, in multiples of the channel's mean exposure while it runs."""


BRANDS = (
    "Halden Home", "Bruna Coffee", "Fennel & Oak", "Tidewater Bikes", "Morrow Skincare", "Larkfield Outdoor",
    "Sundby Kitchens", "Veridia Pets",
)  # fmt: skip

CHANNELS = (
    ChannelKind("tv", "impressions", 14.0, True, "burst", 0.34, (1.3, 2.6), (0.55, 0.75), (0.9, 1.8)),
    ChannelKind("search", "clicks", 0.85, False, "demand", 0.18, (2.0, 4.0), (0.05, 0.20), (1.0, 2.0)),
    ChannelKind("paid_social", "impressions", 7.0, True, "always_on", 0.17, (1.0, 2.5), (0.15, 0.40), (0.6, 1.4)),
    ChannelKind("online_video", "impressions", 10.0, True, "burst", 0.12, (1.2, 3.0), (0.35, 0.60), (0.8, 1.6)),
    ChannelKind("radio", "impressions", 5.0, True, "burst", 0.08, (0.8, 2.4), (0.30, 0.50), (0.8, 1.6)),
    ChannelKind("out_of_home", "impressions", 4.0, True, "burst", 0.11, (0.4, 1.4), (0.45, 0.70), (0.5, 1.2)),
    ChannelKind("display", "impressions", 2.5, True, "always_on", 0.07, (0.3, 1.2), (0.10, 0.35), (0.4, 1.0)),
    ChannelKind("print", "impressions", 18.0, True, "burst", 0.06, (0.5, 1.6), (0.40, 0.60), (0.6, 1.4)),
    ChannelKind("affiliates", "clicks", 0.60, False, "always_on", 0.05, (1.5, 3.5), (0.05, 0.15), (1.0, 2.0)),
    ChannelKind("podcast", "impressions", 20.0, True, "burst", 0.04, (0.8, 2.2), (0.40, 0.65), (0.8, 1.6)),
)

HOLIDAYS = {
    "holiday_black_friday": ((48, 0.22),),
    "holiday_christmas": ((50, 0.16), (51, 0.20)),
    "holiday_easter": ((15, 0.06),),
    "holiday_summer_sale": ((27, 0.09), (28, 0.06)),
}
"""ISO weeks of each event and what it adds, as a share of the mean baseline."""

REGIONS = (
    "North", "South", "East", "West", "Centre", "Coast", "Lakes", "Highlands", "Capital", "Valley", "Islands", "Border",
)  # fmt: skip
