"""Who answers which kind of task, what each answer cost, and answers kept to be given again."""

from dataclasses import fields
from datetime import datetime

from sqlalchemy import ColumnElement, Select, case, delete, func, select

from db.codec import clean, decode, encode
from db.rows import Many, Rows
from db.schema import llm_answers, llm_prices, llm_routes, llm_usage
from mmm_core.domain.llm import Choice, Ending, Price, Route, Spent, Task, Usage

COLUMNS = tuple(f.name for f in fields(Usage))
GOOD = (Ending.ANSWERED.value, Ending.CACHED.value)


class Routes(Rows):
    def get(self, task: Task) -> Route | None:
        row = self._first(select(llm_routes.c.document).where(llm_routes.c.task == task.value))
        return decode(Route, row.document) if row else None

    def list(self) -> Many[Route]:
        # A task that the product no longer has may still have its row.
        known = llm_routes.c.task.in_([task.value for task in Task])
        rows = self._all(select(llm_routes.c.document).where(known).order_by(llm_routes.c.task))
        return [decode(Route, row.document) for row in rows]

    def put(self, route: Route) -> None:
        self._put(llm_routes, ("task",), {"task": route.task.value, "document": encode(route)})

    def remove(self, task: Task) -> None:
        self._connection.execute(delete(llm_routes).where(llm_routes.c.task == task.value))


class PriceList(Rows):
    def get(self, choice: Choice) -> Price | None:
        row = self._first(select(llm_prices.c.document).where(_priced(choice)))
        return decode(Price, row.document) if row else None

    def list(self) -> Many[Price]:
        rows = self._all(select(llm_prices.c.document).order_by(llm_prices.c.provider, llm_prices.c.model))
        return [decode(Price, row.document) for row in rows]

    def put(self, price: Price) -> None:
        names = {"provider": price.choice.provider, "model": clean(price.choice.model)}
        self._put(llm_prices, ("provider", "model"), {**names, "document": encode(price)})

    def remove(self, choice: Choice) -> None:
        self._connection.execute(delete(llm_prices).where(_priced(choice)))


def _priced(choice: Choice) -> ColumnElement[bool]:
    return (llm_prices.c.provider == choice.provider) & (llm_prices.c.model == clean(choice.model))


class UsageLog(Rows):
    def add(self, usage: Usage) -> None:
        self._insert(llm_usage, **encode(usage) | {"at": usage.at})

    def of_conversation(self, conversation_id: str) -> Many[Usage]:
        table = llm_usage
        query = select(table).where(table.c.conversation_id == conversation_id).order_by(table.c.at)
        return [decode(Usage, _document(row)) for row in self._all(query)]

    def spent(self, since: datetime | None = None) -> Many[Spent]:
        rows = self._all(_sums() if since is None else _sums().where(llm_usage.c.at >= since))
        return [
            Spent(
                Task(r.task), r.provider, r.model, r.calls, r.failed, int(r.input), int(r.output), float(r.seconds),
                float(r.cost), r.unpriced,
            )
            for r in rows
        ]  # fmt: skip


class AnswerCache(Rows):
    def get(self, key: str, not_before: datetime) -> str | None:
        table = llm_answers
        row = self._first(select(table.c.answer).where(table.c.key == key, table.c.at >= not_before))
        return str(row.answer) if row else None

    def put(self, key: str, answer: str, at: datetime) -> None:
        self._put(llm_answers, ("key",), {"key": key, "answer": answer, "at": at})


def _sums() -> "Select[tuple[object, ...]]":
    c = llm_usage.c
    good = c.ending.in_(GOOD)
    unpriced = case((good & c.cost.is_(None), 1), else_=0)
    names = (c.task, c.provider, c.model)
    return (
        select(
            *names,
            func.count().label("calls"),
            func.sum(case((good, 0), else_=1)).label("failed"),
            func.sum(c.input_tokens).label("input"),
            func.sum(c.output_tokens).label("output"),
            func.sum(c.seconds).label("seconds"),
            func.coalesce(func.sum(c.cost), 0.0).label("cost"),
            func.sum(unpriced).label("unpriced"),
        )
        .group_by(*names)
        .order_by(func.coalesce(func.sum(c.cost), 0.0).desc(), *names)
    )


def _document(row: object) -> dict[str, object]:
    values = {name: getattr(row, name) for name in COLUMNS}
    return {**values, "at": values["at"].isoformat()}
