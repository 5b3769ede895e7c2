"""What is asked back: one sentence that names what was not understood, and answers to choose from."""

from collections.abc import Sequence

from mmm_core.grammar.items import Amount

WHOLE = ("a day", "a week", "a month", "a quarter", "a year", "over the plan")


class Unclear(Exception):
    """Ends the reading: nothing of the sentence is changed."""

    def __init__(self, question: str, options: Sequence[str] = (), unclear: str = "", about: str = "") -> None:
        super().__init__(question)
        self.question, self.options, self.unclear, self.about = question, tuple(options), unclear, about


def empty() -> Unclear:
    return Unclear("Say which channel should change, and by how much.")


def too_long(limit: int) -> Unclear:
    return Unclear(f"That is more than {limit} characters; ask for fewer changes at once.")


def nothing() -> Unclear:
    return Unclear("I found no change in this: name a channel and what should happen to its spend.")


def unknown(text: str, options: Sequence[str]) -> Unclear:
    return Unclear(f"I do not know “{text}” here. If it is a channel, which one of this model?", options, text)


def several(text: str, options: Sequence[str]) -> Unclear:
    return Unclear(f"“{text}” could be {_either(options)}: which one?", options, text)


def organic(name: str) -> Unclear:
    return Unclear(f"{name} has no spend in this model, so no money can be moved there or taken from it.")


def which_channel(text: str, options: Sequence[str], unclear: str = "") -> Unclear:
    return Unclear(f"Which channel is meant in “{text}”?", options, unclear)


def how_much(text: str) -> Unclear:
    return Unclear(f"How much is meant in “{text}”? Give a percentage, or an amount and its period.")


def which_period(text: str) -> Unclear:
    ways = [f"{text} {per}" for per in ("a week", "a month", "over the plan")]
    return Unclear(f"Is “{text}” meant a week, a month or over the whole plan?", ways, text)


def bare(text: str, currency: str) -> Unclear:
    digits = text.replace(".", "").replace(",", "").isdigit()
    ways = [f"{text}%", f"{text} {currency} a week", f"{text}k {currency} a week"] if digits else []
    return Unclear(f"Is “{text}” a percentage or an amount of money?", ways, text)


def two_numbers(text: str, ways: Sequence[str]) -> Unclear:
    return Unclear(f"“{text}” can be read as two different numbers: which one?", ways, text)


def other_currency(said: str, ours: str) -> Unclear:
    return Unclear(f"The amount is in {said}, but this project counts in {ours}: give it in {ours}.")


def points(text: str) -> Unclear:
    return Unclear(
        f"“{text}” speaks of points or of a share of the budget; give a change of the channel's own spend instead."
    )


def span(text: str) -> Unclear:
    return Unclear(f"“{text}” is a range: which one amount should be tried?")


def vague(text: str, channel: str | None, signs: str) -> Unclear:
    ways = [] if channel is None else [f"{channel} {sign}{p}%" for sign in signs for p in (10, 20)]
    return Unclear(f"How much exactly is “{text}”? Give a percentage, or an amount and its period.", ways)


def results(text: str) -> Unclear:
    return Unclear(
        f"“{text}” asks about something else than a change of the plan's spend. "
        "The Model and Report pages say what each channel brought.",
        about="results",
    )


def price(text: str) -> Unclear:
    return Unclear(
        f"“{text}” speaks of a price or of how well a channel works; "
        "what can be tried out here is how much is spent on a channel: by how much should that change?",
        about="price",
    )


def past(text: str) -> Unclear:
    return Unclear(
        f"“{text}” asks what would have been, and a plan changes only what comes. "
        "“The past” on the What-If page answers that for weeks that were.",
        about="past",
    )


def opinion(text: str) -> Unclear:
    return Unclear(
        f"“{text}” asks what others say; a change of the plan names a channel and how much is spent on it. "
        "The research assistant on the Plan page looks for sources.",
        about="opinion",
    )


def command(text: str) -> Unclear:
    return Unclear(
        f"“{text}” is no change of the plan's spend, which is all that a sentence can change.", about="command"
    )


def twice_less(text: str, channels: Sequence[str], amount: Amount) -> Unclear:
    share = amount.kind == "share" and len(channels) == 1
    ways = [f"{channels[0]} {sign}{amount.value * 100:.6g}%" for sign in "-+"] if share else []
    return Unclear(f"“{text}” says a direction and a minus: is it less, or more?", ways)


def negated(text: str, ways: Sequence[str]) -> Unclear:
    return Unclear(f"What should hold instead of “{text}”?", ways)


def clash(channel: str) -> Unclear:
    return Unclear(f"The sentence asks for two different things of {channel}: which one?")


def against(text: str, today: str) -> Unclear:
    return Unclear(f"“{text}” goes the other way than its words say, since today it is {today}: which is meant?")


def ceiling(text: str, amount: str) -> Unclear:
    """A most for the whole budget means the budget itself only where the best split of it is looked for."""
    exact = f"total budget {amount}"
    return Unclear(
        f"“{text}” is a most for the whole budget, which a plan cannot hold: should it be just that?", [exact], text
    )


def too_much(channel: str) -> Unclear:
    return Unclear(f"That takes more from {channel} than is spent there: how much should be left?")


def crossed(channel: str) -> Unclear:
    return Unclear(f"The least for {channel} is above its most: which limits are meant?")


def arrow(text: str) -> Unclear:
    ways = [text.replace(">", sign) for sign in (">=", "->")]
    return Unclear(f"Does “{text}” say at least that much (>=), or just that much (->)?", ways, text)


def how_split(text: str) -> Unclear:
    return Unclear(f"How should “{text}” be split? Say equally, or give each part.")


def put_or_add(text: str, channel: str, amount: str) -> Unclear:
    ways = [f"{channel} to {amount}", f"{amount} more on {channel}"]
    return Unclear(f"Is “{text}” all that {channel} gets, or more than today?", ways)


def not_understood(text: str) -> Unclear:
    return Unclear(f"I did not understand “{text}”. Say it as one change per channel.")


def conditional() -> Unclear:
    return Unclear("I cannot make one change depend on another: say plainly what should change.")


def again() -> Unclear:
    return Unclear("I do not keep earlier changes: say again which channel should change, and by how much.")


def _either(options: Sequence[str]) -> str:
    return " or ".join([", ".join(options[:-1]), options[-1]] if len(options) > 1 else options)
