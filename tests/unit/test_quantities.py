"""A remark beside results holds no figure and no word of quantity, whichever the evidence happens to hold too."""

import pytest

from mmm_core.reports import quantities

NAMES = ("tv", "search_2", "paid_social", "x1", "revenue", "4_times", "twice", "tv returns 4 times what it costs")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("TV returns 4 times what it costs.", "4"),
        ("TV will bring twice its cost; most of the budget is wasted.", "twice"),
        ("Media bring 5 points, 18% of revenue, 1000 euros a week.", "5"),
        ("It takes 18s.", "18s"),
        ("Half of it is wasted.", "Half"),
        ("Search brings a third of the sales.", "a third"),
        ("A tenth of it lasts.", "A tenth"),
        ("The majority of spend is lost.", "majority"),
        ("Nearly all of it comes back.", "Nearly all"),
        ("TV pays back fivefold.", "fivefold"),
        ("It doubles sales.", "doubles"),
        ("Three quarters are baseline.", "Three"),
        ("One euro in ten is wasted.", "One euro"),
        ("It brings one point.", "one point"),
        ("Look at ½ of it.", "½"),
        ("TV bringt das Doppelte.", "Doppelte"),
        ("TV bringt die Hälfte des Umsatzes.", "Hälfte"),
        ("Ein Drittel ist verschwendet, zwanzig Prozent bleiben.", "Ein Drittel"),
        ("La télé rapporte deux fois son coût.", "deux"),
        ("La plupart du budget est perdue.", "plupart"),
        ("Search_2 brings twice what x1 does.", "twice"),
        ("4_times is a channel.", "4_times"),
        ("TV returns 4 times what it costs, says the column.", "4"),
    ],
)
def test_what_says_how_much_is_found(text: str, found: str) -> None:
    assert quantities.first(text, NAMES) == found


@pytest.mark.parametrize(
    "text",
    [
        "Look at the channels that follow demand before you agree.",
        "The evidence for search_2 is mostly prior, so a test may say more than this model.",
        "Search 2 and x1 move together; which of them sells cannot be told apart.",
        "The last quarter looks odd, and Q3 has no promotion; one of the checks asks for a review.",
        "Whether the interval is narrow enough to move money is yours to say.",
        "Der Kanal folgt der Nachfrage; ein Test sagt mehr.",
        "Regardez les canaux qui suivent la demande.",
    ],
)
def test_what_says_no_quantity_is_let_through(text: str) -> None:
    assert quantities.first(text, NAMES) == ""
