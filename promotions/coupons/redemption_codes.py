"""How redemption codes are made, read and kept.

A code is 17 random characters and a check character, written `XXXXXX-XXXXXX-XXXXXX`. The alphabet has 31 characters
that nobody mistakes for one another: 17 of them are 84 bits. As 31 is a prime, the weighted sum finds every single
wrong character and every two that changed places. Only keyed hashes are kept.
"""

import hmac
import secrets
from hashlib import sha256
from itertools import count

from django.conf import settings
from django.utils.crypto import salted_hmac

ALPHABET = "23456789ABCDEFGHJKLMNPQRSTVWXYZ"
RANDOM, GROUP = 17, 6
LENGTH = RANDOM + 1

_VALUES = {character: value for value, character in enumerate(ALPHABET)}


def new_code() -> str:
    drawn = "".join(secrets.choice(ALPHABET) for _ in range(RANDOM))
    return drawn + _check_character(drawn)


def shown(code: str) -> str:
    return "-".join(code[start : start + GROUP] for start in range(0, LENGTH, GROUP))


def read(typed: str) -> str | None:
    """The code as it is kept, however it was typed: in small letters, with spaces or dashes. None for what is none."""
    code = "".join(character for character in typed.upper() if character.isalnum())
    if len(code) != LENGTH or not all(character in _VALUES for character in code):
        return None
    return code if _check_character(code[:RANDOM]) == code[RANDOM] else None


def hash_of(code: str) -> bytes:
    return hmac.digest(_key(), code.encode(), sha256)


def _key() -> bytes:
    return salted_hmac(
        "promotions.coupons.redemption_code", "", secret=settings.SECRET_KEY, algorithm="sha256"
    ).digest()


def _check_character(drawn: str) -> str:
    return ALPHABET[sum(weight * _VALUES[each] for weight, each in zip(count(1), drawn, strict=False)) % len(ALPHABET)]
