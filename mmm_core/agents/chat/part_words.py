"""Words of time and place in questions, in English, German and French."""

import re
from collections.abc import Mapping

UNITS: Mapping[str, tuple[str, int]] = {
    word: unit
    for unit, words in {
        ("day", 1): "day days tag tage tagen jour jours",
        ("day", 7): "week weeks woche wochen semaine semaines",
        ("month", 1): "month months monat monate monaten monats mois",
        ("month", 3): "quarter quarters quartal quartale quartalen quartals trimestre trimestres",
        ("month", 12): "year years jahr jahre jahren jahres an ans année années",
    }.items()
    for word in words.split()
}
"""Days or months of each."""
NUMBERS: Mapping[str, int] = {
    word: number
    for number, words in enumerate(
        ("one", "two zwei deux", "three drei trois", "four vier quatre", "five fünf cinq", "six sechs", "seven sieben",
         "eight acht huit", "nine neun neuf", "ten zehn dix", "eleven elf onze", "twelve zwölf douze"), 1
    )
    for word in words.split()
}  # fmt: skip
MONTHS: Mapping[str, int] = {
    word: number
    for number, words in enumerate(
        ("january jan januar janvier", "february feb februar février", "march mar märz mars", "april apr avril",
         "may mai", "june jun juni juin", "july jul juli juillet", "august aug août", "september sept sep septembre",
         "october oct oktober octobre", "november nov novembre", "december dec dezember décembre"), 1
    )
    for word in words.split()
}  # fmt: skip
NARROWING = frozenset(
    re.findall(
        r"\S+",
        """
    in during before after since until till when if without excluding except among within for at near only on with
    outside inside across under by while wenn falls ohne vor nach seit bis während bei im für nur außer unter auf am
    si sans avant après depuis pendant dans en pour chez seulement hors sauf sur à sous where
    """,
    )
)
"""Words after which a question is narrowed."""
CLAUSE = re.compile(
    rf"\b(?:{'|'.join(sorted(NARROWING, key=len, reverse=True))})\b"
    rf"(?P<rest>(?:(?!\b(?:{'|'.join(sorted(NARROWING, key=len, reverse=True))})\b|[,;:?!]).)*)"
)
LATELY = re.compile(
    r"\b(?:recently|lately|yesterday|nowadays|\w+ (?:days|weeks|months|years) ago|kürzlich|neulich|zuletzt|gestern|"
    r"récemment|dernièrement|hier)\b"
)
KNOWN = frozenset(
    re.findall(
        r"\S+",
        """
    the a an our my your their its us me you we they it them i all every each both any of and or to is are was were
    do does did has have had be been than as from vs versus against that this these those there so far now please
    today channel channels medium media model models data results report figures number numbers total sum average
    general detail percent percentage euro euros dollar dollars pound pounds money spend spending spent budget
    advertising ad ads marketing investment invest return returns returned roi roas period periods time whole entire
    full weeks week history order one ones comparison compared compare terms most least best worst first place what
    which how much many who sure certain confidence certainty words currency unit units interval intervals range
    margin sales revenue kpi effect effects contribution per next extra additional marginal last long run about
    instance example respect tell show say regard others other rest before earlier previous region regions geo geos
    country market nation national really der die das den dem des ein eine einen uns unser unsere kanal kanäle
    kanälen allen alle modell daten ganzen ganze gesamt insgesamt zeit zeitraum geld ausgaben umsatz wir ihr sie ich
    man und oder als welcher welche wie viel prozent rendite le la les un une du de nous notre nos tous toutes canal
    canaux modèle données moyenne période temps argent dépenses ventes rendement quel quelle combien et ou l d
    """,
    )
)
"""Words behind such a one that narrow nothing."""
