"""What an answer costs, by the operator's own price list; a model that is not on it has no known price."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, RootModel, ValidationError

from mmm_core.domain.errors import BadInput
from mmm_core.domain.llm import Choice

OWN = Path(__file__).parent / "prices.yaml"
MILLION = 1e6


class Price(BaseModel):
    """US dollars per million tokens."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    input: float = Field(ge=0)
    output: float = Field(ge=0)


class _List(RootModel[dict[str, dict[str, Price]]]):
    pass


@dataclass(frozen=True)
class Prices:
    of: Mapping[str, Mapping[str, Price]]

    def price(self, choice: Choice) -> Price | None:
        """The entry of the very name, else of the longest beginning."""
        known = self.of.get(choice.provider, {})
        if choice.model in known:
            return known[choice.model]
        stars = [name for name in known if name.endswith("*") and choice.model.startswith(name[:-1])]
        return known[max(stars, key=len)] if stars else None

    def cost(self, choice: Choice, input_tokens: int, output_tokens: int) -> float | None:
        price = self.price(choice)
        if price is None:
            return None
        return (price.input * input_tokens + price.output * output_tokens) / MILLION


def load(path: Path | None = None) -> Prices:
    """BadInput with one sentence where the file is not a price list."""
    place = path or OWN
    try:
        found = _List.model_validate(yaml.safe_load(place.read_text(encoding="utf-8")) or {})
    except OSError:
        raise BadInput(f"The price list {place} cannot be read; check CARRYOVER_PRICES.") from None
    except (yaml.YAMLError, ValidationError):
        raise BadInput(
            f"{place} is no price list: each provider holds its models, each model its input and output in dollars."
        ) from None
    return Prices(found.root)
