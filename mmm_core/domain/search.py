"""Looking things up on the web: what a provider finds, and what was read."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Hit:
    """What a search provider says about one page."""

    title: str
    address: str
    text: str
    """The provider's excerpt, or the page's text where it gives one."""
    published: str = ""


class SearchProvider(Protocol):
    @property
    def name(self) -> str: ...

    def search(self, query: str, limit: int) -> Sequence[Hit]:
        """Best first; Unavailable with one sentence where the provider does not answer."""
        ...
