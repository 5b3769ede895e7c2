"""Shape, convention, rhythm and roles, without being told."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mmm_core.data.read import read_table
from mmm_core.data.recognise import recognise, with_roles
from mmm_core.domain.dataset import ColumnRole, Recognition, Role, Shape
from mmm_core.domain.errors import DataError

WEEKS = pd.date_range("2021-01-04", periods=30, freq="7D")
SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
RNG = np.random.default_rng(5)


def table(*names: str, date: str = "date", rows: int = 30) -> pd.DataFrame:
    """Positive random numbers under each name, weekly."""
    values = {n: RNG.gamma(2.0, 100.0, rows) for n in names}
    return pd.DataFrame({date: pd.date_range("2021-01-04", periods=rows, freq="7D"), **values})


def role(found: Recognition, column: str) -> Role:
    return next(r.role for r in found.roles if r.column == column)


def channel(found: Recognition, column: str) -> str | None:
    return next(r.channel for r in found.roles if r.column == column)


def real(name: str) -> Recognition:
    path = SHARED / f"{name}.csv"
    if not path.exists():
        pytest.skip(f"{path.name} is not on this machine")
    return recognise(read_table(path.read_bytes(), path.name).frame)


def test_robyn_file() -> None:
    found = real("robyn_weekly")
    assert (found.convention, found.shape, found.frequency_days) == ("robyn", Shape.NATIONAL, 7)
    assert found.one(Role.DATE) == "DATE"
    assert found.one(Role.KPI) == "revenue"
    assert found.columns(Role.SPEND) == ("tv_S", "ooh_S", "print_S", "search_S", "facebook_S")
    assert found.columns(Role.EXPOSURE) == ("facebook_I", "search_clicks_P")
    assert channel(found, "search_clicks_P") == channel(found, "search_S") == "search"
    assert channel(found, "facebook_I") == channel(found, "facebook_S") == "facebook"
    assert found.columns(Role.ORGANIC) == ("newsletter",)
    assert found.columns(Role.CONTROL) == ("competitor_sales_B",)
    assert role(found, "events") is Role.IGNORE
    assert any("events" in n for n in found.notes)


def test_retailer_file() -> None:
    found = real("retailer_weekly")
    assert (found.convention, found.shape, found.frequency_days) == ("prefix", Shape.NATIONAL, 7)
    assert found.one(Role.DATE) == "wk_strt_dt"
    assert found.one(Role.KPI) == "sales"
    assert len(found.columns(Role.SPEND)) == 10
    assert len(found.columns(Role.EXPOSURE)) == 10
    assert all(channel(found, f"mdip_{c}") == channel(found, f"mdsp_{c}") == c for c in ("dm", "sem", "vidtr"))
    assert found.columns(Role.ORGANIC) == ("mdip_em", "mdip_sms", "mdip_aff")
    assert len(found.columns(Role.HOLIDAY)) == 22
    assert set(found.columns(Role.CONTROL)) == {
        *("me_ics_all", "me_gas_dpg", "st_ct", "mrkdn_valadd_edw", "mrkdn_pdm"),
        *("va_pub_0.15", "va_pub_0.2", "va_pub_0.25", "va_pub_0.3"),
    }
    assert len(found.columns(Role.TIME)) == 24
    assert not found.columns(Role.IGNORE)


@pytest.mark.parametrize(("name", "shape"), [("meridian_national", Shape.NATIONAL), ("meridian_geo", Shape.PANEL)])
def test_meridian_files(name: str, shape: Shape) -> None:
    found = real(name)
    assert (found.convention, found.shape, found.frequency_days) == ("meridian", shape, 7)
    assert found.one(Role.KPI) == "conversions"
    assert found.one(Role.VALUE_PER_UNIT) == "revenue_per_conversion"
    assert channel(found, "Channel3_impression") == channel(found, "Channel3_spend") == "Channel3"
    if shape is Shape.PANEL:
        assert found.one(Role.GEO) == "geo"
        assert found.one(Role.POPULATION) == "population"
    else:
        assert found.columns(Role.ORGANIC) == ("Organic_channel0_impression",)
        assert "Promo" in found.columns(Role.CONTROL)


def test_pymc_marketing_names() -> None:
    frame = table("y", "x1", "x2", date="date_week").assign(
        event_1=[1.0] + [0.0] * 29, dayofyear=WEEKS.day_of_year, t=range(30)
    )
    found = recognise(frame)
    assert found.convention == "pymc-marketing"
    assert found.one(Role.KPI) == "y"
    assert found.columns(Role.SPEND) == ("x1", "x2")
    assert found.columns(Role.HOLIDAY) == ("event_1",)
    assert found.columns(Role.TIME) == ("dayofyear", "t")


def test_mff_rows() -> None:
    frame = pd.DataFrame(
        {"Period": WEEKS.repeat(2), "Geography": "DE", "Product": "", "VariableName": ["Sales", "TV"] * 30}
    ).assign(VariableValue=1.0)
    found = recognise(frame)
    assert (found.shape, found.convention, found.frequency_days) == (Shape.MFF, "mff", 7)


@pytest.mark.parametrize(
    ("kpi", "spend", "exposure", "name"),
    [
        ("Umsatz", "TV Ausgaben", "TV Impressionen", "TV"),
        ("Umsatz (EUR)", "Kosten Radio", "Kontakte Radio", "Radio"),
        ("Bestellungen", "Werbekosten YouTube", "YouTube Klicks", "YouTube"),
        ("Chiffre d'affaires ventes", "Dépenses affichage", "Impressions affichage", "affichage"),
        ("commandes", "coût TikTok", "clics TikTok", "TikTok"),
        ("Total Sales", "Meta Spend (EUR)", "Meta Impressions", "Meta"),
        ("net_revenue", "paidSocialSpend", "paidSocialImpressions", "paidSocial"),
        ("Conversions", "spend_google_brand", "clicks_google_brand", "google_brand"),
        ("orders", "Facebook cost", "fb impressions", "Facebook"),
    ],
)
def test_plain_human_names(kpi: str, spend: str, exposure: str, name: str) -> None:
    found = recognise(table(kpi, spend, "Kosten Print", exposure, "Temperatur", "Preisindex"))
    assert found.one(Role.KPI) == kpi
    assert role(found, spend) is Role.SPEND
    assert role(found, exposure) is Role.EXPOSURE
    assert channel(found, spend) == channel(found, exposure) == name
    assert role(found, "Temperatur") is Role.CONTROL
    assert role(found, "Preisindex") is Role.CONTROL


def test_bare_channel_names_are_money_with_less_confidence() -> None:
    found = recognise(table("sales", "TV", "Radio", "Google Ads", "newsletter"))
    assert found.columns(Role.SPEND) == ("TV", "Radio", "Google Ads")
    assert found.columns(Role.ORGANIC) == ("newsletter",)
    assert all(r.confidence < 0.7 for r in found.roles if r.role is Role.SPEND)


def test_competitors_and_prices_are_controls_not_outcomes() -> None:
    rivals = ("competitor_sales", "Wettbewerber Umsatz", "avg_price", "competitor_spend")
    found = recognise(table("revenue", "tv_spend", *rivals))
    assert found.one(Role.KPI) == "revenue"
    assert set(found.columns(Role.CONTROL)) == set(rivals)


def test_other_outcomes_are_left_out_and_said() -> None:
    found = recognise(table("orders", "revenue", "sessions", "tv_spend", "facebook_conversions"))
    assert found.one(Role.KPI) == "revenue"
    assert set(found.columns(Role.IGNORE)) == {"orders", "sessions", "facebook_conversions"}
    assert any("orders" in n for n in found.notes)


def test_a_named_kpi_wins() -> None:
    frame = table("orders", "revenue", "tv_spend")
    assert recognise(frame, kpi="orders").one(Role.KPI) == "orders"
    with pytest.raises(DataError, match="no column profit"):
        recognise(frame, kpi="profit")
    with pytest.raises(DataError, match="does not hold numbers"):
        recognise(frame, kpi="date")


def test_no_kpi_by_name_takes_the_first_unknown_and_says_so() -> None:
    found = recognise(table("foo", "tv_spend"))
    assert found.one(Role.KPI) == "foo"
    assert any("confirm" in n for n in found.notes)
    assert next(r.confidence for r in found.roles if r.column == "foo") <= 0.3


def test_several_exposures_of_one_channel_leave_the_best() -> None:
    found = recognise(table("sales", "fb_spend", "fb_clicks", "fb_impressions"))
    assert found.columns(Role.EXPOSURE) == ("fb_impressions",)
    assert role(found, "fb_clicks") is Role.IGNORE


def test_similar_channels_are_not_confused() -> None:
    found = recognise(
        table(
            "sales",
            "search_brand_spend",
            "search_generic_spend",
            "search_brand_clicks",
            "display1_spend",
            "display2_impressions",
        )
    )
    assert channel(found, "search_brand_clicks") == "search_brand"
    assert role(found, "display2_impressions") is Role.ORGANIC
    assert role(found, "search_generic_spend") is Role.SPEND


def test_channel_names_are_unique() -> None:
    found = recognise(table("sales", "tv_spend", "tv_cost", "spend_TV", "tv_impressions"))
    names = [r.channel for r in found.roles if r.role is Role.SPEND]
    assert len({n.lower() for n in names if n}) == 3


@pytest.mark.parametrize(
    ("rule", "days"), [("D", 1), ("7D", 7), ("14D", 14), ("MS", 30), ("ME", 30), ("QS", 91), ("YS", 365)]
)
def test_frequency(rule: str, days: int) -> None:
    dates = pd.date_range("2020-01-01", periods=24, freq=rule)
    assert recognise(pd.DataFrame({"date": dates, "sales": RNG.random(24)})).frequency_days == days


def test_gaps_do_not_hide_the_frequency() -> None:
    frame = table("sales", "tv_spend").drop(index=[3, 4, 10, 17])
    assert recognise(frame).frequency_days == 7


def test_transactions() -> None:
    days = pd.date_range("2021-01-01", periods=60).repeat(9)
    frame = pd.DataFrame(
        {"order_date": days, "order_id": range(540), "amount": RNG.random(540), "product": ["a", "b", "c"] * 180}
    )
    found = recognise(frame)
    assert found.shape is Shape.TRANSACTIONS
    assert found.one(Role.KPI) == "amount"
    assert role(found, "order_id") is Role.IGNORE
    assert found.one(Role.GEO) is None


def test_a_panel_without_the_word_geo() -> None:
    frame = pd.DataFrame(
        {"date": list(WEEKS) * 3, "Filialgruppe": ["A"] * 30 + ["B"] * 30 + ["C"] * 30, "Umsatz": RNG.random(90)}
    )
    found = recognise(frame)
    assert (found.shape, found.one(Role.GEO)) == (Shape.PANEL, "Filialgruppe")


def test_no_date_is_said() -> None:
    found = recognise(pd.DataFrame({"sales": [1.0, 2.0, 3.0], "tv_spend": 1.0}))
    assert found.one(Role.DATE) is None
    assert any("date" in n for n in found.notes)


def test_corrections_take_the_place_of_what_was_recognised() -> None:
    found = recognise(table("orders", "revenue", "tv_spend", "tv_impressions", "foo"))
    new = with_roles(found, {"orders": Role.KPI, "foo": Role.SPEND})
    assert new.one(Role.KPI) == "orders"
    assert role(new, "revenue") is Role.IGNORE
    assert channel(new, "foo") == "foo"
    assert channel(new, "tv_impressions") == "tv"
    geo = with_roles(found, [ColumnRole("foo", Role.GEO, 1.0, "")])
    assert geo.shape is Shape.PANEL


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"nope": Role.CONTROL}, "no column nope"),
        ({"orders": Role.KPI, "revenue": Role.KPI}, "Only one column can be the KPI"),
        ({"revenue": Role.CONTROL}, "has to be the KPI"),
        ({"date": Role.IGNORE}, "has to be the date"),
    ],
)
def test_impossible_corrections_are_refused(changes: dict[str, Role], says: str) -> None:
    found = recognise(table("orders", "revenue", "tv_spend"))
    with pytest.raises(DataError, match=says):
        with_roles(found, changes)


def test_two_spends_of_one_channel_are_refused() -> None:
    found = recognise(table("sales", "tv_spend", "radio_spend"))
    with pytest.raises(DataError, match="two spend columns"):
        with_roles(found, [ColumnRole("radio_spend", Role.SPEND, 1.0, "", "tv")])
