"""Requests that one tool answers and no single word gives away: two models, a best split, what is kept, where to go."""

import re
from collections.abc import Sequence

from mmm_core.agents.chat import answers
from mmm_core.agents.chat.returns import Take
from mmm_core.agents.chat.talk import Draft
from mmm_core.agents.tools import registry
from mmm_core.agents.tools.kinds import Context
from mmm_core.agents.tools.plan import PERIODS
from mmm_core.domain.instructions import Total
from mmm_core.use_cases import sentences

KEPT = re.compile(
    r"\b(?:knowledge base|wissensbasis|wissensdatenbank|base de connaissances)\b"
    r"|\b(?:did|have|had) (?:we|i) (?:already |ever )?(?:decide|agree|note|learn|write|record|conclude|find out)"
    r"|\bwhat (?:do|did) we (?:already )?know\b|\bwas (?:it )?decided\b|\bdecisions?\b|\bnotes? (?:on|about|of)\b"
    r"|\b(?:entschieden|beschlossen|notiert|entscheidung\w*|notizen?)\b|\bwas wissen wir\b"
    r"|\b(?:décidé|décisions?|noté)\b|\bque savons-nous\b",
    re.IGNORECASE,
)
DECIDED = re.compile(r"\b(?:decid\w*|decisions?|agree\w*|entsch\w+|beschlossen|décid\w+|décisions?)\b", re.IGNORECASE)
ASKS_FOR = re.compile(
    r"^\W*(?:please\s+)?(?:(?:search|look|ask|check|browse|find)\b.{0,20}?|durchsuche|suche?|cherche[rz]?)\b.{0,12}?"
    r"\b(?:knowledge base|wissensbasis|wissensdatenbank|base de connaissances)\b\W*"
    r"(?:for|about|on|nach|über|zu|sur)?\s*",
    re.IGNORECASE,
)
MODELS = re.compile(
    r"\b(?:compare|comparison|difference|differences|vergleich\w*|unterschied\w*|comparaison|différences?)\b.*?"
    r"\b(?:models?|modelle?|modèles?|fits)\b|\bmodels?\b.*\b(?:vs|versus|against|compared)\b.*\bmodel",
    re.IGNORECASE | re.DOTALL,
)
NUMBERED = re.compile(
    r"\b(?:model|modell|modèle|fit|and|with|to|und|mit|et|avec|vs|versus|against)\s*#?(\d{1,3})\b", re.I
)
SPLIT = re.compile(
    r"\b(?:best|better|optimal|optimum|ideal|smartest|perfect)\b.*\b(?:split|mix|allocation|distribution|way|use)\b"
    r"|\bhow (?:should|would|do|can|could|best) (?:\w+ ){0,3}?"
    r"(?:split|spend|allocate|distribute|divide|invest|spread)\b"
    r"|\bwhere (?:should|would|do|can) (?:\w+ ){0,3}?(?:spend|invest|put|go)\b"
    r"|\b(?:split|allocate|distribute|spread|optimi[sz]e)\b"
    r"|\b(?:aufteil\w*|verteil\w*|optimal\w*|meilleur\w* répartition|répart\w*|optimis\w*)\b",
    re.IGNORECASE,
)
MONEY = re.compile(
    r"(?<![\w.,])(?:[€$£]|(?:eur|usd|gbp|chf)\s)?\s?\d[\d.,']*\s?(?:k|m|mn|bn|mio\.?|tsd\.?|thousand|million|grand|mille)?\b"
    r"\s?(?:[€$£]|(?:eur|euros?|usd|dollars?|gbp|pounds?|chf|franken|francs?)\b)?"
    r"(?:\s(?:a|per|pro|par|each|every)\s(?:day|week|month|quarter|year|tag|woche|monat|quartal|jahr|semaine|mois|an))?",
    re.IGNORECASE,
)
GUIDES: Sequence[tuple[re.Pattern[str], str, str]] = (
    (
        re.compile(
            r"^\W*(?:please\s+|can you\s+|could you\s+)*(?:re-?)?"
            r"(?:run|start|begin|launch|do|starte|führe|lance[rz]?)\b.*\b(?:analysis|analyse|workflow)\b",
            re.IGNORECASE,
        ),
        "“Run the analysis” on the Plan page starts it. It goes from the plan to the interpretation by itself and "
        "stops wherever an approval is needed; nothing was started from here.",
        "plan",
    ),
    (
        re.compile(
            r"^\W*(?:please\s+|can you\s+|could you\s+)*"
            r"(?:tune|tuning|start tuning|improve the model|optimi[sz]e the model)\b"
            r"|\b(?:start|run|begin|launch)\b.*\btuning\b|^\W*(?:bitte\s+)?(?:tune|verbessere)\b.*\bmodell",
            re.IGNORECASE,
        ),
        "A tuning session begins on the Model page, under Tune: roles propose changes of the specification, a guard "
        "checks each, and you see the whole history. Nothing was started from here.",
        "model",
    ),
)  # fmt: skip


