"""Search on the web through a provider of the operator's choice: Tavily, Brave or a SearXNG server.

Keys come from the environment alone and go into one header; they are in no message, log or stored text.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from mmm_core.domain.errors import BadInput, Unavailable
from mmm_core.domain.search import Hit, SearchProvider
from mmm_core.settings import Settings

SECONDS = 15.0
LONGEST = 6000
"""Characters of one page's text that are read."""
MOST_BYTES = 4_000_000
TAVILY, BRAVE = "https://api.tavily.com/search", "https://api.search.brave.com/res/v1/web/search"


@dataclass(frozen=True)
class HttpSearch:
    """``mmm_core.domain.search.SearchProvider`` over HTTP."""

    name: str
    ask: Callable[[httpx.Client, str, int], httpx.Response]
    rows: Callable[[Any], Any]
    text: str
    """Field of a row with its excerpt."""

    def search(self, query: str, limit: int) -> Sequence[Hit]:
        try:
            # A redirect could lead the request, and the key in it, to another server.
            with httpx.Client(timeout=SECONDS, follow_redirects=False) as client:
                answer = self.ask(client, query, limit)
        except httpx.HTTPError:
            raise Unavailable(f"The search provider ({self.name}) cannot be reached just now.") from None
        if answer.status_code in (401, 403):
            raise Unavailable(f"The search provider ({self.name}) does not accept the key that is set.")
        if answer.status_code == 429:
            raise Unavailable(f"The search provider ({self.name}) has had enough questions for now; try again later.")
        if answer.status_code != 200 or len(answer.content) > MOST_BYTES:
            raise Unavailable(f"The search provider ({self.name}) gave no usable answer ({answer.status_code}).")
        try:
            rows = self.rows(answer.json()) or []
            return [hit for row in rows if (hit := self._hit(row))][:limit]
        except (ValueError, TypeError, AttributeError, KeyError):
            raise Unavailable(f"The search provider ({self.name}) gave an answer that cannot be read.") from None

    def _hit(self, row: dict[str, Any]) -> Hit | None:
        address = str(row.get("url") or "")
        if not address.startswith(("https://", "http://")):
            return None
        published = str(row.get("published_date") or row.get("publishedDate") or row.get("age") or "")
        text = str(row.get("raw_content") or row.get(self.text) or "")
        return Hit(str(row.get("title") or address)[:300], address[:1000], text[:LONGEST], published[:40])


def provider(settings: Settings) -> SearchProvider | None:
    """The provider that the settings name, None where they name none."""
    kind, key = settings.search_provider, settings.search_key.get_secret_value() if settings.search_key else ""
    if kind is None:
        return None
    if kind != "searxng" and not key:
        raise BadInput(f"CARRYOVER_SEARCH_PROVIDER is {kind}, which needs its key in CARRYOVER_SEARCH_KEY.")
    address = settings.search_url
    if kind == "tavily":
        return HttpSearch("Tavily", _tavily(address or TAVILY, key), lambda found: found["results"], "content")
    if kind == "brave":
        return HttpSearch("Brave", _brave(address or BRAVE, key), lambda found: found["web"]["results"], "description")
    if not address:
        raise BadInput("CARRYOVER_SEARCH_PROVIDER is searxng, which needs its address in CARRYOVER_SEARCH_URL.")
    return HttpSearch("SearXNG", _searxng(address), lambda found: found["results"], "content")


def _tavily(address: str, key: str) -> Callable[[httpx.Client, str, int], httpx.Response]:
    return lambda client, query, limit: client.post(
        address, headers={"Authorization": f"Bearer {key}"}, json={"query": query, "max_results": limit}
    )


def _brave(address: str, key: str) -> Callable[[httpx.Client, str, int], httpx.Response]:
    return lambda client, query, limit: client.get(
        address, headers={"X-Subscription-Token": key}, params={"q": query, "count": limit}
    )


def _searxng(address: str) -> Callable[[httpx.Client, str, int], httpx.Response]:
    return lambda client, query, limit: client.get(
        f"{address.rstrip('/')}/search", params={"q": query, "format": "json"}
    )
