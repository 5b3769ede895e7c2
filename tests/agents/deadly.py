"""Processes that die in the middle of an agent's work."""

from dataclasses import dataclass, field


class Died(BaseException):
    """The end of a process: nobody catches it."""


@dataclass
class Deadly:
    """Dies once at each place that it comes to."""

    seen: set[str] = field(default_factory=set)

    def __call__(self, place: str) -> None:
        if place not in self.seen:
            self.seen.add(place)
            raise Died(place)
