"""Codes as people show, type and scan them.

A pickup code is P and twelve characters of an alphabet in which nobody mistakes one for another: 59 bits, of which ten
may be tried in a quarter of an hour. It is not kept but follows from the key of the shop, so that it can be shown again
as long as the goods wait; a new version makes the one before it worthless. After a change of `SECRET_KEY` members ask
for new codes.
"""

import hmac
import unicodedata
from hashlib import sha256

from django.utils.crypto import salted_hmac

ALPHABET = "23456789ABCDEFGHJKLMNPQRSTVWXYZ"
PICKUP, CHARACTERS, GROUP = "P", 12, 4


def plain(typed: str) -> str:
    """A code as it is looked up, however it was typed: wide or small letters, spaces and dashes."""
    return "".join(each for each in unicodedata.normalize("NFKC", typed).upper() if each.isalnum())


def hash_of(code: str) -> bytes:
    return hmac.digest(_key("hash"), plain(code).encode(), sha256)


def pickup_code(*, order_number: str, version: int) -> str:
    number = int.from_bytes(hmac.digest(_key("pickup"), f"{order_number}:{version}".encode(), sha256))
    drawn = ""
    for _ in range(CHARACTERS):
        number, index = divmod(number, len(ALPHABET))
        drawn += ALPHABET[index]
    groups = [drawn[start : start + GROUP] for start in range(0, CHARACTERS, GROUP)]
    return "-".join([PICKUP, *groups])


def is_pickup_code(code: str) -> bool:
    return len(code) == 1 + CHARACTERS and code[0] == PICKUP and all(each in ALPHABET for each in code[1:])


def _key(use: str) -> bytes:
    return salted_hmac("orders.verification.codes", use, algorithm="sha256").digest()
