"""Which questions a member is asked, and what counts as right: pure.

The questions of a try follow from the quiz, the member and the number of the try, under the shop's secret: nothing is
kept until they are answered, asking again shows the same, and nobody can choose.
"""

import hashlib
import hmac
import unicodedata
from collections.abc import Collection, Sequence
from random import Random
from typing import TypeVar

T = TypeVar("T")


def seed_of(*, secret: str, quiz_id: int, member_id: int, number: int) -> bytes:
    """For the `number`-th try of the member, from 1."""
    return hmac.digest(secret.encode(), f"quiz:{quiz_id}:{member_id}:{number}".encode(), hashlib.sha256)


def drawn(ids: Sequence[int], *, count: int, seed: bytes) -> list[int]:
    """So many of `ids`, in the order in which they are asked."""
    return Random(seed).sample(sorted(ids), min(count, len(ids)))


def shuffled(options: Sequence[T], *, question_id: int, seed: bytes) -> list[T]:
    return Random(seed + question_id.to_bytes(8, "big")).sample(options, len(options))


def chose_right(chosen: Collection[int], right: Collection[int]) -> bool:
    """All of the right options and no other."""
    return set(chosen) == set(right)


def wrote_right(text: str, accepted: Collection[str]) -> bool:
    """Width, case, spaces and punctuation do not matter."""
    return bool(plain(text)) and plain(text) in {plain(each) for each in accepted}


def plain(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(each for each in folded if unicodedata.category(each)[0] in "LNM")
