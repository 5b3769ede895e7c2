"""The words by which columns are known, in English, German and French, without accents and in lower case."""

import re
import unicodedata
from dataclasses import dataclass
from itertools import pairwise


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


SPEND = _set(
    """
    spend spends spending spent cost costs expense expenses expenditure investment invest budget mdsp ausgaben
    kosten werbekosten aufwand investition investitionen depense depenses cout couts investissement
    investissements gasto gastos coste spesa spese uitgaven adspend werbeausgaben mediaspend mediakosten
    """
)
EXPOSURE = {
    word: rank
    for rank, words in enumerate(
        (
            "impression impressions impr imps imp impressionen mdip contacts kontakte",
            "grp grps trp trps reach reichweite views view visibility spots circulation auflage",
            "clicks click klicks klick clics clic sends send versand sent opens deliveries delivered",
        )
    )
    for word in words.split()
}
"""Exposure words with the order of preference where a channel has several."""
REACH = frozenset(("reach", "reichweite"))
FREQUENCY = frozenset(("frequency", "freq", "frequenz", "ots"))
"""Contacts per person, which with the reach of the same channel say more than their product."""
ORGANIC = _set(
    """
    organic organisch organique newsletter newsletters email emails mail mails em sms push crm seo owned earned
    blog posts pr presse
    """
)
KPI = {
    word: score
    for score, words in (
        (0.97, "revenue umsatz umsaetze umsatze ventes sales kpi turnover erlos erlose revenues ventas ingresos gmv"),
        (0.93, "conversions conversion orders order bestellungen commandes purchases purchase absatz verkaufe"),
        (0.9, "signups signup subscriptions subscription bookings buchungen reservations installs registrations leads"),
        (0.85, "target dependent response units einheiten transactions acquisitions kaufe achats"),
        (0.6, "volume amount betrag montant total quantity menge"),
    )
    for word in words.split()
}
OUTCOMES = _set(
    """
    visits sessions traffic visitors besucher visiteurs customers kunden clients profit margin gewinn
    """
)
"""Things that media move on their way to the KPI: a KPI where nothing better is there, else better left out."""
COUNTS = _set(
    """
    conversions conversion orders order bestellungen commandes purchases purchase absatz signups signup
    subscriptions subscription bookings buchungen reservations installs registrations leads units einheiten
    transactions acquisitions kaufe achats volume quantity menge visits sessions visitors customers besucher
    visiteurs kunden clients reservierungen reservation registration lead anmeldungen abonnements inscriptions
    downloads contracts policies vertrage contrats unit stuck
    """
)
"""KPI words that count things, so that a value per unit makes sense."""
MONEY = _set(
    """
    revenue revenues umsatz umsaetze umsatze turnover erlos erlose ingresos gmv value wert valeur eur usd gbp euro
    euros dollars profit margin gewinn
    """
)
"""KPI words that say money, and outweigh those that count: order_value is no count, while unit_sales is one."""
RIVALS = _set(
    """
    competitor competitors competition rival wettbewerb wettbewerber konkurrenz concurrent concurrence
    """
)
CONTROL = _set(
    """
    control controls price prices preis preise prix temperature temp temperatur weather wetter meteo rain
    sunshine gas unemployment arbeitslosigkeit chomage inflation cpi cci ics gdp bip pib confidence consumer
    distribution stores store st filialen magasins markdown markdowns mrkdn discount discounts rabatt remise
    remises promo promos promotion promotions aktion aktionen sentiment index covid corona lockdown stringency
    stock inventory availability lager macro economy macroeconomic fuel interest rate trend trends search_trend
    baseline
    """
)
LEVERS = _set(
    """
    price prices preis preise prix discount discounts rabatt remise remises promo promos promotion promotions aktion
    aktionen markdown markdowns mrkdn
    """
)
"""Prices and promotions: what a company sets by itself without buying media."""
PRICES = _set("price prices preis preise prix")
CONTROL_ENDINGS = frozenset(("promotion", "temperatur", "preis", "preise", "markdown", "aktion", "rabatt", "index"))
HOLIDAY = _set(
    """
    holiday holidays hldy feiertag feiertage ferien ferie feries vacances event events xmas christmas
    weihnachten noel easter ostern paques thanksgiving blackfriday cybermonday halloween silvester neujahr
    pfingsten ramadan diwali hanukkah valentine valentines ascension toussaint karneval superbowl primeday
    """
)
HOLIDAY_PAIRS = _set(
    """
    blackfriday cybermonday primeday boxingday laborday labourday memorialday independenceday newyear newyears
    mothersday fathersday bankholiday superbowl jourferie joursferies singlesday
    """
)
PEAKS = _set("peak peaks spitze")
"""Words of a column that marks the periods of a peak, where it holds 0 and 1 alone."""
TIME = _set(
    """
    trend dow weekend isoweek
    year years yr jahr annee quarter qtr quartal trimestre month months monat mois week weeks wk woche kw
    semaine day days dayofyear dayofweek weekday tag jour jours weeknum weekofyear seas season saison
    seasonality period prd t sin cos hour stunde doy
    """
)
FILLERS = _set(
    """
    nbr no num number nr of in the per id order is dummy index idx week wk year yr
    """
)
"""Words that may stand beside a calendar word without changing what the column is."""
POPULATION = _set(
    """
    population pop einwohner bevolkerung habitants households haushalte inhabitants
    """
)
VALUE = _set(
    """
    revenue value margin profit umsatz wert valeur revenu ca
    """
)
CHANNEL_COLUMNS = _set(
    "channel channels kanal canal platform plattform plateforme source medium media network publisher"
)
"""Columns that name the channel of each row."""
DIMENSIONS = _set(
    "campaign kampagne campagne product produkt produit sku creative adgroup device gerat audience customer"
    " category categories kategorie categorie subcategory brand marke marque article artikel item"
)
"""Columns that divide rows by something other than a place."""
PRODUCTS = (
    frozenset(("subcategory", "subcategories", "unterkategorie", "souscategorie")),
    frozenset(("category", "categories", "kategorie", "categorie", "segment")),
    _set("product products produkt produit article artikel item sku brand marke marque"),
)
"""Columns that name what was sold, those first that segments are best made of."""
IDS = frozenset(("id", "ids", "uuid", "key", "sku", "code", "hash"))
PER = frozenset(("per", "pro", "par"))
GEO = _set(
    """
    geo geos geography region regions dma state states bundesland country countries land pays market markt
    marche city stadt ville zip plz territory gebiet departement canton kanton province location area nuts
    """
)
DATE = _set(
    """
    date dates datum day tag jour week weeks wk woche semaine time zeit period periode ds month monat mois
    timestamp start strt begin beginning dt kw weekstart isoweek yearweek datetime
    """
)
CURRENCY = _set(
    """
    eur usd gbp chf euro euros dollar dollars pounds jpy cad aud sek nok dkk pln
    """
)
CHANNELS = _set(
    """
    tv television fernsehen tele radio horfunk print zeitung zeitungen newspaper newspapers magazine magazines
    presse ooh dooh outdoor aussenwerbung affichage plakat billboard billboards facebook fb meta instagram insta
    google adwords search sea sem ppc display programmatic youtube yt video olv ctv tiktok snapchat snap
    pinterest linkedin twitter bing affiliate affiliates influencer podcast podcasts cinema kino mailing social
    amazon criteo retargeting remarketing banner flyer prospekte catalogue catalog sponsoring sponsorship
    streaming spotify audio directmail shopping pmax digital online dm
    """
)
SAME = {
    "fb": "facebook", "yt": "youtube", "ig": "instagram", "insta": "instagram", "television": "tv", "fernsehen": "tv",
    "tele": "tv", "sem": "search", "sea": "search", "ppc": "search", "adwords": "google", "horfunk": "radio",
    "zeitung": "print", "affiliates": "affiliate", "podcasts": "podcast", "outdoor": "ooh", "aussenwerbung": "ooh",
    "affichage": "ooh", "emails": "email", "mail": "email",
}  # fmt: skip
"""Names that mean the same channel."""
GENERIC = _set(
    """
    media medien ad ads paid total werbung werbe publicite pub marketing channel in the of de eur usd
    """
)
"""Words that say nothing about which channel it is."""