def guided(text: str, draft: Draft) -> bool:
    """What is begun by a person on a page: the answer says where."""
    for asks, says, page in GUIDES:
        if asks.search(text):
            draft.text, draft.places = says, (page,)
            return True
    return False


def answered(context: Context, text: str, draft: Draft, take: Take) -> bool:
    """Whether it asks for what is kept or for two models; the answer is then in the draft."""
    if KEPT.search(text):
        wanted = ASKS_FOR.sub("", text).strip(" ?.!\"'“”") or text
        found = registry.call(context, "search_knowledge", {"question": wanted[:500]})
        take(draft, "search_knowledge", found, answers.decided if DECIDED.search(text) else answers.known)
        return True
    if MODELS.search(text):
        _models(context, text, draft, take)
        return True
    return False


def _models(context: Context, text: str, draft: Draft, take: Take) -> None:
    """Two models by their names, else by their numbers as they were fitted, else the two newest."""
    rows = registry.call(context, "list_models", {}).said["models"]
    done = [row["name"] for row in reversed(rows) if row["status"] == "done"]
    if len(done) < 2:
        draft.text = "There is one fitted model so far, and comparing takes two." if done else "There is no model yet."
        return
    low = text.casefold()
    named = sorted((n for n in dict.fromkeys(done) if n.casefold() in low), key=lambda n: low.find(n.casefold()))
    numbers = [int(n) for n in NUMBERED.findall(text)]
    if len(named) < 2 and numbers and all(0 < n <= len(done) for n in numbers):
        named = list(dict.fromkeys([*named, *(done[n - 1] for n in numbers)]))
    if len(named) < 2 and (named or numbers):
        draft.text = "I do not know both of these models. Which two are meant?"
        draft.options = tuple(f"compare {done[-1]} with {n}" for n in done[-2::-1][:3])
        return
    one, other = named[:2] if named else done[-2:]
    found = registry.call(context, "compare_models", {"one": one, "other": other})
    take(draft, "compare_models", found, answers.compared)


def split(context: Context, text: str, draft: Draft, take: Take) -> bool:
    """The best split of the money that a question names; False where it names none, or is no such question."""
    if not SPLIT.search(text):
        return False
    amounts = [m.group(0).strip() for m in MONEY.finditer(text) if not text[m.end() :].lstrip().startswith("%")]
    amounts = [a for a in amounts if not re.fullmatch(r"\d{1,3}|(?:19|20)\d\d", a)]
    if len(amounts) != 1:
        return False
    response, results = context.fitted().response, context.results()
    reading = sentences.read(response, results, f"optimise, total budget {amounts[0]}", ())
    total = next((c for c in reading.changes if isinstance(c, Total) and not c.relative), None)
    if total is None:
        draft.text, draft.options, draft.unclear = reading.question or "", reading.options, reading.unclear
        return bool(draft.text)
    plan = sentences.context(response, results, PERIODS)
    given = {"total": plan.in_period(total.amount, total.per) * PERIODS, "periods": PERIODS}
    take(draft, "optimize_budget", registry.call(context, "optimize_budget", given), answers.split)
    draft.places = ("what_if",)
    return True
