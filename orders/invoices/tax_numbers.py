"""The unified social credit code of companies (GB 32100-2015), which is their tax number.

Eighteen characters without I, O, S, V and Z; the last one checks the others: weights are powers of 3, modulo 31.
"""

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
LENGTH, MODULUS = 18, 31
_VALUES = {character: value for value, character in enumerate(ALPHABET)}


def read(typed: str) -> str | None:
    """The code as it is kept, however it was typed; None for what is none."""
    code = "".join(typed.split()).upper()
    if len(code) != LENGTH or not all(each in _VALUES for each in code):
        return None
    weighted = sum(_VALUES[each] * pow(3, index, MODULUS) for index, each in enumerate(code[:-1]))
    return code if _VALUES[code[-1]] == -weighted % MODULUS else None
