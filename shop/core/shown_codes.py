"""Codes that members show and staff type: twelve characters nobody mistakes, in groups, under a letter of their kind.

59 bits; those who verify them may try ten wrong ones in a quarter of an hour.
"""

import unicodedata

ALPHABET = "23456789ABCDEFGHJKLMNPQRSTVWXYZ"
CHARACTERS, GROUP = 12, 4


def plain(typed: str) -> str:
    """A code as it is looked up, however it was typed: wide or small letters, spaces and dashes."""
    return "".join(each for each in unicodedata.normalize("NFKC", typed).upper() if each.isalnum())


def drawn(letter: str, digest: bytes) -> str:
    """The code that follows from the digest."""
    number, characters = int.from_bytes(digest), ""
    for _ in range(CHARACTERS):
        number, index = divmod(number, len(ALPHABET))
        characters += ALPHABET[index]
    return "-".join([letter, *(characters[start : start + GROUP] for start in range(0, CHARACTERS, GROUP))])


def is_drawn(letter: str, code: str) -> bool:
    """Whether a plain code could be one of this kind."""
    return len(code) == 1 + CHARACTERS and code[0] == letter and all(each in ALPHABET for each in code[1:])
