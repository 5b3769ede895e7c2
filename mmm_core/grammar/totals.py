"""Clauses about the whole budget."""

from dataclasses import replace

from mmm_core.domain.instructions import Total
from mmm_core.grammar import questions
from mmm_core.grammar.clauses import Clause
from mmm_core.grammar.drafts import DTotal, money
from mmm_core.grammar.items import Item
from mmm_core.grammar.scope import Draft, Scope, direction, product, settled, single


def total(clause: Clause, scope: Scope) -> list[Draft]:
    if clause.has("unchanged") or (clause.has("keep", "hold") and not clause.amounts):
        return [Total(1.0, relative=True)]
    if not clause.amounts and scope.optimises and not clause.has("neg", "zero", "times"):
        return []
    if clause.has("move", "atleast", "above", "between", "within", "neg", "zero"):
        raise questions.not_understood(clause.text)
    if not clause.amounts and clause.has("times"):
        return [Total(product(clause), relative=True)]
    item = single(clause)
    if clause.has("atmost", "below", "cap") and not scope.optimises:
        raise questions.ceiling(clause.text, item.text)
    amount = settled(item, scope, plan_wide(clause))
    way = direction(clause, amount)
    aims = bool(item.roles & {"to", "at"}) and not (amount.sign or clause.has("more", "less"))
    if item.kind == "range":
        raise questions.span(clause.text)
    if amount.kind == "times":
        return [Total(amount.value, relative=True)]
    if amount.kind == "share":
        if way and not aims:
            if way * amount.value <= -1:
                raise questions.not_understood(clause.text)
            return [Total(round(1 + way * amount.value, 10), relative=True)]
        if not aims and not clause.has("today"):
            raise questions.not_understood(clause.text)
        if way and (amount.value - 1) * way < 0:
            raise questions.against(clause.text, "100%")
        return [Total(amount.value, relative=True)]
    if (way and not aims) or amount.sign < 0:
        raise questions.not_understood(clause.text)
    return [DTotal(money(amount, item.text), True, way, clause.text)]


def plan_wide(clause: Clause) -> Clause:
    """A total's bare number is money, over the plan where no period is said."""
    if clause.has("per"):
        return clause
    if any(i.amount is not None and i.amount.kind == "bare" and i.amount.value < 1000 for i in clause.amounts):
        return clause
    return replace(clause, items=[as_money(i) for i in clause.items])


def as_money(item: Item) -> Item:
    if item.amount is not None and item.amount.kind == "bare":
        return replace(item, amount=replace(item.amount, kind="money"))
    return item
