"""The words by which a sentence names what a figure is: its metric, end of the interval, period, plan, direction."""

import re
from collections.abc import Mapping


def _words(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


MONEY = r"(?:euros?|dollars?|pounds?|francs?|money|cents?|spend\w*|thousand)\b"
_OF = r"\bof (?:the |our |its |all |total |what (?:we|you) )*"
METRICS: Mapping[str, re.Pattern[str]] = {
    "marginal_roi": _words(
        r"\bmargin(?:al(?:ly)?)?\b", rf"\b(?:next|extra|additional|another|further|last|more) (?:\w+ )?{MONEY}"
    ),
    "roi_prior": _words(r"\bbeliev\w+", r"\bbeliefs?\b", r"\bpriors?\b", r"\bassumed\b", r"\bbefore the data\b"),
    "roi": _words(
        r"\brois?\b", r"\broas\b", r"\breturn(?:s|ed)?\b", r"\bpa(?:id|ys)(?:back)?\b", r"\bearn(?:s|ed)\b",
        r"\bg[ai]ves? back\b"
    ),
    "spend": _words(
        r"\bspen[dt]\w*", r"\binvest\w*", r"\bbudget", r"\bwent (?:into|onto|on)\b", r"\bput into\b",
        r"\bcosts?\b", r"\boutlays?\b"
    ),
    "contribution": _words(
        r"\bcontribut\w*", r"\bbrought\b", r"\bbrings?\b", r"\bgenerated\b", r"\bdrove\b", r"\bearn(?:s|ed)\b",
        r"\brevenue\b",
        r"\bsales\b",
    ),
    "spend_share": _words(rf"{_OF}(?:spen[dt]\w*|money|budget|investment|outlays?)\b"),
    "contribution_share": _words(rf"{_OF}(?:revenue|sales|kpi|turnover|orders)\b", r"\baccount(?:s|ed) for\b",
        r"\bturnover\b"),
    "baseline_share": _words(
        r"\bbaseline\b", r"\b(?:without|needs no) (?:any |all )?(?:media|advertising|marketing|ads)\b",
        r"\bbase sales\b",
        r"\bany(?:way|how)\b",
    ),
    "media_share": _words(r"(?<!without )(?<!without any )(?<!\bno )\b(?:media|advertising|marketing)\b"),
    "r2": _words(r"\bexplain\w*", r"\br2\b", "r²", r"\bvaria(?:nce|tion)\b"),
    "mape": _words(r"\bmiss(?:es|ed)?\b", r"\berrors?\b", r"\bmape\b", r"\b(?:off|wrong) by\b"),
    "probability_better": _words(r"\bprobab\w+", r"\bchances?\b", r"\b(?<!most )likel\w+", r"\bodds\b"),
    "periods": _words(r"\b(?:weeks?|periods?)\b"),
    "channels": _words(r"\bchannels?\b"),
    "geos": _words(r"\b(?:geos?|regions?)\b"),
    "divergences": _words(r"\bdiverg\w+"),
    "chains": _words(r"\bchains?\b"),
    "draws": _words(r"\bdraws?\b"),
}  # fmt: skip
COUNTED = ("periods", "channels", "geos", "divergences", "chains", "draws")
_FIT = ("r2", "mape", "probability_better")
RIVALS: Mapping[str, tuple[str, ...]] = {
    "roi": ("marginal_roi", "roi_prior"),
    "marginal_roi": ("roi_prior",),
    "roi_prior": ("marginal_roi",),
    "spend": ("contribution",),
    "contribution": ("spend",),
    "spend_share": ("contribution_share", *_FIT),
    "contribution_share": ("spend_share", *_FIT),
    "baseline_share": ("media_share", *_FIT),
    "media_share": ("baseline_share", "mape", "probability_better"),
    "r2": ("mape", "probability_better", "contribution_share"),
    "mape": ("r2", "probability_better", "contribution_share"),
    "probability_better": ("r2", "mape", "contribution_share", "spend_share"),
}
"""What a metric is mistaken for: figures of one unit."""
AVERAGE = _words(r"\baverage\b", r"\boverall\b", r"\bin total\b", r"\bwhole period\b")

_WORST, _BEST = r"\b(?:at (?:the |its )?worst|worst[- ]case)\b", r"\b(?:at (?:the |its )?best|best[- ]case)\b"
LOW = _words(
    _WORST, r"\blow(?:er|est)?(?: end| bound)?\b", r"\bas (?:little|low) as\b", r"\bat least\b",
    r"\b(?:not|no) less than\b",
    r"\bpessimis\w+",
)  # fmt: skip
HIGH = _words(
    _BEST, r"\b(?:high|upp)(?:er|est)?(?: end| bound)\b", r"\bas (?:much|high) as\b", r"\bup to\b", r"\bat most\b",
    r"\b(?:not|no) more than\b", r"\boptimis\w+",
)  # fmt: skip
EXTREME = _words(_WORST, _BEST, r"\b(?:low|upp|high)er (?:end|bound)\b")
CENTRE = _words(r"\bexpect\w*", r"\bon average\b", r"\bmedian\b", r"\bmost likely\b", r"\bbest guess\b", r"\bcentral\b")
ENDS = _words(
    r"\bbetween\b", r"\bfrom\b", r"\bto\b", r"\bintervals?\b", r"\branges?\b", r"\bstarts?\b", r"\bends?\b",
    r"\bcould\b",
    r"\bmay\b", r"\bmight\b", r"\buncertain\w*", r"\bplausibl\w+", "percentile",
)  # fmt: skip
"""Words beside which an end of the interval is told as what it is."""
BETWEEN = _words(r"\b(?:between|from)\s*$")

_MONTHS = "january|february|march|april|may|june|july|august|september|october|november|december"
_SEASONS = "spring|summer|autumn|winter|christmas|easter|black friday"
_DAYS = "monday|tuesday|wednesday|thursday|friday|saturday|sunday"
_SPANS = f"weeks?|months?|quarters?|years?|days?|weekends?|{_SEASONS}|{_MONTHS}|{_DAYS}"
_WHOLE = r"(?!(?:the )?(?:whole|entire|full|all)\b)"
PAST = _words(
    rf"\b(?:last|past|previous|this) (?:{_SPANS})\b", r"\byesterday\b", r"\brecently\b", r"\blately\b", r"\bof late\b",
    r"\bthese days\b", r"\b(?:weeks?|months?|days?|years?) ago\b",
)  # fmt: skip
COMING = _words(rf"\b(?:next|coming|following) (?:{_SPANS})\b", r"\btomorrow\b")
NAMED = _words(
    rf"\b(?:in|during|since|until|over|at|for|throughout|come) {_WHOLE}(?:early |late |mid-?)?(?:the (?:year )?)?"
    rf"(?:{_MONTHS}|{_SEASONS}|q[1-4]|h[12]|20\d\d)\b",
    rf"\bduring {_WHOLE}(?!(?:the )?(?:period|data|time)\b)(?:the |a )?\w+",
    rf"\b(?:average|typical|normal) (?:{_SPANS})\b",
)
EACH = _words(r"\b(?:a|per|each|every) (?:day|week|month|quarter|year)\b", r"\b(?:dai|week|month|quarter|year)ly\b")

PLANS: Mapping[str, re.Pattern[str]] = {
    "plan.base": _words(r"\bbase(?:line)? plan\b"),
    "plan.aggressive": _words(r"\b(?:aggressive|bold)\b"),
    "plan.conservative": _words(r"\b(?:conservative|careful|cautious|risk-averse|safest?)\b"),
    "now": _words(
        r"\b(?:today|current)(?:['’]s)? plan\b",
        r"\btoday\b",
        r"\b(?:stay|leav|keep)\w* .{0,20}\b(?:as (?:it|you|they)|alone)\b",
    ),
    "then": _words(r"\bwith the changes\b", r"\b(?:new|changed) plan\b"),
}
LOSS = _words(
    r"\b(?:loses?|lost|losing|less|worse|falls?|drops?|forgo|give up|miss out|sacrific\w+)\b", r"\bcosts? (?:you|us)\b"
)
GAIN = _words(r"\b(?:more|gains?|better|above|adds?)\b")
NOT = re.compile(r"\b(?:not|nothing|never|no|unlike|nor)\b[^,;:.]*$", re.IGNORECASE)
"""At the end of what stands before a word: it is denied."""