BARE = "media"
"""The channel of a column that says what it measures but not of which channel, such as Cost."""


@dataclass(frozen=True)
class Word:
    """One word of a column's name: how it is compared, and where it stands in the name."""

    text: str
    start: int
    end: int


_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+[0-9]*|[A-Z]+[0-9]*|[0-9]+")


def plain(name: str) -> str:
    """The name without accents, character for character as long as before."""
    out = []
    for char in name:
        base = unicodedata.normalize("NFKD", char)[:1]
        out.append("s" if char == "ß" else base if base and base.isascii() else " ")
    return "".join(out)


def words(name: str) -> tuple[Word, ...]:
    """The name's words: split at separators and at camel case."""
    return tuple(Word(m.group().lower(), m.start(), m.end()) for m in _WORD.finditer(plain(name)))


def pairs(found: tuple[Word, ...]) -> frozenset[str]:
    """Neighbouring words written together, as in YouTube and black_friday."""
    texts = [w.text for w in found if w.text != "s"]
    return frozenset(a + b for a, b in pairwise(texts))


def marker(found: tuple[Word, ...], known: frozenset[str]) -> Word | None:
    """The first word that is known, or that ends in a long known word as German compounds do."""
    for word in found:
        if word.text in known:
            return word
    for word in found:
        for ending in known:
            if len(ending) >= 5 and word.text.endswith(ending) and len(word.text) > len(ending):
                return Word(ending, word.end - len(ending), word.end)
    return None


def adds_up(name: str) -> bool:
    """Whether a column of this name measures something that adds up over time: money, contacts or outcomes."""
    found = {x.text for x in words(name)}
    return bool(found & (SPEND | EXPOSURE.keys() | KPI.keys())) and not found & (PER | CONTROL | set(IDS))


def channel_name(name: str, removed: tuple[Word, ...]) -> str:
    """What is left of a column's name once the words that say what it measures are taken out."""
    out = name
    for word in sorted(removed, key=lambda w: -w.start):
        out = out[: word.start] + " \0 " + out[word.end :]
    pieces = [p.strip(" _-.:()[]/|,") for p in out.split("\0")]
    left = " ".join(p for p in pieces if p)
    return re.sub(r"[\s_]*[(\[]\s*[)\]]", "", left).strip(" _-.:") or BARE


def channel_key(channel: str) -> frozenset[str]:
    """The words by which two channel names are compared."""
    found = [w.text for w in words(channel)]
    return frozenset(SAME.get(t, t) for t in found if t not in GENERIC) or frozenset(found)
