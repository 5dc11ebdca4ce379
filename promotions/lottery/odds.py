"""Odds: what is published, its hash, and which prize a number stands for. Pure but for the number itself.

Prizes stand in the order of their ids, each with as many numbers as its weight. A draw is a number below the sum of all
weights: whoever knows the number and the published document can say which prize was drawn.
"""

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

RULE = (
    "Prizes stand in the order of id, each with as many numbers as its weight, the first of them 0. A draw is a number "
    "from a secure random source, uniform below the sum of all weights. A prize that is out of stock, has had all of "
    "its day or of the day of all prizes, is beyond the budget, or is a coupon no longer given yields the fallback. "
    "The fallback is on the budget as well: once that does not reach for it, nothing is given."
)


@dataclass(frozen=True)
class Odds:
    """Prize ids and their weights, in the order of the document."""

    weights: Mapping[int, int]
    fallback_id: int

    @property
    def total(self) -> int:
        return sum(self.weights.values())

    def draw(self) -> tuple[int, int]:
        """A number, each of them as likely as every other, and the id of the prize that it stands for."""
        value = secrets.randbelow(self.total)
        return value, self.drawn(value)

    def drawn(self, value: int) -> int:
        """The id of the prize that the number stands for. Raises ValueError for a number that is not among them."""
        return list(self.weights)[picked(list(self.weights.values()), value)]


def picked(weights: Sequence[int], value: int) -> int:
    """The place of the weight in whose share `value` lies; raises ValueError outside of their sum."""
    if value < 0:
        raise ValueError("a number below zero was not drawn")
    for place, end in enumerate(accumulate(weights)):
        if value < end:
            return place
    raise ValueError("a number beyond all weights was not drawn")


def canonical(rules: Mapping[str, Any], prizes: Sequence[Mapping[str, Any]]) -> str:
    """JSON with sorted keys and without spaces, so that the same odds are the same bytes."""
    document = {**rules, "rule": RULE, "prizes": list(prizes)}
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def digest_of(document: str) -> str:
    return hashlib.sha256(document.encode()).hexdigest()


def odds_in(document: str) -> Odds:
    prizes = json.loads(document)["prizes"]
    [fallback_id] = [each["id"] for each in prizes if each["is_fallback"]]
    return Odds({each["id"]: each["weight"] for each in prizes}, fallback_id)


def percent(weight: int, total: int) -> str:
    """`0.0125` for 125 in a million; as many digits as tell the share exactly, four at most."""
    if not total:
        return "0"
    return f"{weight * 100 / total:.4f}".rstrip("0").rstrip(".")
