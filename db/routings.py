"""The organisation's messages with the places they went to, and what the router learnt from them."""

from datetime import datetime

from sqlalchemy import select

from db.codec import decode, encode
from db.rows import Many, Rows
from db.schema import router_weights, routings
from mmm_core.domain.routing import Example, Place, Routed, Routing


class Routings(Rows):
    def add(self, routed: Routed) -> None:
        self._insert(
            routings, id=routed.id, message=routed.text, routing=encode(routed.routing),
            went_to=routed.went_to.value if routed.went_to else None, at=routed.at,
        )  # fmt: skip

    def get(self, routed_id: str) -> Routed:
        row = self._get(routings, routed_id, "message")
        went_to = Place(row.went_to) if row.went_to else None
        return Routed(row.id, row.message, decode(Routing, row.routing), went_to, row.at)

    def settle(self, routed_id: str, place: Place) -> None:
        self._update(routings, routed_id, "message", went_to=place.value)

    def settled(self) -> Many[Example]:
        query = select(routings.c.message, routings.c.went_to).where(routings.c.went_to.is_not(None))
        return [Example(r.message, Place(r.went_to)) for r in self._all(query.order_by(routings.c.at, routings.c.id))]

    def learnt(self) -> bytes | None:
        row = self._first(select(router_weights.c.weights))
        return bytes(row.weights) if row else None

    def keep_learnt(self, weights: bytes, examples: int, at: datetime) -> None:
        self._put(router_weights, (), {"weights": weights, "examples": examples, "at": at})
